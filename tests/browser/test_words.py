"""The page speaks German as well as English: everywhere, at once, and in words of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from tests.browser.easel import Easel

TABLES = Path(__file__).parents[2] / "web" / "src" / "words"
ENTRY = re.compile(r'en: "((?:[^"\\]|\\.)*)", de: "((?:[^"\\]|\\.)*)"')
WORD = re.compile(r"[^\W\d_]{2,}")
# What painters and models call things, and what is called so in every language.
CONTENT = "tree full moon house night sky"
NAMES = "semdraw toy lcm tcd ddim euler english trailing hyper sd turbo"


TEXTS = """() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: false });
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    const isForeign = parentElement.closest("noscript, script, [lang]:not(html)");
    if (data.trim() && !isForeign && seen(parentElement)) found.push(data.trim());
  }
  for (const element of document.querySelectorAll("#page *")) {
    if (!seen(element)) continue;
    for (const name of ["aria-label", "title", "placeholder", "aria-valuetext", "alt", "aria-description"])
      if (element.getAttribute(name)) found.push(element.getAttribute(name));
  }
  return [...new Set(found)];
}"""


def words_of(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(re.sub(r"\{\w+\}", " ", text))}


def english_words() -> set[str]:
    """Words of the English tables that no German sentence of the tables has."""
    entries = [entry for path in TABLES.glob("*.ts") for entry in ENTRY.findall(path.read_text("utf-8"))]
    assert len(entries) > 200, "the tables are read"
    english, german = (set[str]().union(*(words_of(entry[side]) for entry in entries)) for side in (0, 1))
    return english - german - words_of(f"{CONTENT} {NAMES}")


def english_on(easel: Easel, english: set[str]) -> list[str]:
    texts = cast(list[str], easel.page.evaluate(TEXTS))
    assert len(texts) > 20
    return [text for text in texts if words_of(text) & english]


def choose_language(easel: Easel, label: str, language: str) -> None:
    easel.press("Control+,")
    easel.page.get_by_label(label).select_option(language)
    easel.press("Escape")


def test_in_german_no_english_word_is_left_and_it_comes_and_goes_without_a_reload(easel: Easel) -> None:
    english = english_words()
    assert english_on(easel, english), "on the English page there are some"
    easel.page.evaluate("() => (window.isSame = true)")
    choose_language(easel, "Language", "de")
    assert easel.page.evaluate("() => document.documentElement.lang") == "de"
    easel.page.get_by_role("button", name="Einzelheiten", exact=False).first.click()
    assert english_on(easel, english) == []
    easel.page.get_by_role("button", name="Werkzeug-Einstellungen").click()
    easel.press("w", "h", "i")  # what acts, the history, figures
    easel.wait_for_picture()
    assert english_on(easel, english) == []
    for chord in ("Alt+r", "Control+,"):
        easel.press(chord)
        easel.page.get_by_role("dialog").wait_for()
        for more in easel.page.locator("[role=dialog] summary").all():
            more.click()
        assert english_on(easel, english) == [], chord
        easel.press("Escape")
    for chord in ("?", "Control+k", "Alt+n", "Control+Shift+s", "Control+Alt+c"):
        easel.press(chord)
        easel.page.locator("dialog[open]").wait_for()
        assert english_on(easel, english) == [], chord
        easel.leave_dialog()

    easel.press("1", "k", "Delete", "e", "n")
    easel.page.keyboard.type("ab")
    easel.press("Control+z", "Control+Enter")
    easel.tick()
    assert english_on(easel, english) == [], "notices, states and undo"
    easel.press("Control+Enter")

    choose_language(easel, "Sprache", "en")
    assert easel.page.get_by_role("button", name="New picture").is_visible()
    assert easel.page.evaluate("() => window.isSame"), "no reload in between"


def test_the_language_is_that_of_the_browser_until_it_is_chosen_and_numbers_follow(easel: Easel) -> None:
    context = easel.page.context.browser.new_context(locale="de-DE")  # type: ignore[union-attr]
    german = Easel(context.new_page())
    german.open(easel.page.url)
    assert german.page.get_by_role("button", name="Neues Bild").is_visible()
    german.press("Alt+r")
    german.page.get_by_role("slider", name="Führung").evaluate(
        "(slider) => { slider.value = 2.5; slider.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    assert german.page.get_by_text("2,5", exact=True).is_visible()
    context.close()
