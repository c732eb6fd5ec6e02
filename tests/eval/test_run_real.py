"""Claims about layouts from COCO's annotations and the critics of the paper's protocol, in true formats."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from eval.coco import Rle, decoded, load_layouts, scene_of, unpacked, words_alone
from eval.critics import Clip, Inception, Segmenter, plain_name
from eval.results import Result
from semdraw.cli.main import run
from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.scene import PromptBackground, Recipe
from tests.eval.real import write_clip, write_coco, write_inception, write_segmenter


def packed(runs: list[int]) -> str:
    """Runs as COCO packs them, written down from the format's own description."""
    text = ""
    for place, length in enumerate(runs):
        value = length - runs[place - 2] if place > 2 else length
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text += chr((bits | 0x20 if more else bits) + 48)
    return text


def test_pictures_qualify_by_number_and_size_of_objects_and_without_people(tmp_path: Path) -> None:
    (layout,) = load_layouts(write_coco(tmp_path), 64)
    assert (layout.id, layout.background_prompt) == (7, "A room 7.")
    assert [region.prompt for region in layout.regions] == ["cat", "dining table"]
    assert layout.picture == tmp_path / "val2017" / "000000000007.jpg"
    scene = scene_of(layout, Recipe())
    assert (scene.canvas.extent, scene.seed) == (Extent(64, 64), 7)
    assert scene.canvas.background == PromptBackground(prompt="A room 7.")
    assert not words_alone(layout, Recipe()).brushes


def test_polygons_and_runs_in_both_forms_give_the_same_mask() -> None:
    runs = [600, 300, 300]
    polygon: NDArray[np.bool_] = decoded([[20.0, 0.0, 29.0, 0.0, 29.0, 29.0, 20.0, 29.0]], 30, 40)
    plain = decoded(Rle(counts=runs, size=[30, 40]), 30, 40)
    assert plain[:, 20:30].all()
    assert plain.sum() == 300
    assert np.array_equal(plain, decoded(Rle(counts=packed(runs), size=[30, 40]), 30, 40))
    assert np.array_equal(plain, polygon)
    many = [3, 40, 1000, 7, 2, 900, 1]
    assert unpacked(packed(many)) == many


def test_damaged_annotations_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="damaged"):
        decoded(Rle(counts=[5, 5], size=[30, 40]), 30, 40)
    with pytest.raises(UsageError, match="annotations of one split"):
        list(load_layouts(tmp_path, 64))
    write_coco(tmp_path / "coco")
    (tmp_path / "coco" / "annotations" / "captions_val2017.json").write_text('{"annotations": 3}')
    with pytest.raises(UsageError, match="captions_val2017"):
        list(load_layouts(tmp_path / "coco", 64))


def test_critics_are_read_from_disk_and_say_numbers_of_the_right_kind(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    clip = Clip(write_clip(tmp_path / "clip"))
    scores = clip.scores(pixels, ["cat", "dining table", "cat"])
    assert scores[0] == pytest.approx(scores[2])
    assert all(-100 <= score <= 100 for score in scores)
    segmenter = Segmenter(write_segmenter(tmp_path / "segmenter"))
    assert segmenter.where(pixels).shape == (48, 64)
    assert segmenter.knows("dining table")
    assert segmenter.index("cat") == 1
    assert not segmenter.knows("zebra")
    inception = Inception(write_inception(tmp_path / "inception.pt"))
    assert inception.features(pixels).shape == (12,)
    assert float(inception.shares(pixels).sum()) == pytest.approx(1)


def test_critics_that_are_not_there_are_asked_for_in_words(tmp_path: Path) -> None:
    for make in (Clip, Segmenter, Inception):
        with pytest.raises(UsageError, match="wanted"):
            make(tmp_path / "nothing")
    (tmp_path / "text.pt").write_text("no network")
    with pytest.raises(UsageError, match="TorchScript"):
        Inception(tmp_path / "text.pt")


def test_names_of_annotations_and_segmenters_meet() -> None:
    assert plain_name("dining-table") == plain_name("Dining table") == "dining table"
    assert plain_name("floor-other-merged") == "floor"


def test_the_papers_protocol_runs_from_files_alone_and_writes_its_table(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    given = {
        "--coco": write_coco(tmp_path / "coco", copies=2),
        "--clip": write_clip(tmp_path / "clip"),
        "--segmenter": write_segmenter(tmp_path / "segmenter"),
        "--inception": write_inception(tmp_path / "inception.pt"),
        "--model": model,
        "--out": out,
        "--side": "64",
        "--methods": "truth,naive-lcm,exact-lcm",
    }
    assert run(["eval", *(str(word) for pair in given.items() for word in pair)]) == 0
    assert "CLIP_fg" in capsys.readouterr().out
    result = msgspec.json.decode((out / "result.json").read_bytes(), type=Result)
    assert [method.name for method in result.methods] == ["truth", "naive-lcm", "exact-lcm"]
    exact = result.methods[-1].figures
    assert exact.keys() >= {"fid", "is", "clip_fg", "clip_bg", "iou", "rows", "gflop"}
    assert exact["clip_fg"].n == 2
    assert exact["rows"].value == 12
    truth = result.methods[0].figures
    assert 0 <= truth["fid"].value < exact["fid"].value, "photographs are nearer to photographs"
    assert "data:image/webp" in (out / "report.html").read_text()


def test_a_folder_without_a_fitting_picture_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_coco(tmp_path, copies=0)
    assert run(["eval", "--coco", str(folder)]) == 2
    assert "2 to 4 objects" in capsys.readouterr().err
