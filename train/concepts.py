"""The closed vocabulary of picturebook: what it can draw, by plain names. SEMDRAW_CONCEPTS names another table."""

import csv
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(os.environ.get("SEMDRAW_CONCEPTS") or Path(__file__).with_name("concepts.tsv"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    name: str
    synonyms: tuple[str, ...]
    codepoint: str = ""  # hexadecimal; empty for a background

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.synonyms)


@cache
def load_concepts(kind: str) -> tuple[Concept, ...]:
    """All concepts of one kind ("object" or "background"), in the order of the table."""
    with TABLE.open(newline="") as table:
        return tuple(
            Concept(
                name=row["name"],
                synonyms=tuple(filter(None, row["synonyms"].split(","))),
                codepoint=row["codepoint"],
            )
            for row in csv.DictReader(table, delimiter="\t")
            if row["kind"] == kind
        )


def objects() -> tuple[Concept, ...]:
    return load_concepts("object")


def backgrounds() -> tuple[Concept, ...]:
    return load_concepts("background")
