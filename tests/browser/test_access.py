"""For everybody: names, contrasts and roles by axe, everything by keys alone, the scene in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tests.browser.conftest import go_without
from tests.browser.easel import Easel

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PANELS = {"Alt+r": "How the picture is made", "Control+,": "Settings", "t": "Styles"}
DIALOGS = {
    "?": "Keys",
    "Control+k": "Find an action",
    "Alt+n": "New picture",
    "Control+Shift+s": "Save as …",
    "Control+Alt+c": "Canvas size",
}


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        go_without("this test needs axe-core: cd web && npm ci")
    return AXE.read_text("utf-8")


def violations(easel: Easel, axe: str) -> list[str]:
    """What axe has to say of the page as it is now; in the dark, of what differs there: the contrasts."""
    easel.page.evaluate(f"() => {{ if (!window.axe) {{ {axe} }} }}")
    options = "matchMedia('(prefers-color-scheme: dark)').matches ? { runOnly: ['color-contrast'] } : {}"
    script = f"() => window.axe.run({options}).then(({{ violations }}) => violations)"
    found = cast(list[dict[str, Any]], easel.page.evaluate(script))
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def focused(easel: Easel) -> str:
    """The name of what has the focus."""
    script = (
        "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
    )
    return cast(str, easel.page.evaluate(script))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_nor_in_its_panels_and_dialogs(
    easel: Easel, axe: str, theme: str
) -> None:
    easel.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    easel.page.get_by_role("button", name="Details of tree").click()
    options = easel.page.get_by_role("button", name="Tool options")
    options.click()
    easel.press("w", "h", "i")  # what acts, the history, figures
    easel.wait_for_picture()
    assert violations(easel, axe) == []
    options.click()
    for chord, name in PANELS.items():
        easel.press(chord)
        easel.page.get_by_role("dialog", name=name).wait_for()
        assert violations(easel, axe) == [], name
        easel.press("Escape")
    for chord, name in DIALOGS.items():
        easel.press(chord)
        easel.page.get_by_role("dialog", name=name).wait_for()
        assert violations(easel, axe) == [], name
        easel.leave_dialog()


def test_keys_alone_reach_every_part_of_the_page_and_paint(easel: Easel) -> None:
    easel.page.get_by_role("button", name="New picture").focus()
    easel.page.keyboard.press("Shift+Tab")
    assert focused(easel) == "To the canvas"
    easel.page.keyboard.press("Enter")
    assert focused(easel).startswith("Canvas, painting")

    areas = set[str]()
    for _ in range(5):
        easel.page.keyboard.press("F6")
        areas.add(focused(easel))
    assert {"New picture", "Brush"} <= areas
    assert len(areas) == 5, areas
    easel.page.keyboard.press("F6")
    ring = """() => {
      const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    }"""
    easel.page.keyboard.press("Tab")
    assert easel.page.evaluate(ring), f"a ring around {focused(easel)}"

    easel.press("2", "Delete")
    assert not easel.painted()["full moon"].any()
    easel.press("Shift+ArrowRight", "Enter", *["Shift+ArrowRight"] * 3, "Enter")
    easel.tick()
    painted = easel.painted()["full moon"]
    assert painted.any()
    columns = np.flatnonzero(painted.any(axis=0))
    rows = np.flatnonzero(painted.any(axis=1))
    assert len(columns) > len(rows), "a stroke to the right"
    easel.wait_for_picture()


def test_the_scene_is_told_in_words_and_follows_what_is_painted(easel: Easel) -> None:
    scene = easel.page.get_by_role("region", name="What is painted")
    words = scene.inner_text()
    assert "3 tree: " in words
    assert "of the canvas, lower right, chosen" in words
    assert "Background: night sky" in words
    easel.press("3", "Delete", "k")
    easel.wait_for_picture()
    assert "3 tree: not painted yet, locked, chosen" in scene.inner_text()


def test_status_and_notices_are_read_out(easel: Easel) -> None:
    assert easel.page.get_by_role("status").first.inner_text() == "live"
    easel.press("Control+Enter")
    easel.wait_for(
        "[...document.querySelectorAll('[role=status]')].some((e) => e.textContent.includes('paused'))"
    )
    easel.page.get_by_role("button", name="Remove tree").click()
    assert easel.page.get_by_role("log", name="Notices").inner_text() != ""
