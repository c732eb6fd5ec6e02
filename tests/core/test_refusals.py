"""What is refused, by content and before anything is built: pickles, code, ways out of a folder, malformed headers."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from semdraw.errors import CheckpointError
from semdraw.models.headers import MAX_HEADER_BYTES, MAX_TENSORS, read_header
from semdraw.models.registry import find_model, load_model
from tests.single import SingleFiles
from tests.tiny import write_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("tiny") / "sd")


@pytest.fixture
def folder(tmp_path: Path, checkpoint: Path) -> Path:
    """A copy of a checkpoint that a test may spoil."""
    return Path(shutil.copytree(checkpoint, tmp_path / "model"))


# ---- headers ----

ONE: dict[str, Any] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
TWO: dict[str, Any] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [16, 32]}


def written(header: Any, *, data: int = 16, length: int | None = None) -> bytes:
    """A file of a header, as json or as it stands, and so many zeros behind."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(data)


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "seven bytes": bytes(7),
    "no header": struct.pack("<Q", 0),
    "a length of one": written(b"{", length=1),
    "a length of 2^63": written({"a": ONE}, length=2**63),
    "a length just over the file": written({"a": ONE}, data=0, length=300),
    "more than the limit": written({"a": ONE}, length=MAX_HEADER_BYTES + 1) + bytes(64),
    "no json": written(b"x" * 40),
    "no utf-8": written(b'{"\xff": 1}'),
    "half a json": written(b'{"a": {"dtype": "F32"'),
    "a list": written([ONE]),
    "a number": written(7),
    "null": written(None),
    "deeply nested": written(b"[" * 20_000 + b"]" * 20_000),
    "a name twice": written(b'{"a": %b, "a": %b}' % (json.dumps(ONE).encode(), json.dumps(ONE).encode())),
    "a key twice": written(
        b'{"a": {"dtype": "F32", "dtype": "F16", "shape": [2, 2], "data_offsets": [0, 16]}}'
    ),
    "an entry that is text": written({"a": "F32"}),
    "an entry without shape": written({"a": {"dtype": "F32", "data_offsets": [0, 16]}}),
    "an entry with more": written({"a": {**ONE, "module": "os"}}),
    "an unknown type": written({"a": {**ONE, "dtype": "OBJECT"}}),
    "a type that is a list": written({"a": {**ONE, "dtype": ["F32"]}}),
    "the wrong type for its bytes": written({"a": {**ONE, "dtype": "F16"}}),
    "a negative side": written({"a": {**ONE, "shape": [-2, -2]}}),
    "a side that is true": written({"a": {**ONE, "shape": [True, 4]}}),
    "a side with a point": written({"a": {**ONE, "shape": [2.0, 2]}}),
    "a product that overflows 64 bits": written({"a": {**ONE, "shape": [2**33, 2**33]}}),
    "sides whose product wraps to nothing": written(
        {"a": {**ONE, "shape": [2**32, 2**32], "data_offsets": [0, 0]}}
    ),
    "a hundred sides": written({"a": {**ONE, "shape": [1] * 98 + [2, 2]}}),
    "a shape that is a number": written({"a": {**ONE, "shape": 4}}),
    "offsets that run backwards": written({"a": {**ONE, "data_offsets": [16, 0]}}),
    "three offsets": written({"a": {**ONE, "data_offsets": [0, 16, 16]}}),
    "offsets beyond the end": written({"a": {**ONE, "data_offsets": [16, 32]}}),
    "tensors that overlap": written({"a": ONE, "b": ONE}),
    "a gap between tensors": written({"a": ONE, "b": {**TWO, "data_offsets": [20, 36]}}, data=36),
    "a gap before the first": written({"a": {**ONE, "data_offsets": [4, 20]}}, data=20),
    "cut off": written({"a": ONE}, data=15),
    "a tail": written({"a": ONE}, data=17),
    "metadata that is a list": written({"__metadata__": [], "a": ONE}),
    "metadata that nests": written({"__metadata__": {"a": {"b": "c"}}, "a": ONE}),
    "too many tensors": written(
        {str(i): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(MAX_TENSORS + 1)},
        data=0,
    ),
}


@pytest.mark.parametrize("how", MALFORMED)
def test_a_malformed_header_is_refused(how: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(MALFORMED[how])
    with pytest.raises(CheckpointError, match="safetensors"):
        read_header(path)


def test_a_sound_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(written({"__metadata__": {"a": "b"}, "y": TWO, "x": ONE}, data=32))
    header = read_header(path)
    assert header.shape("x") == (2, 2)
    assert header.metadata == {"a": "b"}


def test_bytes_that_are_changed_at_random_never_raise_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a.weight": torch.zeros(2, 3), "b": torch.zeros(4)}, path)
    whole, generator = path.read_bytes(), torch.Generator().manual_seed(1)
    for _ in range(400):
        place, value = torch.randint(0, 200, (2,), generator=generator).tolist()
        path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
        try:
            read_header(path)
        except CheckpointError:
            continue


# ---- pickles ----


class Canary:
    """A pickle that would leave a trace if anybody opened it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def zipped(data: bytes) -> bytes:
    """As torch.save writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return buffer.getvalue()


PICKLED: dict[str, Callable[[Any], bytes]] = {
    **{f"protocol {level}": lambda canary, level=level: pickle.dumps(canary, level) for level in range(6)},
    "zip": lambda canary: zipped(pickle.dumps(canary)),
    "behind a header": lambda canary: written({"a": ONE}) + pickle.dumps(canary),
}
NAMES = ["model.safetensors", "model.ckpt", "model.pt", "model.bin", "weights", "model.safetensors.pkl"]


@pytest.mark.parametrize("how", PICKLED)
def test_a_pickle_is_never_opened_whatever_its_name(how: str, tmp_path: Path, folder: Path) -> None:
    trace = tmp_path / "ran"
    data = PICKLED[how](Canary(trace))
    for name in NAMES:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CheckpointError, match="safetensors"):
            load_model(str(tmp_path / name), device="cpu")
        with pytest.raises(CheckpointError):
            load_model(str(folder), device="cpu", decoder=str(tmp_path / name))
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match="safetensors"):
        load_model(str(folder), device="cpu")
    assert not trace.exists()


@pytest.mark.parametrize(
    "name", ["tokenizer.pkl", "vocab.bin", "special.pt", "vocab.json", "merges.txt", "spiece.model"]
)
def test_a_pickle_among_the_files_of_a_tokenizer_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    (folder / "tokenizer" / name).write_bytes(pickle.dumps(Canary(trace)))
    with pytest.raises(CheckpointError, match="tokenizer"):
        load_model(str(folder), device="cpu")
    assert not trace.exists()


# ---- code, and ways out ----


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


REFUSED_CONFIGS: dict[str, tuple[str, dict[str, Any], str]] = {
    "code for a network": ("unet/config.json", {"auto_map": {"AutoModel": "modeling.Evil"}}, "auto_map"),
    "code for a text encoder": (
        "text_encoder/config.json",
        {"auto_map": {"AutoModel": "m.Evil"}},
        "auto_map",
    ),
    "code for a tokenizer": (
        "tokenizer/tokenizer_config.json",
        {"auto_map": {"AutoTokenizer": ["t.T", None]}},
        "auto_map",
    ),
    "trust in code": ("text_encoder/config.json", {"trust_remote_code": True}, "trust_remote_code"),
    "a pipeline of its own": ("model_index.json", {"_class_name": ["pipeline", "Evil"]}, "wanted one name"),
    "a custom pipeline": ("model_index.json", {"custom_pipeline": "owner/evil"}, "custom_pipeline"),
    "an unknown class": ("model_index.json", {"unet": ["os", "system"]}, "not built here"),
    "a known name elsewhere": (
        "model_index.json",
        {"unet": ["evil", "UNet2DConditionModel"]},
        "not built here",
    ),
    "a list for a class": (
        "model_index.json",
        {"unet": ["diffusers", ["UNet2DConditionModel"]]},
        "not built here",
    ),
    "a part nobody knows": ("model_index.json", {"evil": ["evil", "Evil"]}, "does not belong"),
    "another tokenizer": (
        "tokenizer/tokenizer_config.json",
        {"tokenizer_class": "EvilTokenizer"},
        "EvilTokenizer",
    ),
    "a list for a tokenizer": (
        "tokenizer/tokenizer_config.json",
        {"tokenizer_class": ["a", "b"]},
        "tokenizer",
    ),
    "a file elsewhere": (
        "tokenizer/tokenizer_config.json",
        {"vocab_file": "/etc/passwd"},
        "in the same folder",
    ),
    "a file above": (
        "tokenizer/tokenizer_config.json",
        {"tokenizer_file": "../../x.json"},
        "in the same folder",
    ),
    "kernels from a hub": ("text_encoder/config.json", {"_attn_implementation": "owner/kernel"}, "attention"),
    "quantised weights": ("unet/config.json", {"quantization_config": {"quant_method": "gguf"}}, "quantised"),
}


@pytest.mark.parametrize("how", REFUSED_CONFIGS)
def test_a_config_that_asks_for_code_is_refused(how: str, folder: Path) -> None:
    name, changes, words = REFUSED_CONFIGS[how]
    edit(folder / name, **changes)
    with pytest.raises(CheckpointError, match=words):
        find_model(str(folder))


@pytest.mark.parametrize(
    "name", ["pipeline.py", "unet/modeling.py", "tokenizer/tokenization.py", "unet/adapter_config.json"]
)
def test_code_and_adapters_in_a_folder_are_refused(name: str, folder: Path, tmp_path: Path) -> None:
    (folder / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(CheckpointError, match=r"never run|another model"):
        find_model(str(folder))
    assert not (tmp_path / "ran").exists()


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.move(weights, tmp_path / "elsewhere.safetensors")
    weights.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(CheckpointError, match="leads out of the folder"):
        find_model(str(folder))


def test_the_links_of_a_hub_cache_are_followed(folder: Path, tmp_path: Path) -> None:
    cached = tmp_path / "models--owner--name"
    snapshot, blob = cached / "snapshots" / "1234", cached / "blobs" / "abcd"
    blob.parent.mkdir(parents=True)
    shutil.copytree(folder, snapshot)
    weights = snapshot / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.move(weights, blob)
    weights.symlink_to(blob)
    assert find_model(str(snapshot)).family == "sd"


def test_json_that_says_a_thing_twice_is_refused(folder: Path) -> None:
    path = folder / "unet" / "config.json"
    path.write_text(path.read_text().rstrip().removesuffix("}") + ', "in_channels": 9}')
    with pytest.raises(CheckpointError, match="twice"):
        find_model(str(folder))


# ---- what fails leaves the rest as it was ----


def test_a_load_that_fails_leaves_a_running_model_as_it_was(
    checkpoint: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = SingleFiles(tmp_path / "files")
    files.use(monkeypatch)
    single = files.write(checkpoint, "sd")
    (tmp_path / "broken.safetensors").write_bytes(single.read_bytes()[:-4])
    running: Any = load_model(str(checkpoint), device="cpu")
    state = {name: value.clone() for name, value in running.parts["unet"].state_dict().items()}
    (folder / "vae" / "config.json").write_text("{}")
    attempts: list[dict[str, Any]] = [
        {"what": str(folder)},
        {"what": str(tmp_path / "broken.safetensors")},
        {"what": str(single), "parts": str(single)},
        {"what": str(checkpoint), "decoder": str(single)},
        {"what": str(checkpoint), "prediction": "sample"},
    ]
    for attempt in attempts:
        with pytest.raises(CheckpointError):
            load_model(**attempt, device="cpu")
    assert all(torch.equal(value, state[name]) for name, value in running.parts["unet"].state_dict().items())
