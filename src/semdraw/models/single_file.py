"""A whole model in one .safetensors file, in the layout of its original code: what it is, and which configs it takes.

Such a file says nothing of the sizes of its networks; configs of ours do. Only the header is looked at here;
all bytes are read once, for the hash.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.families import Pair, families
from semdraw.models.guard import check_folder
from semdraw.models.headers import Header, read_header
from semdraw.models.kinds import Kind, recognise
from semdraw.models.layouts import Layout
from semdraw.models.weights import Weights, find_weights, fingerprint, read_json

CONFIGS: Final = Path(__file__).parent / "configs"
TEXT_FILES: Final = {  # how the text encoders of SD3 are named where they come by themselves
    "text_encoder": ("clip_l.safetensors",),
    "text_encoder_2": ("clip_g.safetensors",),
    "text_encoder_3": ("t5xxl_fp16.safetensors", "t5xxl.safetensors", "t5xxl_fp8_e4m3fn.safetensors"),
}
_MOVES: Final = {
    "lora": "give it with --lora FILE beside the model that it changes",
    "tiny decoder": "give it with --decoder FILE beside a model",
    "autoencoder": "give it with --decoder FILE beside a model",
}
_WANTED: Final = "wanted a whole SD1.5, SD2.x, SDXL or SD3 model for drawing from text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A part of a model and where it lies: in a file with a layout, or in a folder of its own.

    Both None: it is made from what comes with the package.
    """

    build: Pair
    config: dict[str, Any]
    file: Path | None = None
    layout: Layout | None = None
    folder: Path | None = None


def inspect_file(
    path: Path, *, parts: Path | None = None, prediction: str | None = None, without_t5: bool = False
) -> Checkpoint:
    """Recognise a single file, or say what it is instead (CheckpointError).

    prediction: "epsilon" or "v_prediction", where the file does not tell. parts: a folder from which parts come that
    the file lacks: in diffusers layout, or text encoders as single files.
    without_t5: T5 is left out even if it is there.
    """
    header = read_header(path)
    kind = recognise(header)
    if kind.variant is None:
        raise CheckpointError(f"{path} is {kind.title}; {_MOVES.get(kind.kind, _WANTED)}")
    if parts:
        check_folder(parts)
    plan = json.loads((CONFIGS / f"{kind.variant}.json").read_text(encoding="utf-8"))
    found = _find_parts(path, header, plan, parts, without_t5=without_t5)
    family = next(family for family in families() if family.name == plan["family"])
    weights = {name: _weights(part) for name, part in found.items() if "Tokenizer" not in part.build[1]}
    scheduler, configs = _trained(plan["scheduler"], header, kind, path), _configs(found)
    if prediction:
        scheduler = {**scheduler, "prediction_type": prediction, "_told_by": "you"}
    if scheduler.get("prediction_type") == "epsilon" and kind.variant == "sd2":
        configs["unet"] = {**configs["unet"], "sample_size": 64}  # the half of SD2 that was trained on 512 px
    return Checkpoint(
        path=path,
        title=plan["name"],
        family=family,
        classes={name: part.build for name, part in found.items()},
        configs={**configs, "scheduler": scheduler, "pipeline": plan.get("pipeline", {})},
        weights=weights,
        weights_hash=fingerprint(sorted({file for part in weights.values() for file in part.files})),
        places={name: part.folder for name, part in found.items() if part.folder},
        layouts={name: part.layout for name, part in found.items() if part.layout},
    )


def _configs(found: dict[str, Found]) -> dict[str, dict[str, Any]]:
    return {name: part.config for name, part in found.items()}


def _weights(part: Found) -> Weights:
    if part.file:
        return Weights(files=(part.file,), variant=None)
    assert part.folder, "a network comes from a file or a folder"
    return find_weights(part.folder)


# ---- where each part lies ----


def _find_parts(
    path: Path, header: Header, plan: dict[str, Any], parts: Path | None, *, without_t5: bool
) -> dict[str, Found]:
    found = {name: _find_part(path, header, name, told, parts) for name, told in plan["parts"].items()}
    extra = {name for name in found if name.endswith("_3")}
    leave_out = extra if without_t5 or any(found[name] is None for name in extra) else set[str]()
    missing = [name for name, part in found.items() if part is None and name not in leave_out]
    if missing:
        raise CheckpointError(
            f"{path} lacks {', '.join(missing)}; give a folder that has them with --parts FOLDER: one of the same "
            f"family in diffusers layout, or one with {' and '.join(_file_of(name) for name in missing)}"
        )
    return {name: part for name, part in found.items() if part and name not in leave_out}


def _file_of(name: str) -> str:
    return TEXT_FILES.get(name, (f"{name}/",))[0]


def _find_part(
    path: Path, header: Header, name: str, told: dict[str, Any], parts: Path | None
) -> Found | None:
    build, config = (told["build"][0], told["build"][1]), config_of(told["config"])
    layout = told.get("layout")
    if layout and header.has(told["prefix"]):
        is_whole = name in {"unet", "transformer", "vae"}
        return Found(
            build=build,
            config=config,
            file=path,
            layout=Layout(names=layout, prefix=told["prefix"], is_whole=is_whole),
        )
    if parts and (parts / name).is_dir():
        own = config if "Tokenizer" in build[1] else read_json(parts / name / "config.json")
        return Found(build=build, config=own, folder=parts / name)
    files = [parts / file for file in TEXT_FILES.get(name, ())] if parts else []
    if file := next((file for file in files if file.is_file()), None):
        read_header(file)
        return Found(build=build, config=config, file=file, layout=Layout(names=told["alone"]))
    return Found(build=build, config=config) if build[1] == "CLIPTokenizer" else None


def config_of(told: str | dict[str, Any]) -> dict[str, Any]:
    """A config, or the name of one that several models share."""
    if isinstance(told, dict):
        return told
    return json.loads((CONFIGS / "parts" / f"{told}.json").read_text(encoding="utf-8"))


# ---- how it was trained ----


def _trained(scheduler: dict[str, Any], header: Header, kind: Kind, path: Path) -> dict[str, Any]:
    """The usual scheduler of such models, changed as the file says; `_told_by` names what said so."""
    if "FlowMatch" in scheduler["_class_name"]:
        return scheduler
    prediction, told_by = _prediction(scheduler["prediction_type"], header, kind, path)
    has_zero_snr = "ztsnr" in header or header.metadata.get("ss_zero_terminal_snr") == "True"
    return {
        **scheduler,
        "prediction_type": prediction,
        "rescale_betas_zero_snr": has_zero_snr,
        "_told_by": told_by,
    }


def _prediction(usual: str, header: Header, kind: Kind, path: Path) -> tuple[str, str]:
    told = header.metadata.get("modelspec.prediction_type", "").lower()
    if told in {"v", "v_prediction", "v-prediction"} or "v_pred" in header:
        return "v_prediction", "the file"
    if told in {"epsilon", "eps"}:
        return "epsilon", "the file"
    if kind.variant != "sd2":
        return usual, f"nothing, so as usual for {kind.base}"
    spec = f"{header.metadata.get('modelspec.architecture', '')} {header.metadata.get('modelspec.resolution', '')}"
    for text, told_by in ((spec, "the file"), (path.stem, "its name")):
        if re.search(r"768", text):
            return "v_prediction", told_by
        if re.search(r"512|base", text):
            return "epsilon", told_by
    return usual, "nothing, so as SD2.1 of 768 px; --prediction epsilon if pictures are noise"
