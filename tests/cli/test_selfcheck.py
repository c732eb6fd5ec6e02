"""Claims about `semdraw selfcheck`: it passes what is right, and what is planted makes it fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from semdraw import reference, selfcheck
from semdraw.cli.main import run
from semdraw.geometry import Extent
from semdraw.models.base import DiffusionModel, Rows
from semdraw.models.registry import find_model, load_model
from semdraw.rasters import Picture
from semdraw.reference import pipeline_around
from semdraw.selfcheck import CHECKS, Check, run_checks
from semdraw.still import develop
from tests.tiny import write_checkpoint

SIZE = Extent(64, 32)


@pytest.fixture(scope="module", params=["sd", "sdxl", "sd3"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DiffusionModel:
    folder = write_checkpoint(tmp_path_factory.mktemp("check") / "tiny", family=request.param)
    return load_model(str(folder), device="cpu")


def test_every_family_passes_every_check(tiny: DiffusionModel) -> None:
    done = list(run_checks(tiny, SIZE))
    assert [check.name for check in done] == list(CHECKS)
    assert [check for check in done if not check.is_passed] == []
    measured = {check.name: check.found for check in done if check.bound}
    assert set(measured) == {"pipeline", "guided", "rows", "stream"}, "compared, not left out"


def failed(model: DiffusionModel) -> set[str]:
    done: list[Check] = list(run_checks(model, SIZE))
    return {check.name for check in done if not check.is_passed}


@pytest.fixture
def sd(model: Path) -> Any:
    """A loaded model that may be spoilt."""
    return load_model(str(model), device="cpu")


def one_timestep(predict: Callable[[Rows], Tensor]) -> Callable[[Rows], Tensor]:
    """The first row's timestep for all rows."""
    return lambda rows: predict(
        Rows(
            latents=rows.latents,
            timestep=rows.timestep[:1].expand(len(rows.timestep)),
            conditioning=rows.conditioning,
            window=rows.window,
        )
    )


def a_percent_off(predict: Callable[[Rows], Tensor]) -> Callable[[Rows], Tensor]:
    return lambda rows: 1.01 * predict(rows)


def not_a_number(predict: Callable[[Rows], Tensor]) -> Callable[[Rows], Tensor]:
    return lambda rows: predict(rows) * float("nan")


def missing(_: Callable[[Rows], Tensor]) -> Callable[[Rows], Tensor]:
    def predict(_: Rows) -> Tensor:
        raise KeyError("unet")

    return predict


def restless(predict: Callable[[Rows], Tensor]) -> Callable[[Rows], Tensor]:
    return lambda rows: predict(rows) + 0.2 * torch.randn(rows.latents.shape)


@pytest.mark.parametrize(
    ("fault", "caught"),
    [
        (one_timestep, {"rows", "stream"}),
        (a_percent_off, {"pipeline", "guided"}),
        (not_a_number, set(CHECKS)),
        (missing, set(CHECKS)),
        (restless, {"pipeline", "guided", "rows", "stream", "live", "repeat"}),
    ],
    ids=["one timestep", "a percent off", "not a number", "raises", "restless"],
)
def test_a_planted_fault_fails_the_checks_that_it_breaks(sd: Any, fault: Any, caught: set[str]) -> None:
    sd.predict = fault(sd.predict)
    assert failed(sd) == caught


def test_a_decoder_that_touches_the_background_or_is_flat_is_caught(
    sd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn_over(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
        return end

    def flat(latents: Tensor) -> Tensor:
        return torch.zeros(3, SIZE.height, SIZE.width)

    monkeypatch.setattr("semdraw.still.torch.lerp", drawn_over)
    assert failed(sd) == {"background"}
    sd.decode = flat
    assert "finite" in failed(sd)


def test_a_model_that_lies_on_two_devices_is_not_held_against_a_pipeline(sd: Any) -> None:
    assert pipeline_around(sd) is not None
    sd.parts["text_encoder"].to("meta")
    assert pipeline_around(sd) is None


def test_the_report_says_what_ran_where_and_how_it_went(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["selfcheck", "--model", str(model), "--size", str(SIZE), "--device", "cpu"]
    assert run([*asked, "-o", str(tmp_path / "report.json")]) == 0
    assert capsys.readouterr().out.count("ok ") == len(CHECKS)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"] is True
    assert {"semdraw", "torch", "diffusers"} <= set(report["versions"])
    assert (report["machine"]["device"], report["machine"]["precision"]) == ("cpu", "float32")
    assert len(report["model"]["weights_hash"]) == 16
    assert report["figures"]["ms_per_picture"] >= report["figures"]["ms_per_step"] > 0
    assert report["figures"]["peak_memory_mib"] > 0
    for check in report["checks"]:
        assert check["claim"]
        assert check["bound"] is None or check["found"] <= check["bound"]
    assert str(tmp_path) not in json.dumps(report), "a report carries no paths"


def test_a_failed_check_ends_with_1_and_stands_in_the_report(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from semdraw.models.sd import StableDiffusion

    monkeypatch.setattr(StableDiffusion, "predict", a_percent_off_method(StableDiffusion.predict))
    report = tmp_path / "report.md"
    asked = ["selfcheck", "--model", str(model), "--size", str(SIZE), "--device", "cpu", "-o", str(report)]
    assert run(asked) == 1
    assert "FAILED  pipeline" in capsys.readouterr().out
    text = report.read_text()
    assert text.startswith("# semdraw selfcheck: FAILED")
    assert "| pipeline | **FAILED** |" in text
    assert "| stream | ok |" in text


def a_percent_off_method(predict: Callable[[Any, Rows], Tensor]) -> Callable[[Any, Rows], Tensor]:
    return lambda self, rows: 1.01 * predict(self, rows)


def test_a_live_stream_that_shows_other_pictures_is_caught(sd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def darker(latents: Tensor, regions: Any, model: Any) -> Picture:
        return Picture.from_array(develop(latents, regions, model).array // 2)

    monkeypatch.setattr("semdraw.live.develop", darker)
    assert failed(sd) == {"live"}


def test_a_size_that_no_pipeline_takes_is_refused_before_any_check(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    multiple = find_model(str(model)).extent_multiple
    assert run(["selfcheck", "--model", str(model), "--size", f"72x{4 * multiple}"]) == 1
    said = capsys.readouterr()
    assert f"multiples of {multiple} px, got 72x{4 * multiple}; try " in said.err
    assert said.out == ""


@pytest.mark.parametrize(("platform", "unit"), [("linux", 1024), ("darwin", 1)])
def test_memory_is_told_in_the_units_of_each_system(
    platform: str, unit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr("sys.platform", platform)

    def usage(_: int) -> SimpleNamespace:
        return SimpleNamespace(ru_maxrss=3)

    monkeypatch.setattr(resource, "getrusage", usage)
    assert selfcheck._peak_memory(torch.device("cpu")) == 3 * unit  # pyright: ignore[reportPrivateUsage]


def test_what_is_replaced_for_a_comparison_comes_back() -> None:
    module = SimpleNamespace(kept=1)
    for name in ("kept", "new"):
        with reference._replaced(module, name, 2):  # pyright: ignore[reportPrivateUsage]
            assert getattr(module, name) == 2
    assert vars(module) == {"kept": 1}


@pytest.mark.parametrize("output", ["report.txt", "/nowhere/at/all/report.md"])
def test_a_report_that_cannot_be_written_is_refused_before_any_check(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["selfcheck", "-o", output]) == 2
    assert capsys.readouterr().out == ""
