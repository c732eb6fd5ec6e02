"""Chromium, a server, and a fresh page for every test. Without Chromium all of these tests are skipped, in words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from semdraw.errors import CheckpointError
from semdraw.geometry import Extent
from semdraw.models.registry import find_model
from tests.browser.easel import PATIENCE, Easel
from tests.browser.served import Served
from tests.server.living import CARD, LiveServer, live_server
from tests.tiny import write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

WIDE = {"width": 1440, "height": 900}
WITHIN_S = (
    900  # one test: every wait in it has a bound of its own and says what it waited for; fixtures count apart
)
HERE = Path(__file__).parent
WEIGHTS = HERE.parent.parent / "src" / "semdraw" / "weights"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker drives the one browser; on a busy machine a test may be late once, which the summary tells."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(WITHIN_S, func_only=True))
            item.add_marker(pytest.mark.flaky(reruns=1))
            if item.config.pluginmanager.hasplugin("xdist"):
                item.add_marker(pytest.mark.xdist_group("browser"))


def go_without(reason: str) -> NoReturn:
    """Skip, or fail where browser tests are asked for."""
    if os.environ.get("SEMDRAW_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        go_without("browser tests need Playwright: pip install playwright")
    chromium = os.environ.get("SEMDRAW_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        go_without(
            "browser tests need Chromium: apt-get install chromium, or set SEMDRAW_CHROMIUM to its path"
        )
    with sync_playwright() as playwright:
        camera = "--use-fake-device-for-media-stream"  # a moving test picture
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", camera])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def has_picturebook() -> bool:
    """Whether the weights of the model that comes with semdraw are there; weights that are refused fail the tests."""
    if not (WEIGHTS / "picturebook").is_dir():
        return False
    try:
        find_model("picturebook")
    except CheckpointError as error:
        pytest.fail(f"picturebook is there and is refused: {error}")
    return True


@pytest.fixture(scope="session")
def picturebook(has_picturebook: bool) -> None:
    """For tests of what a trained model does: a tiny random one does not do for them."""
    if not has_picturebook:
        go_without("this test needs the weights of picturebook, which are not in this checkout")


@pytest.fixture(scope="session")
def model_options(has_picturebook: bool, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The model that comes with semdraw, and in a checkout without weights a tiny random one."""
    if has_picturebook:
        return ()
    folder = write_checkpoint(tmp_path_factory.mktemp("models") / "tiny", autoencoder="tiny")
    return ("--model", str(folder))


@pytest.fixture(scope="session")
def served(model_options: tuple[str, ...]) -> Generator[Served]:
    """One server for all tests that leave it running."""
    served = Served(model_options)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def context(browser: Browser) -> Generator[BrowserContext]:
    """A browser that has never been here."""
    context = browser.new_context(viewport=WIDE, accept_downloads=True)  # type: ignore[arg-type]
    yield context
    context.close()


@pytest.fixture(scope="session")
def toy_served() -> Generator[LiveServer]:
    """One server with the toy model: its pictures cost nothing, for tests of everything but pictures."""
    with live_server(card=replace(CARD, extent=Extent(256, 256))) as server:
        yield server


@pytest.fixture
def origin(toy_served: LiveServer) -> str:
    """Where the page of `easel` comes from."""
    return toy_served.origin


@contextmanager
def opened(context: BrowserContext, origin: str) -> Generator[Easel]:
    """The page, open on its finished scene; it has nothing to complain of at the end."""
    easel = Easel(context.new_page())
    easel.watch()
    easel.page.add_init_script(PATIENCE)
    easel.open(origin)
    yield easel
    assert easel.complaints == []


@pytest.fixture
def easel(context: BrowserContext, origin: str) -> Generator[Easel]:
    with opened(context, origin) as easel:
        yield easel
