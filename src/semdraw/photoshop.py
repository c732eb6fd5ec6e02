"""PSD out: the picture, with every region as a layer. Photoshop, Krita, GIMP and Affinity open it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from PIL import Image

from semdraw.files import checked_size
from semdraw.layered import REGIONS, PaintLayer, ground_layers, region_layers
from semdraw.rasters import Picture
from semdraw.scene import Scene

if TYPE_CHECKING:
    from psd_tools import PSDImage
    from psd_tools.api.layers import PixelLayer

_LONGEST_NAME: Final = 255


def psd_bytes(scene: Scene, picture: Picture) -> bytes:
    """A PSD of 8-bit RGB whose merged image is the picture; see `layered` for its layers."""
    from psd_tools import PSDImage

    document = PSDImage.frompil(Image.fromarray(picture.array))
    for layer in ground_layers(scene, picture):
        _add(document, layer)
    regions = [_add(document, layer) for layer in region_layers(scene)]
    if regions:
        document.create_group(regions, name=REGIONS).visible = False
    out = io.BytesIO()
    document.save(out)
    return checked_size(out.getvalue())


def _add(document: PSDImage, layer: PaintLayer) -> PixelLayer:
    """On top of what is there. The name is set afterwards: only so may it have letters beyond those of old Macs."""
    made = document.create_pixel_layer(
        layer.image, top=layer.y, left=layer.x, opacity=round(255 * layer.opacity)
    )
    made.name = layer.name[:_LONGEST_NAME]
    made.visible = layer.is_visible
    return made
