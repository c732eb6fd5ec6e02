"""What a saved picture tells of itself: PNG text from which the whole scene can be read back.

`semdraw` holds the project file (base64); `parameters` says the same in the words that other tools read.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from semdraw.disk import MAX_FILE_BYTES
from semdraw.errors import FileError
from semdraw.files import checked_size, project_bytes, scene_from_project
from semdraw.rasters import Picture
from semdraw.samplers import FACTS
from semdraw.scene import PromptBackground, Scene
from semdraw.version import __version__

KEYWORD: Final = "semdraw"


def png_with_scene(picture: Picture, scene: Scene) -> bytes:
    """PNG of a picture that carries its scene."""
    text = PngInfo()
    text.add_itxt("parameters", parameters(scene))
    text.add_itxt(KEYWORD, base64.b64encode(project_bytes(scene, picture=picture)).decode("ascii"))
    out = io.BytesIO()
    Image.fromarray(picture.array).save(out, "PNG", pnginfo=text, compress_level=6)
    return checked_size(out.getvalue())


def scene_from_png(data: bytes) -> Scene:
    """The scene that a picture carries, or a FileError where it carries none."""
    if len(data) > MAX_FILE_BYTES:
        raise FileError(
            f"a picture with a scene may have {MAX_FILE_BYTES // 2**20} MiB, got {len(data) / 2**20:.0f}"
        )
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            packed = image.info.get(KEYWORD)
        if not isinstance(packed, str):
            raise FileError("this PNG carries no scene; only pictures saved by semdraw do")
        return scene_from_project(base64.b64decode(packed, validate=True))
    except (OSError, SyntaxError, binascii.Error, ValueError, Image.DecompressionBombError) as error:
        raise FileError(f"no scene can be read from this picture: {error}") from None


def scene_from_file(data: bytes) -> Scene:
    """The scene in a project file, or in a picture that semdraw saved, whichever the first bytes say it is."""
    return scene_from_png(data) if data.startswith(b"\x89PNG") else scene_from_project(data)


def parameters(scene: Scene) -> str:
    """The text that web interfaces for diffusion models write and read: prompts, negative prompts where there are any,
    and settings, a line each.
    """
    recipe, behind = scene.recipe, scene.canvas.background
    told = [*scene.brushes, *([behind] if isinstance(behind, PromptBackground) else [])]
    negatives = ", ".join(each.negative for each in told if each.negative)
    settings = {
        "Steps": recipe.step_count,
        "Sampler": FACTS[recipe.sampler].label,
        "CFG scale": f"{recipe.guidance_scale:g}",
        "Seed": scene.seed,
        "Size": scene.canvas.extent,
        "Model hash": recipe.weights_hash[:10],
        "Model": recipe.model,
        "Version": f"semdraw {__version__}",
    }
    line = ", ".join(f"{key}: {value}" for key, value in settings.items() if str(value))
    prompts = ", ".join(each.prompt for each in told if each.prompt)
    return "\n".join([prompts, *([f"Negative prompt: {negatives}"] if negatives else []), line])
