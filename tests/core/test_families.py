"""One contract for every family, as folder and as single file: diffusers' own pipeline, rows alone, streams, LoRAs.

What does not depend on how a model was stored is asked of folders alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from semdraw.errors import CheckpointError, ExtentError, SceneError
from semdraw.geometry import Bounds, Extent
from semdraw.models.base import Conditioning, DiffusionModel, Rows
from semdraw.models.lora import Lora
from semdraw.models.registry import load_model
from semdraw.reference import by_diffusers, by_semdraw, plain_recipe, seeded_field, whole_canvas
from semdraw.regions import compile_regions
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Recipe, Sampler, Scene
from semdraw.schedule import build_schedule
from semdraw.still import denoise_steps, generate
from semdraw.stream import NoiseField, StreamState, stream_step
from tests.scenes import box, two_regions
from tests.single import SingleFiles
from tests.tiny import FamilyName, write_checkpoint

EXTENT = Extent(96, 64)
FAMILIES: list[FamilyName] = ["sd", "sdxl", "sd3", "sd3-t5"]
FILES = ["sd in a file", "sd2 in a file", "sdxl in a file", "sd3-t5 in a file", "sd35 in a file"]


@dataclass(frozen=True)
class Loaded:
    """A family, its folder, and the model that was loaded from it, or from the file that was made of it."""

    family: FamilyName
    folder: Path
    model: DiffusionModel
    open: Callable[..., DiffusionModel]

    @property
    def few_steps(self) -> Recipe:
        return Recipe(sampler="flow_lcm" if self.model.spec.training.is_flow else "lcm")

    @property
    def field(self) -> NoiseField:
        return seeded_field(self.model, EXTENT)


def from_folder(family: FamilyName, folder: Path) -> Loaded:
    def load(**told: Any) -> DiffusionModel:
        return load_model(str(folder), device="cpu", **told)

    return Loaded(family, folder, load(), load)


def from_file(family: FamilyName, folder: Path) -> Loaded:
    files = SingleFiles(folder.parent / "files")
    file = files.write(folder, family)

    def load(**told: Any) -> DiffusionModel:
        with pytest.MonkeyPatch.context() as patch:
            files.use(patch)
            return load_model(str(file), device="cpu", parts=str(files.parts_of(file)), **told)

    return Loaded(family, folder, load(), load)


@pytest.fixture(scope="module", params=FAMILIES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    family, _, is_file = request.param.partition(" in a ")
    folder = write_checkpoint(tmp_path_factory.mktemp("tiny") / family, family=family)
    return from_file(family, folder) if is_file else from_folder(family, folder)


in_any_form = pytest.mark.parametrize("loaded", [*FAMILIES, *FILES], indirect=True, scope="module")


def pipeline_of(loaded: Loaded) -> Any:
    """diffusers' own pipeline for a folder."""
    import diffusers

    absent: dict[str, Any] = {"text_encoder_3": None, "tokenizer_3": None}
    pipeline: Any = diffusers.DiffusionPipeline.from_pretrained(
        loaded.folder,
        local_files_only=True,
        **({"safety_checker": None} if loaded.family in {"sd", "sd2"} else {}),
        **(absent if loaded.family in {"sd3", "sd35"} else {}),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def pictured(loaded: Loaded, pipeline: Any, recipe: Recipe) -> Tensor:
    """Latents (c h w) of diffusers' pipeline under the levels and the noise of a recipe."""
    return by_diffusers(pipeline, loaded.model.spec.training, recipe, extent=EXTENT, field=loaded.field)


def painted(loaded: Loaded, model: DiffusionModel, recipe: Recipe) -> Tensor:
    """Latents (c h w) of one region over the whole canvas, under the same noise."""
    return by_semdraw(model, recipe, extent=EXTENT, field=loaded.field)


def cases(loaded: Loaded) -> list[tuple[Sampler, float]]:
    if loaded.model.spec.training.is_flow:
        return [("flow", 1.0), ("flow", 4.0), ("flow_lcm", 1.0)]
    return [("lcm", 1.0), ("euler_trailing", 4.0), ("tcd", 1.0)]


@in_any_form
@pytest.mark.parametrize("case", [0, 1, 2])
def test_one_region_equals_the_pipeline_of_diffusers(loaded: Loaded, case: int) -> None:
    sampler, guidance_scale = cases(loaded)[case]
    recipe = plain_recipe(sampler, guidance_scale=guidance_scale)
    pipeline = pipeline_of(loaded)
    wanted = pictured(loaded, pipeline, recipe)
    found = painted(loaded, loaded.model, recipe)
    assert wanted.abs().max() > 0.1
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)

    pixels = pipeline.vae.decode(
        wanted[None] / pipeline.vae.config.scaling_factor + (pipeline.vae.config.shift_factor or 0)
    ).sample[0]
    torch.testing.assert_close(loaded.model.decode(found), pixels, atol=1e-3, rtol=1e-3)


def test_an_encoded_picture_is_scaled_as_the_network_was_trained(loaded: Loaded) -> None:
    vae = pipeline_of(loaded).vae
    pixels = torch.linspace(-1, 1, 3 * 64 * 96).view(3, 64, 96)
    shift = vae.config.shift_factor or 0
    with torch.no_grad():
        wanted = (vae.encode(pixels[None]).latent_dist.mode()[0] - shift) * vae.config.scaling_factor
    torch.testing.assert_close(loaded.model.encode_image(pixels), wanted, atol=1e-4, rtol=1e-4)


@in_any_form
def test_rows_of_mixed_timesteps_equal_one_row_at_a_time(loaded: Loaded) -> None:
    model = loaded.model
    timesteps = build_schedule(model.spec.training, loaded.few_steps).timestep
    latents = torch.stack([loaded.field(index) for index in range(4)])
    prompts = Conditioning.stack([model.encode_prompt(word) for word in ("castle", "moon", "", "a tree")])
    together = model.predict(Rows(latents=latents, timestep=timesteps, conditioning=prompts))
    for index in range(4):
        row = slice(index, index + 1)
        alone = Rows(latents=latents[row], timestep=timesteps[row], conditioning=prompts[row])
        torch.testing.assert_close(together[row], model.predict(alone), atol=1e-4, rtol=1e-4)


def two_on(loaded: Loaded, **more: Any) -> Scene:
    scene, recipe = two_regions(EXTENT), msgspec.structs.replace(loaded.few_steps, **more)
    return Scene(canvas=scene.canvas, brushes=scene.brushes, recipe=recipe, seed=3)


def is_unet(loaded: Loaded) -> bool:
    return loaded.family in {"sd", "sd2", "sdxl"}


def test_one_region_in_one_pass_equals_the_region_by_itself(loaded: Loaded) -> None:
    recipe = plain_recipe(loaded.few_steps.sampler, guidance_scale=4.0)
    joint = msgspec.structs.replace(recipe, method="joint")
    if is_unet(loaded):
        wanted = painted(loaded, loaded.model, recipe)
        torch.testing.assert_close(painted(loaded, loaded.model, joint), wanted, atol=1e-4, rtol=1e-4)
    else:
        with pytest.raises(SceneError, match="take method 'exact'"):
            painted(loaded, loaded.model, joint)


def test_a_network_that_drew_regions_in_one_pass_is_as_it_was(loaded: Loaded) -> None:
    if not is_unet(loaded):
        return
    before = generate(loaded.model, two_on(loaded))
    in_one = generate(loaded.model, two_on(loaded, method="joint", bootstrap_steps=1))
    assert in_one != before
    assert generate(loaded.model, two_on(loaded)) == before


@in_any_form
@pytest.mark.parametrize("method", ["exact", "joint"])
def test_the_stream_equals_generate(loaded: Loaded, method: str) -> None:
    if method == "joint" and not is_unet(loaded):
        return
    regions = compile_regions(two_on(loaded, method=method), loaded.model)
    still = list(denoise_steps(regions, loaded.model))[-1].latents
    state, landed = StreamState(), None
    with torch.inference_mode():
        for _ in range(len(regions.schedule)):
            state, landed = stream_step(state, regions, loaded.model)
    assert landed is not None
    torch.testing.assert_close(landed, still, atol=1e-4 * float(still.abs().max()), rtol=0)


def test_a_picture_of_regions_is_drawn_and_each_prompt_acts_where_it_was_painted(loaded: Loaded) -> None:
    scene = two_on(loaded)
    picture = generate(loaded.model, scene)
    assert picture.extent == EXTENT
    assert picture.array.std() > 0
    assert generate(loaded.model, scene.with_brush(Brush(id="moon", prompt="a red tree"))) != picture


def test_prompt_strength_goes_from_the_background_to_the_brush(loaded: Loaded) -> None:
    own, behind = loaded.model.encode_prompt("castle"), loaded.model.encode_prompt("night sky")
    layer = Layer(brush_id="a", mask=box(EXTENT, Bounds(0, 0, 48, 64)))
    canvas = Canvas(extent=EXTENT, layers=(layer,), background=PromptBackground(prompt="night sky"))
    for share in (0.0, 0.25, 1.0):
        brush = Brush(id="a", prompt="castle", prompt_strength=share)
        scene = Scene(canvas=canvas, brushes=(brush,), recipe=loaded.few_steps)
        found = compile_regions(scene, loaded.model).regions[0].conditioning
        torch.testing.assert_close(found.embeds, share * own.embeds + (1 - share) * behind.embeds)
        assert (found.pooled is None) == (own.pooled is None)
        if found.pooled is not None and own.pooled is not None and behind.pooled is not None:
            assert not torch.equal(own.pooled, behind.pooled)
            torch.testing.assert_close(found.pooled, share * own.pooled + (1 - share) * behind.pooled)


def test_nothing_is_trained_and_nothing_waits_on_the_meta_device(loaded: Loaded) -> None:
    parts: dict[str, Any] = loaded.model.parts  # type: ignore[attr-defined]
    modules = [part for part in parts.values() if isinstance(part, torch.nn.Module)]
    assert len(modules) >= 3
    for module in modules:
        assert not module.training
        assert not any(parameter.requires_grad or parameter.is_meta for parameter in module.parameters())


def test_the_recipe_of_a_model_suits_it_and_samplers_of_another_kind_are_refused(loaded: Loaded) -> None:
    assert build_schedule(loaded.model.spec.training, loaded.model.spec.recipe)
    wrong: Sampler = "lcm" if loaded.model.spec.training.is_flow else "flow"
    with pytest.raises(SceneError, match=f"{wrong!r} does not suit"):
        generate(loaded.model, whole_canvas(Recipe(sampler=wrong), EXTENT))


@pytest.mark.parametrize("loaded", ["sd3"], indirect=True)
def test_a_canvas_larger_than_the_positions_of_a_transformer_is_tiled_or_refused(loaded: Loaded) -> None:
    assert loaded.model.spec.largest_px == 192
    wide = Extent(208, 64)
    untiled = msgspec.structs.replace(loaded.few_steps, tile_px=0)
    with pytest.raises(ExtentError, match="at most 192 px where it is not tiled"):
        generate(loaded.model, Scene(canvas=Canvas(extent=wide), recipe=untiled))
    scene = Scene(
        canvas=Canvas(extent=wide, background=PromptBackground(prompt="sea")), recipe=loaded.few_steps
    )
    assert generate(loaded.model, scene).extent == wide


Layout = Literal["kohya", "peft"]


def write_lora(loaded: Loaded, path: Path, layout: Layout) -> Path:
    """Random changes to the attention of the network; in kohya's layout to the text encoder's, too."""
    parts: dict[str, Any] = loaded.model.parts  # type: ignore[attr-defined]
    network = "transformer" if "transformer" in parts else "unet"
    chosen = {f"{network}.{name}": module for name, module in parts[network].named_modules()}
    if layout == "kohya":
        named = parts["text_encoder"].named_modules()
        chosen |= {f"te.text_model.{name.removeprefix('text_model.')}": module for name, module in named}
    tensors: dict[str, Tensor] = {}
    generator = torch.Generator().manual_seed(1)
    for name, module in chosen.items():
        if name.endswith(("to_q", "to_v", "q_proj", "k_proj", "v_proj", "out_proj")):
            down = torch.randn(2, module.in_features, generator=generator)
            up = torch.randn(module.out_features, 2, generator=generator)
            if layout == "kohya":
                flat = f"lora_{name.replace('.', '_')}"
                alpha = {f"{flat}.alpha": torch.tensor(1.0)}
                tensors |= {f"{flat}.lora_down.weight": down, f"{flat}.lora_up.weight": up} | alpha
            else:
                tensors |= {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}
    save_file(tensors, path)
    return path


@pytest.mark.parametrize(
    ("loaded", "layout"),
    [("sd", "kohya"), ("sd", "peft"), ("sdxl", "peft"), ("sd3", "peft"), ("sdxl in a file", "kohya")],
    indirect=["loaded"],
)
def test_a_lora_acts_as_in_diffusers_and_leaves_plain_layers(
    loaded: Loaded, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_lora(loaded, tmp_path / "style.safetensors", layout)
    recipe = msgspec.structs.replace(loaded.few_steps, bootstrap_steps=0)
    before = states(loaded.model)
    model = loaded.open(loras=[Lora(file=file, scale=0.5)])
    found = painted(loaded, model, recipe)
    pipeline = pipeline_of(loaded)
    pipeline.load_lora_weights(str(file), adapter_name="style")
    pipeline.set_adapters(["style"], [0.5])
    wanted = pictured(loaded, pipeline, recipe)
    scale = float(wanted.abs().max())
    torch.testing.assert_close(found / scale, wanted / scale, atol=1e-4, rtol=0)
    assert (found - painted(loaded, loaded.model, recipe)).abs().max() > 1e-3 * scale
    parts: dict[str, Any] = model.parts  # type: ignore[attr-defined]
    modules = [part for part in parts.values() if isinstance(part, torch.nn.Module)]
    assert not any("lora" in name for part in modules for name, _ in part.named_modules())
    assert not any(parameter.requires_grad for part in modules for parameter in part.parameters())
    assert model.spec.weights_hash != loaded.model.spec.weights_hash
    for without in (loaded.model, loaded.open()):
        assert all(torch.equal(value, before[name]) for name, value in states(without).items())


def states(model: Any) -> dict[str, Tensor]:
    """A copy of all weights."""
    modules = {name: part for name, part in model.parts.items() if isinstance(part, torch.nn.Module)}
    return {
        f"{name} {key}": value.clone()
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }


@pytest.mark.parametrize("loaded", ["sd"], indirect=True)
def test_a_file_that_is_no_lora_or_not_for_this_model_is_refused(loaded: Loaded, tmp_path: Path) -> None:
    wide = {
        f"unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_{k}.weight": v
        for k, v in PAIR.items()
    }
    files = {
        "does not fit this model": wide,
        "is of no kind that is known": {"a": torch.zeros(1)},
        "is a Stable Diffusion model; wanted a LoRA": {
            "model.diffusion_model.input_blocks.0.0.bias": torch.zeros(1)
        },
    }
    for words, tensors in files.items():
        save_file(tensors, tmp_path / "file.safetensors")
        with pytest.raises(CheckpointError, match=words):
            load_model(str(loaded.folder), device="cpu", loras=[Lora(file=tmp_path / "file.safetensors")])


PAIR = {"A": torch.zeros(2, 999), "B": torch.zeros(999, 2)}


@pytest.mark.parametrize(
    ("text", "scale"), [("a.safetensors", 1.0), ("a.safetensors:0.8", 0.8), ("a.safetensors:2", 2.0)]
)
def test_the_scale_of_a_lora_follows_its_name(text: str, scale: float) -> None:
    assert Lora.parse(text) == Lora(file=Path("a.safetensors"), scale=scale)


def test_a_scale_out_of_range_is_refused() -> None:
    with pytest.raises(CheckpointError, match="0 to 4"):
        Lora.parse("a.safetensors:40")
