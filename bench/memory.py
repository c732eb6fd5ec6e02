"""How much memory each family needs on a card, computed from the sizes of its networks, without weights or a card.

    python -m bench.memory

Weights are parameters times bytes. What one call holds beside them is the peak of all tensors that live at the same
time, counted on tensors that have shapes only; CUDA's own 0.3 to 0.6 GiB and the workspace of its libraries come on
top.
"""

from __future__ import annotations

import json
import weakref
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from semdraw.models import registry

CONFIGS: Final = Path(registry.__file__).parent / "configs"
SIDES: Final = {"sd1": 512, "sdxl": 1024, "sd3_medium": 1024, "sd35_medium": 1024}
GIB: Final = 2**30
TILE_CELLS: Final = 64


class Live(TorchDispatchMode):
    """Counts the bytes of all tensors that were made inside and still live."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._views: Counter[int] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._born(tensor)
        return made

    def _born(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()  # pyright: ignore[reportPrivateUsage]
        if not self._views[key]:
            self.now += size
            self.peak = max(self.peak, self.now)
        self._views[key] += 1
        weakref.finalize(tensor, self._died, key, size)

    def _died(self, key: int, size: int) -> None:
        self._views[key] -= 1
        if not self._views[key]:
            self.now -= size


def built(part: dict[str, Any], dtype: torch.dtype) -> Any:
    """A network of a shipped config, with shapes only."""
    config = part["config"]
    if isinstance(config, str):
        config = json.loads((CONFIGS / "parts" / f"{config}.json").read_text())
    library, kind = part["build"]
    builder = getattr(import_module(library), kind)
    with torch.device("meta"):
        network = (
            builder.from_config(config) if library == "diffusers" else builder(builder.config_class(**config))
        )
    return network.to(dtype).eval()


def parameters(network: Any) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def held_by(call: Any) -> int:
    """Bytes that one call needs beside the weights. Attention is counted as the kernels do it, without its matrix."""
    attention = F.scaled_dot_product_attention

    def lean(query: Tensor, *_: object, **__: object) -> Tensor:
        return torch.empty_like(query)

    F.scaled_dot_product_attention = lean
    try:
        with torch.no_grad(), Live() as live:
            call()
        return live.peak
    finally:
        F.scaled_dot_product_attention = attention


def step_bytes(name: str, network: Any, *, rows: int, cells: int) -> int:
    """One call of the network that predicts, in fp16."""
    half: dict[str, Any] = {"device": "meta", "dtype": torch.float16}
    latents = torch.empty(rows, network.config.in_channels, cells, cells, **half)
    time = torch.empty(rows, device="meta")
    match name:
        case "sd1":
            told: dict[str, Any] = {"encoder_hidden_states": torch.empty(rows, 77, 768, **half)}
            return held_by(lambda: network(latents, time, **told))
        case "sdxl":
            extra = {"text_embeds": torch.empty(rows, 1280, **half), "time_ids": torch.empty(rows, 6, **half)}
            told = {"encoder_hidden_states": torch.empty(rows, 77, 2048, **half), "added_cond_kwargs": extra}
            return held_by(lambda: network(latents, time, **told))
        case _:
            told = {
                "encoder_hidden_states": torch.empty(rows, 77 + 256, 4096, **half),
                "pooled_projections": torch.empty(rows, 2048, **half),
            }
            return held_by(lambda: network(hidden_states=latents, timestep=time, **told))


def decode_bytes(vae: Any, cells: int) -> int:
    latents = torch.empty(1, vae.config.latent_channels, cells, cells, device="meta", dtype=vae.dtype)
    return held_by(lambda: vae.decode(latents))


def row_of(name: str) -> str:
    """One line of the table."""
    plan, cells = json.loads((CONFIGS / f"{name}.json").read_text()), SIDES[name] // 8
    parts = plan["parts"]
    network_name = "unet" if "unet" in parts else "transformer"
    network = built(parts[network_name], torch.float16)
    vae_dtype = (
        torch.float16 if name == "sd1" else torch.float32
    )  # as `semdraw.models.placement` has it on new cards
    vae = built(parts["vae"], vae_dtype)
    texts = [built(part, torch.float16) for key, part in parts.items() if key.startswith("text_encoder")]
    clip, t5 = (
        2 * sum(parameters(text) for text in texts if ("T5" in type(text).__name__) == is_t5)
        for is_t5 in (False, True)
    )
    body = 2 * parameters(network) + vae_dtype.itemsize * parameters(vae)
    step, low_step = (
        step_bytes(name, network, rows=rows, cells=cells) for rows in (4, max(1, 2**14 // cells**2))
    )
    decode, low_decode = decode_bytes(vae, cells), decode_bytes(vae, TILE_CELLS)
    columns = (
        2 * parameters(network),
        clip,
        t5,
        step,
        decode,
        body + clip + max(step, decode),
        body + max(low_step, low_decode),
    )
    figures = " | ".join(f"{size / GIB:.1f}" if size else "–" for size in columns)
    return f"| {plan['name']}, {SIDES[name]} px | {figures} |"


def main() -> None:
    from diffusers.utils import logging

    logging.set_verbosity_error()
    for name in SIDES:
        print(row_of(name), flush=True)


if __name__ == "__main__":
    main()
