"""Names -> models. What can be told from json alone is told without torch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Unpack

import msgspec

from semdraw.errors import CheckpointError
from semdraw.geometry import Extent
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.opening import EMBEDDED, Additions, inspect
from semdraw.models.places import called
from semdraw.samplers import is_flow, suiting, usual, usual_steps
from semdraw.scene import BootstrapSteps, Length, MethodName, Prompt, Recipe, Sampler

if TYPE_CHECKING:
    import torch

    from semdraw.models.base import DiffusionModel, ModelSpec

_FILLERS: Final = frozenset(
    re.findall(r"\w+", "a an the and with of in on at under over front background small big large some")
)


class Manner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model draws regions best, as the `semdraw.json` of its folder says.

    window_px: the side of the windows in which regions run, 0 is the whole canvas. tile_px: of the tiles of larger
    canvases, 0 is one piece, None is what its family takes. region_suffix: what is added to the prompt of a region.
    method, bootstrap_steps: how its regions become one picture, as in a recipe.
    """

    window_px: Length = 0
    tile_px: Length | None = None
    region_suffix: Prompt = ""
    method: MethodName = "exact"
    bootstrap_steps: BootstrapSteps = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A concept that a model was taught; `codepoint` in hex where it was drawn from a glyph."""

    name: str
    synonyms: tuple[str, ...] = ()
    codepoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What can be told of a model without loading it.

    folder: or its single file. recipe: how it is usually run; samplers: those that suit.
    """

    name: str
    family: str
    folder: Path
    extent: Extent
    extent_multiple: int
    objects: tuple[Word, ...]
    backgrounds: tuple[Word, ...]
    facts: dict[str, Any]
    recipe: Recipe = field(default_factory=Recipe)
    samplers: tuple[Sampler, ...] = suiting(is_flow=False)

    @property
    def vocabulary(self) -> frozenset[str]:
        """All single words the model was taught; empty where it knows words in general."""
        words = [text for word in (*self.objects, *self.backgrounds) for text in (word.name, *word.synonyms)]
        return (
            frozenset(part for text in words for part in text.lower().split()) | _FILLERS
            if words
            else frozenset()
        )


def list_models() -> tuple[ModelCard, ...]:
    """The models that come with the package."""
    return tuple(find_model(name) for name in EMBEDDED)


def find_model(what: Any, **told: Unpack[Additions]) -> ModelCard:
    """The card of whatever `load_model` takes, or a CheckpointError; nothing of it is built."""
    return _card(what, _checked(what, told))


def load_model(
    what: Any,
    *,
    device: str | None = None,
    dtype: torch.dtype | str | None = None,
    low_memory: bool = False,
    **told: Unpack[Additions],
) -> DiffusionModel:
    """An embedded model by name, a folder in diffusers layout, a .safetensors file, a bare name in the model folders,
    a hub's owner/name, or a pipeline of diffusers, whose parts are used as they are.

    `device`: cpu, cuda, cuda:N, mps. `dtype`: fp16, bf16, fp32, or torch's own; both left to choice where not told.
    `low_memory`: for cards of 8 GB, slower: text encoders stay on the CPU, pictures are decoded in tiles.
    `loras` are added to its weights, in this order; `decoder`: a tiny decoder or an autoencoder; `parts`: a folder of
    parts that a single file lacks; `prediction`: "epsilon" or "v_prediction" where a model does not tell;
    `without_t5`: SD3 without its largest text encoder, 9 GB that are then neither fetched nor loaded.
    All is built before anything is returned, so a failure leaves other models as they were.
    """
    from semdraw.models.device import choose_device, leave_a_core, named

    if device is not None or dtype is not None or low_memory:
        _require_movable(what)
    checkpoint = replace(_checked(what, told), precision=named(dtype), is_low_memory=low_memory)
    spec = _spec(_card(what, checkpoint), checkpoint)
    chosen = _device_of(checkpoint) or choose_device(device)
    leave_a_core(chosen)
    module, function = checkpoint.family.loader.split(":")
    return getattr(import_module(module), function)(checkpoint, spec, chosen)


def _checked(what: Any, told: Additions) -> Checkpoint:
    if isinstance(what, (str, Path)):
        return inspect(str(what), **told)
    from semdraw.models.pipelines import checkpoint_of

    if told:
        raise CheckpointError(f"{', '.join(told)}: not for a pipeline, whose parts are used as they are")
    return checkpoint_of(what)


def _require_movable(what: Any) -> None:
    if not isinstance(what, (str, Path)):
        raise CheckpointError(
            "a pipeline's parts are used as they are; move it itself, with pipeline.to(device, dtype), or hand in its "
            "folder for low memory"
        )


def _device_of(checkpoint: Checkpoint) -> torch.device | None:
    """Where parts lie that exist already."""
    return checkpoint.built[checkpoint.family.network].device if checkpoint.built else None


def _spec(card: ModelCard, checkpoint: Checkpoint) -> ModelSpec:
    from semdraw.models.base import ModelSpec
    from semdraw.models.training import training_of

    family, manner = checkpoint.family, _manner(checkpoint.path)
    largest = family.largest_cells(checkpoint.network)
    return ModelSpec(
        name=card.name,
        family=family.name,
        extent=card.extent,
        extent_multiple=card.extent_multiple,
        largest_px=largest and largest * family.cell_px,
        cell_px=family.cell_px,
        latent_channels=int(checkpoint.network["in_channels"]),
        training=training_of(checkpoint),
        weights_hash=checkpoint.weights_hash,
        window_px=manner.window_px,
        tile_px=family.tile_px if manner.tile_px is None else manner.tile_px,
        region_suffix=manner.region_suffix,
        recipe=card.recipe,
        vocabulary=card.vocabulary,
        is_low_memory=checkpoint.is_low_memory,
        attends_regions=family.attends_regions,
    )


def _card(name: Any, checkpoint: Checkpoint) -> ModelCard:
    try:
        return _described(name, checkpoint)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{checkpoint.path}: its configs are not those of a {checkpoint.family.name} model: {error!r}"
        ) from None


def _described(name: Any, checkpoint: Checkpoint) -> ModelCard:
    family, network = checkpoint.family, checkpoint.network
    side = int(network["sample_size"]) * family.cell_px
    concepts = _concepts(checkpoint.path)
    label = called(str(name)) if isinstance(name, (str, Path)) else checkpoint.path.name
    scheduler = checkpoint.configs["scheduler"]
    return ModelCard(
        name=label,
        family=family.name,
        folder=checkpoint.path,
        extent=Extent(side, side),
        extent_multiple=family.cell_px * family.cell_multiple(network),
        objects=_words(concepts.get("objects", [])),
        backgrounds=_words(concepts.get("backgrounds", [])),
        facts=_facts(checkpoint),
        recipe=_recipe(label[:120], checkpoint.weights_hash, usual(scheduler), _manner(checkpoint.path)),
        samplers=suiting(is_flow(scheduler)),
    )


def _recipe(name: str, weights_hash: str, sampler: Sampler, manner: Manner) -> Recipe:
    return Recipe(
        model=name,
        weights_hash=weights_hash,
        sampler=sampler,
        num_steps=usual_steps(sampler),
        method=manner.method,
        bootstrap_steps=manner.bootstrap_steps,
    )


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    scheduler, parts = checkpoint.configs["scheduler"], checkpoint.weights.values()
    trained = "flow matching" if is_flow(scheduler) else scheduler.get("prediction_type", "epsilon")
    return {
        "weights_hash": checkpoint.weights_hash,
        "weights_bytes": sum(file.stat().st_size for file in {file for part in parts for file in part.files}),
        "kind": checkpoint.title,
        "prediction": trained,
        **({"prediction told by": scheduler["_told_by"]} if "_told_by" in scheduler else {}),
        **{part: kind for part, (_, kind) in checkpoint.classes.items() if part in checkpoint.weights},
    }


def _concepts(folder: Path) -> dict[str, Any]:
    path = folder / "concepts.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _manner(folder: Path) -> Manner:
    path = folder / "semdraw.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manner) if path.exists() else Manner()
    except msgspec.MsgspecError as error:
        raise CheckpointError(
            f"{path}: {error}; wanted some of {', '.join(Manner.__struct_fields__)}"
        ) from None


def _words(entries: list[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(
        Word(name=e["name"], synonyms=tuple(e.get("synonyms", ())), codepoint=e.get("codepoint"))
        for e in entries
    )
