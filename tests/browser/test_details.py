"""The details of a brush and the recipe: seen when asked for, said in words, undone like everything else."""

from __future__ import annotations

from semdraw.scene import PromptBackground
from tests.browser.easel import Easel, controls_without_name, escaping


def set_slider(easel: Easel, name: str, value: float, *, of: str = "body") -> None:
    """As a hand does: the value changes, then the page hears of it. of: a selector of where the slider is."""
    easel.page.locator(of).get_by_role("slider", name=name, exact=True).evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )


def test_a_brush_s_details_are_folded_until_they_are_asked_for_and_each_can_be_undone(easel: Easel) -> None:
    scene = easel.scene_bytes()
    assert easel.page.get_by_label("What house avoids").count() == 0
    easel.press("1")
    easel.page.get_by_role("button", name="Details of house").click()
    easel.page.get_by_label("What house avoids").fill("people")
    for name, value in (("Opacity", 0.5), ("Strength", 0.25), ("Soft edge", 12)):
        set_slider(easel, name, value, of=".details")
    easel.page.get_by_label("Own seed of house").fill("11")
    easel.page.get_by_label("Own seed of house").press("Enter")
    brush = easel.scene().brushes[0]
    assert (brush.negative, brush.strength, brush.prompt_strength) == ("people", 0.5, 0.25)
    assert (brush.softness_px, brush.seed) == (12, 11)
    assert controls_without_name(easel.page) == []
    assert escaping(easel.page) == []

    easel.page.get_by_label("Own seed of house").fill("no number")
    easel.page.get_by_label("Own seed of house").press("Enter")
    assert easel.page.get_by_label("Own seed of house").input_value() == "11"
    easel.press(*["Control+z"] * 5)
    assert easel.scene_bytes() == scene
    easel.page.get_by_role("button", name="Details of house").click()
    assert easel.page.get_by_label("What house avoids").count() == 0
    easel.wait_for_picture()


def test_the_page_says_that_negatives_do_nothing_until_guidance_is_on(easel: Easel) -> None:
    easel.page.get_by_role("button", name="Details of the background").click()
    easel.page.get_by_label("What the background avoids").fill("stars")
    assert easel.scene().canvas.background == PromptBackground(prompt="night sky", negative="stars")
    words = easel.page.get_by_text("Does nothing while guidance is off.")
    assert words.is_visible()

    easel.page.get_by_role("button", name="Guidance…").click()
    easel.page.get_by_role("dialog", name="How the picture is made").wait_for()
    set_slider(easel, "Guidance", 3)
    words.wait_for(state="hidden")
    assert easel.scene().recipe.guidance_scale == 3
    easel.wait_for_picture()


def test_the_recipe_is_set_in_a_panel_put_back_and_undone(easel: Easel) -> None:
    own = easel.scene().recipe
    easel.page.get_by_role("button", name="How the picture is made").click()
    panel = easel.page.get_by_role("dialog", name="How the picture is made")
    choices = panel.get_by_label("Sampler").locator("option").all_inner_texts()
    assert "LCM" in choices
    assert not [name for name in choices if "Flow" in name], "only what suits the model"
    assert panel.get_by_role("button", name="Reset").is_disabled()

    panel.get_by_label("Sampler").select_option("TCD")
    panel.get_by_label("How regions grow").select_option("stay as painted")
    set_slider(easel, "Steps", 6)
    set_slider(easel, "Regions alone", 1)
    recipe = easel.scene().recipe
    assert (recipe.sampler, recipe.num_steps, recipe.bootstrap_steps, recipe.mask_mode) == (
        "tcd",
        6,
        1,
        "discrete",
    )
    easel.wait_for_picture()
    assert easel.look("frame.num_steps") == 6

    panel.get_by_role("button", name="Reset").click()
    assert easel.scene().recipe == own
    easel.press("Control+z")
    assert easel.scene().recipe == recipe
    easel.press("Escape")
    panel.wait_for(state="hidden")
