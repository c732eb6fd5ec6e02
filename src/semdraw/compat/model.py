"""The published `model` module: its classes."""

from semdraw.compat.pipelines import StableMultiDiffusion3Pipeline as StableMultiDiffusion3Pipeline
from semdraw.compat.pipelines import StableMultiDiffusionKolorsPipeline as StableMultiDiffusionKolorsPipeline
from semdraw.compat.pipelines import StableMultiDiffusionPipeline as StableMultiDiffusionPipeline
from semdraw.compat.pipelines import StableMultiDiffusionSDXLPipeline as StableMultiDiffusionSDXLPipeline
from semdraw.compat.streams import StreamMultiDiffusion as StreamMultiDiffusion
from semdraw.compat.streams import StreamMultiDiffusion3 as StreamMultiDiffusion3
from semdraw.compat.streams import StreamMultiDiffusionSDXL as StreamMultiDiffusionSDXL
