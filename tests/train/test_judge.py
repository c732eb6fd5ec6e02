"""The judge's word counts only if all of it was loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from train.oracle import WEIGHTS, load_judge


def test_a_judge_without_one_of_its_layers_is_refused(tmp_path: Path) -> None:
    load_judge()
    weights = load_file(WEIGHTS)
    del weights["head.bias"]
    save_file(weights, tmp_path / "judge.safetensors")
    with pytest.raises(RuntimeError, match=r"head\.bias"):
        load_judge(tmp_path / "judge.safetensors")
