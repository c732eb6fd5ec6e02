"""The API reference, from the docstrings: `scripts/docs` writes it to build/docs."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Final

import pdoc
import pdoc.render

import semdraw
import semdraw.compat

MODULES: Final = (
    "semdraw",
    "semdraw.commands",
    "semdraw.compat",
    "semdraw.compat.util",
    "semdraw.errors",
    "semdraw.files",
    "semdraw.freezing",
    "semdraw.geometry",
    "semdraw.exports",
    "semdraw.layered",
    "semdraw.metadata",
    "semdraw.openraster",
    "semdraw.photoshop",
    "semdraw.models.base",
    "semdraw.models.families",
    "semdraw.presets",
    "semdraw.protocol",
    "semdraw.schedule",
    "semdraw.rasters",
    "semdraw.reports",
    "semdraw.scene",
    "semdraw.selfcheck",
    "semdraw.wildcards",
    "semdraw.wording",
)


def build(folder: Path) -> list[str]:
    """Write the reference; what pdoc had to complain of."""
    for module in (semdraw, semdraw.compat):
        for name in module.__all__:  # pdoc looks at what is there; these are there once they are asked for
            setattr(module, name, getattr(module, name))
    pdoc.render.configure(
        docformat="markdown", show_source=False, footer_text=f"semdraw {semdraw.__version__}"
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pdoc.pdoc(*MODULES, output_directory=folder)
    return [str(each.message) for each in caught if "pdoc" in each.filename]


if __name__ == "__main__":
    sys.exit("\n".join(build(Path(sys.argv[1]))) or 0)
