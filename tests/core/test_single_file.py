"""Single files in the original layouts: same weights as the folder they come from, told from their headers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from semdraw.errors import CheckpointError
from semdraw.models.filling import clip_tokenizer
from semdraw.models.layouts import Layout
from semdraw.models.opening import inspect
from semdraw.models.registry import find_model, load_model
from tests.single import SingleFiles, original_part, plan_of
from tests.tiny import FamilyName, write_checkpoint

FAMILIES: list[FamilyName] = ["sd", "sd2", "sdxl", "sd3-t5", "sd35"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("folders")
    return {family: write_checkpoint(folder / family, family=family) for family in FAMILIES}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SingleFiles:
    files = SingleFiles(tmp_path / "files")
    files.use(monkeypatch)
    return files


def modules_of(model: Any) -> dict[str, torch.nn.Module]:
    return {name: part for name, part in model.parts.items() if isinstance(part, torch.nn.Module)}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_gives_the_weights_of_the_folder_it_was_made_of(
    family: FamilyName, made: dict[str, Path], files: SingleFiles
) -> None:
    file = files.write(made[family], family)
    found = load_model(str(file), device="cpu", parts=str(files.parts_of(file)))
    wanted = load_model(str(made[family]), device="cpu")
    assert modules_of(found).keys() == modules_of(wanted).keys()
    for name, module in modules_of(wanted).items():
        states, others = module.state_dict(), modules_of(found)[name].state_dict()
        assert states.keys() == others.keys()
        assert all(torch.equal(states[key], others[key]) for key in states), name
    assert torch.equal(found.encode_prompt("a castle").embeds, wanted.encode_prompt("a castle").embeds)


# ---- the table of names, held against the converters of diffusers ----


def converted(
    family: str, tensors: dict[str, torch.Tensor], config: dict[str, Any]
) -> dict[str, torch.Tensor]:
    from diffusers.loaders import single_file_utils as theirs

    if family.startswith("sd3"):
        return theirs.convert_sd3_transformer_checkpoint_to_diffusers(dict(tensors))
    return theirs.convert_ldm_unet_checkpoint(dict(tensors), config)


@pytest.mark.parametrize("family", FAMILIES)
def test_diffusers_reads_the_same_names_and_values(
    family: str, made: dict[str, Path], files: SingleFiles
) -> None:
    from diffusers.loaders import single_file_utils as theirs

    tensors = load_file(files.write(made[family], family))
    network = "transformer" if family.startswith("sd3") else "unet"
    for part, prefix in ((network, "model.diffusion_model."), ("vae", "first_stage_model.")):
        own = {key: value for key, value in tensors.items() if key.startswith(prefix)}
        config = json.loads((made[family] / part / "config.json").read_text())
        found = (
            theirs.convert_ldm_vae_checkpoint(own, config)
            if part == "vae"
            else converted(family, own, config)
        )
        wanted = load_file(made[family] / part / "diffusion_pytorch_model.safetensors")
        assert found.keys() == wanted.keys()
        assert all(torch.equal(found[key], wanted[key]) for key in wanted)


SIZES = {
    "sd1": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "text_encoder": 340_387_840},
    "sdxl": {"unet": 2_567_463_684, "text_encoder_2": 694_659_840},
    "sd3_medium": {"transformer": 2_028_328_000, "text_encoder_3": 4_762_310_656},
}
ORIGINALS = {  # names and shapes as they stand in published files
    ("sd1", "unet"): {
        "output_blocks.11.0.skip_connection.weight": (320, 640, 1, 1),
        "output_blocks.2.1.conv.weight": (1280, 1280, 3, 3),
        "output_blocks.5.2.conv.weight": (1280, 1280, 3, 3),
        "input_blocks.3.0.op.weight": (320, 320, 3, 3),
        "middle_block.1.transformer_blocks.0.attn2.to_k.weight": (1280, 768),
    },
    ("sd1", "vae"): {
        "decoder.up.3.upsample.conv.weight": (512, 512, 3, 3),
        "encoder.mid.attn_1.q.weight": (512, 512, 1, 1),
    },
    ("sd2", "unet"): {"input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024)},
    ("sd2", "text_encoder"): {"transformer.resblocks.22.attn.in_proj_weight": (3072, 1024)},
    ("sdxl", "unet"): {
        "label_emb.0.0.weight": (1280, 2816),
        "input_blocks.7.1.transformer_blocks.9.attn2.to_k.weight": (1280, 2048),
    },
    ("sdxl", "text_encoder_2"): {"transformer.resblocks.9.mlp.c_proj.bias": (1280,)},
    ("sd3_medium", "transformer"): {
        "joint_blocks.0.context_block.adaLN_modulation.1.bias": (9216,),
        "joint_blocks.23.context_block.adaLN_modulation.1.bias": (3072,),
        "pos_embed": (1, 36864, 1536),
    },
    ("sd3_medium", "text_encoder_3"): {"shared.weight": (32128, 4096)},
}


@pytest.mark.parametrize(("variant", "part"), [(v, part) for v, parts in SIZES.items() for part in parts])
def test_the_configs_that_are_shipped_have_the_published_sizes(variant: str, part: str) -> None:
    from importlib import import_module

    from semdraw.models.filling import empty
    from semdraw.models.single_file import config_of

    told = plan_of(variant)["parts"][part]
    config = config_of(told["config"])
    state = empty(getattr(import_module(told["build"][0]), told["build"][1]), config).to("meta").state_dict()
    weights = {
        key: value
        for key, value in state.items()
        if not key.endswith(("embed_tokens.weight", "pos_embed.pos_embed"))
    }
    assert sum(value.numel() for value in weights.values()) == SIZES[variant][part]
    original = original_part(state, Layout(names=told["layout"]), config)
    for name, shape in ORIGINALS.get((variant, part), {}).items():
        assert tuple(original[name].shape) == shape


@pytest.mark.parametrize(
    ("prompt", "ids"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        (
            "a photo of an astronaut riding a horse on mars",
            [320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496],
        ),
    ],
)
def test_the_tokenizer_that_is_shipped_is_that_of_clip(prompt: str, ids: list[int]) -> None:
    from transformers.models.clip.tokenization_clip import CLIPTokenizer

    found = clip_tokenizer(CLIPTokenizer, {"pad_token": "!"})
    assert len(found) == 49408
    told = found(prompt, padding="max_length", truncation=True, max_length=77).input_ids
    assert told == [49406, *ids, 49407, *[0] * (75 - len(ids))]


# ---- what a file lacks, and how it was trained ----


def test_sd3_runs_without_t5_where_there_is_no_tokenizer_for_it(
    made: dict[str, Path], files: SingleFiles
) -> None:
    file = files.write(made["sd3-t5"], "sd3-t5")
    assert "text_encoder_3" not in find_model(str(file)).facts
    assert "text_encoder_3" in find_model(str(file), parts=str(files.parts_of(file))).facts


def test_text_encoders_that_a_file_lacks_come_from_a_folder(
    made: dict[str, Path], files: SingleFiles
) -> None:
    from safetensors.torch import save_file

    file = files.write(made["sd35"], "sd35")
    bare = file.with_name("bare.safetensors")
    whole = load_file(file)
    save_file({key: value for key, value in whole.items() if not key.startswith("text_encoders.")}, bare)
    with pytest.raises(
        CheckpointError, match=r"lacks text_encoder, text_encoder_2; .*--parts FOLDER.*clip_l.safetensors"
    ):
        find_model(str(bare))
    for name in ("clip_l", "clip_g"):
        prefix = f"text_encoders.{name}.transformer."
        alone = {key.removeprefix(prefix): value for key, value in whole.items() if key.startswith(prefix)}
        save_file(alone, files.parts_of(file) / f"{name}.safetensors")
    wanted = load_model(str(file), device="cpu", parts=str(files.parts_of(file)))
    for parts in (files.parts_of(file), made["sd35"]):
        found = load_model(str(bare), device="cpu", parts=str(parts))
        assert torch.equal(found.encode_prompt("a moon").embeds, wanted.encode_prompt("a moon").embeds)


def test_clip_l_without_its_projection_is_taken_as_published(
    made: dict[str, Path], files: SingleFiles
) -> None:
    """SD3's is published without; it changes nothing there, so it is only guessed where it is square."""
    from safetensors.torch import save_file

    file = files.write(made["sd35"], "sd35")
    tensors = load_file(file)
    del tensors["text_encoders.clip_l.transformer.text_projection.weight"]
    save_file(tensors, file)
    with pytest.raises(CheckpointError, match="size mismatch"):
        load_model(str(file), device="cpu", parts=str(files.parts_of(file)))
    plan = files.configs / "sd35_medium.json"
    plan.write_text(plan.read_text().replace('"projection_dim": 12', '"projection_dim": 24'))
    model = load_model(str(file), device="cpu", parts=str(files.parts_of(file)))
    assert torch.equal(
        modules_of(model)["text_encoder"].state_dict()["text_projection.weight"], torch.eye(24)
    )


@pytest.mark.parametrize(
    ("family", "name", "more", "wanted"),
    [
        ("sd", "model", {}, ("epsilon", False)),
        ("sd", "model", {"metadata": {"modelspec.prediction_type": "v"}}, ("v_prediction", False)),
        ("sdxl", "model", {"tensors": {"v_pred": torch.zeros(0)}}, ("v_prediction", False)),
        (
            "sdxl",
            "model",
            {"tensors": {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}},
            ("v_prediction", True),
        ),
        ("sd2", "model", {}, ("v_prediction", False)),
        ("sd2", "v2-1_512-ema-pruned", {}, ("epsilon", False)),
        ("sd2", "sd21base", {}, ("epsilon", False)),
        (
            "sd2",
            "sd21base",
            {"metadata": {"modelspec.architecture": "stable-diffusion-v2-768-v"}},
            ("v_prediction", False),
        ),
        ("sd2", "model", {"metadata": {"modelspec.prediction_type": "epsilon"}}, ("epsilon", False)),
    ],
)
def test_what_a_network_predicts_is_read_from_the_file_or_its_name(
    family: str,
    name: str,
    more: dict[str, Any],
    wanted: tuple[str, bool],
    made: dict[str, Path],
    files: SingleFiles,
) -> None:
    file = files.write(made[family], family, name=name, **more)
    scheduler = inspect(str(file)).configs["scheduler"]
    assert (scheduler["prediction_type"], scheduler["rescale_betas_zero_snr"]) == wanted
    assert inspect(str(file), prediction="epsilon").configs["scheduler"]["prediction_type"] == "epsilon"


def test_sd2_is_drawn_at_the_size_that_goes_with_its_prediction(
    made: dict[str, Path], files: SingleFiles
) -> None:
    file = files.write(made["sd2"], "sd2")
    assert find_model(str(file), prediction="epsilon").extent == (512, 512)


def test_flow_matching_has_no_other_prediction(made: dict[str, Path]) -> None:
    with pytest.raises(CheckpointError, match="flow matching"):
        find_model(str(made["sd35"]), prediction="epsilon")
