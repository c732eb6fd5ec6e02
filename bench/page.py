"""What painting costs the page: `python bench/page.py [--json bench/results/page.json]`.

A real headless Chromium on this machine, a canvas of 1920 x 1080 px with twelve painted regions, live painting
off, so that no network and no model are in the way. For each kind of stroke, in milliseconds: how long a frame works
that draws it (tools, masks, overlay), how long a move of the pen waits until it is drawn, and the processor time of
the page's main thread per frame, which other load on the machine does not change. Times are reported, never
asserted; the counters of pixels are asserted in the tests.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from machine import CHROMIUM, circumstances
from stroke import serving, summary

from semdraw import Brush, Canvas, Extent, Layer, Mask, PromptBackground, Recipe, Scene
from semdraw.protocol import to_wire

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

EXTENT = Extent(1920, 1080)
REGIONS = 12
MOVES = 120
PUT = """async (text) => {
  const scene = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const open = indexedDB.open("keyval-store");
  await new Promise((done) => (open.onsuccess = done));
  const write = open.result.transaction("keyval", "readwrite");
  write.objectStore("keyval").put({ version: 1, scene }, "document");
  await new Promise((done) => (write.oncomplete = done));
  open.result.close();
}"""

# What is painted, by the keys that prepare for it; the tip is 12 % of the shorter side unless they change it.
KINDS: dict[str, tuple[str, ...]] = {
    "brush": ("3", "b"),
    "large soft brush": ("3", "b", *["]"] * 10, *["Shift+BracketRight"] * 6),
    "eraser on all twelve": ("0", "b", *["["] * 10),
    "brush, mirrored four times": ("3", "b"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="What painting costs the page.")
    parser.add_argument("--model", default="picturebook")
    parser.add_argument("--json", type=Path, help="also write the report here")
    options = parser.parse_args()
    before = circumstances()
    with serving(options.model) as address:
        report = {"benchmark": "page", **before, **measure(address)}
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


def scene() -> Scene:
    """Twelve overlapping discs, from the left to the right."""
    y, x = np.mgrid[: EXTENT.height, : EXTENT.width]
    brushes, layers = [], []
    for number in range(REGIONS):
        centre = 160 * (number + 0.5), 540 + 200 * math.sin(number)
        alpha = 255 * (np.hypot(x - centre[0], y - centre[1]) < 260)
        brushes.append(
            Brush(id=f"b{number}", prompt="tree", color=f"#{40 + 16 * number:02x}80{240 - 16 * number:02x}")
        )
        layers.append(Layer(brush_id=f"b{number}", mask=Mask.from_array(alpha.astype(np.uint8))))
    canvas = Canvas(extent=EXTENT, layers=tuple(layers), background=PromptBackground(prompt="meadow"))
    return Scene(canvas=canvas, brushes=tuple(brushes), recipe=Recipe())


def measure(address: str) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        raise SystemExit("no Chromium found; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(address)
        _open(page)
        kinds = {name: _painted(page, name, keys) for name, keys in KINDS.items()}
        browser.close()
    return {"scene": f"{EXTENT} px, {REGIONS} regions, live off", "moves_per_kind": MOVES, **kinds}


def _open(page: Page) -> None:
    """The page on the large scene, live off."""
    page.wait_for_timeout(1500)
    wire = msgspec.msgpack.encode(scene(), enc_hook=to_wire)
    page.evaluate(PUT, base64.b64encode(wire).decode())
    page.reload()
    for _ in range(200):
        if page.evaluate(f"() => window.semdraw?.scene?.canvas.extent[0] === {EXTENT.width}"):
            break
        page.wait_for_timeout(50)
    else:
        raise SystemExit("the page did not open the scene")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1000)


def _painted(page: Page, name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Circles over the canvas, a move every 8 ms as a good pen sends them."""
    for key in keys:
        page.keyboard.press(key)
    if "mirrored" in name:
        page.get_by_role("button", name="Tool options").click()
        page.get_by_label("Symmetry").last.select_option("both")
    box = page.locator(".paper canvas").first.bounding_box()
    assert box is not None
    x, y, reach = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 3
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = page.evaluate("() => [window.semdraw.work_ms.length, window.semdraw.effort.touched_px]")
    page.mouse.move(x + reach, y)
    page.mouse.down()
    busy = _busy_s(metrics)
    for step in range(MOVES):
        angle = 4 * math.pi * step / MOVES
        page.mouse.move(x + 1.5 * reach * math.cos(angle), y + reach * math.sin(angle))
        page.wait_for_timeout(8)
    page.mouse.up()
    busy = _busy_s(metrics) - busy
    page.wait_for_timeout(200)
    work, echo, touched = page.evaluate(
        f"() => [window.semdraw.work_ms.slice({before[0]}), window.semdraw.echo_ms.slice({before[0]}),"
        " window.semdraw.effort.touched_px]"
    )
    frames = len(work)
    return {
        "frames": frames,
        "touched_px_per_frame": round((touched - before[1]) / frames),
        "processor_ms_per_frame": round(1000 * busy / frames, 1),
        "work_ms": summary(work),
        "echo_ms": summary(echo),
    }


def _busy_s(metrics: CDPSession) -> float:
    """Processor time of the page's main thread so far, whatever else the machine does."""
    values = {entry["name"]: entry["value"] for entry in metrics.send("Performance.getMetrics")["metrics"]}
    return float(values["TaskDuration"])


if __name__ == "__main__":
    main()
