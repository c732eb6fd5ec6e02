"""In and out on the page: every kind of file, the clipboard, the camera, and canvases of another size."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from semdraw.exports import scene_from_file
from semdraw.geometry import Extent
from semdraw.scene import ImageBackground
from tests.browser.easel import Easel


def png(color: str, size: tuple[int, int] = (50, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def paste(easel: Easel, data: bytes) -> None:
    """What a browser does when a picture is pasted."""
    easel.page.evaluate(
        """(text) => {
          const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
          const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
        }""",
        base64.b64encode(data).decode(),
    )


def corner(easel: Easel) -> int:
    """The strongest channel of the background behind the left upper corner."""
    background = easel.scene().canvas.background
    assert isinstance(background, ImageBackground)
    return int(background.picture.array[:8, :8].reshape(-1, 3).mean(axis=0).argmax())


def test_a_picture_is_saved_in_every_kind_and_opens_again(easel: Easel, tmp_path: Path) -> None:
    easel.press("1")
    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.wait_for_picture()
    scene = easel.scene()
    for ending in ("PNG", "WEBP", "JPG", "ORA", "PSD", "semdraw"):
        easel.press("Control+Shift+s")
        with easel.page.expect_download() as download:
            easel.page.get_by_role("dialog").get_by_role("button", name=ending).click()
        path = tmp_path / download.value.suggested_filename
        assert path.suffix == f".{ending.lower()}"
        download.value.save_as(path)
        if ending != "PSD":
            found = scene_from_file(path.read_bytes())
            assert (found.canvas, found.brushes) == (scene.canvas, scene.brushes)
    easel.new_picture("meadow")
    with easel.page.expect_file_chooser() as chooser:
        easel.press("Control+o")
    chooser.value.set_files(next(tmp_path.glob("*.ora")))
    easel.wait_for("window.semdraw.scene.brushes.length === 3")
    assert easel.scene().canvas == scene.canvas
    easel.wait_for_picture()


def test_a_picture_is_pasted_behind_what_is_painted_but_not_into_words(easel: Easel) -> None:
    easel.press("1")
    paste(easel, png("#00ff00"))
    easel.wait_for("window.semdraw.scene.canvas.background.type === 'image'")
    assert corner(easel) == 1
    before = easel.scene_bytes()
    easel.page.get_by_role("combobox").first.click()
    paste(easel, png("#ff0000"))
    easel.tick()
    assert easel.scene_bytes() == before
    easel.wait_for_picture()


def test_the_camera_takes_the_picture_behind(easel: Easel) -> None:
    easel.page.context.grant_permissions(["camera"])
    easel.press("Control+k")
    easel.page.keyboard.type("camera")
    easel.page.keyboard.press("Enter")
    easel.wait_for("[...document.querySelectorAll('dialog button')].at(-1)?.disabled === false")
    easel.page.get_by_role("button", name="Take the picture").click()
    easel.wait_for("window.semdraw.scene.canvas.background.type === 'image'")
    background = easel.scene().canvas.background
    assert isinstance(background, ImageBackground)
    assert np.ptp(background.picture.array) > 50, "the test picture is not flat"
    assert easel.page.locator("dialog").count() == 0
    easel.wait_for_picture()


def test_the_canvas_takes_another_size_with_what_is_painted_and_gives_it_back(easel: Easel) -> None:
    before = easel.scene_bytes()
    house = easel.painted()["house"]
    easel.press("Control+Alt+c")
    dialog = easel.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Landscape").click()
    assert "1.5 times" in dialog.inner_text()
    dialog.get_by_label("keeps its size").check()
    dialog.get_by_role("button", name="Change the size").click()
    easel.wait_for("window.semdraw.scene.canvas.extent[0] === 384")
    assert easel.scene().canvas.extent == Extent(384, 256)
    assert (easel.painted()["house"][:, 64:320] == house).all()
    easel.wait_for_picture()
    assert easel.picture().shape == (256, 384, 3)
    easel.press("Control+z")
    assert easel.scene_bytes() == before

    easel.press("Control+Alt+c")
    dialog.get_by_label("Width").fill("333")
    dialog.get_by_label("Height").fill("4096")
    assert dialog.get_by_label("Width").input_value() == "336", "the nearest that the model takes"
    dialog.get_by_label("Width").fill("4096")
    easel.page.keyboard.press("Tab")
    assert "megapixels" in dialog.inner_text()
    assert dialog.get_by_role("button", name="Change the size").is_disabled()
    easel.leave_dialog()
    easel.wait_for_picture()
