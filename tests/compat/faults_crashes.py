"""What crashes in the published code, and does not here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from semdraw.compat.layers import LayerDefaults, StreamLayer, applied
from semdraw.compat.scenes import adjusted
from semdraw.errors import CheckpointError, SceneError, UsageError
from semdraw.geometry import Extent
from semdraw.models.tokens import Chunks
from semdraw.rasters import Mask
from semdraw.scene import PromptBackground
from tests.compat.fault import PIPELINES, Bench, Fault, missing, raising, row, stacked
from tests.compat.toys import SIDE, box, color_at, left_half, plain, right_half

_NUMBERS = count()
LEFT, RIGHT = (16, 64), (SIDE - 16, 64)
SMALL = box(8, 8, 56, 56, side=64)


def prompts_without_masks(bench: Bench) -> None:
    assert color_at(bench.draw(bench.pipeline(), "red"), *LEFT) == "red"
    assert len(bench.pipeline().sample("blue", height=SIDE, width=SIDE, batch_size=2)) == 2


def a_background_prompt_alone(bench: Bench) -> None:
    assert color_at(bench.draw(bench.pipeline(), None, background_prompt="green"), *LEFT) == "green"


def whole_words(bench: Bench) -> None:
    assert color_at(bench.draw(bench.pipeline(), "green"), *LEFT) == "green"


def a_background_prompt_without_a_picture(bench: Bench) -> None:
    picture = bench.draw(bench.pipeline(), ["red"], masks=[left_half()], background_prompt="blue")
    assert (color_at(picture, *LEFT), color_at(picture, *RIGHT)) == ("red", "blue")


def one_negative_for_many(bench: Bench) -> None:
    masks = stacked(left_half(), right_half())
    for negative in ("green", ["green"]):
        picture = bench.draw(
            bench.pipeline(), ["red", "blue"], negative, masks=masks, background=plain("navy")
        )
        assert (color_at(picture, *LEFT), color_at(picture, *RIGHT)) == ("red", "blue")


def one_negative_for_many_guided(bench: Bench) -> None:
    smd = bench.tiny_pipeline("sdxl")
    masks = stacked(SMALL, box(0, 0, 30, 30, side=64))
    bench.draw(smd, ["a boat", "a lamp"], "fog", masks=masks, guidance_scale=2.0, side=64)


def one_prompt_for_many(bench: Bench) -> None:
    picture = bench.draw(bench.pipeline(), "red", masks=stacked(left_half(), right_half()))
    assert (color_at(picture, *LEFT), color_at(picture, *RIGHT)) == ("red", "red")


def _first_letter(prompts: str) -> list[str]:
    return [prompts[:1]]


def _no(*_: Any) -> bool:
    return False


def _plain_white(*_: Any) -> PromptBackground:
    return PromptBackground()


def _green(_: Any) -> str:
    return "green"


def _exact_count(several: list[Any], count: int, what: str) -> list[Any]:
    if len(several) != count:
        raise AssertionError(what)
    return several


def a_long_negative(bench: Bench) -> None:
    never_said = f"fog {next(_NUMBERS)} " * 40  # what was said before is remembered
    bench.draw(bench.tiny_pipeline("sd"), "a boat", never_said, masks=[SMALL], guidance_scale=2.0, side=64)


def _one_chunk(prompt: str, tokenizer: Any) -> Chunks:
    ids = [tokenizer.bos_token_id, *tokenizer(prompt, add_special_tokens=False).input_ids]
    ids += [tokenizer.eos_token_id] * max(1, tokenizer.model_max_length - len(ids))
    return Chunks(torch.tensor([ids]), torch.ones(1, len(ids)))


def default_steps_come_back(bench: Bench) -> None:
    smd = bench.pipeline(t_index_list=[0, 4, 12, 25, 37])
    smd.prepare_lcm_schedule(None, 2)
    assert smd.recipe.step_count == 2
    smd.prepare_lcm_schedule()
    assert smd.recipe.step_indices == (0, 4, 12, 25, 37)
    assert color_at(bench.draw(smd, "red"), *LEFT) == "red"
    bench.draw(smd, "red", num_inference_steps=2)
    assert smd.recipe.step_count == 5, "steps that were given for one call stay with it"


def _four_steps_of_fifty(self: Any, t_index_list: Any, num_inference_steps: Any) -> None:
    grid = num_inference_steps or 4
    self.recipe = adjusted(
        self.recipe, step_indices=(0, 4, 12, 25, 37)[:num_inference_steps], grid_steps=grid
    )


def guided_sd3(bench: Bench) -> None:
    bench.draw(bench.tiny_pipeline("sd3"), "a boat", "fog", masks=[SMALL], guidance_scale=2.0, side=64)


def guided_streams(bench: Bench) -> None:
    for family in ("sdxl", "sd3"):
        stream = bench.tiny_stream(family, cfg_type="full", guidance_scale=1.5)
        stream.update_single_layer(prompt="a boat", negative_prompt="fog", mask=SMALL)
        assert stream() is not None


def residual_streams(bench: Bench) -> None:
    for family, cfg_type in (("sdxl", "self"), ("sd3", "initialize")):
        stream = bench.tiny_stream(family, cfg_type=cfg_type, guidance_scale=1.5)
        stream.update_single_layer(prompt="a boat", mask=SMALL)
        assert stream() is not None


def appended_to_sd3(bench: Bench) -> None:
    stream = bench.tiny_stream("sd3")
    stream.update_single_layer(prompt="a boat", mask=SMALL)
    stream.update_single_layer(prompt="a lamp", mask=box(0, 0, 30, 30, side=64))
    assert stream.num_layers == 2
    assert stream() is not None


def edited_with_initialize(bench: Bench) -> None:
    stream = bench.stream(cfg_type="initialize", guidance_scale=1.5)
    stream.update_layers(["red", "blue"], masks=stacked(left_half(), right_half()))
    stream()
    stream.update_single_layer(0, prompt="green")
    assert color_at(stream(), *LEFT) == "green"


def a_blank_first_layer(bench: Bench) -> None:
    stream = bench.stream()
    stream.update_single_layer(prompt="red")
    stream.update_single_layer(prompt="blue", mask=right_half())
    assert color_at(stream(), *RIGHT) == "blue"
    assert all(layer.mask.extent == Extent(SIDE, SIDE) for layer in stream.layers)


def _blank_in_cells(self: LayerDefaults, prompt: str) -> Any:
    small = Extent(self.extent.width // 8, self.extent.height // 8)
    return StreamLayer(
        prompt=prompt,
        mask=Mask.blank(small),
        negative="",
        suffix=None,
        prompt_strength=1,
        strength=1,
        std_px=0,
    )


def more_masks_than_prompts(bench: Bench) -> None:
    three = stacked(left_half(), right_half(), left_half())
    stream = bench.stream()
    with pytest.warns(UserWarning, match="left out"):
        stream.update_layers(["red", "blue"], masks=three)
    assert color_at(stream(), *RIGHT) == "blue"
    with pytest.warns(UserWarning, match="left out"):
        assert color_at(bench.draw(bench.pipeline(), ["red", "blue"], masks=three), *RIGHT) == "blue"


def _all_masks(self: Any, masks: Any, count: int) -> list[Mask]:
    return [Mask.blank(Extent(SIDE, SIDE))] * len(masks)


def a_frame_buffer(bench: Bench) -> None:
    with pytest.warns(UserWarning, match="frame_buffer_size=2 changes nothing"):
        stream = bench.stream(frame_buffer_size=2)
    stream.update_single_layer(prompt="red", mask=left_half())
    assert color_at(stream(), *LEFT) == "red"


def has_background_tells_the_truth(bench: Bench) -> None:
    stream = bench.stream()
    assert stream.has_background
    stream.reset_state()
    assert not stream.has_background


def integrity_tells_the_truth(bench: Bench) -> None:
    stream = bench.stream()
    stream.update_single_layer(prompt="red", mask=left_half())
    assert stream.check_integrity()


def importing_needs_no_family(bench: Bench) -> None:
    """In a process of its own, in which diffusers is not to be had."""
    code = "import sys; sys.modules['diffusers'] = None; import semdraw.compat.model"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


_EAGER = """
import sys
class Eager:
    def find_spec(self, name, path, target=None):
        if name == "semdraw.compat.pipelines":
            import diffusers
sys.meta_path.insert(0, Eager())
"""


def an_eager_import(patch: pytest.MonkeyPatch) -> None:
    folder = tempfile.mkdtemp()
    Path(folder, "sitecustomize.py").write_text(_EAGER)
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH")))))


def captions_come_from_a_captioner(bench: Bench) -> None:
    smd = bench.pipeline(captioner=_green)
    assert smd.get_text_prompts(plain()) == "green"
    with pytest.raises(UsageError, match="captioner"):
        bench.pipeline().get_text_prompts(plain())


def no_key_names_the_weights(bench: Bench) -> None:
    with pytest.raises(CheckpointError, match="stable-diffusion-xl-base"):
        PIPELINES["sdxl"]("cpu")


def prompts_go_to_their_own_layer(bench: Bench) -> None:
    stream = bench.stream()
    stream.update_layers(["red", "blue"], masks=stacked(left_half(), right_half()))
    stream.update_single_layer(0, prompt="green", negative_prompt="fog")
    assert [(layer.prompt, layer.negative) for layer in stream.layers] == [("green", "fog"), ("blue", "")]


def _off_by_one(layers: Any, request: Any, defaults: Any) -> Any:
    request.idx = None if request.idx is None else request.idx + 1
    return applied(layers, request, defaults)


def _texts_of_equal_count(value: Any, count: int, what: str) -> list[str]:
    return _exact_count([value] if isinstance(value, str) else list(value), count, what)


def _undefined(name: str, check: Any, where: str) -> Fault:
    """A name that the published code uses and nowhere defines: the one that does its work here is taken away."""
    return Fault(name, check, missing(f"semdraw.{where}"), (NameError, AttributeError))


_WHOLE = "compat.pipeline.Pipeline._whole"
_TEXTS = "compat.pipeline.texts"
_INVERTED = property(lambda self: self._background.is_empty)

CRASHES = (
    _undefined("prompts without masks", prompts_without_masks, _WHOLE),
    _undefined("only a background prompt", a_background_prompt_alone, _WHOLE),
    row("a prompt is its first letter", whole_words, "compat.pipeline.listed", _first_letter),
    row(
        "a background prompt without a picture",
        a_background_prompt_without_a_picture,
        "compat.pipeline.background_of",
        _plain_white,
    ),
    row("one negative prompt for many", one_negative_for_many, _TEXTS, _texts_of_equal_count),
    row("one negative for many, SDXL", one_negative_for_many_guided, _TEXTS, _texts_of_equal_count),
    row("one prompt for many masks", one_prompt_for_many, "compat.pipeline.spread", _exact_count),
    row("a long negative prompt", a_long_negative, "models.latent.chunked", _one_chunk, ValueError),
    row(
        "default steps cannot be brought back",
        default_steps_come_back,
        "compat.pipeline.Pipeline.prepare_steps",
        _four_steps_of_fifty,
        SceneError,
    ),
    _undefined("SD3 with guidance", guided_sd3, "prediction.guide"),
    _undefined("streams with guidance", guided_streams, "prediction.guide"),
    _undefined("residual guidance outside of SD1.5", residual_streams, "prediction.guide_residual"),
    _undefined("SDXL without a key", no_key_names_the_weights, "models.opening.find_path"),
    _undefined("a layer appended on SD3", appended_to_sd3, "compat.held.applied"),
    # Its own sum of rows has no like here: this row shows only that an edit goes through `edited`.
    Fault(
        "an edit with 'initialize'",
        edited_with_initialize,
        raising("semdraw.compat.layers.edited", RuntimeError("chunk")),
        RuntimeError,
    ),
    row(
        "a first layer without a mask",
        a_blank_first_layer,
        "compat.layers.LayerDefaults.fresh",
        _blank_in_cells,
        Exception,
    ),
    row(
        "more masks than prompts",
        more_masks_than_prompts,
        "compat.held.Held._masks",
        _all_masks,
        (ValueError, pytest.fail.Exception),
    ),
    row(
        "frame_buffer_size=2",
        a_frame_buffer,
        "compat.streams.say_unused",
        _no,
        pytest.fail.Exception,
    ),
    row(
        "has_background is inverted",
        has_background_tells_the_truth,
        "compat.held.Held.has_background",
        _INVERTED,
    ),
    row(
        "check_integrity is inverted",
        integrity_tells_the_truth,
        "compat.held.Held.check_integrity",
        _no,
    ),
    _undefined("captions crash", captions_come_from_a_captioner, "compat.parts.Parts.get_text_prompts"),
    Fault("importing needs a fork", importing_needs_no_family, an_eager_import),
    row("an edit goes to the next layer", prompts_go_to_their_own_layer, "compat.held.applied", _off_by_one),
)
