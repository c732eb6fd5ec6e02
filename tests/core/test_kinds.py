"""What a file is, told from its header, and in which words; where models are looked up and how they are listed."""

from __future__ import annotations

import json
import math
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from semdraw.errors import CheckpointError
from semdraw.models import hub
from semdraw.models.headers import read_header
from semdraw.models.kinds import recognise
from semdraw.models.lora import Lora
from semdraw.models.places import find_path, lying_there
from semdraw.models.registry import find_model
from tests.tiny import write_checkpoint

Shapes = dict[str, tuple[int, ...]]
NET = "model.diffusion_model."
CONV = {f"{NET}input_blocks.0.0.weight": (320, 4, 3, 3)}
ATTN = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight"


def write_header(path: Path, shapes: Shapes, **metadata: str) -> Path:
    """A file of that header whose tensors are holes in the file, so that any size is quick."""
    at, told = 0, dict[str, Any]({"__metadata__": metadata})
    for name, shape in shapes.items():
        size = 2 * math.prod(shape)
        told[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(told).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)
    return path


CASES: dict[str, tuple[Shapes, str, str | None]] = {
    "sd1": (
        CONV | {"cond_stage_model.transformer.text_model.final_layer_norm.bias": (768,)},
        "an SD1.5 model",
        "sd1",
    ),
    "sd2": (CONV | {"cond_stage_model.model.ln_final.bias": (1024,)}, "an SD2.x model", "sd2"),
    "sdxl": (CONV | {"conditioner.embedders.1.model.ln_final.bias": (1280,)}, "an SDXL model", "sdxl"),
    "refiner": (
        CONV | {"conditioner.embedders.0.model.ln_final.bias": (1280,)},
        "an SDXL refiner model",
        None,
    ),
    "no text": (CONV | {NET + ATTN: (640, 768)}, "an SD1.5 model", "sd1"),
    "no text xl": (CONV | {NET + ATTN: (640, 2048)}, "an SDXL model", "sdxl"),
    "inpainting": (
        {f"{NET}input_blocks.0.0.weight": (320, 9, 3, 3), "cond_stage_model.transformer.x": (1,)},
        "an SD1.5 model for inpainting",
        None,
    ),
    "pix2pix": ({f"{NET}input_blocks.0.0.weight": (320, 8, 3, 3)}, "for editing by instruction", None),
    "lcm": (CONV | {f"{NET}time_embed.cond_proj.weight": (320, 256)}, "told a guidance scale", None),
    "playground": (CONV | {"edm_mean": (4,), "conditioner.embedders.1.model.x": (1,)}, "EDM", None),
    "cosxl": (CONV | {"edm_vpred.sigma_max": (), "conditioner.embedders.1.model.x": (1,)}, "CosXL", None),
    "sd3": (
        {f"{NET}joint_blocks.0.x_block.attn.qkv.weight": (4608, 1536)},
        "an SD3-medium model",
        "sd3_medium",
    ),
    "sd3.5 medium": (
        {f"{NET}joint_blocks.0.x_block.attn2.qkv.weight": (4608, 1536)},
        "an SD3.5-medium model",
        "sd35_medium",
    ),
    "sd3.5 large": (
        {f"{NET}joint_blocks.0.x_block.attn.ln_q.weight": (64,)},
        "an SD3.5-large model",
        "sd35_large",
    ),
    "flux": ({f"{NET}double_blocks.0.img_attn.qkv.weight": (9216, 3072)}, "a Flux model", None),
    "quantised": (CONV | {f"{NET}input_blocks.1.0.weight.absmax": (7,)}, "quantised", None),
    "lora sd1": ({KOHYA: (4, 768)}, "an SD1.5 LoRA", None),
    "lora sd2": ({PEFT: (4, 1024)}, "an SD2.x LoRA", None),
    "lora sdxl": ({KOHYA: (4, 2048)}, "an SDXL LoRA", None),
    "lora sdxl text": (
        {"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 1280)},
        "an SDXL LoRA",
        None,
    ),
    "lora of peft": ({PEFT.replace("lora_A", "lora_A.default"): (4, 2048)}, "an SDXL LoRA", None),
    "lora of old": ({PEFT.replace(".lora_A", "_lora.down"): (4, 768)}, "an SD1.5 LoRA", None),
    "lora sd3": (
        {"lora_unet_joint_blocks_0_x_block_attn_qkv.lora_down.weight": (4, 1536)},
        "an SD3 LoRA",
        None,
    ),
    "lora flux": (
        {"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (4, 3072)},
        "a Flux LoRA",
        None,
    ),
    "lora": ({"unet.conv_in.lora_A.weight": (4, 4)}, "a LoRA", None),
    "dora": ({KOHYA: (4, 768), "lora_unet_x.dora_scale": (1, 768)}, "an SD1.5 DoRA", None),
    "loha": ({"lora_unet_x.hada_w1_a": (4, 4)}, "a LoHa", None),
    "lokr": ({"lora_unet_x.lokr_w1": (4, 4)}, "a LoKr", None),
    "vae": (
        {"decoder.conv_in.weight": (512, 4, 3, 3), "decoder.up.0.block.0.norm1.bias": (1,)},
        "(VAE) for latents of 4",
        None,
    ),
    "vae 16": (
        {"decoder.conv_in.weight": (512, 16, 3, 3), "decoder.up_blocks.0.x": (1,)},
        "latents of 16",
        None,
    ),
    "taesd": (
        {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)},
        "a tiny decoder for latents of 4",
        None,
    ),
    "taesd encoder": ({"0.weight": (64, 3, 3, 3), "1.conv.0.weight": (64, 64, 3, 3)}, "a tiny encoder", None),
    "taesd3": (
        {"decoder.layers.0.weight": (64, 16, 3, 3), "decoder.layers.2.conv.0.weight": (64, 64, 3, 3)},
        "a tiny decoder for latents of 16",
        None,
    ),
    "unet": ({"down_blocks.0.resnets.0.conv1.weight": (4, 4)}, "the network of a model alone (UNet)", None),
    "bare unet": ({"input_blocks.0.0.weight": (320, 4, 3, 3)}, "the network of a model alone (UNet)", None),
    "controlnet": ({"control_model.time_embed.0.weight": (4, 4)}, "a ControlNet", None),
    "controlnet diffusers": (
        {"controlnet_cond_embedding.conv_in.weight": (4, 4), "down_blocks.0.x": (1,)},
        "a ControlNet",
        None,
    ),
    "ip-adapter": ({"image_proj.proj.weight": (4, 4)}, "an IP-Adapter", None),
    "clip": ({"text_model.encoder.layers.0.mlp.fc1.weight": (4, 4)}, "a CLIP text encoder alone", None),
    "t5": ({"encoder.block.0.layer.0.SelfAttention.q.weight": (4, 4)}, "a T5 text encoder alone", None),
    "inversion": ({"emb_params": (2, 768)}, "a textual inversion", None),
    "inversion xl": ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "a textual inversion", None),
    "anything": (
        {"layer.weight": (3, 3)},
        "of no kind that is known here (its first tensor is 'layer.weight')",
        None,
    ),
    "empty": ({}, "of no kind", None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_told_from_its_header(name: str, tmp_path: Path) -> None:
    shapes, words, variant = CASES[name]
    kind = recognise(read_header(write_header(tmp_path / "x.safetensors", shapes)))
    assert words in kind.title
    assert kind.variant == variant


def test_what_a_maker_wrote_tells_a_lora_where_its_tensors_do_not(tmp_path: Path) -> None:
    shapes: Shapes = {"unet.conv_in.lora_A.weight": (4, 4)}
    for key, value, base in (
        ("ss_base_model_version", "sdxl_base_v1-0", "SDXL"),
        ("modelspec.architecture", "stable-diffusion-v1/lora", "SD1.5"),
    ):
        path = write_header(tmp_path / "x.safetensors", shapes, **{key: value})
        assert recognise(read_header(path)).base == base


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lora sdxl", r"is an SDXL LoRA; give it with --lora"),
        ("taesd", r"is a tiny decoder .* give it with --decoder"),
        ("vae", r"is an autoencoder .* give it with --decoder"),
        ("flux", r"is a Flux model; wanted a whole SD1.5, SD2.x, SDXL or SD3 model"),
        ("inpainting", r"is an SD1.5 model for inpainting; wanted"),
        ("controlnet", r"is a ControlNet; wanted"),
    ],
)
def test_what_is_no_model_is_said_with_the_next_move(name: str, words: str, tmp_path: Path) -> None:
    path = write_header(tmp_path / "x.safetensors", CASES[name][0])
    with pytest.raises(CheckpointError, match=words):
        find_model(str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("tiny") / "sd")


@pytest.fixture(scope="module")
def sd1(folder: Path) -> Path:
    """A folder whose config says the width of SD1.5; it is only looked at."""
    copy = Path(shutil.copytree(folder, folder.parent / "sd1"))
    config = copy / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"cross_attention_dim": 768}))
    return copy


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lora sdxl", "is an SDXL LoRA, the model is SD1.5; take one made for SD1.5"),
        ("lora flux", "is a Flux LoRA, the model is SD1.5"),
        ("dora", "is an SD1.5 DoRA; wanted a LoRA for SD1.5"),
        ("loha", "is a LoHa; wanted a LoRA"),
        ("sdxl", "is an SDXL model; wanted a LoRA"),
    ],
)
def test_a_lora_for_another_model_is_said_to_be_one(name: str, words: str, sd1: Path, tmp_path: Path) -> None:
    path = write_header(tmp_path / "x.safetensors", CASES[name][0])
    with pytest.raises(CheckpointError, match=words):
        find_model(str(sd1), loras=[Lora(file=path)])


@pytest.mark.parametrize("scale", [4.1, -4.1, math.inf, math.nan])
def test_a_lora_is_not_scaled_without_bounds(scale: float, sd1: Path, tmp_path: Path) -> None:
    path = write_header(tmp_path / "x.safetensors", CASES["lora sd1"][0])
    with pytest.raises(CheckpointError, match="wanted -4 to 4"):
        find_model(str(sd1), loras=[Lora(file=path, scale=scale)])


# ---- where models lie ----


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """./checkpoints and the user's model folder."""
    here, user = tmp_path / "work" / "checkpoints", tmp_path / "models"
    here.mkdir(parents=True)
    user.mkdir()
    monkeypatch.chdir(here.parent)
    monkeypatch.setenv("SEMDRAW_MODELS", str(user))
    return here, user


def test_a_bare_name_is_looked_up_here_and_in_the_folder_of_the_user(places: tuple[Path, Path]) -> None:
    here, user = places
    write_header(user / "one.safetensors", {})
    assert find_path("one") == find_path("one.safetensors") == user / "one.safetensors"
    write_header(here / "one.safetensors", {})
    assert find_path("one").resolve() == here / "one.safetensors"
    with pytest.raises(
        CheckpointError, match=r"no model 'two'; looked in checkpoints and .*models; wanted a name"
    ):
        find_path("two")


@pytest.mark.parametrize("name", ["../one", "..", ".", "", "a/b/c", "/nowhere/one", "one/../one"])
def test_a_name_leads_out_of_no_folder(name: str, places: tuple[Path, Path]) -> None:
    write_header(places[1].parent / "one.safetensors", {})
    with pytest.raises(CheckpointError):
        find_model(name)


def test_what_lies_in_the_folders_is_listed_from_headers(places: tuple[Path, Path], folder: Path) -> None:
    here, user = places
    write_header(here / "big.safetensors", CASES["sdxl"][0] | {"model.diffusion_model.x": (40_000, 40_000)})
    write_header(user / "style.safetensors", CASES["lora sd1"][0])
    write_header(user / "flux.safetensors", CASES["flux"][0])
    (user / "old.ckpt").write_bytes(b"\x80\x04")
    (user / "broken.safetensors").write_bytes(b"\x80\x04")
    (user / "notes.txt").write_text("x")
    shutil.copytree(folder, user / "folder")
    found = {item.name: (item.kind, item.title) for item in lying_there()}
    assert found["big.safetensors"] == ("model", "an SDXL model")
    assert found["style.safetensors"] == ("lora", "an SD1.5 LoRA")
    assert found["flux.safetensors"] == ("refused", "a Flux model")
    assert found["folder"] == ("folder", "a StableDiffusionPipeline in diffusers layout")
    assert found["old.ckpt"][0] == found["broken.safetensors"][0] == "refused"
    assert "notes.txt" not in found
    assert {item.name: item.num_bytes for item in lying_there()}["big.safetensors"] > 3_200_000_000


def test_links_that_lead_nowhere_are_listed_or_passed_over_but_stop_nothing(
    places: tuple[Path, Path], folder: Path
) -> None:
    _, user = places
    shutil.copytree(folder, user / "folder")
    whole = {item.name: item.num_bytes for item in lying_there()}["folder"]
    (user / "folder" / "unet" / "gone.safetensors").symlink_to(user / "nowhere")
    (user / "gone.safetensors").symlink_to(user / "nowhere")
    found = {item.name: item for item in lying_there()}
    assert found["folder"].num_bytes == whole
    assert found["gone.safetensors"].kind == "refused"


# ---- hubs ----


def test_a_repository_is_fetched_without_pickles_and_surplus(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[list[str], list[str]]] = []

    def snapshot(_: str, *, allow_patterns: list[str], ignore_patterns: list[str]) -> str:
        asked.append((allow_patterns, ignore_patterns))
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    monkeypatch.chdir(tmp_path)
    assert find_model("owner/name").family == "sd"
    assert asked[0][0] == ["model_index.json"]
    kinds = {Path(pattern).suffix for allowed, _ in asked for pattern in allowed}
    assert kinds <= {".json", ".txt", ".model", ".safetensors"}
    assert "*.fp16*" in asked[1][1]
    assert len(asked) == 2


def test_a_repository_is_called_as_it_was_asked_for_not_as_its_cache_lies(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    snapshot = shutil.copytree(folder, tmp_path / "snapshots" / "0123456789abcdef")
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(snapshot))  # pyright: ignore[reportUnknownLambdaType]
    monkeypatch.chdir(tmp_path)
    card = find_model("owner/name")
    assert (card.name, card.recipe.model, card.folder) == ("owner/name", "owner/name", snapshot)
    shutil.copytree(folder, tmp_path / "owner" / "name")
    assert find_model("owner/name").name == "name", "a folder here goes before a repository"


def test_half_precision_is_fetched_where_there_is_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    half = Path(shutil.copytree(folder, tmp_path / "half"))
    (half / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    asked: list[list[str]] = []

    def snapshot(_: str, *, allow_patterns: list[str], ignore_patterns: list[str]) -> str:
        asked.append(allow_patterns)
        return str(half)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    hub.fetch("owner/name")
    assert asked[-1] == ["unet/*.fp16*"]


def test_a_repository_that_cannot_be_had_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match="owner/name is not in the local cache and cannot be fetched"):
        find_model("owner/name")
