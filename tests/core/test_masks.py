from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from semdraw.cells import to_cells
from semdraw.masks import occlude, quantize, soften
from semdraw.scene import MaskMode
from semdraw.schedule import Training, lcm

SCHEDULE = lcm(Training(), 4)
LEVELS = [0.9977, 0.9735, 0.8499, 0.5840]


def test_what_lies_below_is_dimmed_where_it_is_covered() -> None:
    mask, above = torch.tensor([[[1.0, 1.0, 0.5, 0.5]]]), torch.tensor([[[0.0, 0.2, 1.0, 0.0]]])
    torch.testing.assert_close(occlude(mask, above, 0.3), torch.tensor([[[1.0, 0.3, 0.15, 0.5]]]))


def dense_gaussian(mask: torch.Tensor, std_px: float) -> torch.Tensor:
    """The same in two dimensions at once."""
    radius = int(3 * std_px + 0.999)
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / std_px) ** 2)
    dense = torch.outer(taps, taps)
    return F.conv2d(F.pad(mask[None], (radius,) * 4, mode="replicate"), (dense / dense.sum())[None, None])[0]


def test_softening_equals_a_dense_gaussian_with_repeated_edges() -> None:
    mask = (torch.rand(1, 20, 30) > 0.5).float()
    torch.testing.assert_close(soften(mask, 2.0), dense_gaussian(mask, 2.0))
    assert soften(mask, 0.0) is mask


def test_a_wide_blur_on_a_smaller_copy_is_nearly_the_same() -> None:
    mask = torch.zeros(1, 200, 260)
    mask[:, 60:140, 50:210] = 1.0
    assert (soften(mask, 30.0) - dense_gaussian(mask, 30.0)).abs().max().item() < 0.02


def test_a_blur_wider_than_the_canvas_is_no_error() -> None:
    assert soften(torch.ones(1, 8, 8), 400.0).min().item() == pytest.approx(1.0)


def published(mask: float, mode: MaskMode) -> list[float]:
    """The formulas of the published code at its own levels."""
    following = [*LEVELS[1:], 0.0]
    hard = [float(mask >= level) for level in LEVELS]
    ramps = zip(LEVELS, following, strict=True)
    soft = [min(1.0, max(0.0, (mask - low) / (high - low))) for high, low in ramps]
    return {"discrete": hard, "continuous": soft, "semi_continuous": [*hard[:-1], soft[-1]]}[mode]


@pytest.mark.parametrize("mode", ["discrete", "continuous", "semi_continuous"])
@pytest.mark.parametrize("mask", [0.0, 0.2, 0.55, 0.6, 0.8, 0.86, 0.95, 0.98, 1.0])
def test_quantised_weights_follow_the_published_formulas(mask: float, mode: MaskMode) -> None:
    weights = quantize(torch.full((1, 1, 1, 1), mask), SCHEDULE, mode).flatten().tolist()
    assert weights == pytest.approx(published(mask, mode), abs=2e-3)


def test_a_region_grows_while_noise_fades() -> None:
    soft = torch.linspace(0, 1, 64).view(1, 1, 1, 64)
    for mode in ("discrete", "continuous", "semi_continuous"):
        area = quantize(soft, SCHEDULE, mode)[0].sum(dim=(1, 2, 3))
        assert (area.diff() > 0).all()


def test_a_stroke_thinner_than_a_cell_is_kept() -> None:
    weights = torch.zeros(1, 32, 32)
    weights[:, :, 11] = 1.0
    assert (to_cells(weights, 8)[0, :, 1] == 1).all()


def test_a_solid_part_keeps_its_area() -> None:
    weights = torch.zeros(1, 64, 64)
    weights[:, 10:50, 12:44] = 1.0
    assert to_cells(weights, 8).sum().item() * 64 == pytest.approx(40 * 32)
