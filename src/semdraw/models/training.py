"""How a network was trained, read from the scheduler's config in its folder."""

from __future__ import annotations

from typing import Any

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint
from semdraw.samplers import is_flow
from semdraw.schedule import Prediction, Training


def training_of(checkpoint: Checkpoint) -> Training:
    """What the samplers need to know; a CheckpointError where a model was trained in a way they do not serve."""
    config = checkpoint.configs["scheduler"]
    for key in ("use_dynamic_shifting", "trained_betas"):
        if config.get(key):
            raise CheckpointError(f"{checkpoint.path}: its scheduler says {key}, which is not served here")
    if is_flow(config):
        return Training(prediction=Prediction.flow, shift=float(config.get("shift", 1.0)))
    return _diffusion(checkpoint, config)


def _diffusion(checkpoint: Checkpoint, config: dict[str, Any]) -> Training:
    prediction = config.get("prediction_type", "epsilon")
    if prediction not in ("epsilon", "v_prediction"):
        raise CheckpointError(
            f"{checkpoint.path}: its network predicts {prediction!r}; wanted epsilon or v_prediction"
        )
    return Training(
        beta_start=config.get("beta_start", 0.00085),
        beta_end=config.get("beta_end", 0.012),
        beta_schedule=config.get("beta_schedule", "scaled_linear"),
        prediction=Prediction(prediction),
        set_alpha_to_one=bool(config.get("set_alpha_to_one", False)),
        steps_offset=int(config.get("steps_offset", 1)),
        is_zero_snr=bool(config.get("rescale_betas_zero_snr", False)),
    )
