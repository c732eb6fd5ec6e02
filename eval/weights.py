"""Which weights a method runs on: the few-step ones, an Euler student, and the undistilled base."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from eval.flow_twin import FlowTwin
from eval.methods import Weights
from semdraw.errors import UsageError
from semdraw.models.base import DiffusionModel
from semdraw.models.lora import Lora
from semdraw.models.registry import ModelCard, find_model, load_model

LORAS = "loras"  # in the folder of a model: what turns it into another of its forms


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The model under test, and where its other forms lie: a folder, or a LoRA to put on it.

    few: None means that the model itself is a quick one; else it is the undistilled base, too, unless told otherwise.
    base, euler: None means beside the model, in its folder `loras`, if anywhere.
    """

    model: str = "picturebook"
    few: Path | None = None
    base: Path | None = None
    euler: Path | None = None

    def given(self, weights: Weights) -> Path | None:
        """What is put on the model or taken in its place; None: the model itself."""
        if weights == "flow":
            return self.few
        named: Path | None = getattr(self, weights)
        if named is not None:
            if not named.exists():
                raise UsageError(f"--{weights} {named}: there is no such folder or file")
            return named
        own = find_model(self.model).folder / LORAS / f"{weights}.safetensors"
        if weights != "few" and own.exists():
            return own
        return self.few if weights == "euler" else None

    def note(self, weights: Weights) -> str:
        """Where a form is missing: what that means for a figure; else nothing."""
        given = self.given(weights)
        if weights == "base" and self.base is None and given is not None and given.parent.name == LORAS:
            return "by a LoRA that takes distillation back in part; the model's README says how far off it is"
        if weights in ("few", "flow") or given != self.given("few"):
            return ""
        if weights == "euler":
            return "no weights for Euler here, so by those for LCM; --euler FILE names them"
        return "not measured: no undistilled weights here; --base FOLDER names them"

    def has(self, weights: Weights) -> bool:
        return weights != "base" or self.given("base") != self.given("few")


@dataclass(slots=True)
class Models:
    """Loads each form once."""

    sources: Sources
    device: str = "cpu"
    _loaded: dict[str, DiffusionModel] = field(default_factory=dict[str, DiffusionModel])

    def get(self, weights: Weights) -> DiffusionModel:
        path = self.sources.given(weights)
        key = f"{path} {weights == 'flow'}"
        if key not in self._loaded:
            self._loaded[key] = self._twin() if weights == "flow" else self._load(path)
        return self._loaded[key]

    def _load(self, path: Path | None) -> DiffusionModel:
        name, loras = self._named(path)
        return load_model(name, device=self.device, loras=loras)

    def _twin(self) -> DiffusionModel:
        """The few-step weights as a network of flow matching, unless they are one."""
        model = self.get("few")
        return model if model.spec.training.is_flow else cast(DiffusionModel, FlowTwin(model))

    def card_of(self, weights: Weights) -> ModelCard:
        """What is known of a form without loading it; its recipe holds the hash of all weights."""
        name, loras = self._named(self.sources.given(weights))
        return find_model(name, loras=loras)

    def _named(self, path: Path | None) -> tuple[str, list[Lora]]:
        if path is None:
            return self.sources.model, []
        return (str(path), []) if path.is_dir() else (self.sources.model, [Lora(file=path)])
