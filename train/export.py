"""Write the model folder in the layout of diffusers, from whatever training has reached.

python -m train.export --to src/semdraw/weights/picturebook
"""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import LCMScheduler, StableDiffusionPipeline
from transformers import CLIPTokenizer

from train.base import Painter, load_painter
from train.concepts import backgrounds, objects
from train.diffusion import NOISE_SCHEDULE
from train.networks import build_text_encoder
from train.runs import parser
from train.vae import load_vae
from train.vocabulary import build_tokenizer

# Windows of the size that was trained on most, and the words that captions of single objects have. Not tiled: at
# 512 px it draws as well in one piece, in a quarter of the rows.
MANNER = {"window_px": 128, "tile_px": 0, "region_suffix": " on a white background"}
STAGES = ("distil.pt", "base.pt")  # the best that is there comes first


def newest_painter(state: Path, vocab_size: int, stages: tuple[str, ...] = STAGES) -> Painter:
    for stage in stages:
        if (state / stage).exists():
            return load_painter(state / stage, vocab_size)
    print("no trained network yet: random weights")
    return Painter(build_text_encoder(vocab_size))


def build_pipeline(state: Path, stages: tuple[str, ...] = STAGES) -> StableDiffusionPipeline:
    tokenizer = build_tokenizer()
    painter = newest_painter(state, len(tokenizer), stages).eval()
    build: Any = StableDiffusionPipeline  # its own annotations know neither small autoencoders nor LCM
    return build(
        vae=load_vae(state),
        text_encoder=painter.text_encoder,
        tokenizer=tokenizer,
        unet=painter.unet,
        scheduler=LCMScheduler(**NOISE_SCHEDULE, clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def vocabulary_of_concepts() -> dict[str, list[dict[str, object]]]:
    return {
        "objects": [
            {"name": each.name, "synonyms": list(each.synonyms), "codepoint": each.codepoint}
            for each in objects()
        ],
        "backgrounds": [{"name": each.name, "synonyms": list(each.synonyms)} for each in backgrounds()],
    }


def write_merges(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """The two files that transformers before 5 read in place of tokenizer.json."""
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False) + "\n")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")


def main() -> None:
    options = parser(__doc__, seconds=0)
    options.add_argument("--to", type=Path, required=True)
    options.add_argument("--stage", choices=STAGES, help="take this stage, not the newest")
    args = options.parse_args()
    pipeline = build_pipeline(args.state, (args.stage,) if args.stage else STAGES)
    pipeline.to(torch.float16).save_pretrained(args.to, safe_serialization=True)
    write_merges(pipeline.tokenizer, args.to / "tokenizer")
    (args.to / "concepts.json").write_text(json.dumps(vocabulary_of_concepts(), indent=1) + "\n")
    (args.to / "semdraw.json").write_text(json.dumps(MANNER, indent=1) + "\n")
    print(f"{sum(file.stat().st_size for file in args.to.rglob('*')) / 1e6:.1f} MB in {args.to}")


if __name__ == "__main__":
    main()
