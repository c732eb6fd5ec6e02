"""Make the pictures of the README: `python docs/pictures/make.py`.

Each scene is a few ellipses, a prompt for each, and a background; seeds are 1, 2, 3, 4. The
words are among those that the model draws well; `docs/picturebook/contact-sheet.png` shows all of them, none picked.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import semdraw

SIDE_PX, GAP_PX = 256, 8
HERE = Path(__file__).parent

# Background, then (prompt, centre x, centre y, radius x, radius y) in pixels, bottom first.
SCENES = (
    (
        "night sky",
        [("pumpkin", 78, 186, 54, 50), ("full moon", 194, 66, 48, 48), ("ghost", 190, 190, 46, 50)],
    ),
    ("sea", [("sailboat", 82, 138, 58, 58), ("fish", 188, 196, 52, 44), ("sun", 200, 58, 46, 46)]),
    ("green hills", [("house", 78, 166, 56, 56), ("tree", 192, 172, 52, 60), ("balloon", 140, 58, 44, 50)]),
    ("desert", [("cactus", 72, 156, 48, 62), ("car", 182, 194, 60, 48), ("sun", 188, 64, 46, 46)]),
)


def ellipse(x: int, y: int, radius_x: int, radius_y: int) -> NDArray[np.bool_]:
    """(H W) mask."""
    rows, columns = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    return ((columns - x) / radius_x) ** 2 + ((rows - y) / radius_y) ** 2 <= 1


def main() -> None:
    model = semdraw.load_model("picturebook")
    sheet = Image.new("RGB", (len(SCENES) * (SIDE_PX + GAP_PX) - GAP_PX, SIDE_PX), "white")
    for number, (background, regions) in enumerate(SCENES):
        masks = [(prompt, ellipse(*place)) for prompt, *place in regions]
        scene = semdraw.Scene.from_masks(masks, background=background, seed=number + 1)
        picture = semdraw.generate(model, scene)
        sheet.paste(Image.fromarray(picture.array), (number * (SIDE_PX + GAP_PX), 0))
    sheet.save(HERE / "scenes.webp", quality=90, method=6)


if __name__ == "__main__":
    main()
