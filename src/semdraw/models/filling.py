"""Building a part from a single file: an empty network, each of its parameters read from where the file keeps it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.headers import Header, read_header
from semdraw.models.layouts import Layout, Source

MERGES: Final = Path(__file__).parent / "configs" / "clip_merges.txt.gz"
CLIP_TOKENS: Final = 77


def build_part(checkpoint: Checkpoint, name: str, builder: Any, *, dtype: torch.dtype) -> Any:
    """The part with all its weights, on the CPU; a CheckpointError tells what the file lacks, or has too much."""
    config, layout, (file,) = (
        checkpoint.configs[name],
        checkpoint.layouts[name],
        checkpoint.weights[name].files,
    )
    module = empty(builder, config)
    header = read_header(file)
    if layout.names in {"tiny", "same"} and not header.has(f"{layout.prefix}encoder."):
        del module.encoder
    wanted = module.state_dict()
    sources = {key: layout.source(key, config) for key in wanted}
    _check(file, header, layout, wanted, sources)
    module.load_state_dict(_read(file, header, sources, _dtypes(builder, wanted, dtype)), assign=True)
    return module


def empty(builder: Any, config: dict[str, Any]) -> Any:
    """Without memory for its parameters."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        if hasattr(builder, "from_config"):
            return builder.from_config(config)
        return builder(builder.config_class(**config))


def _check(
    file: Path, header: Header, layout: Layout, wanted: dict[str, Tensor], sources: dict[str, Source]
) -> None:
    """Every parameter has its tensor, of the right shape, and the file has no others for this part."""
    known = {source.key for source in sources.values()}
    missing = sorted(key for key in known - header.tensors.keys() if not key.endswith(_IDENTITY))
    if missing:
        raise CheckpointError(f"{file} lacks {len(missing)} tensors of its network, {missing[0]!r} first")
    for key, source in sources.items():
        shape, found = tuple(wanted[key].shape), _shape(header, source)
        if source.key in header and shape != found:
            raise CheckpointError(
                f"{file}: {source.key!r} gives {key} the shape {list(found)}, wanted {list(shape)}; it is not of the "
                "sizes that such models have"
            )
    theirs = {key for key in header.tensors if key.startswith(layout.prefix)}
    if layout.is_whole and (strange := sorted(theirs - known)):
        raise CheckpointError(
            f"{file} has {len(strange)} tensors that such a network does not know, {strange[0]!r} first; it is of "
            "another kind, or changed in a way that is not served here"
        )


_IDENTITY: Final = (
    "text_projection.weight"  # CLIP-L is published without it for SD3, where it changes nothing
)


def _shape(header: Header, source: Source) -> tuple[int, ...]:
    shape = header.shape(source.key)
    if source.rows and shape:
        return (shape[0] // source.rows[1], *shape[1:])
    match source.change:
        case "transposed":
            return shape[::-1]
        case "flat":
            return shape[:2] if all(side == 1 for side in shape[2:]) else shape
        case _:
            return shape


def _dtypes(builder: Any, wanted: dict[str, Tensor], dtype: torch.dtype) -> dict[str, torch.dtype]:
    """What overflows in fp16 stays in fp32, as the class of the network says."""
    kept = getattr(builder, "_keep_in_fp32_modules", None) or ()
    kept = kept if dtype == torch.float16 else ()
    return {key: torch.float32 if set(key.split(".")) & set(kept) else dtype for key in wanted}


def _read(
    file: Path, header: Header, sources: dict[str, Source], dtypes: dict[str, torch.dtype]
) -> dict[str, Tensor]:
    from safetensors import safe_open

    read: dict[tuple[Source, torch.dtype], Tensor] = {}  # T5 uses one tensor in two places
    with safe_open(file, framework="pt") as opened:
        for key, source in sources.items():
            if (source, dtypes[key]) not in read:
                read[source, dtypes[key]] = _tensor(opened, header, source).to(dtypes[key]).contiguous()
    return {key: read[source, dtypes[key]] for key, source in sources.items()}


def _tensor(opened: Any, header: Header, source: Source) -> Tensor:
    if source.key not in header:
        beside = f"{source.key.removesuffix(_IDENTITY)}text_model.final_layer_norm.weight"
        return torch.eye(*header.shape(beside))
    if source.rows:
        index, count = source.rows
        rows = header.shape(source.key)[0] // count
        return opened.get_slice(source.key)[index * rows : (index + 1) * rows]
    tensor = opened.get_tensor(source.key)
    match source.change:
        case "transposed":
            return tensor.T
        case "flat":
            return tensor.flatten(1)
        case "swapped":
            return torch.cat(tensor.chunk(2)[::-1])
        case "none":
            return tensor


def clip_tokenizer(builder: Any, config: dict[str, Any]) -> Any:
    """CLIP's tokenizer from its table of merges; `config` tells by which token it pads."""
    from tokenizers.pre_tokenizers import ByteLevel

    merges = [
        (first, second)
        for first, second in (
            line.split() for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines()
        )
    ]
    letters = _in_order_of_bytes(set(ByteLevel.alphabet()))
    joined = ["".join(pair) for pair in merges]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *joined, "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    return builder(vocab=vocabulary, merges=merges, model_max_length=CLIP_TOKENS, **config)


def _in_order_of_bytes(alphabet: set[str]) -> list[str]:
    """The letters that stand for bytes: those that can be printed first, then those that stand in for the others."""
    printable = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    return [*printable, *sorted(alphabet - set(printable))]
