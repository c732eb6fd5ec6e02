"""Prompts are text and nothing else, wherever they come from."""

from __future__ import annotations

from pathlib import Path

from semdraw.files import project_bytes
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene
from tests.browser.easel import Easel

PAYLOADS = (
    "<img src=x onerror='window.broken=1'>",
    "<script>window.broken=1</script>",
    '"><svg onload=window.broken=1>',
    "javascript:window.broken=1",
    "{{constructor.constructor('window.broken=1')()}}",
    "${window.broken=1}",
    "</title><iframe srcdoc='<script>top.broken=1</script>'>",
    "' style='background:url(javascript:window.broken=1)",
    "\u202egnp.exe\u0000",
)
COUNT = "[...document.querySelectorAll('img, script, iframe, svg')].filter((e) => e.closest('ul, p, footer')"
FOREIGN = f"{COUNT} && !e.querySelector('path')).length"


def test_prompts_that_are_typed_stay_text(easel: Easel) -> None:
    for payload in PAYLOADS:
        for name in ("What brush 3 paints", "Background"):
            easel.page.get_by_role("combobox", name=name).fill(payload)
        assert easel.page.evaluate("() => window.broken") is None
        assert easel.page.evaluate(f"() => {FOREIGN}") == 0
    easel.page.get_by_role("button", name="Remove").first.click()  # its notice repeats the prompt
    easel.wait_for_picture()
    assert easel.page.evaluate("() => window.broken") is None
    assert easel.page.evaluate(f"() => {FOREIGN}") == 0


def test_a_prompt_from_a_file_stays_text(easel: Easel, tmp_path: Path) -> None:
    extent = easel.scene().canvas.extent
    brushes = tuple(
        Brush(id=f"b{index}", prompt=text.replace("\0", ""), name=text.replace("\0", ""))
        for index, text in enumerate(PAYLOADS)
    )
    layers = tuple(Layer(brush_id=brush.id, mask=Mask.blank(extent)) for brush in brushes)
    background = PromptBackground(prompt=PAYLOADS[0])
    scene = Scene(canvas=Canvas(extent=extent, layers=layers, background=background), brushes=brushes)
    path = tmp_path / "<img src=x onerror=window.broken=1>.semdraw"
    path.write_bytes(project_bytes(scene))
    with easel.page.expect_file_chooser() as chooser:
        easel.press("Control+o")
    chooser.value.set_files(path)
    easel.wait_for(f"window.semdraw.scene.brushes.length === {len(PAYLOADS)}")
    easel.wait_for_picture()
    easel.page.get_by_role("button", name="Remove").first.click()
    assert easel.page.evaluate("() => window.broken") is None
    assert easel.page.evaluate(f"() => {FOREIGN}") == 0


def test_the_page_runs_no_script_and_no_style_of_its_own_html(easel: Easel) -> None:
    html = easel.page.evaluate("() => fetch('.').then((answer) => answer.text())")
    assert "<style" not in html
    assert " style=" not in html
    assert "<script>" not in html
