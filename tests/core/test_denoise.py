from __future__ import annotations

import pytest
import torch

from semdraw.denoise import draw_noise, guide, reduce_regions, renoise, split
from semdraw.schedule import Prediction

ALPHA, SIGMA = torch.tensor(0.6), torch.tensor(0.8)


def field(seed: int = 7, *, size: int = 64, frame: int = 0, step: int = 0) -> torch.Tensor:
    return draw_noise(torch.full((size, size), seed), channels=4, frame=frame, step=step)


@pytest.mark.parametrize("prediction", list(Prediction))
def test_split_undoes_what_mixed_clean_and_noise(prediction: Prediction) -> None:
    clean, noise = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    alpha, sigma = (1 - SIGMA, SIGMA) if prediction is Prediction.flow else (ALPHA, SIGMA)
    latents = alpha * clean + sigma * noise
    output = {
        Prediction.epsilon: noise,
        Prediction.v: alpha * noise - sigma * clean,
        Prediction.flow: noise - clean,
    }[prediction]
    found = split(latents, output, alpha=alpha, sigma=sigma, prediction=prediction)
    torch.testing.assert_close(found, (clean, noise))


def test_renoise_keeps_the_predicted_noise_at_eta_0_and_takes_fresh_noise_at_eta_1() -> None:
    clean, kept, fresh = torch.randn(3, 3, 4, 4)

    def down(eta: float) -> torch.Tensor:
        return renoise(clean, kept, fresh, alpha=ALPHA, sigma=SIGMA, eta=torch.tensor(eta))

    torch.testing.assert_close(down(0.0), ALPHA * clean + SIGMA * kept)
    torch.testing.assert_close(down(1.0), ALPHA * clean + SIGMA * fresh)


def test_guidance_of_one_is_the_conditional_output() -> None:
    conditional, unconditional = torch.randn(2, 5)
    torch.testing.assert_close(guide(conditional, unconditional, 1.0), conditional)


def test_blending_fills_with_rest_and_shares_overlaps() -> None:
    values = torch.stack([torch.full((1, 1, 4), 10.0), torch.full((1, 1, 4), 20.0)])
    weights = torch.tensor([[1.0, 1.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.0]]).view(2, 1, 1, 4)
    blended = reduce_regions(values, weights, rest=torch.full((1, 1, 4), -2.0))
    assert blended.flatten().tolist() == [10.0, 15.0, 4.0, -2.0]


def test_noise_is_standard_normal_and_uncorrelated() -> None:
    noise = field(size=256)
    assert abs(noise.mean().item()) < 0.01
    assert abs(noise.std().item() - 1) < 0.01
    assert abs((noise**4).mean().item() - 3) < 0.1
    for other in (
        noise.roll(1, 1),
        noise.roll(1, 2),
        noise.roll(1, 0),
        field(8, size=256),
        field(size=256, step=1),
        field(size=256, frame=1),
    ):
        assert abs((noise * other).mean().item()) < 0.01


def test_noise_of_a_crop_is_the_crop_of_the_noise() -> None:
    moved = torch.tensor([-8, -5]).view(2, 1, 1).expand(2, 16, 24)
    crop = draw_noise(torch.full((16, 24), 7), channels=4, frame=0, step=0, moved=moved)
    assert torch.equal(crop, field()[:, 5:21, 8:32])


def test_a_layer_with_its_own_seed_changes_only_its_own_cells() -> None:
    seeds = torch.full((64, 64), 7)
    seeds[10:20, 10:20] = 99
    mixed = draw_noise(seeds, channels=4, frame=0, step=0)
    assert torch.equal(mixed[:, 20:], field()[:, 20:])
    assert torch.equal(mixed[:, 10:20, 10:20], field(99)[:, 10:20, 10:20])


def test_noise_is_the_same_for_ever() -> None:
    pinned = [2.101017713546753, -0.20859019458293915, 2.3028159141540527]
    assert field()[0, 0, :3].tolist() == pytest.approx(pinned, abs=1e-6)
