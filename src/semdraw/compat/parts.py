"""What pipelines and streams have in common: the model, and the published helpers around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from semdraw.compat.arguments import unused
from semdraw.compat.util import to_pil
from semdraw.errors import UsageError
from semdraw.methods import method_of
from semdraw.models.base import Conditioning, DiffusionModel
from semdraw.scene import Recipe

Captioner = Callable[[Image.Image], str]

NO_CAPTIONER = "no captioner is loaded by itself; hand one in: captioner=a function of a picture"


class Parts:
    """A model with its recipe. `recipe` is what a call begins with; pictures are (b 3 H W) in [0, 1] here.

    captioner: called for the prompt of a background picture that came without one; None leaves it empty.
    """

    model: DiffusionModel
    recipe: Recipe
    device: torch.device
    dtype: torch.dtype
    captioner: Captioner | None = None

    def get_text_prompts(self, image: Image.Image) -> str:
        """A prompt for a picture, by the captioner that was handed in."""
        if self.captioner is None:
            raise UsageError(f"a prompt cannot be read off a picture: {NO_CAPTIONER}")
        return self.captioner(image)

    def get_text_embeds(self, prompt: Any, negative_prompt: Any = "") -> tuple[Tensor, Tensor]:
        """Embeddings (b n d) of what shall not be seen, and of what shall."""
        return self._embeds(negative_prompt), self._embeds(prompt)

    def encode_imgs(self, imgs: Tensor, generator: Any = None, vae: Any = None) -> Tensor:
        """Pictures (b 3 H W) in [0, 1] -> clean latents (b c h w): the autoencoder's mean, never a sample."""
        unused("generator", generator, None, "an encoding is not sampled")
        unused("vae", vae, None, "the model's own is used")
        return torch.stack([self.model.encode_image(img * 2 - 1) for img in imgs])

    def decode_latents(self, latents: Tensor, vae: Any = None) -> Tensor:
        """Clean latents (b c h w) -> pictures (b 3 H W) in [0, 1]."""
        unused("vae", vae, None, "the model's own is used")
        pixels = torch.stack([self.model.decode(latent) for latent in latents])
        return (pixels / 2 + 0.5).clamp(0, 1)

    def get_white_background(self, height: int, width: int) -> Tensor:
        """The clean latent (1 c h w) of plain white."""
        return self.encode_imgs(torch.ones(1, 3, height, width, device=self.device))

    def _embeds(self, prompts: Any) -> Tensor:
        several = [prompts] if isinstance(prompts, str) else prompts
        return Conditioning.stack([self.model.encode_prompt(prompt) for prompt in several]).embeds

    def _caption(self, image: Any, prompt: str | None) -> str | None:
        if image is None or prompt is not None or self.captioner is None:
            return prompt
        return self.captioner(
            image if isinstance(image, Image.Image) else to_pil(image.reshape(image.shape[-3:]))
        )


def say_rescale(share: float, recipe: Recipe) -> None:
    """Tell of a share that is not the method's; the published default, 0.7, asks for nothing."""
    own = method_of(recipe).guidance_rescale
    does = f"rescales guided predictions by {own:g}" if own else "does not rescale guided predictions"
    if share != own:
        unused("guidance_rescale", share, 0.7, f"method {recipe.method!r} {does} with {recipe.sampler!r}")


def say_unused(settings: dict[str, Any]) -> None:
    """Tell of what the published constructors take and what needs nothing here."""
    usual = {
        "load_from_local": (False, "models are looked up on this machine first"),
        "frame_buffer_size": (1, "frames are made one by one; the published code serves no other"),
    }
    for name, value in settings.items():
        unused(name, value, *usual[name])
