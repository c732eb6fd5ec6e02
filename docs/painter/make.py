"""Take the pictures of docs/painter.md anew, and write its tables of keys, from the page itself with picturebook.

PYTHONPATH=src:. python docs/painter/make.py
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.easel import Easel
from tests.browser.served import Served

FOLDER = Path(__file__).resolve().parent
GUIDE = FOLDER.parent / "painter.md"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SHOWN_PX = 1120
QUALITY = 84


def opened(browser: Browser, origin: str, *, size: dict[str, int], theme: str, language: str) -> Easel:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=theme,  # type: ignore[arg-type]
        locale=language,
        reduced_motion="reduce",
        has_touch=size is PHONE,
    )
    easel = Easel(context.new_page())
    easel.open(origin)
    return easel


def shot(page: Page) -> Image.Image:
    page.wait_for_timeout(300)  # thumbnails and lists settle
    return Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")


def keep(picture: Image.Image, name: str, width: int = SHOWN_PX) -> None:
    height = round(picture.height * width / picture.width)
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    small.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


def in_dialog(easel: Easel, chord: str, do: Callable[[], None] = lambda: None) -> Image.Image:
    easel.press(chord)
    easel.page.locator("dialog[open]").wait_for()
    do()
    picture = shot(easel.page)
    easel.page.keyboard.press("Escape")
    easel.page.keyboard.press("Escape")
    return picture


def walk(easel: Easel) -> None:
    """As a new user would."""
    page = easel.page
    keep(shot(page), "start")

    easel.press("3")
    easel.pen_down((0.08, 0.28), (0.2, 0.14), (0.34, 0.2), (0.3, 0.34), (0.14, 0.32))
    easel.tick()
    keep(shot(page), "stroke")
    page.mouse.up()
    easel.wait_for_picture()

    easel.press("Control+z", "n")
    page.keyboard.type("sta")
    keep(shot(page), "words")
    page.get_by_role("option", name="star").first.click()
    easel.press("u", "u")
    easel.stroke((0.07, 0.1), (0.4, 0.43))
    easel.wait_for_picture()
    page.get_by_role("button", name="Details of star").click()
    easel.press("w")
    page.wait_for_timeout(1500)
    keep(shot(page), "why")
    page.get_by_role("button", name="Details of star").click()

    easel.press("b", "p", "r")
    easel.wait_for_picture()
    easel.press("p", "Shift+a", "h")
    keep(shot(page), "compare")
    easel.press("Shift+a", "h", "Alt+r")
    keep(shot(page), "recipe")
    easel.press("Escape")
    keep(in_dialog(easel, "Alt+n"), "new")
    keep(in_dialog(easel, "?"), "keys")


def write_tables(easel: Easel) -> None:
    """The keys as the cheat sheet has them, put between the marks of the guide."""
    easel.press("?")
    script = """() => [...document.querySelectorAll("dialog section")].map((section) => [
      section.querySelector("h3").textContent,
      [...section.querySelectorAll("li")].map((row) => [...row.children].map((part) => part.innerText.trim()))])"""
    groups = easel.page.evaluate(script)
    easel.page.keyboard.press("Escape")
    lines: list[str] = []
    for title, rows in groups:
        lines += ["", f"| {title} | |", "|---|---|"]
        lines += [f"| {does} | {_code(keys)} |" for does, keys in rows]
    text = GUIDE.read_text("utf-8")
    table = "\n".join(lines).strip()
    marked = re.sub(
        r"(<!-- keys -->\n).*?(\n<!-- /keys -->)", lambda m: m[1] + table + m[2], text, flags=re.DOTALL
    )
    GUIDE.write_text(marked, encoding="utf-8")


def _code(keys: str) -> str:
    if keys in ("", "no key"):
        return "from the palette"
    return ", ".join(f"`` {part} ``" if "`" in part else f"`{part}`" for part in keys.split(", "))


def phone(easel: Easel) -> None:
    first = shot(easel.page)
    easel.page.locator(".fold").click()
    second = shot(easel.page)
    easel.page.locator(".fold").click()
    easel.page.mouse.move(0, 0)
    third = in_dialog(easel, "Alt+n")
    gap = 20
    sheet = Image.new("RGB", (3 * first.width + 2 * gap, first.height), "white")
    for at, picture in enumerate((first, second, third)):
        sheet.paste(picture, (at * (first.width + gap), 0))
    keep(sheet, "phone")


def main() -> None:
    served = Served()
    served.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            easel = opened(browser, served.origin, size=WIDE, theme="light", language="en-GB")
            walk(easel)
            write_tables(easel)
            german = opened(browser, served.origin, size=WIDE, theme="dark", language="de-DE")
            german.press("Control+k")
            german.page.keyboard.type("bild")
            keep(shot(german.page), "palette")
            phone(opened(browser, served.origin, size=PHONE, theme="dark", language="de-DE"))
            browser.close()
    finally:
        served.stop()


if __name__ == "__main__":
    main()
