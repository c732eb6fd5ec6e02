"""Paint the twelve scenes: `python docs/wall/make.py [NAME ...]`, from `scenes.toml`, with picturebook.

They take the patient way: its undistilled network (the LoRA picturebook/base), sixteen steps and guidance. Beside each
picture lies its project, to open on the page or with `semdraw paint --lora picturebook/base`.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

import semdraw
from semdraw.models.base import DiffusionModel

HERE = Path(__file__).parent


def ellipse(size: tuple[int, int], x: int, y: int, radius_x: int, radius_y: int) -> NDArray[np.bool_]:
    """(H W) mask."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    return ((columns - x) / radius_x) ** 2 + ((rows - y) / radius_y) ** 2 <= 1


def scene_of(plan: dict[str, Any], recipe: semdraw.Recipe) -> semdraw.Scene:
    masks = [(prompt, ellipse(plan["size"], *place)) for prompt, *place in plan["regions"]]
    words = plan["background"]
    behind = semdraw.ColorBackground(color=words) if words.startswith("#") else words
    return semdraw.Scene.from_masks(masks, background=behind, seed=plan["seed"], recipe=recipe)


def patient() -> DiffusionModel:
    return semdraw.load_model("picturebook", loras=["picturebook/base"])


def recipe_of(model: DiffusionModel) -> semdraw.Recipe:
    return replace(model.spec.recipe, sampler="ddim", num_steps=16, guidance_scale=2.5)


def main() -> None:
    model = patient()
    plans = tomllib.loads((HERE / "scenes.toml").read_text())["scene"]
    for plan in plans:
        if sys.argv[1:] and plan["name"] not in sys.argv[1:]:
            continue
        scene = scene_of(plan, recipe_of(model))
        picture = semdraw.generate(model, scene)
        Image.fromarray(picture.array).save(HERE / f"{plan['name']}.webp", quality=92, method=6)
        semdraw.save_project(HERE / f"{plan['name']}.semdraw", scene)


if __name__ == "__main__":
    main()
