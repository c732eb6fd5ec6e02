"""Make the pictures of the guide: `python docs/guide/make.py`. All are by picturebook, with the seeds told here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

import semdraw
from semdraw.models.base import DiffusionModel
from semdraw.still import Progress

HERE = Path(__file__).parent


def ellipse(extent: tuple[int, int], *box: int) -> NDArray[np.bool_]:
    """(H W): an ellipse from left, top, right, bottom."""
    left, top, right, bottom = box
    rows, columns = np.mgrid[0 : extent[1], 0 : extent[0]]
    x = (columns - (left + right) / 2) / ((right - left) / 2)
    y = (rows - (top + bottom) / 2) / ((bottom - top) / 2)
    return x**2 + y**2 <= 1


def save(name: str, *pictures: NDArray[np.uint8]) -> None:
    """Pictures side by side."""
    gap = np.full((pictures[0].shape[0], 8, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    Image.fromarray(np.hstack(parts)).save(HERE / f"{name}.webp", quality=88, method=6)


def masks_of(scene: semdraw.Scene) -> NDArray[np.uint8]:
    """What was painted, each brush in its colour."""
    colors = ("#c9d4e8", "#e8a33d", "#d6455d")
    page = np.full((*scene.canvas.extent.shape, 3), 255, np.uint8)
    for color, layer in zip(colors, scene.canvas.layers, strict=False):
        page[layer.mask.array > 127] = list(bytes.fromhex(color[1:]))
    return page


def house() -> semdraw.Scene:
    size = (256, 256)
    regions = [("house", ellipse(size, 40, 120, 150, 230)), ("sun", ellipse(size, 160, 15, 240, 95))]
    return semdraw.Scene.from_masks(regions, background="green hills", seed=7)


def panda() -> semdraw.Scene:
    size = (256, 256)
    regions = [
        ("panda", ellipse(size, 66, 76, 190, 206)),
        ("crown", ellipse(size, 98, 36, 158, 88)),
        ("heart", ellipse(size, 112, 150, 146, 184)),
    ]
    return semdraw.Scene.from_masks(regions, background="green hills", seed=3)


def wide() -> semdraw.Scene:
    size = (768, 192)
    regions = [
        ("balloon", ellipse(size, 60, 20, 150, 110)),
        ("house", ellipse(size, 330, 90, 430, 188)),
        ("sun", ellipse(size, 640, 10, 710, 80)),
    ]
    return semdraw.Scene.from_masks(regions, background="blue sky", seed=5)


def steps(model: DiffusionModel, scene: semdraw.Scene) -> list[NDArray[np.uint8]]:
    """The clean picture that each step points to."""
    pages: list[NDArray[np.uint8]] = []

    def keep(progress: Progress) -> None:
        pixels = model.decode(progress.clean).clamp(-1, 1)
        pages.append(((pixels + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy())

    semdraw.generate(model, scene, on_progress=keep)
    return pages


def into_a_photo(model: DiffusionModel) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A photo (drawn here) and a boat that was painted into it."""
    rows, columns = np.mgrid[0:256, 0:256]
    sky = np.stack([120 + rows // 4, 170 + rows // 5, 235 + 0 * rows], axis=-1)
    sea = np.stack([20 + columns // 16, 90 + columns // 8, 150 + 0 * rows], axis=-1)
    photo = semdraw.Picture.from_array(np.where(rows[..., None] < 150, sky, sea).astype(np.uint8))
    boat = [("sailboat", ellipse((256, 256), 70, 70, 190, 190))]
    scene = semdraw.Scene.from_masks(boat, background=semdraw.ImageBackground(picture=photo), seed=9)
    scene = scene.with_brush(replace(scene.brush("region-1"), softness_px=12))
    return photo.array, semdraw.generate(model, scene).array


def frozen(model: DiffusionModel) -> list[NDArray[np.uint8]]:
    """The house stays to the byte, the rest is rolled anew."""
    scene = house()
    first = semdraw.generate(model, scene)
    kept = semdraw.freeze(scene, "region-1", first)
    return [first.array, *(semdraw.generate(model, replace(kept, seed=seed)).array for seed in (11, 12, 13))]


def main() -> None:
    model = semdraw.load_model("picturebook")
    save("steps", masks_of(house()), *steps(model, house()))
    save("parts", masks_of(panda()), semdraw.generate(model, panda()).array)
    save("wide", semdraw.generate(model, wide()).array)
    save("photo", *into_a_photo(model))
    save("frozen", *frozen(model))


if __name__ == "__main__":
    main()
