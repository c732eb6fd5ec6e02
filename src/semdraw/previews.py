"""A rough picture on the way to the settled one: only what an edit touched is rough, the rest stays as it was."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.grounds import ground_inputs
from semdraw.rasters import Picture
from semdraw.regions import Region, Regions

_REACH_CELLS = 3  # how far around an edit the picture may have to change: the decoder's own reach, roughly


def touched_cells(before: Regions, after: Regions) -> Tensor:
    """(h w) in {0, 1}: the latent cells in which two compiled scenes of one size ask for something else."""
    if _behind(before) != _behind(after):
        return torch.ones(after.seeds.shape)
    is_other_noise = (before.seeds != after.seeds) | (before.moved != after.moved).any(dim=0)
    touched = torch.maximum(is_other_noise.float(), _kept_difference(before, after))
    old = {region.brush_id: region for region in before.regions}
    new = {region.brush_id: region for region in after.regions}
    for brush_id in old.keys() | new.keys():
        touched = torch.maximum(touched, _difference(old.get(brush_id), new.get(brush_id), touched))
    return touched


def _behind(regions: Regions) -> object:
    """All that the whole picture depends on."""
    scene = regions.scene
    return ground_inputs(scene), scene.recipe, scene.frame


def _kept_difference(before: Regions, after: Regions) -> Tensor:
    """(h w): 1 in all cells in which frozen pixels of either scene lie, unless they are the same."""
    touched = torch.zeros(after.seeds.shape)
    if (before.kept and before.kept.layers) == (after.kept and after.kept.layers):
        return touched
    for kept in (before.kept, after.kept):
        if kept is not None:
            touched = torch.maximum(touched, (kept.share[0] > 0).to(touched))
    return touched


def _difference(old: Region | None, new: Region | None, like: Tensor) -> Tensor:
    """(h w): 1 where the weights of two versions of a region differ, or either has any and their words differ."""
    some = old or new
    assert some is not None, "a region is in one of the two scenes"
    nothing = torch.zeros_like(some.weights)
    weights = [nothing if region is None else region.weights for region in (old, new)]
    if old is not None and new is not None and _words_differ(old, new):
        return (torch.maximum(*weights) > 0).any(dim=0)[0].to(like)
    return (weights[0] != weights[1]).any(dim=0)[0].to(like)


def _words_differ(old: Region, new: Region) -> bool:
    """Guidance is the same for both: it belongs to the recipe."""
    if not torch.equal(old.conditioning.embeds, new.conditioning.embeds):
        return True
    if old.negative is None or new.negative is None:
        return False
    return not torch.equal(old.negative.embeds, new.negative.embeds)


def patched(settled: Picture, rough: Picture, touched: Tensor, cell_px: int) -> Picture:
    """`rough` where an edit touched (h w cells), with a soft edge; `settled` to the byte everywhere else."""
    size = 2 * _REACH_CELLS + 1
    near = F.max_pool2d(touched[None, None], size, stride=1, padding=_REACH_CELLS)
    height, width = settled.extent.shape
    share = F.interpolate(near, scale_factor=cell_px, mode="bilinear")[0, 0, :height, :width].unsqueeze(-1)
    old, new = (torch.from_numpy(picture.array.copy()).float() for picture in (settled, rough))
    return Picture.from_array(torch.lerp(old, new, share).round().to(torch.uint8).numpy())
