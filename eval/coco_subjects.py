"""COCO's layouts as subjects of a run, judged by the critics of the paper's protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from eval.coco import CocoLayout, load_layouts, scene_of, words_alone
from eval.critics import Clip, Inception, Segmenter
from eval.records import digest
from semdraw.errors import UsageError
from semdraw.geometry import Bounds, Extent
from semdraw.scene import Recipe, Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoSpec:
    """A folder of annotations, the side of the canvas in px, and which critics there are."""

    folder: Path
    side_px: int = 512
    clip: Path | None = None
    segmenter: Path | None = None
    inception: Path | None = None
    device: str = "cpu"

    def open(self) -> CocoSubjects:
        return CocoSubjects(self)


class CocoSubjects:
    """Critics are loaded when a picture is judged."""

    def __init__(self, spec: CocoSpec) -> None:
        self._spec = spec
        self._layouts = {layout.id: layout for layout in load_layouts(spec.folder, spec.side_px)}
        if not self._layouts:
            raise UsageError(
                f"{spec.folder}: no picture has 2 to 4 objects of at least 5 % and no person; is it a whole split?"
            )
        self._critics: tuple[Clip | None, Segmenter | None, Inception | None] | None = None

    @property
    def judged_by(self) -> str:
        named = (self._spec.clip, self._spec.segmenter, self._spec.inception)
        return digest("coco", [None if path is None else str(path.resolve()) for path in named])

    def ids(self) -> list[int]:
        """By a hash of their numbers: COCO's own order follows how pictures were gathered."""
        return sorted(self._layouts, key=lambda number: digest(number))

    def layout(self, number: int) -> CocoLayout:
        return self._layouts[number]

    def hash_of(self, layout: int) -> str:
        found = self._layouts[layout]
        regions = [(region.prompt, region.mask.tobytes()) for region in found.regions]
        return digest(found.background_prompt, regions, found.extent)

    def extent(self, layout: int) -> Extent:
        return self._layouts[layout].extent

    def scene(self, layout: int, recipe: Recipe) -> Scene:
        return scene_of(self._layouts[layout], recipe)

    def words(self, layout: int, recipe: Recipe) -> Scene:
        return words_alone(self._layouts[layout], recipe)

    def truth(self, layout: int) -> np.ndarray:
        """The photograph itself, at the size of the canvas."""
        path, side = self._layouts[layout].picture, self._spec.side_px
        if path is None:
            raise UsageError(
                f"the picture of layout {layout} is not in {self._spec.folder}; FID and `truth` need the photographs, "
                "in its folder val2017 or images"
            )
        return np.asarray(Image.open(path).convert("RGB").resize((side, side), Image.Resampling.BICUBIC))

    def judge(self, layout: int, pixels: np.ndarray, windows: Sequence[Bounds]) -> dict[str, Any]:  # noqa: ARG002
        """clip_fg: the mean over its categories, picture against name; clip_bg: against the caption; iou."""
        found = self._layouts[layout]
        clip, segmenter, _ = self._opened()
        scores: dict[str, Any] = {}
        names = list(dict.fromkeys(region.prompt for region in found.regions))
        if clip is not None:
            *foreground, background = clip.scores(pixels, [*names, found.background_prompt])
            scores |= {"clip_fg": float(np.mean(foreground)), "clip_bg": background}
        if segmenter is not None:
            scores["iou"] = _overlaps(found, names, segmenter, pixels)
        return scores

    def features(self, layout: int, pixels: np.ndarray) -> dict[str, np.ndarray]:  # noqa: ARG002
        """For FID and IS."""
        _, _, inception = self._opened()
        if inception is None:
            return {}
        return {"picture": inception.features(pixels).numpy(), "shares": inception.shares(pixels).numpy()}

    def _opened(self) -> tuple[Clip | None, Segmenter | None, Inception | None]:
        if self._critics is None:
            spec, device = self._spec, self._spec.device
            self._critics = (
                None if spec.clip is None else Clip(spec.clip, device),
                None if spec.segmenter is None else Segmenter(spec.segmenter, device),
                None if spec.inception is None else Inception(spec.inception, device),
            )
        return self._critics


def _overlaps(layout: CocoLayout, names: list[str], segmenter: Segmenter, pixels: np.ndarray) -> list[float]:
    """For each category that the segmenter knows: where it sees it and where it was asked, common over both."""
    seen = segmenter.where(pixels)
    overlaps: list[float] = []
    for name in filter(segmenter.knows, names):
        asked = np.any([region.mask for region in layout.regions if region.prompt == name], axis=0)
        found = seen == segmenter.index(name)
        overlaps.append(float((asked & found).sum() / max(1, (asked | found).sum())))
    return overlaps
