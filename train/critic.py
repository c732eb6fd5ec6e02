"""A small judge of patches, against whom a decoder learns to draw edges as sharp as real ones."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from train.runs import average_gradients


class Critic(nn.Module):
    """Pixels (n 3 H W) in [-1, 1] -> how real each patch of 22 px looks (n 1 h w)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(3, width, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * width, 2 * width, 4, stride=1, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * width, 1, 1)),
        )

    def forward(self, pixels: Tensor) -> Tensor:
        return self.layers(pixels)


class Game:
    """The critic and what it learns; the decoder is asked to please it as much as to be right."""

    def __init__(self, critic: Critic, weight: float, lr: float = 4e-4) -> None:
        self.critic, self.weight = critic, weight
        self.optimizer = torch.optim.AdamW(critic.parameters(), lr=lr, betas=(0.5, 0.95), weight_decay=0.0)

    def learn(self, real: Tensor, drawn: Tensor) -> float:
        """One step of the critic: hinge loss on pixels, which do not feel it."""
        with torch.autocast(real.device.type, torch.bfloat16):
            on_real, on_drawn = self.critic(real), self.critic(drawn.detach())
        loss = F.relu(1 - on_real.float()).mean() + F.relu(1 + on_drawn.float()).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(self.critic)
        self.optimizer.step()
        return loss.item()

    def please(self, drawn: Tensor, loss: Tensor) -> Tensor:
        """What to add to the decoder's `loss`: its pull on the pixels is `weight` of the loss's own."""
        with torch.autocast(drawn.device.type, torch.bfloat16):
            wanted = -self.critic(drawn).float().mean()
        own, other = (
            torch.autograd.grad(each, drawn, retain_graph=True)[0].norm() for each in (loss, wanted)
        )
        return self.weight * (own / (other + 1e-8)).clamp(max=10) * wanted
