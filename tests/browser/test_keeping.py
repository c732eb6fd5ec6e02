"""Work is not lost: in a reload, in another tab, while the server is away, in files."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from semdraw.files import scene_from_project
from semdraw.metadata import scene_from_png
from tests.browser.easel import Easel
from tests.browser.served import Served

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


@pytest.fixture
def restarting(model_options: tuple[str, ...]) -> Generator[Served]:
    """A server that the test may stop."""
    served = Served(model_options)
    served.start()
    yield served
    served.stop()


def test_a_reload_restores_the_scene(easel: Easel) -> None:
    easel.new_brush("rocket")
    easel.stroke((0.1, 0.1), (0.4, 0.3))
    easel.press("r")
    easel.wait_for_picture()
    scene, jpeg = easel.scene_bytes(), easel.jpeg()
    easel.wait_until_saved()

    easel.page.reload()
    easel.wait_for_picture()
    assert easel.scene_bytes() == scene
    assert easel.jpeg() == jpeg


def test_what_two_tabs_painted_is_kept_and_can_be_exchanged(
    easel: Easel, context: BrowserContext, served: Served
) -> None:
    easel.press("r")
    easel.wait_until_saved()
    second = Easel(context.new_page())
    second.open(served.origin)
    second.wait_for("document.querySelector('[data-testid=saving]').textContent === 'another tab autosaves'")

    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.wait_for_picture()
    easel.wait_until_saved()
    first_scene = easel.scene_bytes()
    easel.page.close()
    second.stroke((0.5, 0.1), (0.9, 0.2))
    second.wait_for_picture()
    second.page.get_by_text("The other tab has painted on.").wait_for()
    second.wait_until_saved()
    second_masks = second.painted()

    second.page.get_by_role("button", name="Open its picture").click()
    second.page.get_by_role("button", name="Open it", exact=True).wait_for()
    second.wait_for_picture()
    assert second.scene_bytes() == first_scene
    second.wait_until_saved()

    second.page.reload()
    second.wait_for_picture()
    assert second.scene_bytes() == first_scene
    second.page.get_by_role("button", name="Open it", exact=True).click()
    second.wait_for_picture()
    kept = second.painted()
    for prompt, mask in second_masks.items():
        assert np.mean(kept[prompt] != mask) < 0.01  # the last dab may still have been on its way
    second.page.get_by_role("button", name="Forget it").click()
    second.page.get_by_text("kept aside").wait_for(state="hidden")


def test_a_second_tab_that_keeps_its_own_picture_finds_it_again(
    easel: Easel, context: BrowserContext, served: Served
) -> None:
    second = Easel(context.new_page())
    second.open(served.origin)
    scene = second.scene_bytes()
    easel.press("r")
    easel.wait_until_saved()
    easel.page.close()

    second.page.get_by_role("button", name="Keep this one").click()
    second.page.get_by_text("The other tab has painted on.").wait_for(state="hidden")
    second.wait_until_saved()
    second.page.reload()
    second.wait_for_picture()
    assert second.scene_bytes() == scene
    assert "The other tab has painted on." not in second.text()


def test_a_restart_of_the_server_loses_nothing(context: BrowserContext, restarting: Served) -> None:
    easel = Easel(context.new_page())
    easel.open(restarting.origin)
    easel.press("1")
    restarting.stop()
    easel.wait_for("document.body.innerText.includes('offline (reconnecting)')")

    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.new_brush("rocket")
    easel.stroke((0.1, 0.3), (0.5, 0.3))
    shown = easel.page.locator("canvas.fading").first
    assert shown.evaluate("(canvas) => Number(getComputedStyle(canvas).opacity)") > 0, (
        "strokes are seen offline"
    )
    scene, jpeg = easel.scene_bytes(), easel.jpeg()

    restarting.start()
    easel.wait_for_picture()
    assert easel.scene_bytes() == scene
    assert easel.jpeg() != jpeg
    assert easel.status() == "live"


def test_saved_projects_and_pictures_hold_the_scene(easel: Easel, tmp_path: Path) -> None:
    easel.press("1")
    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.wait_for_picture()
    masks = [layer.mask for layer in easel.scene().canvas.layers]
    for chord, read in (("Control+s", scene_from_project), ("Control+Shift+e", scene_from_png)):
        with easel.page.expect_download() as download:
            easel.press(chord)
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        scene = read(path.read_bytes())
        assert [layer.mask for layer in scene.canvas.layers] == masks
        assert scene.brushes == easel.scene().brushes


def test_a_project_opens_and_opening_is_undone(easel: Easel, tmp_path: Path) -> None:
    with easel.page.expect_download() as download:
        easel.press("Control+s")
    path = tmp_path / "mine.semdraw"
    download.value.save_as(path)
    canvas = easel.scene().canvas
    easel.new_picture("meadow")
    scene = easel.scene_bytes()

    with easel.page.expect_file_chooser() as chooser:
        easel.press("Control+o")
    chooser.value.set_files(path)
    easel.wait_for("window.semdraw.scene.brushes.length === 3")
    assert easel.scene().canvas == canvas
    easel.wait_for_picture()

    easel.press("Control+z")
    assert easel.scene_bytes() == scene


def test_a_file_that_is_no_project_is_refused_in_words(easel: Easel, tmp_path: Path) -> None:
    path = tmp_path / "broken.semdraw"
    path.write_bytes(b"not a project")
    scene = easel.scene_bytes()
    with easel.page.expect_file_chooser() as chooser:
        easel.press("Control+o")
    chooser.value.set_files(path)
    easel.wait_for("document.body.innerText.includes('broken.semdraw could not be opened')")
    assert easel.scene_bytes() == scene
    easel.complaints[:] = [line for line in easel.complaints if "422" not in line]


def test_what_was_autosaved_and_cannot_be_read_is_put_aside(easel: Easel) -> None:
    easel.press("r")
    easel.wait_until_saved()
    easel.autosave(b"\1\2\3")
    easel.page.reload()
    easel.wait_for_picture()
    assert "could not be read and was put aside" in easel.text()
    easel.press("r")
    easel.wait_until_saved()
    easel.page.reload()
    with easel.page.expect_download() as download:
        easel.page.get_by_role("button", name="Save it as a file").click()
    assert download.value.path().read_bytes() == b"\1\2\3"


def test_a_picture_becomes_the_background(easel: Easel, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    pixels = np.zeros((30, 50, 3), np.uint8)
    pixels[..., 2] = 255
    Image.fromarray(pixels).save(tmp_path / "blue.png")
    with easel.page.expect_file_chooser() as chooser:
        easel.page.get_by_role("button", name="A picture", exact=True).click()
    chooser.value.set_files(tmp_path / "blue.png")
    easel.wait_for("window.semdraw.scene.canvas.background.type === 'image'")
    easel.wait_for_picture()
    corner = easel.picture()[:8, :8].reshape(-1, 3).mean(axis=0)
    assert corner[2] > corner[:2].max()
