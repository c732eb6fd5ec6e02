"""The critics of the paper's protocol, from folders and files on this disk: CLIP, a segmenter, Inception.

Nothing is fetched. CLIP is a folder of transformers' CLIPModel; the segmenter one of a model for semantic or universal
segmentation; Inception the TorchScript file that the makers of StyleGAN publish for FID (inception-2015-12-05.pt).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from semdraw.errors import UsageError


class Clip:
    """How well a picture fits words: 100 times the cosine of their embeddings, as the paper reports it."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        import transformers

        _require_folder(folder, "a CLIPModel")
        network: Any = transformers.CLIPModel
        self._device = device
        self._model = network.from_pretrained(folder, local_files_only=True).to(device).eval()
        self._processor: Any = transformers.CLIPProcessor.from_pretrained(folder, local_files_only=True)

    @torch.inference_mode()
    def scores(self, pixels: np.ndarray, words: Sequence[str]) -> list[float]:
        """pixels (H W 3) uint8 -> one score for each of the words."""
        given = self._processor(
            text=list(words), images=pixels, return_tensors="pt", padding=True, truncation=True
        )
        found = self._model(**given.to(self._device))
        image, text = (
            each / each.norm(dim=-1, keepdim=True) for each in (found.image_embeds, found.text_embeds)
        )
        return (100 * text @ image[0]).tolist()


class Segmenter:
    """Where a picture shows what, by the names of its classes."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        import transformers

        _require_folder(folder, "a model for segmentation")
        config: Any = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        is_universal = any("Universal" in name for name in config.architectures or ())
        kind: Any = (
            transformers.AutoModelForUniversalSegmentation
            if is_universal
            else transformers.AutoModelForSemanticSegmentation
        )
        self._device = device
        self._model: Any = kind.from_pretrained(folder, local_files_only=True).to(device).eval()
        self._processor: Any = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
        labels: dict[int, str] = config.id2label
        self._index = {plain_name(name): int(index) for index, name in labels.items()}

    def knows(self, name: str) -> bool:
        return plain_name(name) in self._index

    @torch.inference_mode()
    def where(self, pixels: np.ndarray) -> np.ndarray:
        """(H W) the class of each pixel."""
        given = self._processor(images=pixels, return_tensors="pt").to(self._device)
        sizes = [pixels.shape[:2]]
        (found,) = self._processor.post_process_semantic_segmentation(
            self._model(**given), target_sizes=sizes
        )
        return found.cpu().numpy()

    def index(self, name: str) -> int:
        return self._index[plain_name(name)]


class Inception:
    """Features (n d) for FID and class shares (n k) for IS."""

    def __init__(self, file: Path, device: str = "cpu") -> None:
        if not file.is_file():
            raise UsageError(f"no Inception at {file}; wanted the TorchScript file inception-2015-12-05.pt")
        self._device = device
        try:
            self._net: Any = torch.jit.load(str(file), map_location=device).eval()
        except RuntimeError:
            raise UsageError(
                f"{file} is no TorchScript; wanted inception-2015-12-05.pt of StyleGAN's metrics"
            ) from None

    @torch.inference_mode()
    def features(self, pixels: np.ndarray) -> Tensor:
        """pixels (H W 3) uint8 -> (d)."""
        return self._net(self._rows(pixels), return_features=True)[0].float().cpu()

    @torch.inference_mode()
    def shares(self, pixels: np.ndarray) -> Tensor:
        """pixels (H W 3) uint8 -> (k) that sum to one."""
        return self._net(self._rows(pixels), no_output_bias=True)[0].float().cpu()

    def _rows(self, pixels: np.ndarray) -> Tensor:
        return torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].to(self._device)


def plain_name(name: str) -> str:
    """What segmenters and annotations write differently: "dining-table", "Dining table, desk" -> "dining table"."""
    first = name.split(",")[0].split(";")[0]
    words = first.lower().replace("-", " ").replace("_", " ").split()
    return " ".join(word for word in words if word not in ("merged", "other", "stuff"))


def _require_folder(folder: Path, what: str) -> None:
    if not (folder / "config.json").is_file():
        raise UsageError(f"{folder} has no config.json; wanted a folder of {what} as transformers saves it")
