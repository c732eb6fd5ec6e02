"""An engine that runs a toy model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from semdraw.engine import Engine
from tests.toy import ToyModel


@pytest.fixture
def model() -> ToyModel:
    return ToyModel()


@pytest.fixture
def engine(model: ToyModel) -> Iterator[Engine]:
    engine = Engine(lambda: model)
    engine.start()
    yield engine
    model.fault = lambda: None
    engine.stop()
    assert not engine.is_alive
