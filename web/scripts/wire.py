"""Write what the page must agree on with Python: src/wire.gen.ts and the golden messages of the page's tests.

PYTHONPATH=src python web/scripts/wire.py            write them
PYTHONPATH=src python web/scripts/wire.py --check    exit with 1 when a committed file is stale
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from semdraw import protocol
from semdraw.commands import AddBrush, EditBrush, PaintMask, SetBackground
from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Extent
from semdraw.rasters import Mask
from semdraw.reports import Inspection
from semdraw.scene import (
    MAX_BRUSHES,
    MAX_MASKS_PX,
    MAX_NAME,
    MAX_PROMPT,
    MAX_STYLES,
    Brush,
    Canvas,
    ColorBackground,
    Layer,
    PromptBackground,
    Recipe,
    Scene,
)
from semdraw.starter import STARTERS
from semdraw.wildcards import LISTS

WEB = Path(__file__).resolve().parent.parent
TYPES = WEB / "src/wire.gen.ts"
GOLDEN = WEB / "tests/golden.json"
HEADER = "// Generated from src/semdraw/protocol.py by web/scripts/wire.py; edit that, not this.\n"
PRIMITIVES = {"integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]


def type_of(schema: Schema, named: dict[str, Schema]) -> str:
    """The TypeScript type of one schema; objects with a title are collected in `named`."""
    match schema:
        case {"$ref": str(ref)}:
            return ref.rsplit("/", 1)[-1]
        case {"anyOf": list(options)}:
            return " | ".join(type_of(option, named) for option in options)
        case {"enum": list(values)}:
            return " | ".join(json.dumps(value) for value in values)
        case {"contentEncoding": "base64"}:
            return "Uint8Array"
        case {"type": "string"}:
            return "string"
        case {"prefixItems": list(items)}:
            return f"readonly [{', '.join(type_of(item, named) for item in items)}]"
        case {"type": "array", "items": item}:
            inner = type_of(item, named)
            return f"readonly ({inner})[]" if "|" in inner else f"readonly {inner}[]"
        case {"type": "object", "title": str(title)}:
            named.setdefault(title, schema)
            return title
        case {"type": str(kind)}:
            return PRIMITIVES[kind]
        case _:
            raise ValueError(f"no TypeScript form for {schema}")


def declaration(name: str, schema: Schema, named: dict[str, Schema]) -> str:
    """One interface. The wire spells defaults out, so only a field that may be left unset is optional."""
    doc = f"/** {schema['description']} */\n" if "description" in schema else ""
    if "properties" not in schema:
        return f"{doc}export type {name} = {type_of(schema, named)};\n"
    lines: list[str] = []
    for key, value in schema["properties"].items():
        mark = "" if key in schema.get("required", []) or "default" in value else "?"
        lines.append(f"  readonly {key}{mark}: {type_of(value, named)};")
    return f"{doc}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def limits() -> dict[str, dict[str, list[float]]]:
    """Least and most of every number of a brush and of a recipe, for the page's sliders."""
    found: dict[str, dict[str, list[float]]] = {}
    for struct in (Brush, Recipe):
        _, parts = msgspec.json.schema_components([struct])
        properties = parts[struct.__name__]["properties"]
        options = [
            (key, option) for key, value in properties.items() for option in value.get("anyOf", [value])
        ]
        ranges = [(key, range_of(option)) for key, option in options]
        found[struct.__name__] = {key: list(ends) for key, ends in ranges if ends is not None}
    return found


def range_of(schema: Schema) -> tuple[float, float] | None:
    """(least, most) of a number that has both."""
    match schema:
        case {"minimum": least, "maximum": most}:
            return least, most
        case {"type": "integer", "minimum": least, "exclusiveMaximum": beyond}:
            return least, beyond - 1
        case _:
            return None


def wire_types() -> str:
    schema = protocol.json_schema(Inspection)
    named: dict[str, Schema] = {}
    blocks = [declaration(name, part, named) for name, part in schema["$defs"].items()]
    for name, union in zip(("ClientMessage", "ServerMessage"), schema["oneOf"], strict=True):
        blocks.append(f"export type {name} = {type_of(union, named)};\n")
    blocks += [declaration(name, part, {}) for name, part in named.items()]
    blocks += ['export type Command = Edit["command"];\n', 'export type Background = Canvas["background"];\n']
    fresh = {
        key: value for key, value in msgspec.to_builtins(Brush(id="-")).items() if key not in ("id", "color")
    }
    constants = [
        f"export const VERSION = {protocol.VERSION};\n",
        f"export const MAX_MESSAGE_BYTES = {protocol.MAX_MESSAGE_BYTES};\n",
        f"export const MAX_BRUSHES = {MAX_BRUSHES};\n",
        "/** All masks of a scene together. */\n",
        f"export const MAX_MASKS_PX = {MAX_MASKS_PX};\n",
        f"export const MAX_SIDE_PX = {MAX_SIDE_PX};\n",
        f"export const MAX_AREA_PX = {MAX_AREA_PX};\n",
        "/** Letters of a prompt and of a name, and styles of a scene. */\n",
        f"export const MAX_PROMPT = {MAX_PROMPT};\n",
        f"export const MAX_NAME = {MAX_NAME};\n",
        f"export const MAX_STYLES = {MAX_STYLES};\n",
        "/** A new brush, but for its id and colour. */\n",
        f"export const NEW_BRUSH = {json.dumps(fresh)} as const;\n",
        "/** Words by the name of a list, which stands in prompts as __name__. */\n",
        f"export const WORD_LISTS: Readonly<Record<string, readonly string[]>> = {json.dumps(LISTS)};\n",
        "/** A recipe as it is where nothing else was said; also what older documents do not say. */\n",
        f"export const NEW_RECIPE = {json.dumps(msgspec.to_builtins(Recipe()))} as const;\n",
        "/** Scenes to begin with, at the size of the model; the first is what a new painter finds. */\n",
        f"export const STARTERS = {json.dumps(STARTERS)} as const;\n",
        "/** [least, most] of what sliders set. */\n",
        f"export const LIMITS = {json.dumps(limits())} as const;\n",
    ]
    return "\n".join([HEADER + "".join(constants), *blocks])


def golden_scene() -> Scene:
    extent = Extent(8, 4)
    mask = Mask(extent, bytes(range(0, 256, 8)))
    return Scene(
        canvas=Canvas(
            extent=extent, layers=(Layer(brush_id="a", mask=mask),), background=PromptBackground(prompt="sea")
        ),
        brushes=(Brush(id="a", prompt="castle", color="#e69f00"),),
        seed=7,
    )


def golden_messages() -> dict[str, list[protocol.ClientMessage | protocol.ServerMessage]]:
    """Messages as Python writes them: the page must read those that go down and write those that go up."""
    scene = golden_scene()
    pixels = protocol.to_wire(Mask(Extent(2, 1), b"\x00\xff"))["deflate"]
    paint = PaintMask(brush_id="b", x=1, y=2, width=2, height=1, alpha=pixels)
    return {
        "down": [
            protocol.Welcome(
                version=1, revision=3, scene=scene, model=protocol.ModelFacts("toy", Extent(8, 4), 4)
            ),
            protocol.Applied(seq=9, revision=4),
            protocol.Refused(reason="no"),
        ],
        "up": [
            protocol.Hello(version=1, scene=scene),
            protocol.Edit(seq=1, command=AddBrush(brush=Brush(id="b", prompt="moon"))),
            protocol.Edit(seq=2, command=EditBrush(brush_id="b", prompt="full moon")),
            protocol.Edit(seq=3, command=SetBackground(background=ColorBackground(color="#102030"))),
            protocol.Edit(seq=4, command=paint),
            protocol.Shown(number=5),
        ],
    }


def write() -> None:
    coded = {
        group: [base64.b64encode(protocol.encode(message)).decode() for message in messages]
        for group, messages in golden_messages().items()
    }
    TYPES.write_text(wire_types(), encoding="utf-8")
    GOLDEN.write_text(json.dumps(coded, indent=1) + "\n", encoding="utf-8")


def stale() -> list[str]:
    """What no longer agrees. Golden messages are compared by meaning: deflated bytes differ between zlib builds."""
    coded = json.loads(GOLDEN.read_text("utf-8"))
    readers = {"down": protocol.decode_server, "up": protocol.decode_client}
    meant = {
        group: [readers[group](base64.b64decode(text)) for text in texts] for group, texts in coded.items()
    }
    checks = {TYPES: TYPES.read_text("utf-8") == wire_types(), GOLDEN: meant == golden_messages()}
    return [path.name for path, is_fresh in checks.items() if not is_fresh]


def main() -> int:
    if "--check" not in sys.argv[1:]:
        write()
        return 0
    names = stale()
    if names:
        sys.stderr.write(f"stale, run web/scripts/wire.py: {', '.join(names)}\n")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
