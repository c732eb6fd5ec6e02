"""A tiny model on disk, made once per test process; and how examples are drawn."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.tiny import write_checkpoint

# A busy machine is no failure; and what CI finds, everybody finds.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in diffusers layout with random weights; leave it as it is."""
    return write_checkpoint(tmp_path_factory.mktemp("model") / "tiny", autoencoder="tiny")
