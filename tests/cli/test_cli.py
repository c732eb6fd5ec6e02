"""Claims about the command line as such."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from semdraw.cli.main import run
from semdraw.version import __version__


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["paint", "--help"], ["--version"]])
def test_help_loads_nothing_but_semdraw_and_python_s_own(arguments: list[str]) -> None:
    code = (
        "import sys; before = set(sys.modules); from semdraw.cli.main import run\n"
        "try: run(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "heavy = loaded - {'semdraw'} - sys.stdlib_module_names\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"semdraw {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["paint"],
        ["paint", "-o", "out.gif"],
        ["paint", "-o", "/nowhere/at/all/out.png"],
        ["paint", "-o", "x.png", "--size", "big"],
        ["paint", "-o", "x.png", "--size", "0x4"],
        ["paint", "-o", "x.png", "--seed", "-1"],
        ["paint", "-o", "x.png", "--seed", "4294967296"],
        ["paint", "-o", "x.png", "--steps", "0"],
        ["paint", "-o", "x.png", "--steps", "two"],
        ["paint", "-o", "x.png", "--sampler", "magic"],
        ["paint", "-o", "x.png", "--region", "castle"],
        ["paint", "-o", "x.png", "--background-color", "red"],
        ["paint", "-o", "x.png", "--background", "sky", "--background-color", "#000000"],
        ["paint", "scene.semdraw", "-o", "x.png", "--background", "sky"],
        ["paint", "scene.semdraw", "-o", "x.png", "--size", "64x64"],
        ["serve", "--port", "99999"],
        ["serve", "--host", "0.0.0.0"],
        ["serve", "--host", "0.0.0.0", "--token", "short"],
        ["models", "show"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_asked_ends_with_2_and_words(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEMDRAW_TOKEN", raising=False)
    try:
        code: object = run(arguments)
    except SystemExit as end:
        code = end.code
    assert code == 2
    said = capsys.readouterr().err
    assert "semdraw" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["paint", "--model", "/nowhere", "-o", "x.png"],
        ["models", "show", "nobody"],
        ["paint", "nowhere.semdraw", "-o", "x.png"],
    ],
    ids=" ".join,
)
def test_what_fails_ends_with_1_and_one_line_of_words(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("semdraw: ")
    assert said.count("\n") == 1


def test_a_model_is_shown_in_words_and_for_programs(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {
        "objects": [{"name": "castle", "synonyms": ["fortress"], "codepoint": "1F3F0"}],
        "backgrounds": [{"name": "sea"}],
    }
    (model / "concepts.json").write_text(json.dumps(words))
    try:
        assert run(["models", "show", str(model)]) == 0
        assert "castle" in capsys.readouterr().out
        assert run(["models", "show", str(model), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
    finally:
        (model / "concepts.json").unlink()
    assert told["name"] == "tiny"
    assert told["extent"] == [64, 64]
    assert told["objects"] == [{"name": "castle", "synonyms": ["fortress"], "codepoint": "1F3F0"}]
    assert told["backgrounds"] == [{"name": "sea", "synonyms": []}]
    assert told["facts"]["weights_hash"]


def test_doctor_tells_versions_device_precision_and_threads(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    threads = torch.get_num_threads()
    try:
        assert run(["doctor"]) == 0
    finally:
        torch.set_num_threads(threads)
    said = capsys.readouterr().out
    for word in ("semdraw", "python", "torch", "device", "precision", "threads"):
        assert f"\n{word}" in f"\n{said}"


def test_doctor_tells_the_precision_that_models_are_loaded_in(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from semdraw.cli.doctor import findings
    from semdraw.models import device

    assert device.precision(torch.device("cuda")) == torch.float16
    monkeypatch.setattr(device, "leave_a_core", str)
    monkeypatch.setattr(device, "precision", {device.choose_device(): torch.bfloat16}.get)
    assert dict(findings())["precision"].startswith("bf16 ")


@dataclass
class Card:
    """What torch tells of a card."""

    name: str
    major: int
    minor: int
    total_memory: int

    @property
    def capability(self) -> tuple[int, int]:
        return self.major, self.minor


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (
            Card("RTX 3060", 8, 6, 12 * 2**30),
            "RTX 3060, 12.0 GiB, compute capability 8.6, computes in fp16 or bf16",
        ),
        (Card("RTX 2070", 7, 5, 8 * 2**30), "7.5, computes in fp16; --low-memory for SDXL and SD3"),
        (
            Card("GTX 1080", 6, 1, 8 * 2**30),
            "not usable. .*this build of torch serves sm_75, sm_80; install a build",
        ),
    ],
)
def test_doctor_tells_what_each_card_can_do(monkeypatch: pytest.MonkeyPatch, card: Card, words: str) -> None:
    import torch

    from semdraw.cli.doctor import findings
    from semdraw.models import device

    def always(answer: object) -> Callable[..., object]:
        def call(*_: object) -> object:
            return answer

        return call

    told = {
        "is_available": True,
        "device_count": 1,
        "get_device_properties": card,
        "get_device_name": card.name,
        "get_device_capability": card.capability,
        "get_arch_list": ["sm_75", "sm_80"],
    }
    for name, answer in told.items():
        monkeypatch.setattr(torch.cuda, name, always(answer))
    monkeypatch.setattr(device, "leave_a_core", str)
    found = dict(findings())
    assert re.search(words, found["card"])
    assert found["device"] == ("cpu" if card.major == 6 else "cuda")


def test_doctor_says_when_torch_serves_no_card_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from semdraw.cli.doctor import findings
    from semdraw.models import device

    monkeypatch.setattr(torch.cuda, "is_available", bool)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(device, "leave_a_core", str)
    monkeypatch.setattr(device, "num_cores", lambda: 3)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    found = dict(findings())
    assert "a build for the CPU alone" in found["card"]
    assert "of 3 cores that this process may use (64 in the machine)" in found["threads"]
