"""A diffusion network seen as one of flow matching, by equal signal-to-noise: it stands in for the third family.

Flow matching mixes x = (1 - s) clean + s noise. Scaled to unit variance that is a level of the diffusion which the
network was trained for, and what it predicts there says the flow, noise - clean. So samplers, mask levels and
published rules of flow matching can be measured on weights that are at hand; how weights trained by flow matching
would do, it does not say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from msgspec.structs import replace as with_fields
from torch import Tensor

from semdraw.denoise import split
from semdraw.models.base import DiffusionModel, ModelSpec, Rows
from semdraw.schedule import Prediction, Training

SHIFT = 3.0  # of SD3


class FlowTwin:
    """Passes all but the network's own call on to the model it stands before."""

    def __init__(self, model: DiffusionModel) -> None:
        self._model = model
        training = model.spec.training
        self._prediction = training.prediction
        signal = training.signal().clamp(max=1 - 1e-9)
        self._levels = (
            (signal / (1 - signal)).log().float().to(model.device)
        )  # log signal-to-noise by timestep
        recipe = with_fields(model.spec.recipe, sampler="flow_lcm")
        flow = Training(prediction=Prediction.flow, shift=SHIFT)
        self.spec: ModelSpec = replace(model.spec, training=flow, recipe=recipe)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def predict(self, rows: Rows) -> Tensor:
        """noise - clean, from the network's own prediction at the timestep of nearest signal-to-noise."""
        sigma = (rows.timestep.float() / 1000).clamp(max=1 - 1e-6).view(-1, 1, 1, 1)
        spread = torch.hypot(1 - sigma, sigma)
        latents = rows.latents / spread
        seen = replace(rows, latents=latents, timestep=self._timestep(sigma.flatten()))
        clean, noise = split(
            latents,
            self._model.predict(seen),
            alpha=(1 - sigma) / spread,
            sigma=sigma / spread,
            prediction=self._prediction,
        )
        return noise - clean

    def _timestep(self, sigma: Tensor) -> Tensor:
        """(b) whole timesteps of diffusion for levels (b) of flow."""
        wanted = 2 * ((1 - sigma) / sigma).log()
        return (self._levels[None] - wanted[:, None]).abs().argmin(dim=1)
