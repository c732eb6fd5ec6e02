"""LoRAs: every spelling means the same parameter; what does not fit changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from semdraw.errors import CheckpointError
from semdraw.models.fusing import fuse
from semdraw.models.lora import Lora
from semdraw.models.lora_names import meant, role_of
from semdraw.models.registry import load_model
from tests.tiny import FamilyName, write_checkpoint

DOWN = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
FLAT = DOWN.replace(".", "_")
TEXT = "text_model.encoder.layers.1.self_attn"
Pair = tuple[Tensor, Tensor]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Models by family; a test leaves their weights as they were."""
    folder, families = tmp_path_factory.mktemp("tiny"), list[FamilyName](["sd", "sdxl", "sd3"])
    return {
        family: load_model(str(write_checkpoint(folder / family, family=family)), device="cpu")
        for family in families
    }


def pair_for(weight: Tensor, rank: int = 2) -> Pair:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(rank, weight[0].numel(), generator=generator), torch.randn(
        len(weight), rank, generator=generator
    )


def changes(model: Any, file: Path, scale: float = 1.0) -> dict[str, Tensor]:
    """What a LoRA adds to which weights; they are put back."""
    network = "transformer" if "transformer" in model.parts else "unet"
    modules = {name: part for name, part in model.parts.items() if isinstance(part, torch.nn.Module)}
    before = {name: {k: v.clone() for k, v in part.state_dict().items()} for name, part in modules.items()}
    try:
        fuse((Lora(file=file, scale=scale),), network, model.parts)
        after = {name: {k: v.clone() for k, v in part.state_dict().items()} for name, part in modules.items()}
    finally:
        for name, part in modules.items():
            part.load_state_dict(before[name])
    return {
        f"{name}.{key}": after[name][key] - value
        for name, state in before.items()
        for key, value in state.items()
        if not torch.equal(after[name][key], value)
    }


SPELLINGS = [
    (f"lora_unet_{FLAT}_to_q.lora_down.weight", f"lora_unet_{FLAT}_to_q.lora_up.weight"),
    ("lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
     "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q.lora_up.weight"),
    (f"unet.{DOWN}.to_q.lora_A.weight", f"unet.{DOWN}.to_q.lora_B.weight"),
    (f"unet.{DOWN}.to_q.lora.down.weight", f"unet.{DOWN}.to_q.lora.up.weight"),
    (f"unet.{DOWN}.processor.to_q_lora.down.weight", f"unet.{DOWN}.processor.to_q_lora.up.weight"),
    (f"base_model.model.{DOWN}.to_q.lora_A.default.weight", f"base_model.model.{DOWN}.to_q.lora_B.default.weight"),
    (f"{DOWN}.to_q.lora_A.weight", f"{DOWN}.to_q.lora_B.weight"),
]  # fmt: skip


@pytest.mark.parametrize(
    "names", SPELLINGS, ids=[down.split(".")[0] + str(i) for i, (down, _) in enumerate(SPELLINGS)]
)
def test_every_spelling_means_the_same_weight(
    names: tuple[str, str], made: dict[str, Any], tmp_path: Path
) -> None:
    weight = made["sd"].parts["unet"].get_parameter(f"{DOWN}.to_q.weight")
    down, up = pair_for(weight)
    save_file({names[0]: down, names[1]: up}, tmp_path / "a.safetensors")
    ((name, found),) = changes(made["sd"], tmp_path / "a.safetensors", 0.5).items()
    assert name == f"unet.{DOWN}.to_q.weight"
    torch.testing.assert_close(found, 0.5 * up @ down, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    ("family", "stem", "part"),
    [
        ("sd", "lora_te_text_model_encoder_layers_1_self_attn_q_proj", "text_encoder"),
        ("sdxl", "lora_te1_text_model_encoder_layers_1_self_attn_q_proj", "text_encoder"),
        ("sdxl", "lora_te2_text_model_encoder_layers_1_self_attn_q_proj", "text_encoder_2"),
        ("sdxl", f"text_encoder_2.{TEXT}.q_proj", "text_encoder_2"),
        ("sdxl", f"text_encoder.{TEXT}.to_q_lora", "text_encoder"),
        ("sd3", f"text_encoder.{TEXT}.q_proj", "text_encoder"),
    ],
)
def test_text_encoders_are_changed_too(
    family: str, stem: str, part: str, made: dict[str, Any], tmp_path: Path
) -> None:
    width = 32 if part == "text_encoder_2" else 24
    down, up = pair_for(torch.zeros(width, width))
    ends = ("lora_A", "lora_B") if stem.endswith("q_proj") and "." in stem else ("lora_down", "lora_up")
    stem, ends = (
        (stem.removesuffix("_lora"), ("lora.down", "lora.up")) if stem.endswith("_lora") else (stem, ends)
    )
    save_file({f"{stem}.{ends[0]}.weight": down, f"{stem}.{ends[1]}.weight": up}, tmp_path / "a.safetensors")
    ((name, found),) = changes(made[family], tmp_path / "a.safetensors").items()
    assert name.startswith(f"{part}.")
    assert name.endswith("layers.1.self_attn.q_proj.weight")
    torch.testing.assert_close(found, up @ down, atol=1e-5, rtol=1e-4)


def test_a_fused_change_of_sd3_falls_on_queries_keys_and_values(made: dict[str, Any], tmp_path: Path) -> None:
    down, up = pair_for(torch.zeros(96, 32))
    stem = "lora_unet_joint_blocks_0_x_block_attn_qkv"
    save_file(
        {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": torch.tensor(1.0)},
        tmp_path / "a.safetensors",
    )
    found = changes(made["sd3"], tmp_path / "a.safetensors")
    names = [f"transformer.transformer_blocks.0.attn.to_{letter}.weight" for letter in "qkv"]
    assert sorted(found) == sorted(names)
    torch.testing.assert_close(
        torch.cat([found[name] for name in names]), 0.5 * up @ down, atol=1e-5, rtol=1e-4
    )


def test_convolutions_are_changed_in_their_own_shape(made: dict[str, Any], tmp_path: Path) -> None:
    weight = made["sd"].parts["unet"].get_parameter("conv_in.weight")
    down, up = torch.randn(2, *weight.shape[1:]), torch.randn(len(weight), 2, 1, 1)
    save_file(
        {"lora_unet_conv_in.lora_down.weight": down, "lora_unet_conv_in.lora_up.weight": up},
        tmp_path / "a.safetensors",
    )
    (found,) = changes(made["sd"], tmp_path / "a.safetensors").values()
    wanted = torch.einsum("or,rihw->oihw", up[:, :, 0, 0], down)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)


def test_alphas_that_stand_in_the_metadata_are_heard(made: dict[str, Any], tmp_path: Path) -> None:
    down, up = pair_for(torch.zeros(16, 16))
    told = {"lora_adapter_metadata": json.dumps({"unet.r": 2, "unet.lora_alpha": 6})}
    names = {f"unet.{DOWN}.to_q.lora_A.weight": down, f"unet.{DOWN}.to_q.lora_B.weight": up}
    save_file(names, tmp_path / "a.safetensors", metadata=told)
    (found,) = changes(made["sd"], tmp_path / "a.safetensors").values()
    torch.testing.assert_close(found, 3 * up @ down, atol=1e-5, rtol=1e-4)


PEFT = f"base_model.model.{DOWN}"


def peft_file(folder: Path, rank: int, **settings: Any) -> tuple[Path, Tensor]:
    """A file as PEFT writes it, with its settings beside it, and the product of its matrices."""
    down, up = pair_for(torch.zeros(16, 16), rank)
    file = folder / "adapter_model.safetensors"
    save_file({f"{PEFT}.to_q.lora_A.weight": down, f"{PEFT}.to_q.lora_B.weight": up}, file)
    if settings:
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank, **settings}))
    return file, up @ down


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({"lora_alpha": 2}, 0.5),
        ({"lora_alpha": 8}, 2.0),
        ({"lora_alpha": 8, "use_rslora": True}, 4.0),
        ({"lora_alpha": 2, "alpha_pattern": {"to_q": 12}}, 3.0),
        ({"lora_alpha": 2, "alpha_pattern": {"attn1.to_k": 12, "o_q": 12}}, 0.5),
        ({"lora_alpha": 2, "alpha_pattern": {f"^{DOWN}.to_q": 12}}, 3.0),
        ({"lora_alpha": 2, "alpha_pattern": {"^to_q": 12}}, 0.5),
        ({"lora_alpha": 8, "r": 64, "rank_pattern": {"to_q": 4}}, 2.0),
    ],
)
def test_pefts_settings_beside_the_file_say_how_strongly_it_acts(
    settings: dict[str, Any], factor: float, made: dict[str, Any], tmp_path: Path
) -> None:
    file, product = peft_file(tmp_path, 4, **settings)
    (found,) = changes(made["sd"], file).values()
    torch.testing.assert_close(found, factor * product, atol=1e-5, rtol=1e-4)


def test_without_its_settings_the_factor_is_one_and_that_is_said(
    made: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, product = peft_file(tmp_path, 4)
    (found,) = changes(made["sd"], file).values()
    torch.testing.assert_close(found, product, atol=1e-5, rtol=1e-4)
    assert "lies without its adapter_config.json" in caplog.text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lora_alpha": 8, "use_dora": True}, "made with use_dora"),
        ({"lora_alpha": 8, "peft_type": "LOHA"}, "made with LOHA"),
        ({"lora_alpha": 8, "init_lora_weights": "pissa_niter_16"}, "init_lora_weights pissa"),
        ({"lora_alpha": "8"}, "an alpha should be a number, got '8'"),
        ({"lora_alpha": 8, "alpha_pattern": {"(a+)+$": 1}}, "alpha_pattern should give"),
        ({"lora_alpha": 8, "alpha_pattern": {"to_q": [1]}}, "an alpha should be a number"),
    ],
)
def test_settings_that_are_not_served_are_refused(
    settings: dict[str, Any], words: str, made: dict[str, Any], tmp_path: Path
) -> None:
    file, _ = peft_file(tmp_path, 4, **settings)
    with pytest.raises(CheckpointError, match=words):
        changes(made["sd"], file)


def kohya(stem: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    return {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}


GOOD, OTHER = f"lora_unet_{FLAT}_to_q", f"lora_unet_{FLAT}_to_k"
DUNDER = "unet.__class__.__init__"
ONES = torch.ones
REFUSED: dict[str, tuple[dict[str, Tensor], str]] = {
    "no such layer": (
        kohya("lora_unet_nowhere", ONES(2, 16), ONES(16, 2)),
        "1 of its 2 changes have no place there, 'lora_unet_nowhere' first",
    ),
    "a way into python": (
        {f"{DUNDER}.lora_A.weight": ONES(2, 16), f"{DUNDER}.lora_B.weight": ONES(16, 2)},
        "no place there",
    ),
    "another width": (kohya(OTHER, ONES(2, 99), ONES(16, 2)), "does not fit this model"),
    "half a pair": ({f"{OTHER}.lora_down.weight": ONES(2, 16)}, "lacks one of its two matrices"),
    "ranks that differ": (kohya(OTHER, ONES(2, 16), ONES(16, 3)), "wanted a rank"),
    "an up that is no point": (kohya(OTHER, ONES(2, 16), ONES(16, 2, 3, 3)), "an up of 1x1"),
    "a huge rank": (kohya(OTHER, ONES(600, 16), ONES(16, 600)), "wanted a rank"),
    "not a number": (kohya(OTHER, torch.full((2, 16), torch.nan), ONES(16, 2)), "not finite"),
    "an endless alpha": ({f"{GOOD}.alpha": torch.tensor(torch.inf)}, "not finite"),
    "something else": ({"lora_unet_x.bundle_emb": ONES(2)}, "nothing that a LoRA has"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_lora_that_does_not_fit_changes_nothing(how: str, made: dict[str, Any], tmp_path: Path) -> None:
    wrong, words = REFUSED[how]
    save_file(kohya(GOOD, ONES(2, 16), ONES(16, 2)) | wrong, tmp_path / "a.safetensors")
    unet = made["sd"].parts["unet"]
    before = {name: value.clone() for name, value in unet.state_dict().items()}
    with pytest.raises(CheckpointError, match=words):
        fuse((Lora(file=tmp_path / "a.safetensors"),), "unet", made["sd"].parts)
    assert all(torch.equal(value, before[name]) for name, value in unet.state_dict().items())


def test_what_a_lora_does_to_a_t5_that_is_not_there_has_no_effect(
    made: dict[str, Any], tmp_path: Path
) -> None:
    stem = "lora_te3_encoder_block_0_layer_0_SelfAttention_q"
    save_file(
        {f"{stem}.lora_down.weight": torch.ones(2, 64), f"{stem}.lora_up.weight": torch.ones(64, 2)},
        tmp_path / "a.safetensors",
    )
    assert not changes(made["sd3"], tmp_path / "a.safetensors")


def test_names_without_an_end_of_a_lora_mean_nothing() -> None:
    assert role_of("unet.conv_in.weight") is None
    assert meant("unet.conv_in") == ("network", "conv_in")
