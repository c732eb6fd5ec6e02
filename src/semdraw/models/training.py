"""How a network was trained, read from the scheduler's config in its folder."""

from __future__ import annotations

from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint
from semdraw.samplers import is_flow
from semdraw.schedule import TRAIN_STEPS, Prediction, Training

SERVED: Final = frozenset(
    f"{name}Scheduler"
    for name in (
        *("DDIM", "DDIMParallel", "DDPM", "DDPMParallel", "PNDM", "LMSDiscrete", "LCM", "TCD", "SASolver"),
        *("EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "DEISMultistep", "UniPCMultistep"),
        *(
            "KDPM2Discrete",
            "KDPM2AncestralDiscrete",
            "DPMSolverMultistep",
            "DPMSolverSinglestep",
            "DPMSolverSDE",
        ),
        *("FlowMatchEulerDiscrete", "FlowMatchHeunDiscrete", "FlowMatchLCM"),
    )
)
"""Schedulers of diffusers whose configs tell of training by the usual betas, or by flow matching."""


def training_of(checkpoint: Checkpoint) -> Training:
    """What the samplers need to know; a CheckpointError where a model was trained in a way they do not serve."""
    config = checkpoint.configs["scheduler"]
    _require_served(checkpoint, config)
    for key in ("use_dynamic_shifting", "trained_betas"):
        if config.get(key):
            raise CheckpointError(f"{checkpoint.path}: its scheduler says {key}, which is not served here")
    if is_flow(config):
        return Training(prediction=Prediction.flow, shift=float(config.get("shift", 1.0)))
    return _diffusion(checkpoint, config)


def _require_served(checkpoint: Checkpoint, config: dict[str, Any]) -> None:
    """Refuse noise levels and latents that are not those of the usual models: pictures would be wrong in silence."""
    kind, steps = config.get("_class_name"), config.get("num_train_timesteps", TRAIN_STEPS)
    if kind not in SERVED:
        raise CheckpointError(
            f"{checkpoint.path}: its scheduler is {kind}, whose noise levels are not served here (as those of EDM, "
            "CosXL and Playground 2.5); wanted a model trained with the usual betas or by flow matching"
        )
    if config.get("timestep_type", "discrete") != "discrete":
        raise CheckpointError(
            f"{checkpoint.path}: its scheduler says timestep_type {config['timestep_type']!r}; wanted discrete"
        )
    if steps != TRAIN_STEPS:
        raise CheckpointError(f"{checkpoint.path}: it was trained on {steps} timesteps; wanted {TRAIN_STEPS}")
    vae = checkpoint.configs.get("vae", {})
    if told := [key for key in ("latents_mean", "latents_std") if vae.get(key)]:
        raise CheckpointError(
            f"{checkpoint.path}: its autoencoder says {' and '.join(told)}, which are not served here; wanted one "
            "whose latents are scaled by one number"
        )


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
