"""Claims about one painter's work."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from semdraw.commands import AddBrush, Command, EditBrush, PaintMask, RemoveBrush, SetSeed, apply
from semdraw.errors import SceneError
from semdraw.scene import Brush, Scene
from semdraw.session import Session
from tests.scenes import SMALL, two_regions


def test_every_edit_makes_a_revision() -> None:
    session = Session(two_regions())
    assert session.revision == 0
    assert [session.apply(seq, SetSeed(seed=seq)) for seq in (3, 4, 9)] == [1, 2, 3]
    assert session.scene.seed == 9


def test_an_edit_that_comes_twice_counts_once_and_is_answered_alike() -> None:
    session = Session(two_regions())
    add = AddBrush(brush=Brush(id="tree"))
    first = session.apply(1, add)
    session.apply(2, SetSeed(seed=5))
    assert session.apply(1, add) == first
    assert session.revision == 2


def test_a_refused_edit_changes_nothing_and_its_number_stays_free() -> None:
    session = Session(two_regions())
    before = session.scene
    with pytest.raises(SceneError, match="no brush"):
        session.apply(1, RemoveBrush(brush_id="x"))
    assert (session.scene, session.revision) == (before, 0)
    assert session.apply(1, SetSeed(seed=1)) == 1


def test_an_edit_out_of_order_is_refused() -> None:
    session = Session(two_regions())
    session.apply(7, SetSeed(seed=1))
    with pytest.raises(SceneError, match="edit 3 came after edit 7"):
        session.apply(3, SetSeed(seed=2))


def test_a_session_begins_with_a_scene_that_makes_sense() -> None:
    with pytest.raises(SceneError):
        Session(two_regions().with_canvas(layers=()))


def test_a_session_remembers_a_bounded_number_of_edits() -> None:
    session = Session(Scene.blank(SMALL))
    for seq in range(3_000):
        session.apply(seq, SetSeed(seed=seq))
    with pytest.raises(SceneError, match="edit 0 came after"):
        session.apply(0, SetSeed(seed=0))
    assert session.apply(2_999, SetSeed(seed=1)) == 3_000


class Delivery(RuleBasedStateMachine):
    """Edits that are repeated at random arrive as a plain fold over the commands would have it."""

    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(two_regions())
        self.model = two_regions()
        self.seq = 0

    def _send(self, command: Command) -> tuple[int, Command]:
        self.seq += 1
        self.session.apply(self.seq, command)
        self.model = apply(self.model, command)
        return self.seq, command

    @rule(target=sent, prompt=st.text(max_size=20), brush=st.sampled_from(["castle", "moon"]))
    def say(self, prompt: str, brush: str) -> tuple[int, Command]:
        return self._send(EditBrush(brush_id=brush, prompt=prompt))

    @rule(target=sent, x=st.integers(0, 60), y=st.integers(0, 60), value=st.integers(0, 255))
    def stamp(self, x: int, y: int, value: int) -> tuple[int, Command]:
        alpha = zlib.compress(bytes([value]) * 16)
        return self._send(PaintMask(brush_id="castle", x=x, y=y, width=4, height=4, alpha=alpha))

    @rule(again=sent)
    def repeat(self, again: tuple[int, Command]) -> None:
        self.session.apply(*again)

    @invariant()
    def holds_what_was_sent(self) -> None:
        assert self.session.scene == self.model
        assert self.session.revision == self.seq


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=40, stateful_step_count=30)
