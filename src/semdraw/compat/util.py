"""The published helpers: seeds, blurs, blending, tiles, shifts and a thread that runs ahead."""

from __future__ import annotations

import concurrent.futures
import math
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from semdraw.bootstrap import shift
from semdraw.errors import UsageError
from semdraw.geometry import Bounds, Extent
from semdraw.masks import gaussian
from semdraw.models.base import DiffusionModel
from semdraw.models.device import device_name
from semdraw.windows import box_of, tiled


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch on every device. The pipelines draw the seed of each picture from torch's state."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def load_model(model_key: str, sd_version: str, device: Any, dtype: torch.dtype) -> DiffusionModel:
    """A model by hub id, folder or file, without any LoRA; `sd_version` is 1.5 or xl."""
    from semdraw.compat.checkpoints import open_model

    families = {"1.5": "sd", "xl": "sdxl", "3": "sd3"}
    if sd_version not in families:
        raise UsageError(f"sd_version is one of {', '.join(families)}, got {sd_version!r}")
    return open_model(model_key, families[sd_version], device=device_name(device), dtype=dtype)


def to_tensor(picture: Image.Image) -> Tensor:
    """(c h w) in [0, 1]."""
    array = np.asarray(picture)
    return torch.from_numpy(array.copy()).reshape(*array.shape[:2], -1).permute(2, 0, 1).float() / 255


def to_pil(values: Tensor) -> Image.Image:
    """(c h w) in [0, 1], one channel or three -> picture."""
    array = (values.detach().float().cpu().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def gaussian_lowpass(
    x: Tensor,
    std: float | Tensor | Sequence[float] | None = None,
    cutoff: float | Tensor | None = None,
    scale: float | Tensor | None = None,
) -> Tensor:
    """Blur (b c h w), edges repeated: by `std` in px, or so that nothing finer than `cutoff` (cycles a px) or `scale`
    (px) is left. One value for all, or one per item of the batch; 0 changes nothing."""
    if std is None:
        std = _std(cutoff, scale)
    stds = torch.as_tensor(std, dtype=torch.float64).flatten().tolist()
    if len(stds) not in (1, len(x)) or min(stds) < 0:
        raise UsageError(f"{len(x)} pictures take one std of 0 or more, or one each, got {stds}")
    if len(stds) == 1:
        return _blurred(x, stds[0])
    return torch.cat([_blurred(one[None], value) for one, value in zip(x, stds, strict=True)])


def _std(cutoff: float | Tensor | None, scale: float | Tensor | None) -> Tensor:
    if cutoff is not None:
        return 0.5 / (math.pi * torch.as_tensor(cutoff))
    if scale is not None:
        return torch.as_tensor(scale) / math.pi
    raise UsageError("gaussian_lowpass wants one of std, cutoff and scale")


def _blurred(x: Tensor, std: float) -> Tensor:
    """(b c h w)."""
    return (
        x if std == 0 else gaussian(x.reshape(-1, 1, *x.shape[-2:]), std, math.ceil(3 * std)).reshape(x.shape)
    )


def blend(
    fg: Tensor | Image.Image, bg: Tensor | Image.Image, mask: Tensor | Image.Image, std: float = 0.0
) -> Image.Image:
    """`fg` where the mask is, `bg` elsewhere, the edge blurred by `std` px.

    Dark is painted in a picture that is a mask, 1 is painted in a tensor. Tensors are (c h w) in [0, 1].
    """
    above, below = (one if isinstance(one, Tensor) else to_tensor(one.convert("RGB")) for one in (fg, bg))
    share = mask if isinstance(mask, Tensor) else (to_tensor(mask)[:1] < 0.5).float()
    share = gaussian_lowpass(share.float()[None], std)[0].clamp(0, 1)
    return to_pil(above * share + below * (1 - share))


def get_panorama_views(
    panorama_height: int, panorama_width: int, window_size: int = 64
) -> tuple[list[tuple[int, int, int, int]], Tensor]:
    """Half-overlapping windows (top, bottom, left, right), and their weights (1 n h w), which add up to 1.

    The last window of an axis is moved inwards, never cut; an axis shorter than a window has one of its own length.
    """
    views = tiled(Bounds(0, 0, panorama_width, panorama_height), window_size)
    weights = torch.zeros(len(views), panorama_height, panorama_width)
    for canvas, view in zip(weights, views, strict=True):
        canvas[view.window.slices] = 1 if view.share is None else view.share[0]
    spans = [view.window for view in views]
    return [(s.y, s.y + s.height, s.x, s.x + s.width) for s in spans], weights[None]


def shift_to_mask_bbox_center(im: Tensor, mask: Tensor, reverse: bool = False) -> Tensor:
    """Move each picture (p c h w) from the middle to the box of its mask (p 1 h w), or with `reverse` back again.

    Cells that come in are 0, nothing wraps around; an empty mask moves nothing.
    """
    height, width = mask.shape[-2:]
    moved: list[Tensor] = []
    for picture, painted in zip(im, mask.reshape(-1, height, width), strict=True):
        box = box_of(painted > 0)
        x, y = box.centring_shift(Extent(width, height)) if box else (0, 0)
        by = (x, y) if reverse else (-x, -y)
        moved.append(shift(picture, by, fill=torch.zeros_like(picture)))
    return torch.stack(moved)


class Streamer:
    """Calls `fn` ahead in a thread; each call returns the newest result without waiting, but for the first.

    What `fn` raises is raised by the next call. `throughput`: calls of `fn` a second, averaged.
    """

    def __init__(self, fn: Callable[[], Any], ema_alpha: float = 0.9) -> None:
        self.fn = fn
        self.ema_alpha = ema_alpha
        self.prev_exec_time = 0.0
        self.ema_exec_time = 0.0
        self.image: Any = None
        self.executor = concurrent.futures.ThreadPoolExecutor(max_workers=1)
        self.future = self.executor.submit(self.timed_fn)

    @property
    def throughput(self) -> float:
        return 1 / self.ema_exec_time if self.ema_exec_time else math.inf

    def timed_fn(self) -> Any:
        """One call of `fn`, with its time noted in s."""
        started = time.perf_counter()
        result = self.fn()
        spent = self.prev_exec_time = time.perf_counter() - started
        before = self.ema_exec_time or spent
        self.ema_exec_time = self.ema_alpha * before + (1 - self.ema_alpha) * spent
        return result

    def __call__(self) -> Any:
        if self.future.done() or self.image is None:
            done, self.future = self.future, self.executor.submit(self.timed_fn)
            self.image = done.result()
        return self.image

    def close(self) -> None:
        """Let the call in hand finish and start no more."""
        self.executor.shutdown(wait=True, cancel_futures=True)
