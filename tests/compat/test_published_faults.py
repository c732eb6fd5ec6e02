"""Every crash and silent fault that was found in the published code: each is absent, and each would be seen.

A row plants its fault into this package and shows that its own check then fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from semdraw.compat import checkpoints as loading
from semdraw.scene import Recipe
from tests.compat.fault import Bench, Fault
from tests.compat.faults_crashes import CRASHES
from tests.compat.faults_drawing import DRAWING
from tests.compat.faults_values import VALUES
from tests.toy import ToyModel

FAULTS = (*CRASHES, *DRAWING, *VALUES)

pytestmark = [
    pytest.mark.usefixtures("nothing_is_fetched"),
    pytest.mark.parametrize("fault", FAULTS, ids=[fault.name.replace(" ", "-") for fault in FAULTS]),
]


@pytest.fixture
def bench(
    checkpoints: dict[str, Path], loaded: dict[Any, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Bench:
    toy = ToyModel()
    once = loading.opened

    def opened(wanted: loading.Wanted) -> Any:
        if wanted.key == "toy":
            return toy, Recipe()
        if wanted.key is None:
            return once(wanted)
        what = wanted.preset, wanted.method, wanted.key
        if what not in loaded:
            loaded[what] = once(wanted)
        return loaded[what]

    monkeypatch.setattr("semdraw.compat.pipeline.opened", opened)
    monkeypatch.setattr("semdraw.compat.streams.opened", opened)
    return Bench(toy, checkpoints, tmp_path)


def test_it_is_absent(fault: Fault, bench: Bench) -> None:
    fault.check(bench)


def test_it_would_be_seen(fault: Fault, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fault.plant(monkeypatch)
    with pytest.raises(fault.shows):
        fault.check(bench)
