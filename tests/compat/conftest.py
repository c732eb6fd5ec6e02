"""Tiny checkpoints of each family, quick by themselves, so that no LoRA is looked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tiny import write_checkpoint

FAMILIES = ("sd", "sdxl", "sd3")


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder per family; leave them as they are."""
    root = tmp_path_factory.mktemp("compat")
    folders = {name: write_checkpoint(root / name, family=name) for name in FAMILIES}  # pyright: ignore
    scheduler = folders["sd3"] / "scheduler" / "scheduler_config.json"
    config = json.loads(scheduler.read_text()) | {"stochastic_sampling": True}  # as Flash is published
    scheduler.write_text(json.dumps(config))
    return folders
