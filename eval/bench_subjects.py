"""The layouts of bench-v1 as subjects of a run, judged by the oracles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError

from eval.bench import Layout, Split, load_bench, scene_of, words_alone
from eval.oracles import FILES, load_oracles
from eval.records import digest
from eval.run import interleaved
from eval.scores import describe, measure
from eval.sources import code_of_these
from eval.truth import rendered_truth
from semdraw.errors import UsageError
from semdraw.geometry import Bounds, Extent
from semdraw.scene import Recipe, Scene
from train.sprites import load_sprites

_JUDGING = tuple(  # modules that say what a score is
    f"eval.{name}" for name in ("scores", "naming", "seams", "shapes", "views", "oracles", "oracle_nets")
)
_RENDERING = "eval.truth", "train.sprites", "train.backgrounds"  # and what the truth is


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSpec:
    """Of one split, or of both; with `has_features` all is kept that distributions are compared by."""

    split: Split | Literal["both"] = "dev"
    has_features: bool = True

    def open(self) -> BenchSubjects:
        return BenchSubjects(self)


class BenchSubjects:
    """bench-v1 under the oracles."""

    def __init__(self, spec: BenchSpec) -> None:
        self._spec = spec
        try:
            self._bench = load_bench()
            load_oracles()
            load_sprites()
        except (
            ValueError,
            OSError,
            SafetensorError,
        ) as error:  # another bench or table of concepts, or a font that is missing
            raise UsageError(str(error)) from None

    def layout(self, number: int) -> Layout:
        return self._bench.layout(number)

    @property
    def judged_by(self) -> str:
        return digest(_judges(), code_of_these(*_RENDERING), self._bench.hash, self._spec.has_features)

    def ids(self) -> list[int]:
        """By turns of all tiers and kinds of masks."""
        groups: dict[tuple[str, str], list[int]] = {}
        for layout in self._bench.layouts:
            if self._spec.split in (layout.split, "both"):
                groups.setdefault((layout.tier, layout.mask_kind), []).append(layout.id)
        return interleaved(groups.values())

    def hash_of(self, layout: int) -> str:
        return digest(self._bench.hash, layout, code_of_these(*_RENDERING))

    def extent(self, layout: int) -> Extent:
        return self.layout(layout).extent

    def scene(self, layout: int, recipe: Recipe) -> Scene:
        return scene_of(self.layout(layout), recipe)

    def words(self, layout: int, recipe: Recipe) -> Scene:
        return words_alone(self.layout(layout), recipe)

    def truth(self, layout: int) -> np.ndarray:
        return rendered_truth(self.layout(layout))

    def judge(self, layout: int, pixels: np.ndarray, windows: Sequence[Bounds]) -> dict[str, Any]:
        return measure(self.layout(layout), pixels, load_oracles(), windows=windows)

    def features(self, layout: int, pixels: np.ndarray) -> dict[str, np.ndarray]:
        if not self._spec.has_features:
            return {}
        return asdict(describe(self.layout(layout), pixels, load_oracles()))


@cache
def _judges() -> str:
    """Of the oracles' weights, and of the code that asks them."""
    weights = [hashlib.blake2b(file.read_bytes()).hexdigest() for file in FILES.values()]
    return digest(code_of_these(*_JUDGING), weights)
