"""Euler distillation: where it walks, what it asks of the student, and that the student learns it."""

import copy

import pytest
import torch

from tests.tiny import unet_of
from tests.train.test_training import toy_cache
from train.base import Painter
from train.diffusion import stable_diffusion_levels
from train.euler import END, PHASES, SUBSTEPS, Walker, implied_clean, ladder, phase_of, stepped
from train.networks import build_text_encoder


def test_phases_join_and_end_in_the_clean_picture() -> None:
    levels = stable_diffusion_levels()
    paths = [phase_of(levels, number) for number in range(len(PHASES))]
    assert [path[0].timestep for path in paths] == list(PHASES)
    assert all(len(path) == SUBSTEPS + 1 for path in paths)
    assert [path[-1] for path in paths] == list(ladder(levels)[1:])
    assert paths[-1][-1] == END


@pytest.mark.parametrize("number", range(len(PHASES)))
def test_the_implied_picture_leads_where_it_should(number: int) -> None:
    at, to = ladder(stable_diffusion_levels())[number : number + 2]
    noisy, later = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(number))
    clean = implied_clean(noisy, later, at, to)
    torch.testing.assert_close(stepped(noisy, clean, at, to), later, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("with_regions", [False, True])
def test_its_loss_falls(with_regions: bool) -> None:
    torch.manual_seed(0)
    painter = Painter(build_text_encoder(50))
    painter.unet = unet_of(cross_attention_dim=192)
    student = copy.deepcopy(painter.unet)
    walker = Walker(student, painter, torch.zeros(1, 32, dtype=torch.long), stable_diffusion_levels(), 2.5)
    learning = [value for value in student.parameters() if value.requires_grad]
    assert all(value.ndim >= 2 for value in learning), "a LoRA could not tell of others"
    optimizer = torch.optim.AdamW(learning, lr=1e-3)
    losses: list[float] = []
    for _ in range(8):
        random = torch.Generator().manual_seed(1)
        batch = toy_cache(with_regions=with_regions).draw(random, 3)
        loss = walker.loss(batch, random, 1, on_policy=True).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
