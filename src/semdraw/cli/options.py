"""Options that several verbs share, and how words become values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any, Protocol

from semdraw.errors import SemdrawError
from semdraw.geometry import Extent


class Verbs(Protocol):
    """Where a verb adds its parser."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """--model, where and in which numbers it computes (`placed`), and what is put on it (`additions`)."""
    parser.add_argument(
        "--model",
        default=None,
        metavar="NAME|PATH",
        help="a model's name, a .safetensors file, a folder in diffusers layout, or a hub's owner/name "
        "(default: picturebook)",
    )
    parser.add_argument(
        "--device",
        type=device,
        default=None,
        metavar="DEVICE",
        help="cpu, cuda, cuda:1 or mps; 0 is the first card, -1 the CPU (default: the best there is)",
    )
    parser.add_argument(
        "--precision",
        choices=("fp16", "bf16", "fp32"),
        default=None,
        help="in which numbers the model computes (default: fp16 or bf16 on CUDA, else fp32)",
    )
    parser.add_argument(
        "--low-memory",
        action="store_true",
        help="for cards of 8 GB, slower: text encoders stay on the CPU, pictures are decoded in tiles",
    )
    parser.add_argument(
        "--lora",
        type=lora,
        action="append",
        default=[],
        metavar="FILE[:SCALE]",
        help="a LoRA to add to the model's weights, and how strongly (default: 1); repeatable",
    )
    parser.add_argument(
        "--decoder",
        default=None,
        metavar="PATH",
        help="a tiny decoder for quick previews, such as TAESD, or another autoencoder: a file or a folder",
    )
    parser.add_argument(
        "--parts",
        default=None,
        metavar="FOLDER",
        help="where text encoders and tokenizers lie that a single file lacks",
    )
    parser.add_argument(
        "--prediction",
        choices=("epsilon", "v_prediction"),
        default=None,
        help="what the network was trained to predict, where its file does not tell",
    )
    parser.add_argument(
        "--no-t5",
        action="store_true",
        help="leave T5 out of an SD3 model: 9 GB less to fetch and to hold, long prompts are followed less closely",
    )


def placed(options: argparse.Namespace) -> dict[str, Any]:
    """What `load_model` is told of device, precision and memory."""
    return {"device": options.device, "dtype": options.precision, "low_memory": options.low_memory}


def additions(options: argparse.Namespace) -> dict[str, Any]:
    """What `find_model` and `load_model` are told to put on a model."""
    told = {"decoder": options.decoder, "parts": options.parts, "prediction": options.prediction}
    told["without_t5"] = True if options.no_t5 else None
    return {"loras": options.lora, **{name: value for name, value in told.items() if value is not None}}


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}, got {text!r}")
        return int(text)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Reads a number within bounds."""

    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text) or not low <= float(text) <= high:
            raise argparse.ArgumentTypeError(f"expected a number from {low:g} to {high:g}, got {text!r}")
        return float(text)

    return read


def steps(text: str) -> tuple[int, ...]:
    """Reads "0,4,12,25,37"."""
    if not re.fullmatch(r"[0-9]{1,3}(,[0-9]{1,3}){0,99}", text):
        raise argparse.ArgumentTypeError(f"expected steps with commas between, as 0,4,12,25,37, got {text!r}")
    return tuple(int(part) for part in text.split(","))


def sampler(text: str) -> str:
    """Reads the name of a sampler."""
    from semdraw.samplers import FACTS

    if text not in FACTS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(FACTS)}, got {text!r}")
    return text


def device(text: str) -> str | None:
    """Reads a device's name, or the number of a CUDA card; a negative one is the CPU."""
    from semdraw.models.device import device_name

    return device_name(text)


def lora(text: str) -> Any:
    """Reads "file.safetensors:0.8"."""
    from semdraw.models.lora import Lora

    return _in_words(Lora.parse, text)


def extent(text: str) -> Extent:
    """Reads "256x256"."""
    return _in_words(Extent.parse, text)


def color(text: str) -> str:
    """Reads "#a1b2c3"."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise argparse.ArgumentTypeError(f"expected a colour such as #20304f, got {text!r}")
    return text.lower()


def _in_words(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except SemdrawError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
