"""A device that is full is said in words, not in a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from semdraw.cli.main import FAILED, run


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory. Tried"), MemoryError()])
def test_a_device_without_memory_is_said(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("semdraw.models.registry.load_model", full)
    assert run(["panorama", "--prompt", "a hill", "--out", str(tmp_path / "hill.png")]) == FAILED
    assert "ran out of memory; try a smaller canvas" in capsys.readouterr().err


def test_other_failures_are_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("semdraw.models.registry.load_model", broken)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        run(["panorama", "--prompt", "a hill", "--out", str(tmp_path / "hill.png")])
