"""Begin where a shipped model and its judge stand: write the training state anew, when the old state is gone.

    python -m train.adopt --model src/semdraw/weights/picturebook

Then `train.latents`, `train.base` and `train.distil` go on from there. A distilled network is a good start for the
base: its features are those of the base, and its answers settle again within the first minutes.
"""

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPTextModel

from train.base import Painter
from train.networks import LATENT_CHANNELS
from train.oracle import load_judge
from train.runs import STATE, save_state
from train.vae import Codec


def adopted_codec(folder: Path) -> Codec:
    """The shipped autoencoder, whose normalisation is folded in already: here it changes nothing."""
    codec = Codec()
    vae = AutoencoderTiny.from_pretrained(folder / "vae", local_files_only=True, torch_dtype=torch.float32)
    codec.vae.load_state_dict(vae.state_dict())
    codec.norm.running_mean = torch.zeros(LATENT_CHANNELS)
    codec.norm.running_var = torch.full((LATENT_CHANNELS,), 1 - codec.norm.eps)
    return codec


def adopted_painter(folder: Path) -> Painter:
    text_encoder = CLIPTextModel.from_pretrained(
        folder / "text_encoder", local_files_only=True, dtype=torch.float32
    )
    painter = Painter(text_encoder)
    unet = UNet2DConditionModel.from_pretrained(
        folder / "unet", local_files_only=True, torch_dtype=torch.float32
    )
    painter.unet.load_state_dict(unet.state_dict())
    return painter


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--state", type=Path, default=STATE)
    args = options.parse_args()
    args.state.mkdir(parents=True, exist_ok=True)
    adopted = {
        "vae.pt": adopted_codec(args.model),
        "base.pt": adopted_painter(args.model),
        "oracle.pt": load_judge(),
    }
    for name, module in adopted.items():
        path = args.state / name
        if path.exists():
            raise SystemExit(f"{path} is there already; move it away first, or train on from it")
        weights = module.state_dict()
        save_state(path, weights, weights)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
