"""The two oracles as an eye: which class a region shows, which class each pixel has, and features of a picture.

Every answer is the mean over the picture itself, its mirror image and a slightly blurred one, so that a texture
made to please a network does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from eval.oracle_nets import VIEW_PX, Second, Segmenter
from eval.views import blurred, to_pixels, view_of
from train.concepts import backgrounds, objects

Which = Literal["first", "second"]
FOLDER = Path(__file__).with_name("oracles")
FILES = {"first": FOLDER / "first.safetensors", "second": FOLDER / "second.safetensors"}


def class_names() -> str:
    return ",".join(concept.name for concept in (*objects(), *backgrounds()))


def save_oracle(weights: Mapping[str, Tensor], path: Path) -> None:
    """In half precision, with the classes that it was trained for."""
    halves = {
        name: value.half().cpu().contiguous() for name, value in weights.items() if value.is_floating_point()
    }
    save_file(halves, path, metadata={"classes": class_names()})


def load_oracle(oracle: nn.Module, path: Path) -> nn.Module:
    """The oracle with the weights of the file; ValueError where it was trained for other classes."""
    with safe_open(path, "pt") as file:
        known = file.metadata()["classes"]
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    if known != class_names():
        raise ValueError(
            f"{path.name} knows {known.count(',') + 1} classes, the table of concepts has "
            f"{class_names().count(',') + 1} or others; train it again: python -m eval.train_oracles {path.stem}"
        )
    counts = {name: value for name, value in oracle.state_dict().items() if "num_batches_tracked" in name}
    oracle.load_state_dict(counts | weights)
    return oracle.eval()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oracles:
    """`first` scores; `second` is printed beside it, and its features serve KID, FID and DIV."""

    first: Segmenter
    second: Second

    @torch.no_grad()
    def segment(self, picture: np.ndarray) -> np.ndarray:
        """(H W 3) uint8 -> probability of each class per cell of 4 px, (classes H/4 W/4) float32."""
        itself, mirrored, soft = (self.first.cells(each) for each in three_ways(to_pixels(picture[None])))
        total = torch.stack([logits.float().softmax(1) for logits in (itself, mirrored.flip(-1), soft)])
        return total.mean(0)[0].numpy()

    @torch.no_grad()
    def classify(self, which: Which, picture: np.ndarray, visible: Sequence[np.ndarray]) -> np.ndarray:
        """What each region (H W) bool of a picture (H W 3) uint8 shows: probabilities (p classes)."""
        oracle = self.first if which == "first" else self.second
        views = to_pixels(np.stack([view_of(picture, mask, VIEW_PX[which]) for mask in visible]))
        return torch.stack([oracle(each).float().softmax(1) for each in three_ways(views)]).mean(0).numpy()

    @torch.no_grad()
    def features(self, pixels: Tensor) -> np.ndarray:
        """(n 3 H W) in [-1, 1] -> (n d) float32 of the second oracle."""
        return self.second.features(pixels).float().numpy()


def three_ways(pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return pixels, pixels.flip(-1), blurred(pixels)


@cache
def load_oracles() -> Oracles:
    first, second = load_oracle(Segmenter(), FILES["first"]), load_oracle(Second(), FILES["second"])
    assert isinstance(first, Segmenter)
    assert isinstance(second, Second)
    return Oracles(first=first, second=second)
