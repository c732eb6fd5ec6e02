"""What the networks are told: plain prompts as diffusers tells them, weights, long prompts, rows of unequal length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from semdraw.hints import unknown_words
from semdraw.models.base import Conditioning, Rows
from semdraw.models.registry import load_model
from semdraw.models.tokens import chunked, cut_off, weigh
from semdraw.prompts import parse_prompt
from semdraw.scene import Brush, Recipe, Scene
from semdraw.still import generate
from semdraw.stream import StreamState, stream_step
from tests.scenes import two_regions
from tests.tiny import FamilyName, write_checkpoint

FAMILIES: list[FamilyName] = ["sd", "sdxl", "sd3", "sd3-t5"]
CHUNK = 16  # tokens of a tiny encoder, a letter each
SHORT, LONG = "a red hill", "a castle on a high hill under the moon"


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = write_checkpoint(tmp_path_factory.mktemp("tiny") / request.param, family=request.param)
    return load_model(str(folder), device="cpu")


@pytest.fixture(scope="module")
def picturebook() -> Any:
    return load_model("picturebook", device="cpu")


def clip_part(model: Any, conditioning: Conditioning) -> Tensor:
    """(1 k*n d) without the places of T5, which stand behind the first chunk."""
    embeds = conditioning.embeds
    if model.spec.family != "sd3":
        return embeds
    return torch.cat([embeds[:, :CHUNK], embeds[:, CHUNK + 256 :]], dim=1)


def spread(model: Any, prompt: str) -> list[float]:
    """How far each token of a short prompt moves when its weights are left out."""
    plain = "".join(span.text for span in parse_prompt(prompt))
    told, bare = (clip_part(model, model.encode_prompt(text)) for text in (prompt, plain))
    return (told - bare).abs().amax(dim=(0, 2)).tolist()


@pytest.mark.parametrize(
    "prompt", ["", "castle", "  A   castle, red!  ", "Zürich 日本", "at 12:30", "(red house"]
)
def test_a_plain_prompt_has_the_tokens_that_the_tokenizer_gives(model: Any, prompt: str) -> None:
    for name in (name for name in model.parts if name in ("tokenizer", "tokenizer_2")):
        tokenizer = model.parts[name]
        given = tokenizer(prompt, padding="max_length", max_length=CHUNK, truncation=True).input_ids
        own = chunked(prompt, tokenizer)
        if "日" in prompt:  # longer than one chunk: it begins as the tokenizer's does
            assert own.ids[0, :8].tolist() == given[:8]
        else:
            assert own.ids.tolist() == [given]
    if "tokenizer_3" in model.parts:
        tokenizer = model.parts["tokenizer_3"]
        given = tokenizer(prompt, padding="max_length", max_length=40, truncation=True).input_ids
        assert cut_off(prompt, tokenizer, 40).ids.tolist() == [given]


def test_the_tokens_of_picturebook_are_those_that_its_tokenizer_gives(picturebook: Any) -> None:
    tokenizer = picturebook.parts["tokenizer"]
    for prompt in ("a red house under the full moon", "castle", ""):
        given = tokenizer(prompt, padding="max_length", truncation=True).input_ids
        assert chunked(prompt, tokenizer).ids.tolist() == [given]


def test_a_weight_moves_the_tokens_it_holds_most(model: Any) -> None:
    moved = spread(model, "a (red:1.5) hill")
    heavy = moved[2:5]  # after the start and "a"
    assert min(heavy) > max(moved[:2] + moved[5:])


def test_weights_keep_the_mean_of_the_states() -> None:
    states = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(1)) + 0.5
    weights = torch.ones(2, 6)
    weights[0, 1:3] = 1.4
    weighed = weigh(states, weights)
    assert torch.equal(weighed[1], states[1])
    assert weighed[0].mean() == pytest.approx(float(states[0].mean()), rel=1e-5)
    ratio = weighed[0] / states[0]
    assert ratio[1, 0] / ratio[0, 0] == pytest.approx(1.4, rel=1e-5)


def test_weights_are_safe_where_states_have_no_mean() -> None:
    states = torch.tensor([[[1.0, -1.0], [2.0, -2.0]]])
    assert torch.equal(weigh(states, torch.tensor([[1.0, 3.0]])), states * torch.tensor([[[1.0], [3.0]]]))
    assert torch.isfinite(weigh(states + 1e-3, torch.tensor([[0.0, 0.0]]))).all()


def test_a_weight_of_one_changes_not_a_bit(model: Any) -> None:
    assert torch.equal(model.encode_prompt("a (red:1) hill").embeds, model.encode_prompt(SHORT).embeds)


def test_a_long_prompt_goes_on_in_further_chunks(model: Any) -> None:
    told = model.encode_prompt(LONG)
    words = chunked(LONG, model.parts["tokenizer"])
    assert words.ids.shape == (len(words), CHUNK)
    assert len(words) > 1
    assert clip_part(model, told).shape[1] == len(words) * CHUNK
    assert not torch.equal(
        clip_part(model, told)[:, CHUNK:], clip_part(model, model.encode_prompt(LONG + "!"))[:, CHUNK:]
    )


def test_each_chunk_is_encoded_by_itself_and_the_first_is_pooled(model: Any) -> None:
    first = "a castle on a"  # ten letters; the next word goes over the edge of the chunk
    told, alone = model.encode_prompt(LONG), model.encode_prompt(first + " high")
    assert torch.allclose(clip_part(model, told)[:, :CHUNK], clip_part(model, alone), atol=1e-5)
    if told.pooled is not None:
        assert torch.allclose(told.pooled, alone.pooled, atol=1e-5)


def test_words_are_not_cut_at_the_end_of_a_chunk(model: Any) -> None:
    tokenizer = model.parts["tokenizer"]
    rows = chunked("abcdefgh ijklmnop " + "x" * 40, tokenizer).ids.tolist()
    read = ["".join(tokenizer.convert_ids_to_tokens(row)) for row in rows]
    assert "abcdefgh</w><|end" in read[0]
    assert "ijklmnop</w><|end" in read[1]
    assert len(rows) == 5  # the word of forty letters fills two chunks and a part of a third


def test_rows_of_unequal_length_are_lengthened_with_the_empty_prompt(model: Any) -> None:
    short, long = model.encode_prompt(SHORT), model.encode_prompt(LONG)
    both = Conditioning.stack([short, long])
    width = short.embeds.shape[1]
    assert both.embeds.shape[1] == long.embeds.shape[1]
    assert torch.equal(both.embeds[:1, :width], short.embeds)
    blank = short.filler[:, :CHUNK]
    assert torch.equal(both.embeds[:1, width : width + CHUNK], blank)
    if (
        model.spec.family != "sdxl"
    ):  # told nothing by zeros, yet lengthened with what an empty chunk is encoded as
        assert torch.equal(blank, clip_part(model, model.encode_prompt("")))
    assert torch.equal(both[1:2].embeds, long.embeds)


def test_one_batch_of_short_and_long_prompts_is_run(model: Any) -> None:
    prompts = Conditioning.stack([model.encode_prompt(text) for text in (SHORT, LONG, "")])
    latents = torch.zeros(3, model.spec.latent_channels, 8, 8)
    output = model.predict(Rows(latents=latents, timestep=torch.full((3,), 500), conditioning=prompts))
    assert torch.isfinite(output).all()


def test_prompt_strength_leads_from_a_long_prompt_to_a_short_one(model: Any) -> None:
    short, long = model.encode_prompt(SHORT), model.encode_prompt(LONG)
    assert torch.equal(long.towards(short, torch.tensor([1.0])).embeds, long.embeds)
    back = short.towards(long, torch.tensor([0.0]))
    assert torch.equal(back.embeds, long.embeds)
    half = long.towards(short, torch.tensor([0.5]))
    assert torch.allclose(
        half.embeds, (long.embeds + short.lengthened(long.embeds.shape[1]).embeds) / 2, atol=1e-6
    )


def with_long_prompt(scene: Scene) -> Scene:
    from msgspec.structs import replace

    brushes = tuple(replace(b, prompt=LONG) if b.id == "moon" else b for b in scene.brushes)
    return replace(scene, brushes=brushes, recipe=Recipe(sampler="lcm", num_steps=2))


def test_a_stream_with_a_long_prompt_equals_the_single_picture(tmp_path: Path) -> None:
    from semdraw.regions import compile_regions
    from semdraw.still import denoise_steps

    model = load_model(str(write_checkpoint(tmp_path / "sd", autoencoder="tiny")), device="cpu")
    regions = compile_regions(with_long_prompt(two_regions()), model)
    *_, last = denoise_steps(regions, model)
    state, landed = StreamState(), None
    while landed is None:
        state, landed = stream_step(state, regions, model)
    assert torch.allclose(landed, last.latents, atol=1e-4)


def test_long_and_weighted_prompts_make_pictures_with_picturebook(picturebook: Any) -> None:
    from msgspec.structs import replace

    scene = two_regions()
    story = "a (red:1.4) house " + "under the full moon and the bright stars " * 6
    assert len(chunked(story, picturebook.parts["tokenizer"])) > 1
    brushes = (Brush(id="castle", prompt=story), scene.brushes[1])
    told = replace(scene, brushes=brushes, recipe=Recipe(sampler="lcm", num_steps=1, bootstrap_steps=0))
    assert generate(picturebook, told) != generate(picturebook, replace(told, brushes=scene.brushes))


def test_brackets_and_numbers_are_no_unknown_words() -> None:
    known = frozenset({"a", "red", "house"})
    assert unknown_words("a (red:1.4) [house]", known) == ()
    assert unknown_words("a (green:1.4) house", known) == ("green",)
