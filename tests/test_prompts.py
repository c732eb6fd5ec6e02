"""Weights in prompts: what brackets mean, and that no text is too odd to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semdraw.prompts import LEAST, MOST, parse_prompt, plain_text


def parsed(prompt: str) -> list[tuple[str, float]]:
    return [(span.text, round(span.weight, 4)) for span in parse_prompt(prompt)]


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("a red house", [("a red house", 1.0)]),
        ("", []),
        ("a (red) house", [("a ", 1.0), ("red", 1.1), (" house", 1.0)]),
        ("a (red:1.4) house", [("a ", 1.0), ("red", 1.4), (" house", 1.0)]),
        ("(red: .5 )", [("red", 0.5)]),
        ("[fog]", [("fog", 0.9091)]),
        ("((red))", [("red", 1.21)]),
        ("(a (b:2) c:0.5)", [("a ", 0.5), ("b", 1.0), (" c", 0.5)]),
        ("[(red)]", [("red", 1.0)]),
        ("((red) house:1.5)", [("red", 1.65), (" house", 1.5)]),
        ("(sun)(sea)", [("sunsea", 1.1)]),
        ("at 12:30", [("at 12:30", 1.0)]),
        ("(at 12:30)", [("at 12", 3.0)]),
        ("(a:b:1.2)", [("a:b", 1.2)]),
        ("[red:1.5]", [("red:1.5", 0.9091)]),
        ("()", []),
        ("(:1.2)", [(":1.2", 1.1)]),
    ],
)
def test_brackets_weigh_what_they_hold(prompt: str, spans: list[tuple[str, float]]) -> None:
    assert parsed(prompt) == spans


@pytest.mark.parametrize(
    "prompt",
    ["a (red house", "a red) house", ":-)", "(", "]", "a [red house:1.2", "((", ")(", "a\\b", "c:\\"],
)
def test_brackets_without_a_partner_are_ordinary_text(prompt: str) -> None:
    assert parsed(prompt) == [(prompt, 1.0)]


def test_a_bracket_crossed_by_another_pair_is_ordinary_text() -> None:
    assert parsed("(a [b) c]") == [("a [b", 1.1), (" c]", 1.0)]


def test_a_backslash_makes_a_bracket_an_ordinary_letter() -> None:
    assert parsed(r"Rome \(city\), \[x\]") == [("Rome (city), [x]", 1.0)]
    assert parsed(r"(a \(b\):1.5)") == [("a (b)", 1.5)]


@pytest.mark.parametrize(("told", "taken"), [("99", MOST), ("-2", LEAST), ("0", 0.0), ("3", 3.0)])
def test_weights_are_kept_within_bounds(told: str, taken: float) -> None:
    assert parsed(f"(red:{told})") == [("red", taken)]
    assert parsed("(" * 50 + "red" + ")" * 50) == [("red", MOST)]


@given(st.text(alphabet="ab ()[]\\:.15-", max_size=60))
def test_any_text_can_be_read(prompt: str) -> None:
    spans = parse_prompt(prompt)
    assert all(span.text and LEAST <= span.weight <= MOST for span in spans)
    if not set(prompt) & set("()[]\\"):
        assert plain_text(prompt) == prompt


def test_the_words_alone_have_neither_brackets_nor_numbers() -> None:
    assert plain_text("a (red:1.4) [house] of (glass)") == "a red house of glass"
