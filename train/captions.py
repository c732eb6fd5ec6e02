"""Short captions in many forms, and the plain grounds that they can name."""

from collections.abc import Mapping, Sequence

from numpy.random import Generator

from train.concepts import Concept, backgrounds, objects

PLAIN_GROUNDS = {
    "white": "ffffff",
    "grey": "b8bcc4",
    "black": "15161a",
    "red": "d9483b",
    "pink": "f7b7cf",
    "yellow": "fbe58c",
    "green": "9ed492",
    "light blue": "bfe0f5",
    "blue": "4a7fd0",
    "purple": "a98bd6",
    "brown": "9a6b48",
}
BARE = 0.4  # share of captions that are the bare noun
SYNONYM = 0.25


def choose(random: Generator, options: Sequence[str]) -> str:
    return options[int(random.integers(len(options)))]


def call(random: Generator, concept: Concept) -> str:
    """The name, or now and then a synonym."""
    if concept.synonyms and random.random() < SYNONYM:
        return choose(random, concept.synonyms)
    return concept.name


def call_coloured(random: Generator, concept: Concept, colour: str) -> str:
    """ "blue car"; by its plain name then, since some synonyms have a colour of their own."""
    return f"{colour} {concept.name}" if colour else call(random, concept)


def describe_region(random: Generator, shown: int, colour: str) -> str:
    """One object as a brush names it."""
    name = call_coloured(random, objects()[shown], colour)
    return choose(random, (name, name, with_article(name), f"{with_article(name)} on a white background"))


def describe_ground(random: Generator, ground: int) -> str:
    return call(random, backgrounds()[ground])


def with_article(noun: str) -> str:
    if noun.startswith(("grapes", "cherries", "coffee", "tea")):
        return noun
    return f"an {noun}" if noun[0] in "aeio" or noun == "umbrella" else f"a {noun}"


def join(nouns: Sequence[str]) -> str:
    return nouns[0] if len(nouns) == 1 else ", ".join(nouns[:-1]) + " and " + nouns[-1]


def describe_objects(random: Generator, names: Sequence[str]) -> str:
    """ "castle", "a castle", "a castle and a full moon"."""
    if random.random() < BARE:
        return ", ".join(names)
    return join([with_article(name) for name in names])


def describe(
    random: Generator,
    shown: Sequence[int],
    *,
    ground: int | None,
    plain: str,
    colours: Mapping[int, str] | None = None,
) -> str:
    """Name the objects `shown`, and sometimes what they stand on: a background by index, or a plain colour.

    Objects that have one of the `colours`, by index, are named with it.
    """
    place = call(random, backgrounds()[ground]) if ground is not None else f"{plain} background"
    if not shown:
        return choose(random, (place, place, f"a {place}", f"{place} background", f"picture of a {place}"))
    names = [call_coloured(random, objects()[index], (colours or {}).get(index, "")) for index in shown]
    things = describe_objects(random, names)
    if random.random() < 0.45:
        return choose(random, (things, things, f"a picture of {things}", f"a drawing of {things}"))
    if ground is None:
        return choose(random, (f"{things} on a {place}", f"{things}, {place}", f"{things} on {plain}"))
    return choose(
        random,
        (
            f"{things}, {place}",
            f"{things} in front of a {place}",
            f"{things} on a {place} background",
            f"{place} with {things}",
            f"{things} in the {place}",
        ),
    )
