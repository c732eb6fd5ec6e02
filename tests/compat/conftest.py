"""Tiny checkpoints of each family, quick by themselves, so that no LoRA is looked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from semdraw.compat import checkpoints as loading
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


@pytest.fixture(scope="session")
def loaded() -> dict[Any, Any]:
    """What `loaded_once` has loaded so far."""
    return {}


@pytest.fixture
def loaded_once(monkeypatch: pytest.MonkeyPatch, loaded: dict[Any, Any]) -> None:
    """Each checkpoint is loaded once, however many pipelines and streams are made of it."""

    def opened(wanted: loading.Wanted) -> Any:
        what = wanted.preset, wanted.method, wanted.key
        if what not in loaded:
            loaded[what] = loading.opened(wanted)
        return loaded[what]

    monkeypatch.setattr("semdraw.compat.pipeline.opened", opened)
    monkeypatch.setattr("semdraw.compat.streams.opened", opened)


@pytest.fixture
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, an empty cache, and a model folder of one's own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SEMDRAW_MODELS", str(tmp_path / "models"))
