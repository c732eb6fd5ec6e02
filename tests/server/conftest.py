"""One server for all tests of a module that do not change it for good."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.server.living import LiveServer, live_server


@pytest.fixture(scope="module")
def server() -> Generator[LiveServer]:
    with live_server() as server:
        yield server
