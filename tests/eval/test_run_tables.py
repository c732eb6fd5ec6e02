"""Claims about the tables of time, on a model that knows the answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from eval.rungs import Ladder, Rung, discs
from eval.tables import as_table, measured
from eval.timing import timed
from eval.weights import Models, Sources
from semdraw.geometry import Extent
from semdraw.models.base import DiffusionModel
from semdraw.models.registry import ModelCard, find_model
from semdraw.panoramas import panorama_scene
from semdraw.scene import Recipe
from tests.toy import ToyModel

PLACES = (("red", (32, 32, 20)), ("green", (96, 96, 20)))
SCENE = discs(PLACES, Extent(128, 128), "blue")
PLAIN = Rung(name="plain", label="plain", recipe={"window_px": 0})


class OneModel(Models):
    """Always the same model, whatever it is asked for."""

    def get(self, weights: Any) -> DiffusionModel:
        return cast(DiffusionModel, self.toy)

    def card_of(self, weights: Any) -> ModelCard:
        return replace(find_model("picturebook"), name=str(weights))

    toy = ToyModel()


@pytest.fixture
def models() -> Models:
    return OneModel(Sources())


def ladder(*rungs: Rung) -> Ladder:
    return Ladder(name="toy", title="A toy", scene=SCENE, rungs=rungs, paper="nothing of the kind")


def test_rows_of_a_picture_are_the_same_one_by_one_and_in_a_stream(models: Models) -> None:
    alone, picture = timed(ladder(PLAIN), PLAIN, models)
    stream, _ = timed(ladder(PLAIN), replace(PLAIN, name="stream", is_stream=True), models)
    assert alone.rows == stream.rows == 12
    assert picture[32, 32].tolist() == pytest.approx([242, 13, 13], abs=16)
    assert alone.draw_s > 0


def test_a_rung_of_many_steps_is_extrapolated_and_says_so(models: Models) -> None:
    long = Rung(name="long", label="long", recipe={"sampler": "ddim", "num_steps": 50}, steps_run=5)
    row, _ = timed(ladder(long), long, models)
    assert row.share == 0.1
    assert row.rows == pytest.approx(150)
    assert "5 of 50 steps" in row.remark


def test_tiles_of_a_panorama_have_their_seams_looked_at(models: Models) -> None:
    scene = panorama_scene("red", Extent(256, 64), recipe=Recipe())
    tiled = Rung(name="tiled", label="tiled", recipe={"tile_px": 64})
    row, picture = timed(replace(ladder(tiled), scene=scene), tiled, models)
    assert picture.shape == (64, 256, 3)
    assert row.seam == pytest.approx(1, abs=0.3)
    assert row.detail is not None


def test_what_was_measured_is_kept_and_compared_with_the_first_row(models: Models, tmp_path: Path) -> None:
    rungs = ladder(PLAIN, replace(PLAIN, name="again", label="again"))
    rows = measured(rungs, models, tmp_path)
    assert measured(rungs, models, tmp_path) == rows
    assert all(row.made_by and row.here for row in rows)
    others = ladder(replace(PLAIN, recipe=PLAIN.recipe | {"num_steps": 2}), *rungs.rungs[1:])
    changed = measured(others, models, tmp_path)
    assert changed[0].rows == 6, "another rung of the same name is measured anew"
    assert changed[1] == rows[1]
    table = as_table(rungs, rows)
    assert table.rows[0][3] == "x1"
    assert {len(line) for line in table.rows} == {len(table.head)}
    assert all((tmp_path / picture).exists() for picture in table.pictures)
