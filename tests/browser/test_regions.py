"""Regions as a painter handles them: locked to the byte, copied, merged, styled, looked into, saved, brought back."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from semdraw.geometry import Extent
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, Scene
from semdraw.wildcards import LISTS
from tests.browser.easel import Easel, controls_without_name, escaping
from tests.browser.test_details import set_slider
from tests.server.living import until

if TYPE_CHECKING:
    from playwright.sync_api import Locator

MOON = (0.72, 0.25)


def prompts(easel: Easel) -> list[str]:
    return [brush.prompt for brush in easel.scene().brushes]


def layer_of(easel: Easel, prompt: str) -> Layer:
    scene = easel.scene()
    return scene.layer(next(brush.id for brush in scene.brushes if brush.prompt == prompt))


def ink_of(swatch: Locator) -> int:
    """How many pixels of a thumbnail are painted."""
    script = """(button) => {
      const canvas = button.querySelector("canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, at) => at % 4 === 3 && value > 127).length;
    }"""
    return int(swatch.evaluate(script))


def test_a_locked_region_keeps_its_picture_through_rolls_and_is_free_again(easel: Easel) -> None:
    start = easel.scene_bytes()
    easel.press("1", "k")
    until(lambda: layer_of(easel, "house").frozen is not None)
    easel.wait_for_picture()
    locked = easel.scene_bytes()
    kept = layer_of(easel, "house").frozen
    assert kept is not None
    inside = kept.mask.array == 255
    before = easel.picture()[kept.bounds.slices][inside].astype(int)
    easel.press("r")
    easel.wait_for_picture()
    after = easel.picture()[kept.bounds.slices][inside].astype(int)
    assert np.abs(after - before).mean() < 2, "but for the JPEG"

    easel.press("Control+z", "Control+z")
    assert easel.scene_bytes() == start, "freezing is a part of the locking"
    easel.press("Control+Shift+z")
    assert easel.scene_bytes() == locked
    easel.press("k")
    assert layer_of(easel, "house").frozen is None
    easel.wait_for_picture()


def test_regions_are_copied_merged_rolled_alone_and_named_and_all_of_it_is_undone(easel: Easel) -> None:
    start = easel.scene_bytes()
    easel.press("1", "Control+j")
    scene = easel.scene()
    assert prompts(easel)[:2] == ["house", "house"]
    assert scene.canvas.layers[0].mask == scene.canvas.layers[1].mask
    assert scene.brushes[0].color != scene.brushes[1].color
    easel.stroke((0.05, 0.05), (0.1, 0.05))
    both = easel.scene().canvas.layers[1].mask
    easel.press("Control+e")
    assert prompts(easel).count("house") == 1
    assert layer_of(easel, "house").mask == both

    details = easel.page.get_by_role("button", name="Details of house")
    details.click()
    seed = easel.page.get_by_label("Own seed of house")
    easel.page.get_by_role("button", name="Roll the dice for house alone").click()
    first = seed.input_value()
    easel.press("r")
    assert seed.input_value() not in ("", first)
    easel.press("Shift+r")
    assert seed.input_value() == first
    easel.press("Shift+r")
    assert seed.input_value() == ""
    easel.page.get_by_label("Name of house").fill("Home")
    assert easel.page.get_by_role("button", name="Details of Home").is_visible()
    for name, value in (("Acts from", 0.5), ("Acts until", 0.25)):
        set_slider(easel, name, value)
    brush = easel.scene().brushes[0]
    assert (brush.name, brush.acts_from, brush.acts_until) == ("Home", 0.25, 0.25), "the ends push each other"
    assert controls_without_name(easel.page) == []
    easel.press(*["Control+z"] * 11)
    assert easel.scene_bytes() == start


def test_what_acts_is_shown_step_by_step_and_the_hand_is_warned(easel: Easel) -> None:
    easel.press("2", "w")
    inspector = easel.page.get_by_test_id("inspector")
    inspector.locator("canvas").first.wait_for()
    assert inspector.locator("canvas").count() == easel.scene().recipe.num_steps
    assert "Painted" in inspector.inner_text()
    set_slider(easel, "Acts from", 0.5)
    until(lambda: inspector.inner_text().count("–") == 2)
    set_slider(easel, "Opacity", 0, of=".details")
    until(lambda: "too faint to act" in inspector.inner_text())
    easel.press("w")
    inspector.wait_for(state="detached")
    easel.wait_for_picture()


def test_alt_tells_what_lies_under_the_cursor_and_words_are_taken_from_there(easel: Easel) -> None:
    easel.page.mouse.move(*easel.at(MOON))
    easel.page.keyboard.down("Alt")
    tag = easel.page.get_by_test_id("under-cursor")
    tag.wait_for()
    until(lambda: "full moon" in tag.inner_text())
    easel.page.mouse.move(*easel.at((0.1, 0.1)))
    until(lambda: "Background" in tag.inner_text())
    easel.page.keyboard.up("Alt")
    tag.wait_for(state="detached")

    easel.press("1", "Shift+w")
    mask = layer_of(easel, "house").mask
    easel.page.mouse.click(*easel.at(MOON))
    assert prompts(easel)[0] == "full moon"
    assert easel.scene().canvas.layers[0].mask == mask, "nothing was painted"
    easel.wait_for_picture()


def test_prompts_are_weighed_recalled_and_left_to_chance(easel: Easel) -> None:
    field = easel.page.get_by_role("combobox", name="What brush 1 paints")
    field.fill("red castle")
    for key in ("Control+ArrowUp", "Control+ArrowUp"):
        field.press(key)
    assert field.input_value() == "red (castle:1.2)"
    field.press("Control+ArrowDown")
    assert field.input_value() == "red (castle:1.1)"
    field.press("Escape")
    field.press("Escape")

    field.fill("blue")
    field.press("Alt+ArrowUp")
    assert field.input_value() == "red (castle:1.1)"
    field.press("Alt+ArrowDown")
    assert field.input_value() == "blue"
    field.fill("__fr")
    easel.page.get_by_role("option", name="__fruit__").click()
    assert field.input_value() == "__fruit__"
    easel.press()
    easel.wait_for_picture()
    hints = easel.page.locator("[data-brush]", has=field).get_by_test_id("hint").all_inner_texts()
    words = hints[0].removeprefix("this time: ")
    assert words in LISTS["fruit"]
    assert hints[1:] == [f"the model does not know “{words}”"], "the toy knows no fruit"
    assert easel.page.get_by_role("listbox", name="Words that the model knows").count() == 0


def test_styles_go_around_all_words_and_say_what_the_model_was_never_taught(easel: Easel) -> None:
    easel.press("t")
    panel = easel.page.get_by_role("dialog", name="Styles")
    panel.get_by_label("Use Watercolour").check()
    assert [style.name for style in easel.scene().styles] == ["Watercolour"]
    assert "was never taught: watercolour" in panel.inner_text()
    panel.get_by_role("button", name="New style").click()
    panel.get_by_label("Words").fill("a red {prompt}")
    panel.get_by_label("Use New style").check()
    panel.get_by_label("Name").fill("Reds")
    assert [(style.name, style.prompt) for style in easel.scene().styles][1:] == [("Reds", "a red {prompt}")]
    assert controls_without_name(easel.page) == []
    assert escaping(easel.page) == []
    easel.page.get_by_role("button", name="Switch off Watercolour").click()
    assert [style.name for style in easel.scene().styles] == ["Reds"]
    easel.wait_until_saved()
    easel.page.reload()
    easel.wait_for_picture()
    assert [style.name for style in easel.scene().styles] == ["Reds"]
    easel.press("t")
    assert panel.get_by_label("Use Reds").is_checked()
    easel.press("Escape")


def test_palettes_and_masks_go_into_files_and_come_back(easel: Easel, tmp_path: Path) -> None:
    page = easel.page
    easel.press("1")

    def menu(name: str) -> Locator:
        page.get_by_role("button", name="Palette", exact=True).click()
        return page.get_by_role("menuitem", name=name)

    with page.expect_download() as saved:
        menu("Save the palette").click()
    palette = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert [brush["prompt"] for brush in palette["brushes"]] == prompts(easel)
    palette["brushes"] = [{**palette["brushes"][0], "prompt": "windmill", "name": "", "color": "#123456"}]
    (tmp_path / "palette.json").write_text(json.dumps(palette), "utf-8")
    before = prompts(easel)
    with page.expect_file_chooser() as chooser:
        menu("Open a palette").click()
    chooser.value.set_files(tmp_path / "palette.json")
    until(lambda: prompts(easel) == [*before, "windmill"])
    assert easel.scene().brushes[-1].color == "#123456"
    assert layer_of(easel, "windmill").mask.is_blank

    with page.expect_download() as zipped:
        menu("Save all regions as PNG").click()
    with zipfile.ZipFile(zipped.value.path()) as archive:
        names = archive.namelist()
        mask = np.asarray(Image.open(io.BytesIO(archive.read(names[0]))).convert("L"))
    assert len(names) == len(before) + 1
    assert names[0].startswith("01 ")
    assert np.array_equal(mask, easel.scene().canvas.layers[0].mask.array)

    Image.fromarray(mask).resize((64, 32)).save(tmp_path / "mask.png")
    page.get_by_role("button", name="Details of windmill").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Picture as region of windmill").click()
    chooser.value.set_files(tmp_path / "mask.png")
    until(lambda: not layer_of(easel, "windmill").mask.is_blank)
    there = layer_of(easel, "windmill").mask.array > 127
    assert (there == (mask > 127)).mean() > 0.97
    swatch = page.get_by_role("button", name="Choose windmill").first
    until(lambda: ink_of(swatch) > 0)
    easel.press("Delete")
    until(lambda: ink_of(swatch) == 0)

    menu("Palette by chance").click()
    assert len(set(prompts(easel)) & set(before)) < len(before) + 1
    easel.press("Control+z")
    assert prompts(easel) == [*before, "windmill"]
    easel.wait_for_picture()


def test_sixty_four_brushes_are_quick_to_choose_and_rows_are_dragged_by_touch(easel: Easel) -> None:
    extent = Extent(128, 128)
    brushes = tuple(Brush(id=f"b{number}", prompt="red" if number % 2 else "blue") for number in range(64))
    layers = tuple(Layer(brush_id=brush.id, mask=_dot(extent, at)) for at, brush in enumerate(brushes))
    easel.wait_until_saved()
    scene = Scene(canvas=Canvas(extent=extent, layers=layers), brushes=brushes)
    import msgspec

    from semdraw.protocol import to_wire

    easel.autosave(msgspec.msgpack.encode(scene, enc_hook=to_wire))
    easel.page.reload()
    easel.wait_for_picture()
    assert easel.page.locator("[data-brush]").count() == 64
    longest = easel.page.evaluate(
        """async () => {
          const choose = async (key) => {
            const start = performance.now();
            window.dispatchEvent(new KeyboardEvent("keydown", { key, code: /\\d/.test(key) ? `Digit${key}` : key }));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            return performance.now() - start;
          };
          const rounds = [];
          for (let round = 0; round < 3; round++) {
            const times = [];
            for (const key of ["PageDown", "PageUp", "1", "9", "PageDown"]) times.push(await choose(key));
            rounds.push(Math.max(...times));
          }
          return Math.min(...rounds);
        }"""
    )
    assert longest < 1000, "generous: machines are shared, and pause now and then"
    easel.press("Control+j")
    assert len(easel.scene().brushes) == 64
    assert "holds 64 brushes at most" in easel.text()

    top = easel.page.locator("[data-brush]").nth(0)
    grip, below = (
        top.get_by_role("button", name="Order of"),
        easel.page.locator("[data-brush]").nth(2).bounding_box(),
    )
    box = grip.bounding_box()
    assert box is not None
    assert below is not None
    touch = easel.page.context.new_cdp_session(easel.page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    end = below["y"] + below["height"] - 4
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for at in (y + 10, (y + end) / 2, end):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": at}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    easel.tick()
    order = [layer.brush_id for layer in easel.scene().canvas.layers]
    assert order[-1] == "b62"
    assert order.index("b63") == 61


def _dot(extent: Extent, number: int) -> Mask:
    alpha = np.zeros(extent.shape, np.uint8)
    x, y = 16 * (number % 8), 16 * (number // 8)
    alpha[y : y + 12, x : x + 12] = 255
    return Mask.from_array(alpha)
