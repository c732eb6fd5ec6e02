"""bench-v1: frozen, and what it says about itself holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eval.bench import FILE, HASH, Edit, bounds_of, edited, load_bench, scene_of, words_alone
from semdraw.scene import Recipe


def test_another_file_than_the_frozen_one_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "bench-v1.zip"
    data = bytearray(FILE.read_bytes())
    data[1000] ^= 1
    other.write_bytes(data)
    with pytest.raises(ValueError, match="restore the file"):
        load_bench(other, HASH)


def test_tiers_splits_and_kinds_of_masks_have_their_shares() -> None:
    layouts = load_bench().layouts
    assert [layout.id for layout in layouts] == list(range(500))
    tiers = Counter(layout.tier for layout in layouts)
    assert (tiers["easy"], tiers["normal"], tiers["ground"]) == (150, 150, 50)
    assert tiers["hard"] + tiers["part_on_whole"] == 150
    assert Counter(layout.split for layout in layouts) == {"dev": 200, "test": 300}
    with_regions = [layout for layout in layouts if layout.regions]
    outlines = sum(layout.mask_kind == "silhouette" for layout in with_regions)
    assert outlines / len(with_regions) == pytest.approx(0.5, abs=0.01)


def test_regions_show_and_only_hard_layouts_cover_them() -> None:
    for layout in load_bench().layouts:
        for region, shown in zip(layout.regions, layout.visible, strict=True):
            assert region.mask.mean() > 0.004
            least = {"hard": 0.5, "part_on_whole": 0.6}.get(layout.tier, 1.0)
            assert shown.sum() >= least * region.mask.sum(), layout.id
        assert (layout.bare == ~np.any([*layout.visible, np.zeros_like(layout.bare)], axis=0)).all()


def test_hard_layouts_ask_for_the_same_object_twice_and_for_thin_and_tiny_things() -> None:
    hard = [layout for layout in load_bench().layouts if layout.tier == "hard"]
    doubled = [layout for layout in hard if len({r.object for r in layout.regions}) < len(layout.regions)]
    assert len(doubled) > 0.3 * len(hard)
    areas = [shown.mean() for layout in hard for shown in layout.visible]
    assert 0.05 < np.mean(np.array(areas) < 0.02) < 0.5


def test_a_part_lies_on_its_whole() -> None:
    for layout in load_bench().layouts:
        if layout.tier == "part_on_whole":
            whole, part = layout.regions
            assert (part.mask & whole.mask).sum() > 0.8 * part.mask.sum()
            assert part.mask.sum() < 0.3 * whole.mask.sum()


def test_scenes_have_the_masks_the_words_and_the_seed_of_their_layout() -> None:
    layout = load_bench().layouts[200]
    scene = scene_of(layout, Recipe())
    assert scene.seed == layout.id
    assert [brush.prompt for brush in scene.brushes] == [region.prompt for region in layout.regions]
    for layer, region in zip(scene.canvas.layers, layout.regions, strict=True):
        assert ((layer.mask.array > 0) == region.mask).all()
    words = words_alone(layout, Recipe())
    assert not words.brushes
    assert all(region.prompt in str(words.canvas.background) for region in layout.regions)


def test_scripts_change_one_region_an_edit_and_can_be_followed_to_their_end() -> None:
    bench = load_bench()
    assert len(bench.scripts) == 30
    for script in bench.scripts:
        states = bench.states(script)
        for before, after, edit in zip(states, states[1:], script.edits, strict=False):
            old = {region.key: (region.prompt, region.mask.tobytes()) for region in before.regions}
            new = {region.key: (region.prompt, region.mask.tobytes()) for region in after.regions}
            changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
            assert changed == {edit.key}
    kinds = {edit.kind for script in bench.scripts for edit in script.edits}
    assert kinds == {"add", "move", "remove", "prompt", "extend", "erase"}


def test_an_edit_of_a_region_that_is_not_there_is_an_error() -> None:
    layout = load_bench().layouts[0]
    with pytest.raises(KeyError, match="no region 'nobody'"):
        edited(layout, Edit(kind="remove", key="nobody"))
    assert not edited(replace(layout), Edit(kind="remove", key=layout.regions[0].key)).regions


def test_the_box_of_an_empty_mask_is_empty() -> None:
    assert bounds_of(np.zeros((4, 4), bool)) == (0, 0, 0, 0)
