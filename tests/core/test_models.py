"""Loading: what is recognised, what is refused and in which words; nothing in a model folder is ever run."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from semdraw.errors import CheckpointError
from semdraw.hints import unknown_words
from semdraw.models.lora import Lora
from semdraw.models.registry import find_model, load_model
from semdraw.models.weights import fingerprint
from semdraw.still import generate
from tests.scenes import two_regions
from tests.tiny import Autoencoder, write_checkpoint


@pytest.fixture(scope="module", params=["kl", "tiny"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    autoencoder: Autoencoder = request.param
    return write_checkpoint(tmp_path_factory.mktemp("tiny") / autoencoder, autoencoder=autoencoder)


@pytest.fixture
def folder(tmp_path: Path, checkpoint: Path) -> Path:
    """A copy of a checkpoint that a test may spoil."""
    import shutil

    return Path(shutil.copytree(checkpoint, tmp_path / "model"))


def edit_index(folder: Path, **parts: Any) -> None:
    path = folder / "model_index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


def test_a_folder_in_diffusers_layout_is_loaded_and_draws(checkpoint: Path) -> None:
    model = load_model(str(checkpoint), device="cpu")
    assert model.spec.extent_multiple == 16
    picture = generate(model, two_regions())
    assert picture.array.std() > 0


def test_encoding_and_decoding_keep_the_shape(checkpoint: Path) -> None:
    model = load_model(str(checkpoint), device="cpu")
    latents = model.encode_image(torch.zeros(3, 64, 96))
    assert latents.shape == (4, 8, 12)
    assert model.decode(latents).shape == (3, 64, 96)


def test_a_prompt_is_encoded_once(checkpoint: Path) -> None:
    model = load_model(str(checkpoint), device="cpu")
    assert model.encode_prompt("castle") is model.encode_prompt("castle")
    assert not torch.equal(model.encode_prompt("castle").embeds, model.encode_prompt("moon").embeds)


def test_the_same_scene_gives_the_same_bytes_in_a_new_process(checkpoint: Path) -> None:
    script = (
        "import hashlib, torch; torch.set_num_threads(1)\n"
        "from semdraw.models.registry import load_model\n"
        "from semdraw.still import generate\n"
        "from tests.scenes import two_regions\n"
        f"model = load_model({str(checkpoint)!r}, device='cpu')\n"
        "print(hashlib.sha256(generate(model, two_regions()).data).hexdigest())\n"
    )
    hashes = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"unet": ["my_module", "Evil"]}, "is not built here"),
        ({"unet": ["diffusers", ["UNet2DConditionModel"]]}, "is not built here"),
        ({"text_encoder": ["os", "system"]}, "is not built here"),
        ({"vae": None}, "has no 'vae'"),
        ({"transformer": ["diffusers", "SD3Transformer2DModel"]}, "does not belong"),
    ],
)
def test_only_known_classes_are_built(folder: Path, parts: dict[str, Any], words: str) -> None:
    edit_index(folder, **parts)
    with pytest.raises(CheckpointError, match=words):
        load_model(str(folder), device="cpu")


class Canary:
    """A pickle that would leave a trace if anybody opened it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize(
    "name",
    ["diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin", "model.pt", "model.ckpt"],
)
def test_a_pickle_is_never_opened_whatever_its_name(folder: Path, tmp_path: Path, name: str) -> None:
    trace = tmp_path / "ran"
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    (folder / "unet" / name).write_bytes(pickle.dumps(Canary(trace)))
    with pytest.raises(CheckpointError, match="safetensors"):
        load_model(str(folder), device="cpu")
    assert not trace.exists()


def spoiled(data: bytes, how: str) -> bytes:
    (length,) = struct.unpack("<Q", data[:8])
    return {
        "empty": b"",
        "short": data[:5],
        "cut off": data[:-10],
        "with a tail": data + b"tail",
        "huge header": struct.pack("<Q", 2**40) + data[8:],
        "no json": data[:8] + b"x" * length + data[8 + length :],
        "a list": struct.pack("<Q", 2) + b"[]",
    }[how]


@pytest.mark.parametrize(
    "how", ["empty", "short", "cut off", "with a tail", "huge header", "no json", "a list"]
)
def test_malformed_weights_are_refused_by_their_header(folder: Path, how: str) -> None:
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(spoiled(path.read_bytes(), how))
    with pytest.raises(CheckpointError, match="safetensors"):
        load_model(str(folder), device="cpu")


@pytest.mark.parametrize("name", ["no-such-model", "../..", "", "/dev/null"])
def test_what_is_no_model_is_said_with_what_is_wanted(name: str) -> None:
    with pytest.raises(CheckpointError, match=r"wanted|missing"):
        find_model(name)


def test_a_fingerprint_tells_files_apart_that_differ_in_the_middle_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(4 * 2**20))
    before = fingerprint([path])
    with path.open("r+b") as file:
        file.seek(2 * 2**20)
        file.write(b"x")
    os.utime(path, ns=(0, 0))
    assert fingerprint([path]) != before


def test_a_device_that_is_not_there_is_named(checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="'tpu' is not known"):
        load_model(str(checkpoint), device="tpu")


# ---- what published folders look like ----


def split_in_two(file: Path, mark: str = "") -> Path:
    """The same tensors in two files and an index, as large parts are published."""
    tensors = list(load_file(file).items())
    stem, places = file.name.removesuffix(".safetensors"), dict[str, str]()
    for number, part in enumerate((tensors[::2], tensors[1::2]), start=1):
        name = f"{stem}{mark}-0000{number}-of-00002.safetensors"
        save_file(dict(part), file.parent / name, metadata={"format": "pt"})
        places |= {key: name for key, _ in part}
    index = file.with_name(f"{stem}.safetensors.index{mark}.json")
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    file.unlink()
    return index


def weight_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.safetensors"))


def same_picture(folder: Path, other: Path) -> bool:
    pictures = [generate(load_model(str(each), device="cpu"), two_regions()) for each in (folder, other)]
    return pictures[0] == pictures[1]


def test_parts_in_several_files_are_loaded_as_if_they_were_one(folder: Path, checkpoint: Path) -> None:
    for file in weight_files(folder):
        split_in_two(file)
    assert same_picture(folder, checkpoint)
    assert find_model(str(folder)).facts["weights_bytes"] > 100_000


@pytest.mark.parametrize("is_split", [False, True])
def test_half_precision_files_are_taken_where_there_are_no_others(
    folder: Path, checkpoint: Path, is_split: bool
) -> None:
    for file in weight_files(folder):
        if is_split:
            split_in_two(file, ".fp16")
        else:
            file.rename(file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")))
    assert same_picture(folder, checkpoint)


def test_full_precision_is_taken_where_both_are_there(folder: Path, checkpoint: Path) -> None:
    for file in weight_files(folder):
        file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")).write_bytes(b"not looked at")
    assert same_picture(folder, checkpoint)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "no weight_map"),
        ({"weight_map": {"a": "../../secret.safetensors"}}, "in the same folder"),
        ({"weight_map": {"a": "model.bin"}}, "in the same folder"),
        ({"weight_map": {"a": "nowhere.safetensors"}}, "is missing"),
        ({"weight_map": {"a": "model-00001-of-00002.safetensors"}}, "lacks 1 tensors, 'a'"),
    ],
)
def test_an_index_may_name_only_what_lies_beside_it(folder: Path, change: dict[str, Any], words: str) -> None:
    index = split_in_two(folder / "text_encoder" / "model.safetensors")
    index.write_text(json.dumps(change))
    with pytest.raises(CheckpointError, match=words):
        find_model(str(folder))


def test_weights_that_lack_a_tensor_are_refused_and_not_drawn_at_random(folder: Path) -> None:
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    del tensors["conv_in.weight"]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"lacks weights of UNet2DConditionModel: conv_in\.weight"):
        load_model(str(folder), device="cpu")


def edit_config(folder: Path, part: str, **changes: Any) -> None:
    name = "scheduler_config.json" if part == "scheduler" else "config.json"
    path = folder / part / name
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        ("unet", {"in_channels": 9}, "made for inpainting"),
        ("unet", {"time_cond_proj_dim": 256}, "told a guidance scale"),
        ("unet", {"sample_size": None}, "its configs are not those of a sd model"),
        ("unet", {"block_out_channels": 7}, "its configs are not those of a sd model"),
        ("unet", {"cross_attention_dim": 48}, "cannot be loaded as UNet2DConditionModel"),
        ("scheduler", {"prediction_type": "sample"}, "predicts 'sample'; wanted epsilon"),
        ("scheduler", {"trained_betas": [0.1, 0.2]}, "trained_betas, which is not served"),
        ("scheduler", {"_class_name": "EDMEulerScheduler"}, "EDMEulerScheduler, whose noise levels are not"),
        ("scheduler", {"_class_name": "CosineDPMSolverMultistepScheduler"}, "noise levels are not served"),
        ("scheduler", {"num_train_timesteps": 100}, "trained on 100 timesteps; wanted 1000"),
        (
            "scheduler",
            {"_class_name": "EulerDiscreteScheduler", "timestep_type": "continuous"},
            "'continuous'; wanted discrete",
        ),
        ("vae", {"latents_mean": [0.1] * 4, "latents_std": [2.0] * 4}, "latents_mean and latents_std, which"),
        (
            "scheduler",
            {"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": True},
            "use_dynamic_shifting, which is not served",
        ),
    ],
)
def test_what_a_model_wants_and_does_not_get_here_is_said(
    folder: Path, part: str, changes: dict[str, Any], words: str
) -> None:
    edit_config(folder, part, **changes)
    with pytest.raises(CheckpointError, match=words):
        load_model(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("scheduler", "wanted"),
    [
        ({"_class_name": "LCMScheduler"}, ("lcm", 4)),
        ({"_class_name": "TCDScheduler"}, ("tcd", 4)),
        ({"_class_name": "PNDMScheduler"}, ("ddim", 20)),
        ({"_class_name": "DDIMScheduler", "timestep_spacing": "trailing"}, ("ddim_trailing", 20)),
        ({"_class_name": "DDIMScheduler", "timestep_spacing": "leading"}, ("ddim", 20)),
        ({"_class_name": "EulerDiscreteScheduler"}, ("euler_trailing", 20)),
        ({"_class_name": "FlowMatchEulerDiscreteScheduler"}, ("flow", 28)),
        ({"_class_name": "FlowMatchEulerDiscreteScheduler", "stochastic_sampling": True}, ("flow_lcm", 4)),
        ({"_class_name": "FlowMatchLCMScheduler"}, ("flow_lcm", 4)),
    ],
)
def test_a_model_is_run_as_its_folder_says(
    folder: Path, scheduler: dict[str, Any], wanted: tuple[str, int]
) -> None:
    edit_config(folder, "scheduler", **scheduler)
    card = find_model(str(folder))
    assert (card.recipe.sampler, card.recipe.num_steps) == wanted
    assert card.recipe.sampler in card.samplers


def test_sd3_is_loaded_without_t5_where_its_folder_lacks_it(tmp_path: Path) -> None:
    import shutil

    folder = write_checkpoint(tmp_path / "sd3", family="sd3-t5")
    assert "text_encoder_3" in find_model(str(folder)).facts
    shutil.rmtree(folder / "text_encoder_3")
    assert "text_encoder_3" not in find_model(str(folder)).facts
    embeds = load_model(str(folder), device="cpu").encode_prompt("castle").embeds
    assert not embeds[:, 16:].any()


def test_t5_is_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "sd3", family="sd3-t5")
    whole, less = find_model(folder), find_model(folder, without_t5=True)
    assert "text_encoder_3" not in less.facts
    assert less.facts["weights_bytes"] < whole.facts["weights_bytes"]
    assert less.recipe.weights_hash != whole.recipe.weights_hash
    model: Any = load_model(folder, device="cpu", without_t5=True)
    assert "text_encoder_3" not in model.parts
    assert "tokenizer_3" not in model.parts


def test_t5_is_not_fetched_where_it_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, asked = write_checkpoint(tmp_path / "sd3", family="sd3-t5"), list[str]()

    def snapshot(_: str, *, allow_patterns: list[str], ignore_patterns: list[str]) -> str:
        asked.extend(allow_patterns)
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    find_model("owner/name", without_t5=True)
    assert "text_encoder_2/*.safetensors" in asked
    assert not [pattern for pattern in asked if pattern.startswith(("text_encoder_3/", "tokenizer_3/"))]


def test_another_package_can_bring_a_family(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(install_plugin(tmp_path / "site")))
    monkeypatch.delitem(sys.modules, "painterly", raising=False)
    edit_index(folder, unet=["painterly", "Painter"], text_encoder=None, tokenizer=None)
    assert find_model(str(folder)).family == "painterly"
    model = load_model(str(folder), device="cpu")
    scene = two_regions()
    picture = generate(model, scene)
    assert model.spec.family == "painterly"
    with pytest.raises(CheckpointError, match="painterly take no LoRA"):
        load_model(str(folder), device="cpu", loras=[Lora(file=Path("style.safetensors"))])
    assert picture.array[:, :20].mean() < picture.array[:, 44:].mean()  # "castle" is darker than "full moon"


def test_a_plugin_that_cannot_be_imported_keeps_nothing_from_starting(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site = install_plugin(tmp_path / "site")
    (site / "painterly.py").write_text("raise RuntimeError('broken')")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "painterly", raising=False)
    assert find_model(str(checkpoint)).family == "sd"
    assert "painterly could not be imported" in caplog.text


def install_plugin(site: Path) -> Path:
    """What `pip install` of the example family leaves behind."""
    from tests import painterly

    told = site / "painterly-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: painterly\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text("[semdraw.families]\npainterly = painterly:FAMILY\n")
    (site / "painterly.py").write_text(Path(painterly.__file__).read_text())
    return site


def test_unknown_words_are_told_only_by_models_of_few_words() -> None:
    assert unknown_words("a red castle!", frozenset({"a", "castle"})) == ("red",)
    assert unknown_words("anything", frozenset()) == ()
