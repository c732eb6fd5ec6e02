"""Paint the pictures by which the page offers its starter scenes, with the model that comes with semdraw.

PYTHONPATH=src python web/scripts/starters.py
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from semdraw import Extent, generate, load_model
from semdraw.starter import STARTERS, starter_scene

FOLDER = Path(__file__).resolve().parent.parent / "public/starters"
EXTENT = Extent(256, 256)
SIDE_PX = 224


def main() -> None:
    model = load_model("picturebook")
    FOLDER.mkdir(exist_ok=True)
    for name in STARTERS:
        pixels = generate(model, starter_scene(EXTENT, name)).array
        picture = Image.fromarray(pixels).resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
        picture.save(FOLDER / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
