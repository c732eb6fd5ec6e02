"""Claims about changing the model of a running server: for everybody, in words, and without losing the one before."""

from __future__ import annotations

import gc
import json
import threading
import weakref
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace as with_fields

from semdraw.commands import ReplaceScene
from semdraw.engine import Engine
from semdraw.errors import CheckpointError
from semdraw.geometry import Extent
from semdraw.loading import Switch
from semdraw.models.base import Conditioning
from semdraw.protocol import (
    VERSION,
    Edit,
    Hello,
    ModelChanged,
    Refused,
    ServerMessage,
    SwitchModel,
    Welcome,
)
from semdraw.scene import Recipe
from semdraw.server.models import Choice, laid_out
from semdraw.server.routes import JSON
from semdraw.server.socket import Conversation
from tests.scenes import two_regions
from tests.server.living import CARD, LiveServer, Painter, colour_of, live_server, plain, repaint, until
from tests.tiny import write_checkpoint
from tests.toy import COLORS, ToyModel


class Swapped(ToyModel):
    """Takes red for blue."""

    def encode_prompt(self, prompt: str) -> Conditioning:
        seen = {"red": "blue"}.get(prompt, prompt)
        return Conditioning(torch.tensor(COLORS.get(seen, (0.0, 0.0, 0.0))).view(1, 1, 3))


def refuse() -> Any:
    raise CheckpointError("it is an SDXL LoRA")


def break_() -> Any:
    raise FileNotFoundError("a link leads nowhere")


def choice(name: str, load: Callable[[], Any], **told: Any) -> Choice:
    card = replace(CARD, name=name, facts={"weights_hash": name}, **told)
    return Choice(name=name, title=f"a model called {name}", find=lambda: card, load=load)


CHOICES = (
    Choice(name="toy", title="a model called toy", find=lambda: replace(CARD), load=ToyModel),
    choice("swapped", Swapped, extent=Extent(96, 96)),
    choice("lora", refuse),
    Choice(name="pickle", title="never loaded", find=refuse, load=ToyModel),
    Choice(name="broken", title="its disk is gone", find=break_, load=ToyModel),
)


@pytest.fixture
def server() -> Generator[LiveServer]:
    with live_server(choices=CHOICES) as server:
        yield server


def load(server: LiveServer, name: Any) -> tuple[int, Any]:
    body = json.dumps({"model": name}).encode()
    status, _, answer = server.request("POST", "/api/models/load", body=body, headers={"Content-Type": JSON})
    return status, json.loads(answer)


def test_all_painters_see_the_model_that_one_of_them_chose(server: LiveServer) -> None:
    with server.painter(plain("red")) as (one, _), server.painter(plain("red")) as (other, _):
        for painter in (one, other):
            assert colour_of(painter.settled(0)) == "red"
        one.say(SwitchModel(model="swapped"))
        for painter in (one, other):
            assert painter.hear_a(ModelChanged).model.name == "swapped"
            assert colour_of(painter.settled(0)) == "blue"
    with server.painter() as (_, welcome):
        assert welcome.model.name == "swapped"
        assert welcome.scene is not None
        assert welcome.scene.canvas.extent == Extent(96, 96)


def test_a_program_may_change_the_model_too_and_gets_its_facts(server: LiveServer) -> None:
    status, told = load(server, "swapped")
    assert (status, told["name"], told["is_running"]) == (200, "swapped", True)
    with server.painter(plain("red")) as (painter, _):
        assert colour_of(painter.settled(0)) == "blue"
    recipe: Recipe = server.studio.signed(plain("red")).recipe
    assert (recipe.model, recipe.weights_hash) == ("swapped", "swapped")


def test_the_models_are_listed_with_the_one_that_paints_first(server: LiveServer) -> None:
    load(server, "swapped")
    _, _, body = server.request("GET", "/api/models")
    told = json.loads(body)
    assert [(model["name"], model["is_running"]) for model in told] == [
        ("swapped", True),
        ("toy", False),
        ("lora", False),
        ("pickle", False),
        ("broken", False),
    ]
    assert told[1]["title"] == "a model called toy"


@pytest.mark.parametrize(
    ("name", "words"),
    [("lora", "SDXL LoRA"), ("pickle", "SDXL LoRA"), ("/etc", "wanted one of toy, swapped"), ("", "wanted")],
)
def test_a_model_that_cannot_be_loaded_is_refused_and_the_one_before_paints_on(
    server: LiveServer, name: str, words: str
) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        status, told = load(server, name)
        assert status == 422
        assert words in told["detail"]
        if name:
            painter.say(SwitchModel(model=name))
            assert words in painter.hear_a(Refused).reason
        painter.say(repaint("blue", seq=1))
        assert colour_of(painter.settled(1)) == "blue"
    assert server.studio.model.name == "toy"


def test_what_nobody_expected_is_answered_too_and_logged(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        painter.say(SwitchModel(model="broken"))
        assert "broken is not loaded" in painter.hear_a(Refused).reason
        assert "a link leads nowhere" in caplog.text
        painter.say(SwitchModel(model="swapped"))
        assert painter.hear_a(ModelChanged).model.name == "swapped"


def test_painters_are_told_what_is_being_loaded_and_keep_painting_on_their_scene() -> None:
    gate, inside = threading.Event(), threading.Event()

    def slowly() -> ToyModel:
        inside.set()
        gate.wait(20)
        return Swapped()

    with (
        live_server(choices=(choice("slow", slowly),)) as server,
        server.painter(plain("red")) as (painter, _),
        server.painter(plain("red")) as (other, _),
    ):
        painter.settled(0)
        other.settled(0)
        painter.say(SwitchModel(model="slow"))
        assert inside.wait(20)
        assert other.status("loading").reason == "loading slow …"
        painter.say(SwitchModel(model="slow"))
        assert "already" in painter.hear_a(Refused).reason
        other.say(repaint("green", seq=1))  # answered while the model is being loaded
        gate.set()
        assert colour_of(other.settled(1)) == "green"
        assert colour_of(painter.settled(0)) == "blue"


@pytest.mark.parametrize("chosen", [False, True], ids=["the model's own", "the painter's choice"])
def test_sampler_and_steps_follow_the_model_unless_the_painter_chose_them(chosen: bool) -> None:
    base = choice("base", Swapped, recipe=Recipe(model="base", sampler="ddim", num_steps=20))
    with (
        live_server(choices=(choice("toy", ToyModel), base)) as server,
        server.painter(plain("red")) as (painter, _),
    ):
        painter.settled(0)
        if chosen:
            scene = plain("red")
            scene = with_fields(scene, recipe=with_fields(scene.recipe, num_steps=5))
            painter.say(Edit(seq=1, command=ReplaceScene(scene=scene)))
        for name, steps in (("base", 20), ("toy", 4)):
            painter.say(SwitchModel(model=name))
            painter.hear_a(ModelChanged)
            until(lambda steps=steps: painter.settled(int(chosen)).num_steps == (5 if chosen else steps))


def test_a_change_of_models_before_hello_is_not_missed(server: LiveServer) -> None:
    with server.dial() as socket:
        painter = Painter(socket)
        painter.say(SwitchModel(model="swapped"))  # before hello, so refused: from here on the server listens
        painter.hear_a(Refused)
        load(server, "swapped")
        painter.say(Hello(version=VERSION))
        welcome = painter.hear_a(Welcome)
        assert welcome.scene is not None
        assert (welcome.model.name, welcome.scene.canvas.extent) == ("swapped", Extent(96, 96))


def test_a_change_of_models_during_the_welcome_is_not_missed(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Conversation._send  # pyright: ignore[reportPrivateUsage]

    async def send_late(self: Conversation, message: ServerMessage) -> None:
        if isinstance(message, Welcome):
            await server.studio.models.switch("swapped")
        await send(self, message)

    monkeypatch.setattr(Conversation, "_send", send_late)
    with server.painter(plain("red")) as (painter, welcome):
        assert welcome.model.name == "toy"
        assert painter.hear_a(ModelChanged).model.name == "swapped"


def test_the_operator_s_first_canvas_is_there_again_with_the_first_model() -> None:
    seeded = with_fields(plain("red"), seed=77)
    with live_server(choices=CHOICES, starter=seeded) as server:
        for name, seed in (("swapped", 1), ("toy", 77)):
            load(server, name)
            with server.painter() as (_, welcome):
                assert welcome.scene is not None
                assert welcome.scene.seed == seed


def test_a_still_is_signed_by_the_model_that_painted_it(
    server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint = server.studio.engine.render

    def paint_and_switch(*scene: Any, **told: Any) -> Any:
        picture = paint(*scene, **told)
        load(server, "swapped")
        return picture

    monkeypatch.setattr(server.studio.engine, "render", paint_and_switch)
    _, scene = server.studio.render(plain("red"), timeout_s=20)
    assert (scene.recipe.model, server.studio.model.name) == ("toy", "swapped")


def test_the_model_before_is_let_go_by_the_whole_server() -> None:
    with (
        live_server(model=ToyModel(), choices=CHOICES) as server,
        server.painter(plain("red")) as (painter, _),
    ):
        painter.settled(0)
        load(server, "swapped")
        before = weakref.ref(server.studio.engine.model)
        painter.hear_a(ModelChanged)
        painter.settled(0)
        load(server, "toy")
        painter.hear_a(ModelChanged)
        painter.settled(0)
        gc.collect()
        assert before() is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model": 3}', b'{"model": "toy", "path": "/"}', b"{" * 5000])
def test_what_names_no_model_is_refused_in_words(server: LiveServer, body: bytes) -> None:
    status, _, answer = server.request("POST", "/api/models/load", body=body, headers={"Content-Type": JSON})
    assert status == 422
    assert "wanted" in json.loads(answer)["detail"]


def test_a_form_of_a_foreign_page_changes_no_model(server: LiveServer) -> None:
    body = b'{"model": "swapped"}'
    assert (
        server.request("POST", "/api/models/load", body=body, headers={"Content-Type": "text/plain"})[0]
        == 415
    )
    headers = {"Content-Type": JSON, "Origin": "http://evil.test"}
    assert server.request("POST", "/api/models/load", body=body, headers=headers)[0] == 403
    assert server.studio.model.name == "toy"


def test_a_painter_who_leaves_while_a_model_is_loaded_leaves_nothing_behind(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.say(SwitchModel(model="swapped"))
    with server.painter(plain("green")) as (painter, _):
        assert colour_of(painter.settled(0)) == "green"


# ---- what is laid out ----
@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's model folder with a model and other things."""
    folder = tmp_path_factory.mktemp("models")
    write_checkpoint(folder / "tiny", autoencoder="tiny")
    (folder / "notes.txt").write_text("no model")
    (folder / "old.ckpt").write_bytes(b"a pickle")
    return folder


def test_painters_choose_among_the_package_s_models_and_those_in_the_model_folders(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEMDRAW_MODELS", str(shelf))
    monkeypatch.chdir(tmp_path)
    told = laid_out("picturebook", device="cpu")()
    assert [choice.name for choice in told] == ["picturebook", "tiny"]
    assert told[0].title == "picturebook"
    assert told[1].title.startswith("tiny (")
    assert told[1].find().name == "tiny"
    own = laid_out(str(shelf / "tiny"), device="cpu", loras=())()
    assert [choice.name for choice in own] == ["tiny", "picturebook"]


def test_a_repository_s_choice_goes_by_the_name_of_its_card(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(shelf / "tiny"))  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.chdir(tmp_path)
    own = laid_out("owner/name", device="cpu")()[0]
    assert own.name == own.find().name == "owner/name"


def test_real_models_are_let_go_too(shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEMDRAW_MODELS", str(shelf))
    monkeypatch.chdir(tmp_path)
    _, tiny = laid_out("picturebook", device="cpu")()
    engine = Engine(tiny.load)
    engine.start()
    try:
        before = engine.render(two_regions())
        model: Any = engine.model
        left = [
            weakref.ref(model),
            *(weakref.ref(model.parts[name]) for name in ("unet", "vae", "text_encoder")),
        ]
        del model
        engine.switch(Switch(name="tiny", load=tiny.load)).result(60)
        gc.collect()
        assert [each() for each in left] == [None] * len(left)
        assert engine.render(two_regions()) == before
    finally:
        engine.stop()
