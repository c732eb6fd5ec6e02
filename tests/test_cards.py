"""What docs/cards.md says of memory is what the networks add up to."""

from __future__ import annotations

from pathlib import Path

from bench.memory import row_of

CARDS = Path(__file__).parent.parent / "docs" / "cards.md"


def test_the_table_of_memory_is_computed() -> None:
    assert row_of("sd1") in CARDS.read_text(encoding="utf-8").splitlines()
