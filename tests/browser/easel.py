"""One page as a painter meets it: painting with the mouse, waiting for the picture, looking at what came."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from semdraw.protocol import from_wire
from semdraw.scene import Scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

Pixels = NDArray[np.uint8]
Place = tuple[float, float]  # shares of the canvas, from its left upper corner

PICTURE_WITHIN_S = 60.0
# The pauses of a busy machine are no rests of the hand: those (REST_MS of pointer.ts) take longer here.
PATIENCE = """
  const later = window.setTimeout.bind(window);
  window.setTimeout = (act, wait_ms, ...more) => later(act, wait_ms === 550 ? 4000 : wait_ms, ...more);
"""
_BYTES = """(bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}"""
_SCENE = msgspec.msgpack.Decoder(Scene, dec_hook=from_wire)


@dataclass
class Easel:
    """`complaints` collects what a clean page never says: errors, refused scripts, failed requests."""

    page: Page
    complaints: list[str] = field(default_factory=list[str])

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda line: self.complaints.append(line.text) if line.type == "error" else None
        )

    def look(self, expression: str) -> Any:
        """A field of what the page shows of itself."""
        return self.page.evaluate(f"() => window.semdraw?.{expression}")

    def open(self, origin: str) -> None:
        self.page.goto(origin)
        self.wait_for_picture()

    def wait_for(self, expression: str, within_s: float = 20.0) -> None:
        """Wait until an expression is true; the policy of the page forbids Playwright's own way, which is eval."""
        end = monotonic() + within_s
        while not self.page.evaluate(f"() => Boolean({expression})"):
            assert monotonic() < end, f"waited for {expression}; status: {self.look('status')}"
            sleep(0.02)

    def wait_for_picture(self) -> None:
        """Until the settled picture of everything that was painted is shown, and the page has said so everywhere."""
        self.wait_for("window.semdraw?.isCurrent", PICTURE_WITHIN_S)
        self.tick()

    def wait_until_saved(self, words: str = "saved here") -> None:
        self.wait_for(f"document.querySelector('[data-testid=saving]')?.textContent === {literal(words)}")

    def autosave(self, scene: bytes) -> None:
        """Put these bytes in the place of the autosaved scene."""
        put = """async (text) => {
          const scene = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
          const open = indexedDB.open("keyval-store");
          await new Promise((done) => (open.onsuccess = done));
          const write = open.result.transaction("keyval", "readwrite");
          write.objectStore("keyval").put({ version: 1, scene }, "document");
          await new Promise((done) => (write.oncomplete = done));
          open.result.close();
        }"""
        self.page.evaluate(put, base64.b64encode(scene).decode())

    # ---- what is there ----
    def picture(self) -> Pixels:
        """The pixels that are shown (H W 3)."""
        width, height, text = self.page.evaluate(
            f"() => {{ const {{ width, height, data }} = window.semdraw.pixels();"
            f" return [width, height, ({_BYTES})(new Uint8Array(data.buffer))]; }}"
        )
        rgba = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
        return rgba[..., :3].copy()

    def jpeg(self) -> bytes:
        """The shown frame as it came."""
        return base64.b64decode(self.page.evaluate(f"() => ({_BYTES})(window.semdraw.jpeg)"))

    def scene_bytes(self) -> bytes:
        return base64.b64decode(self.page.evaluate(f"() => ({_BYTES})(window.semdraw.sceneBytes)"))

    def scene(self) -> Scene:
        """The page's document, decoded as the server decodes it."""
        return _SCENE.decode(self.scene_bytes())

    def status(self) -> str:
        return cast(str, self.look("status"))

    def text(self) -> str:
        """All text that can be read on the page."""
        return self.page.inner_text("body")

    # ---- what a painter does ----
    def press(self, *chords: str) -> None:
        """Press keys with the canvas in focus."""
        self.page.evaluate("() => document.querySelector('[role=application]').focus()")
        for chord in chords:
            self.page.keyboard.press(chord)

    def at(self, place: Place) -> Place:
        """Where on the screen a place of the canvas lies."""
        box = self.page.locator("[role=application] canvas").first.bounding_box()
        assert box is not None, "the canvas is on the screen"
        return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]

    def pen_down(self, *places: Place) -> None:
        """Put the pen down at the first place and draw to the others, without lifting it."""
        for index, place in enumerate(places):
            self.page.mouse.move(*self.at(place), steps=1 if index == 0 else 8)
            if index == 0:
                self.page.mouse.down()

    def stroke(self, *places: Place) -> None:
        self.pen_down(*places)
        self.page.mouse.up()
        self.tick()

    def tick(self) -> None:
        """Let the page's loop take up what happened."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def leave_dialog(self) -> None:
        """By its key; the page hears of it a moment later, and opens no other one before."""
        self.page.keyboard.press("Escape")
        self.wait_for("document.querySelector('dialog') === null")

    def new_brush(self, prompt: str) -> None:
        self.press("n")
        self.page.keyboard.type(prompt)
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("Escape")

    def new_picture(self, background: str) -> None:
        self.page.get_by_role("button", name="New picture").click()
        self.page.get_by_role("button", name="Blank canvas").click()
        self.page.get_by_role("combobox", name="Background").fill(background)
        self.press()

    def painted(self) -> dict[str, NDArray[np.bool_]]:
        """Where each brush was painted, by its prompt."""
        scene = self.scene()
        prompts = {brush.id: brush.prompt for brush in scene.brushes}
        return {prompts[layer.brush_id]: layer.mask.array > 127 for layer in scene.canvas.layers}


def controls_without_name(page: Page) -> list[str]:
    """Controls that a screen reader could not name."""
    script = """() => [...document.querySelectorAll("button, input, [role=option], [role=switch]")]
      .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
      .map((e) => e.outerHTML.slice(0, 120))"""
    return cast(list[str], page.evaluate(script))


def escaping(page: Page) -> list[str]:
    """Controls that stick out of the window, and the page itself where it scrolls sideways."""
    script = """() => {
      const hides = (element) => /auto|scroll/.test(getComputedStyle(element).overflow);
      const scrolls = (element) => element && (hides(element) || scrolls(element.parentElement));
      const out = document.scrollingElement.scrollWidth > innerWidth ? ["page"] : [];
      for (const element of document.querySelectorAll("button, input, select, p")) {
        const box = element.getBoundingClientRect();
        const isSeen = box.width > 1 && getComputedStyle(element).visibility !== "hidden";
        if (!isSeen || scrolls(element)) continue;
        if (box.left < -1 || box.right > innerWidth + 1 || box.top < -1 || box.bottom > innerHeight + 1)
          out.push(`${element.outerHTML.slice(0, 90)} ${JSON.stringify(box)}`);
      }
      return out;
    }"""
    return cast(list[str], page.evaluate(script))


def literal(text: str) -> str:
    """A string as JavaScript spells it."""
    return json.dumps(text)
