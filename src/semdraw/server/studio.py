"""What all painters of one server share: the engine, the model's facts, the limits and the scene to begin with."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from semdraw.engine import Engine
from semdraw.geometry import Extent
from semdraw.models.registry import ModelCard
from semdraw.protocol import Concept, ModelFacts
from semdraw.samplers import fitted
from semdraw.scene import Recipe, Scene
from semdraw.server.limits import Admission, Limits
from semdraw.starter import starter_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Made once per server; frozen, what changes lives in the engine and in `admission`."""

    engine: Engine
    model: ModelFacts
    starter: Scene
    recipe: Recipe = field(default_factory=Recipe)
    weights_hash: str = ""
    limits: Limits = field(default_factory=Limits)
    admission: Admission = field(default_factory=lambda: Admission(Limits()))

    @classmethod
    def of(cls, engine: Engine, card: ModelCard, *, limits: Limits | None = None) -> Studio:
        """A studio around the model that `card` tells of."""
        limits = limits or Limits()
        starter, usual = starter_scene(card.extent), card.recipe
        recipe = replace(starter.recipe, sampler=usual.sampler, num_steps=usual.num_steps)
        return cls(
            engine=engine,
            model=facts_of(card),
            starter=replace(starter, recipe=recipe),
            recipe=usual,
            weights_hash=str(card.facts.get("weights_hash", "")),
            limits=limits,
            admission=Admission(limits),
        )

    def fitted(self, scene: Scene) -> Scene:
        """A scene that may come from another model, with a sampler that suits this one."""
        return replace(scene, recipe=fitted(scene.recipe, self.recipe))

    def signed(self, scene: Scene) -> Scene:
        """The scene with the model that really paints it in its recipe, for whoever reads the picture later."""
        recipe = replace(scene.recipe, model=self.model.name, weights_hash=self.weights_hash)
        return replace(scene, recipe=recipe)


def facts_of(card: ModelCard) -> ModelFacts:
    """What the page needs to know of a model."""
    return ModelFacts(
        name=card.name,
        extent=Extent(*card.extent),
        extent_multiple=card.extent_multiple,
        objects=tuple(Concept(word.name, word.synonyms) for word in card.objects),
        backgrounds=tuple(Concept(word.name, word.synonyms) for word in card.backgrounds),
    )
