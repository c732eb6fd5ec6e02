"""How long one rung takes: once with everything warm, in this process alone."""

from __future__ import annotations

import time
from itertools import islice
from typing import Any, cast

import msgspec
import numpy as np
import torch
from torch import Tensor

from eval.bench import Layout
from eval.counting import Counting
from eval.drawing import done_as
from eval.naive import naive_steps
from eval.rungs import Ladder, Rung
from eval.seams import changes, find_seam
from eval.weights import Models
from semdraw.geometry import Bounds, Extent
from semdraw.models.base import DiffusionModel
from semdraw.regions import Regions, compile_regions
from semdraw.still import denoise_steps, develop
from semdraw.stream import StreamState, stream_step

_WARM_STEPS = 3  # by then every shape of call has come once, and its arithmetic was counted
_FRAMES = 3  # of a stream, after it has filled


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """One rung. draw_s: a picture's steps, in part extrapolated where share is below 1; decode_s: by its own decoder.

    rows of the network and flops are for one picture. decoder_s: of an autoencoder of the size of SD1.5's, which is
    counted in the place of its own. seam: at the edges of tiles, where there are any; detail: how much brightness
    changes from pixel to pixel there, in grey levels. made_by: a hash of what the
    time depends on; here: machine, day and command.
    """

    name: str
    label: str
    draw_s: float
    decode_s: float
    rows: float
    flops: float
    share: float = 1.0
    decoder_s: float | None = None
    seam: float | None = None
    detail: float | None = None
    remark: str = ""
    made_by: str = ""
    here: str = ""

    @property
    def seconds(self) -> float:
        return self.draw_s + (self.decode_s if self.decoder_s is None else self.decoder_s)


@torch.inference_mode()
def timed(ladder: Ladder, rung: Rung, models: Models) -> tuple[Timed, np.ndarray]:
    """The rung's row and its picture (H W 3) uint8; where not all steps ran, as far as it came."""
    counting = Counting(models.get(rung.weights))
    model = cast(DiffusionModel, counting)
    scene = ladder.scene_for(rung, counting.spec.recipe)
    with done_as(rung.change):
        regions = compile_regions(scene, model)
        if rung.is_stream:
            latents, draw_s, share = *_streamed(regions, model, counting), 1.0
        else:
            latents, draw_s, share = _walked(rung, regions, model, counting)
    pictures = _FRAMES if rung.is_stream else share
    rows, flops = counting.rows / pictures, counting.flops / pictures
    pixels, decode_s = _decoded(latents, regions, model)
    remark = rung.remark
    if share < 1:
        remark = ", ".join(
            filter(None, [remark, f"extrapolated from {rung.steps_run} of {len(regions.schedule)} steps"])
        )
    return (
        Timed(
            name=rung.name,
            label=rung.label,
            draw_s=draw_s,
            decode_s=decode_s,
            rows=rows,
            flops=flops,
            share=share,
            seam=_seam(regions, pixels),
            detail=float(np.abs(changes(pixels)).mean()) if _is_tiled(regions) else None,
            remark=remark,
        ),
        pixels,
    )


def _is_tiled(regions: Regions) -> bool:
    """Nothing but a background, in several tiles."""
    return not regions.regions and len(regions.background) > 1


def _seam(regions: Regions, pixels: np.ndarray) -> float | None:
    """SEAM at the edges of tiles, where there is nothing else to see."""
    if not _is_tiled(regions):
        return None
    tiles = [view.window for view, _ in regions.background]
    cell_px = pixels.shape[0] // regions.seeds.shape[0]
    edges = [Bounds(*(cell_px * side for side in tile)) for tile in tiles]
    layout = Layout(
        id=0,
        split="test",
        tier="ground",
        mask_kind="none",
        background=0,
        regions=(),
        extent=regions.scene.canvas.extent,
    )
    return find_seam(layout, pixels, np.zeros(pixels.shape[:2], bool), edges)


def _walked(
    rung: Rung, regions: Regions, model: DiffusionModel, counting: Counting
) -> tuple[Tensor, float, float]:
    """Latents, seconds for all steps, and the share of them that ran."""
    walk = naive_steps if rung.painter == "naive" else denoise_steps
    steps = len(regions.schedule)
    run = min(rung.steps_run or steps, steps)
    for _ in islice(walk(regions, model), min(_WARM_STEPS, run)):
        pass
    counting.reset()
    started = time.perf_counter()
    last = list(islice(walk(regions, model), run))[-1]
    elapsed = time.perf_counter() - started
    return (last.latents if run == steps else last.clean), elapsed * steps / run, run / steps


def _streamed(regions: Regions, model: DiffusionModel, counting: Counting) -> tuple[Tensor, float]:
    """Latents of the last frame, and seconds a frame once the pipeline is full."""
    state, latents = StreamState(), None
    for _ in range(len(regions.schedule)):
        state, latents = stream_step(state, regions, model, is_varied=True)
    counting.reset()
    started = time.perf_counter()
    for _ in range(_FRAMES):
        state, latents = stream_step(state, regions, model, is_varied=True)
    assert latents is not None, "a full pipeline gives a picture at every step"
    return latents, (time.perf_counter() - started) / _FRAMES


def _decoded(latents: Tensor, regions: Regions, model: DiffusionModel) -> tuple[np.ndarray, float]:
    develop(latents, regions, model)
    started = time.perf_counter()
    picture = develop(latents, regions, model)
    return np.array(picture.array), time.perf_counter() - started


@torch.inference_mode()
def full_decoder_s(extent: Extent) -> float:
    """Seconds to decode a picture with an autoencoder of SD1.5's size; its weights are random, only time counts."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

    kind: Any = AutoencoderKL
    decoder = kind(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    ).eval()
    latents = torch.zeros(1, 4, *extent.cells(8).shape)
    decoder.decode(latents)  # warm, as everything else that is timed
    started = time.perf_counter()
    decoder.decode(latents)
    return time.perf_counter() - started
