"""A canvas may have any size: the work reaches over its right and lower edge, the picture does not."""

from __future__ import annotations

import queue
from pathlib import Path

import numpy as np
import pytest
import torch

from semdraw.engine import Engine, EngineStatus, Frame
from semdraw.geometry import Bounds, Extent
from semdraw.live import Stream
from semdraw.models.registry import load_model
from semdraw.panoramas import panorama
from semdraw.rasters import Picture
from semdraw.regions import compile_regions
from semdraw.scene import (
    Background,
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Scene,
)
from semdraw.still import denoise_steps, generate
from semdraw.windows import padded
from tests.core.test_stream import BLUE, GREEN, RED, color_at
from tests.scenes import box
from tests.tiny import write_checkpoint
from tests.toy import ToyModel

ODD = Extent(101, 67)


def odd_scene(background: Background | None = None, extent: Extent = ODD, softness_px: float = 0) -> Scene:
    """Red on the left as far as the lower edge, blue in the lower right corner."""
    width, height = extent
    left, corner = (
        Bounds(0, height // 2, width // 3, height - height // 2),
        Bounds(width - 30, height - 30, 30, 30),
    )
    brushes = (
        Brush(id="left", prompt="red", softness_px=softness_px),
        Brush(id="corner", prompt="blue", softness_px=softness_px),
    )
    layers = (
        Layer(brush_id="left", mask=box(extent, left)),
        Layer(brush_id="corner", mask=box(extent, corner)),
    )
    canvas = Canvas(extent=extent, layers=layers, background=background or PromptBackground(prompt="green"))
    return Scene(canvas=canvas, brushes=brushes)


def test_a_picture_of_an_odd_size_has_every_region_up_to_its_edges() -> None:
    picture = generate(ToyModel(), odd_scene())
    assert picture.extent == ODD
    assert color_at(picture, 12, 55) == pytest.approx(RED, abs=6)
    assert color_at(picture, 50, 12) == pytest.approx(GREEN, abs=6)
    assert tuple(int(value) for value in picture.array[-1, -1]) == pytest.approx(BLUE, abs=6)


def noisy_photo(extent: Extent) -> Picture:
    pixels = np.random.default_rng(3).integers(0, 256, (*extent.shape, 3), dtype=np.uint8)
    return Picture.from_array(pixels)


@pytest.mark.parametrize(
    "background", [ColorBackground(color="#123456"), ImageBackground(picture=noisy_photo(ODD))]
)
def test_what_no_mask_touches_equals_a_known_background_to_the_byte(background: Background) -> None:
    picture = generate(ToyModel(), odd_scene(background))
    far = np.ones(ODD.shape, bool)
    far[33:, :34] = far[37:, 71:] = False
    wanted = generate(ToyModel(), Scene(canvas=Canvas(extent=ODD, background=background)))
    assert (picture.array[far] == wanted.array[far]).all()
    if isinstance(background, ImageBackground):
        assert wanted == background.picture


@pytest.mark.parametrize("extent", [Extent(1, 1), Extent(5, 90), Extent(130, 3)])
def test_a_canvas_smaller_than_the_model_can_take_is_drawn_too(extent: Extent, tmp_path: Path) -> None:
    model = load_model(str(write_checkpoint(tmp_path, autoencoder="tiny")), device="cpu")
    assert model.spec.extent_multiple == 16
    scene = Scene.from_masks([("a tree", np.ones(extent.shape, bool))], background="a meadow")
    assert generate(model, scene).extent == extent


def test_a_mask_that_covers_an_odd_canvas_leaves_nothing_to_the_background() -> None:
    model = ToyModel()
    full = Scene.from_masks([("red", np.ones(ODD.shape, bool))], background="green")
    rows = [progress.rows for progress in denoise_steps(compile_regions(full, model), model)]
    assert rows == [2, 4, 5, 6]  # the background runs while leaks may give cells back, then no more
    assert (generate(model, full).array == generate(model, full).array[0, 0]).all()


def test_a_size_that_fits_is_not_padded() -> None:
    values = torch.randn(3, 64, 96)
    assert padded(values, Extent(96, 64)) is values
    assert compile_regions(odd_scene(extent=Extent(96, 64)), ToyModel()).seeds.shape == (8, 12)


def test_streams_panoramas_and_the_engine_take_odd_sizes_like_stills() -> None:
    still = generate(ToyModel(), odd_scene(softness_px=8.0))
    stream = Stream(ToyModel(), odd_scene(softness_px=8.0))
    assert [next(stream) for _ in range(4)][-1].picture == still
    assert panorama(ToyModel(), "green", Extent(301, 67)).extent == Extent(301, 67)
    engine, news = Engine(ToyModel), queue.Queue[Frame | EngineStatus]()
    engine.start()
    try:
        assert engine.render(odd_scene(softness_px=8.0)) == still
        seat = engine.open_seat(news.put)
        for revision, prompt in enumerate(("red", "green")):  # the second is previewed over the first
            brush = Brush(id="left", prompt=prompt, softness_px=8.0)
            seat.put(odd_scene(softness_px=8.0).with_brush(brush), revision)
            frame = news.get(timeout=60)
            while not (isinstance(frame, Frame) and frame.is_settled):
                frame = news.get(timeout=60)
                assert not isinstance(frame, Frame) or frame.pixels.shape == (67, 101, 3)
    finally:
        engine.stop()


def test_a_region_of_little_prompt_strength_leans_towards_the_words_of_the_photo_behind() -> None:
    photo = ImageBackground(picture=noisy_photo(ODD), prompt="green")
    scene = odd_scene(photo)
    faint = scene.with_brush(Brush(id="left", prompt="red", softness_px=0, prompt_strength=0.5))
    red, green, _ = color_at(generate(ToyModel(), faint), 12, 55)
    assert red == pytest.approx(green, abs=4)
    assert color_at(generate(ToyModel(), scene), 12, 55) == pytest.approx(RED, abs=6)
