"""What all painters of one server share: the engine, the model's facts, the limits and the scene to begin with."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from semdraw.engine import Engine
from semdraw.geometry import Extent
from semdraw.models.registry import ModelCard
from semdraw.protocol import Concept, ModelFacts, SamplerChoice
from semdraw.rasters import Picture
from semdraw.samplers import FACTS, fitted, followed, suiting
from semdraw.scene import Recipe, Scene
from semdraw.server.limits import Admission, Limits
from semdraw.server.models import Models
from semdraw.starter import starter_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Made once per server; frozen, what changes lives in the engine, in `models` and in `admission`.

    starter: for the model that the server began with.
    """

    engine: Engine
    models: Models
    starter: Scene
    limits: Limits = field(default_factory=Limits)
    admission: Admission = field(default_factory=lambda: Admission(Limits()))

    @classmethod
    def of(
        cls, engine: Engine, card: ModelCard, *, limits: Limits | None = None, models: Models | None = None
    ) -> Studio:
        """A studio around the model that `card` tells of."""
        limits = limits or Limits()
        return cls(
            engine=engine,
            models=models or Models(engine, card),
            starter=_starter_of(card),
            limits=limits,
            admission=Admission(limits),
        )

    @property
    def model(self) -> ModelFacts:
        return facts_of(self.models.card)

    def first_scene(self, card: ModelCard) -> Scene:
        """What a new painter finds while this model paints; the operator's own with the model of the beginning."""
        return self.starter if card == self.models.first else _starter_of(card)

    def starter_named(self, name: str) -> Scene:
        """A scene to begin with, at the size and by the recipe with which a new painter begins now."""
        first = self.first_scene(self.models.card)
        return replace(starter_scene(first.canvas.extent, name), recipe=first.recipe)

    def retuned(self, recipe: Recipe, former: ModelCard, card: ModelCard) -> Recipe:
        """A painter's recipe after a change of models: what they left to the former one is left to the new one."""
        return followed(recipe, self._usual(former), self._usual(card))

    def _usual(self, card: ModelCard) -> Recipe:
        return self.starter.recipe if card == self.models.first else card.recipe

    def render(self, scene: Scene, *, timeout_s: float) -> tuple[Picture, Scene]:
        """The settled picture, and its scene signed by the model that painted it. Blocks."""
        cards: list[ModelCard] = []
        picture = self.engine.render(
            scene, timeout_s=timeout_s, on_settled=lambda: cards.append(self.models.card)
        )
        return picture, self.signed(scene, cards[0])

    def fitted(self, scene: Scene, card: ModelCard | None = None) -> Scene:
        """The scene with a recipe that this model can paint by; None is the one that paints now."""
        return replace(scene, recipe=fitted(scene.recipe, (card or self.models.card).recipe))

    def signed(self, scene: Scene, card: ModelCard | None = None) -> Scene:
        """The scene as a model paints it, which is named in its recipe for whoever reads the picture later.

        card: None is the model that paints now.
        """
        card = card or self.models.card
        scene = self.fitted(scene, card)
        signature = {"model": card.name, "weights_hash": str(card.facts.get("weights_hash", ""))}
        return replace(scene, recipe=replace(scene.recipe, **signature))


def _starter_of(card: ModelCard) -> Scene:
    starter, usual = starter_scene(card.extent), card.recipe
    recipe = replace(starter.recipe, sampler=usual.sampler, num_steps=usual.num_steps)
    return replace(starter, recipe=recipe)


def facts_of(card: ModelCard) -> ModelFacts:
    """What the page needs to know of a model."""
    return ModelFacts(
        name=card.name,
        extent=Extent(*card.extent),
        extent_multiple=card.extent_multiple,
        objects=tuple(Concept(word.name, word.synonyms) for word in card.objects),
        backgrounds=tuple(Concept(word.name, word.synonyms) for word in card.backgrounds),
        samplers=tuple(
            SamplerChoice(name, FACTS[name].label) for name in suiting(FACTS[card.recipe.sampler].is_flow)
        ),
        recipe=card.recipe,
        vocabulary=tuple(sorted(card.vocabulary)),
    )
