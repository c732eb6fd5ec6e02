"""All kinds of files that a scene and its picture go into, by the ending of their names; and scenes out of them."""

from __future__ import annotations

from typing import Final

from semdraw.errors import FileError
from semdraw.files import project_bytes, scene_from_project
from semdraw.metadata import is_picture, picture_file, scene_from_picture
from semdraw.openraster import is_openraster, openraster_bytes, scene_from_openraster
from semdraw.photoshop import psd_bytes
from semdraw.rasters import Picture
from semdraw.scene import Scene

MEDIA_TYPES: Final = {
    "png": "image/png",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "ora": "image/openraster",
    "psd": "image/vnd.adobe.photoshop",
    "semdraw": "application/vnd.semdraw+zip",
}


def exported(picture: Picture, scene: Scene, ending: str) -> bytes:
    """A file of the kind that `ending` (a key of MEDIA_TYPES) names, or a FileError."""
    match ending:
        case "png":
            return picture_file(picture, scene, "png")
        case "webp":
            return picture_file(picture, scene, "webp")
        case "jpg" | "jpeg":
            return picture_file(picture, scene, "jpeg")
        case "ora":
            return openraster_bytes(scene, picture)
        case "psd":
            return psd_bytes(scene, picture)
        case "semdraw":
            return project_bytes(scene, picture=picture)
        case _:
            raise FileError(
                f"no file ends on .{ending[:20]}; there are {', '.join('.' + each for each in MEDIA_TYPES)}"
            )


def scene_from_file(data: bytes) -> Scene:
    """The scene in a project file, an OpenRaster file or a picture that semdraw saved: its first bytes say which."""
    if is_picture(data):
        return scene_from_picture(data)
    if data[:4] == b"8BPS":
        raise FileError("a PSD cannot be opened; save it as OpenRaster (.ora) in your painting program")
    return scene_from_openraster(data) if is_openraster(data) else scene_from_project(data)
