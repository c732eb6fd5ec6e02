"""Training: ten steps lower the loss, and a resumed run is the run that was never broken."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from train.base import Painter, base_loss
from train.batches import Cache
from train.critic import Critic, Game
from train.diffusion import add_noise, clean_from, noise_from, stable_diffusion_levels
from train.networks import build_text_encoder
from train.regions import MAX_REGIONS
from train.runs import Ema, Run, random_for, save_state
from train.vae import Codec


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(4, 4)

    def loss(self, random: torch.Generator) -> Tensor:
        batch = torch.randn(16, 4, generator=random)
        return (self.layer(batch) - batch.flip(1)).square().mean()


def start(path: Path, steps: int) -> Run:
    module = Line()
    return Run(
        path=path,
        module=module,
        optimizer=torch.optim.AdamW(module.parameters(), lr=0.05),
        seconds=1e6,
        total_s=1e9,
        max_steps=steps,
        ema=Ema(module=module),
        lr=0.05,
        warmup_steps=2,
        decay_from=1.0,
    ).resume()


def train(run: Run) -> list[float]:
    losses: list[float] = []
    assert isinstance(run.module, Line)
    for _ in run.steps():
        loss = run.module.loss(random_for(0, run.step, torch.device("cpu")))
        run.descend(loss)
        losses.append(loss.item())
    return losses


def test_loss_falls(tmp_path: Path) -> None:
    losses = train(start(tmp_path / "run.pt", 10))
    assert losses[-1] < 0.8 * losses[0]


def test_resumed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """The file keeps no moments and half precision: the weights agree to that, the draws and counts exactly."""
    first = start(tmp_path / "a.pt", 5)
    train(first)
    resumed = start(tmp_path / "a.pt", 10)
    assert (resumed.step, resumed.samples, resumed.elapsed_s) == (5, first.samples, first.elapsed_s)
    assert first.ema is not None
    assert resumed.ema is not None
    for name, value in first.module.state_dict().items():
        torch.testing.assert_close(resumed.module.state_dict()[name], value, rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(resumed.ema.weights[name], first.ema.weights[name], rtol=1e-3, atol=1e-6)
    assert resumed.scale(0.5) == pytest.approx(0.5), "the learning rate rises once more"
    drawn = torch.randn(4, generator=random_for(0, 5, torch.device("cpu")))
    assert torch.equal(drawn, torch.randn(4, generator=random_for(0, resumed.step, torch.device("cpu"))))
    assert train(resumed)[-1] < 0.9


def test_state_of_the_largest_stage_is_small(tmp_path: Path) -> None:
    painter = Painter(build_text_encoder(2000))
    weights = painter.state_dict()
    save_state(tmp_path / "base.pt", weights, weights)
    assert (tmp_path / "base.pt").stat().st_size < 60e6


def test_v_leads_back_to_clean_and_noise() -> None:
    levels = stable_diffusion_levels()
    random = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 3, 4, 8, 8, generator=random)
    timesteps = torch.tensor([999, 500, 0])
    noisy, v = add_noise(levels, clean, noise, timesteps)
    torch.testing.assert_close(clean_from(levels, noisy, v, timesteps), clean, atol=1e-5, rtol=0)
    torch.testing.assert_close(noise_from(levels, noisy, v, timesteps), noise, atol=1e-5, rtol=0)
    assert levels.alpha[999].item() == pytest.approx(0.0682, abs=1e-3), "the levels of Stable Diffusion"


def test_folded_autoencoder_equals_the_trained_one() -> None:
    torch.manual_seed(0)
    codec = Codec()
    pixels = torch.rand(4, 3, 32, 32) * 2 - 1
    codec.encode(pixels)  # moves the running statistics
    codec.eval()
    with torch.no_grad():
        torch.testing.assert_close(codec.folded().encoder(pixels), codec.encode(pixels), atol=1e-4, rtol=1e-4)


def test_text_encoder_reads_past_the_end_token_alike() -> None:
    """Causal attention: what follows the end of a caption does not change how it is read."""
    encoder = build_text_encoder(600).eval()
    short = torch.tensor([[0, 5, 6, 1, 1, 1, 1, 1]])
    with torch.no_grad():
        whole, cut = encoder(short).last_hidden_state, encoder(short[:, :4]).last_hidden_state
    torch.testing.assert_close(whole[:, :4], cut, atol=1e-5, rtol=1e-5)


def toy_cache(*, with_regions: bool) -> Cache:
    random = torch.Generator().manual_seed(0)
    weights = torch.zeros(5, MAX_REGIONS, 8, 8, dtype=torch.uint8)
    weights[:, 0], weights[:, 1, :, :4], weights[:, 0, :, :4] = 255, 255, 0
    return Cache(
        latents=torch.randn(5, 4, 8, 8, generator=random).half(),
        tokens=torch.randint(0, 50, (4, 32), generator=random),
        index=torch.randint(0, 4, (5, MAX_REGIONS) if with_regions else (5,), generator=random),
        weights=weights if with_regions else None,
    )


def test_a_batch_of_regions_has_no_more_prompts_than_it_needs() -> None:
    batch = toy_cache(with_regions=True).draw(torch.Generator().manual_seed(0), 3)
    assert batch.shown is not None
    assert batch.which.shape == (3, 2)
    assert batch.shown.weights.shape == (3, 2, 8, 8)
    assert torch.equal(batch.shown.weights.sum(1), torch.ones(3, 8, 8))
    assert batch.shown.self_bias.shape == batch.shown.base_share.shape == (3,)


@pytest.mark.parametrize("with_regions", [False, True])
def test_base_loss_reaches_all_that_learns(with_regions: bool) -> None:
    torch.manual_seed(0)
    painter, random = Painter(build_text_encoder(50)), torch.Generator().manual_seed(0)
    batch = toy_cache(with_regions=with_regions).draw(random, 2)
    losses, timesteps = base_loss(painter, stable_diffusion_levels(), batch, random)
    assert losses.shape == timesteps.shape == (2,)
    losses.mean().backward()
    grads = {name: value.grad for name, value in painter.named_parameters()}
    assert all(grad is not None and grad.isfinite().all() for grad in grads.values())


def test_the_critic_pulls_as_hard_as_it_is_told_to() -> None:
    torch.manual_seed(0)
    real, drawn = torch.rand(2, 4, 3, 32, 32) * 2 - 1
    drawn = (drawn * 0.2).requires_grad_()
    game = Game(Critic(), weight=0.5)
    losses = [game.learn(real, drawn) for _ in range(12)]
    assert losses[-1] < losses[0], "it tells real pixels from drawn ones"
    loss = (drawn - real).abs().mean()
    own, added = (
        torch.autograd.grad(each, drawn, retain_graph=True)[0] for each in (loss, game.please(drawn, loss))
    )
    assert added.norm().item() == pytest.approx(0.5 * own.norm().item(), rel=0.05)
