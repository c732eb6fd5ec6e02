"""Claims about frozen regions: the padlock keeps a picture to the byte, and what is beside it goes on from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from semdraw.commands import EditLayer, SetSeed, apply
from semdraw.errors import SceneError
from semdraw.files import project_bytes, scene_from_project
from semdraw.freezing import freeze, pixels_of, with_frozen
from semdraw.geometry import Bounds, Extent
from semdraw.kept import compile_kept
from semdraw.protocol import Edit, decode_client, encode
from semdraw.rasters import Mask, Picture
from semdraw.regions import compile_regions
from semdraw.scene import Brush, Canvas, Frozen, Layer, PromptBackground, Scene, checked
from semdraw.still import denoise_steps, develop, generate
from tests.scenes import SMALL, box, two_regions
from tests.toy import ToyModel

EXTENT = Extent(128, 128)
LEFT, RIGHT = Bounds(16, 32, 40, 64), Bounds(72, 32, 40, 64)


def scene_of(left: str = "red", right: str = "blue") -> Scene:
    layers = (
        Layer(brush_id="left", mask=box(EXTENT, LEFT)),
        Layer(brush_id="right", mask=box(EXTENT, RIGHT)),
    )
    canvas = Canvas(extent=EXTENT, layers=layers, background=PromptBackground(prompt="green"))
    return Scene(canvas=canvas, brushes=(Brush(id="left", prompt=left), Brush(id="right", prompt=right)))


def noisy(extent: Extent) -> Picture:
    """A picture that no model would draw."""
    return Picture.from_array(np.random.default_rng(3).integers(0, 256, (*extent.shape, 3), np.uint8))


def inside(picture: Picture, bounds: Bounds) -> bytes:
    return picture.array[bounds.slices].tobytes()


def test_no_edit_beside_a_frozen_region_changes_a_byte_of_it() -> None:
    model, picture = ToyModel(), noisy(EXTENT)
    frozen = freeze(scene_of(), "left", picture)
    over = apply(frozen, EditLayer(brush_id="right", visible=True)).with_layer(
        Layer(brush_id="right", mask=box(EXTENT, Bounds(0, 0, 128, 128)))
    )
    edits = [
        frozen,
        apply(frozen, SetSeed(seed=99)),
        frozen.with_brush(replace(frozen.brush("left"), prompt="green", seed=5)),
        frozen.with_canvas(background=PromptBackground(prompt="white")),
        replace(frozen, recipe=replace(frozen.recipe, method="published")),
        over,
    ]
    for edited in edits:
        drawn = generate(model, edited)
        assert inside(drawn, LEFT) == inside(picture, LEFT)
        assert inside(drawn, RIGHT) != inside(picture, RIGHT)


def test_a_soft_rim_keeps_its_share_and_the_core_all() -> None:
    ramp = np.zeros(EXTENT.shape, np.uint8)
    ramp[32:96, 16:56] = np.linspace(0, 255, 40).round().astype(np.uint8)
    soft = scene_of().with_layer(Layer(brush_id="left", mask=Mask.from_array(ramp)))
    black = Picture(EXTENT, bytes(3 * EXTENT.area))
    white = Picture(EXTENT, b"\xff" * 3 * EXTENT.area)
    frozen = pixels_of(soft, "left", black)
    assert frozen is not None
    row = with_frozen(white, (frozen,)).array[64, :, 0].astype(int)
    assert (row[16:56] == 255 - ramp[64, 16:56]).all()
    assert row[55] == 0
    assert (row[60:] == 255).all()


def test_unlocking_frees_and_hiding_shows_what_lies_there() -> None:
    model, picture = ToyModel(), noisy(EXTENT)
    frozen = freeze(scene_of(), "left", picture)
    freed = apply(frozen, EditLayer(brush_id="left", locked=False))
    assert freed == scene_of()
    hidden = apply(frozen, EditLayer(brush_id="left", visible=False))
    assert inside(generate(model, hidden), LEFT) != inside(picture, LEFT)


def test_the_sampler_knows_frozen_cells_at_every_step_and_the_rest_goes_on_from_them() -> None:
    model, picture = ToyModel(), noisy(EXTENT)
    regions = compile_regions(freeze(scene_of(), "left", picture), model)
    kept = regions.kept
    assert kept is not None
    whole = kept.share[0] == 1
    assert 0 < int(whole.sum()) < whole.numel()
    alpha, sigma = regions.schedule.alpha, regions.schedule.sigma
    for progress in denoise_steps(regions, model):
        clean = progress.clean[:, whole]
        assert torch.equal(clean, kept.clean[:, whole])
        noise = (progress.latents - alpha[progress.step] * kept.clean) / max(sigma[progress.step], 1e-9)
        assert progress.step == len(regions.schedule) or 0.5 < float(noise[:, whole].std()) < 1.5


def test_a_frozen_region_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ToyModel()
    frozen = freeze(scene_of(), "left", noisy(EXTENT))
    first = compile_kept(frozen, model)
    assert compile_kept(apply(frozen, SetSeed(seed=4)), model, first) is first
    assert compile_kept(scene_of(), model, first) is None


def test_what_is_painted_where_a_locked_region_keeps_its_picture_is_told_so() -> None:
    model = ToyModel()
    frozen = freeze(scene_of(), "left", noisy(EXTENT))
    over = frozen.with_layer(Layer(brush_id="right", mask=box(EXTENT, Bounds(20, 40, 24, 40))))
    assert [(hint.brush_id, hint.problem) for hint in compile_regions(over, model).hints] == [
        ("right", "behind_locked")
    ]
    assert compile_regions(frozen, model).hints == ()


def test_only_what_shows_of_a_layer_is_frozen() -> None:
    over = scene_of().with_layer(Layer(brush_id="right", mask=box(EXTENT, Bounds(40, 0, 88, 128))))
    frozen = pixels_of(over, "left", noisy(EXTENT))
    assert frozen is not None
    columns = np.flatnonzero(frozen.mask.array.any(axis=0)) + frozen.x
    assert (columns.min(), columns.max()) == (16, 39)
    covered = over.with_layer(Layer(brush_id="right", mask=box(EXTENT, Bounds(0, 0, 128, 128))))
    assert pixels_of(covered, "left", noisy(EXTENT)) is None
    assert freeze(covered, "left", noisy(EXTENT)).layer("left").locked


def test_frozen_pixels_are_saved_and_travel() -> None:
    scene = freeze(scene_of(), "left", noisy(EXTENT))
    assert scene_from_project(project_bytes(scene)) == scene
    layer = scene.layer("left")
    command = EditLayer(brush_id="left", locked=True, frozen=layer.frozen)
    message = decode_client(encode(Edit(seq=1, command=command)))
    assert isinstance(message, Edit)
    assert apply(scene_of(), message.command) == scene


def test_frozen_pixels_that_make_no_sense_are_refused() -> None:
    tiny = Picture(Extent(2, 2), bytes(12))
    with pytest.raises(SceneError, match="not locked; lock it"):
        _frozen_castle(Frozen(x=0, y=0, picture=tiny, mask=Mask.blank(Extent(2, 2))), locked=False)
    with pytest.raises(SceneError, match="under a mask of 3x2"):
        _frozen_castle(Frozen(x=0, y=0, picture=tiny, mask=Mask.blank(Extent(3, 2))))
    with pytest.raises(SceneError, match="within the canvas 64x64"):
        _frozen_castle(Frozen(x=63, y=0, picture=tiny, mask=Mask.blank(Extent(2, 2))))
    with pytest.raises(SceneError, match="take its own picture"):
        pixels_of(two_regions(), "castle", tiny)


def _frozen_castle(frozen: Frozen, *, locked: bool = True) -> Scene:
    layer = replace(two_regions(SMALL).layer("castle"), locked=locked, frozen=frozen)
    return checked(two_regions().with_layer(layer))


def test_the_model_that_comes_along_keeps_a_frozen_region_to_the_byte() -> None:
    from semdraw.models.registry import EMBEDDED, load_model

    if "picturebook" not in EMBEDDED:
        pytest.skip("the weights of picturebook are not in this checkout")
    model = load_model("picturebook")
    scene = scene_of("castle", "cat").with_canvas(background=PromptBackground(prompt="night sky"))
    before = generate(model, scene)
    frozen = replace(freeze(scene, "left", before), seed=1)
    regions = compile_regions(frozen, model)
    last = list(denoise_steps(regions, model))[-1]
    after = develop(last.latents, regions, model)
    assert inside(after, LEFT) == inside(before, LEFT)
    assert inside(after, RIGHT) != inside(before, RIGHT)
    drawn = model.decode(
        last.latents
    )  # what the model itself makes of the frozen cells, so that no seam is seen
    kept = (torch.from_numpy(before.array.copy()).permute(2, 0, 1) / 127.5 - 1)[:, 40:88, 24:48]
    assert float((drawn[:, 40:88, 24:48] - kept).abs().mean()) < 0.1
