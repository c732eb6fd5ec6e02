"""Tiny random stand-ins for the critics, and a folder of annotations, each in the true format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

LABELS = {0: "wall", 1: "cat", 2: "dining-table", 3: "dog"}


def write_coco(folder: Path, *, copies: int = 1) -> Path:
    """Pictures of 40x30 px: one with a person, one with a single object, and others that qualify, from number 7 on."""
    (folder / "annotations").mkdir(parents=True)
    square, corner = [2, 2, 20, 2, 20, 20, 2, 20], [24.0, 4.0, 38.0, 4.0, 38.0, 26.0, 24.0, 26.0]
    good = [*range(7, 7 + copies)]
    numbers = [*good, 98, 99]
    runs = [600, 300, 300]  # down the columns of 30 px: the ten from column 20 on
    instances = {
        "info": {"description": "made by a test"},
        "images": [
            {"id": number, "file_name": f"{number:012}.jpg", "height": 30, "width": 40, "license": 1}
            for number in numbers
        ],
        "categories": [
            {"id": 1, "name": "person", "supercategory": "person"},
            {"id": 17, "name": "cat", "supercategory": "animal"},
            {"id": 67, "name": "dining table", "supercategory": "furniture"},
        ],
        "annotations": [
            *(
                _object(each, number, category, shape)
                for number in good
                for each, (category, shape) in enumerate(
                    [
                        (17, [square]),
                        (67, {"size": [30, 40], "counts": runs}),
                        (17, [[0, 0, 2, 0, 2, 2, 0, 2]]),
                    ]
                )
            ),
            _object(4, 98, 17, [square]),
            _object(5, 98, 67, [corner]),
            _object(6, 98, 1, [square]),
            _object(7, 99, 17, [square]),
        ],
    }
    captions = {
        "annotations": [{"id": n, "image_id": n, "caption": f"A room {n}.\n"} for n in numbers]
        + [{"id": 70, "image_id": 7, "caption": "another one"}]
    }
    (folder / "annotations" / "instances_val2017.json").write_text(json.dumps(instances))
    (folder / "annotations" / "captions_val2017.json").write_text(json.dumps(captions))
    (folder / "val2017").mkdir()
    random = np.random.default_rng(2)
    for number in numbers:
        pixels = random.integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "val2017" / f"{number:012}.jpg")
    return folder


def _object(number: int, image: int, category: int, segmentation: Any) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "segmentation": segmentation,
        "iscrowd": 0,
        "area": 1.0,
        "bbox": [0, 0, 1, 1],
    }


def write_clip(folder: Path) -> Path:
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor, CLIPTokenizer

    torch.manual_seed(3)
    alphabet = sorted(ByteLevel.alphabet())
    words = ["<|startoftext|>", "<|endoftext|>", *alphabet, *(letter + "</w>" for letter in alphabet)]
    tokenizer = CLIPTokenizer(
        vocab={word: index for index, word in enumerate(words)},
        merges=[],
        model_max_length=16,
        pad_token="<|endoftext|>",
    )
    size: dict[str, Any] = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = CLIPConfig(
        text_config={
            "hidden_size": 16,
            "vocab_size": len(words),
            "max_position_embeddings": 16,
            "bos_token_id": 0,
            "eos_token_id": 1,
            "pad_token_id": 1,
            **size,
        },
        vision_config={"hidden_size": 16, "image_size": 32, "patch_size": 16, **size},
        projection_dim=8,
    )
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPModel(config).save_pretrained(folder)
    CLIPProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def write_segmenter(folder: Path) -> Path:
    """A Segformer that sees a cat where a picture is bright and a table elsewhere."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessorPil

    torch.manual_seed(3)
    config = SegformerConfig(
        num_encoder_blocks=1,
        depths=[1],
        sr_ratios=[1],
        hidden_sizes=[8],
        patch_sizes=[3],
        strides=[2],
        num_attention_heads=[1],
        mlp_ratios=[1],
        decoder_hidden_size=8,
        id2label=LABELS,
        label2id={name: index for index, name in LABELS.items()},
    )
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    SegformerImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


class Detector(nn.Module):
    """Called as the published TorchScript is: with `return_features` features, with `no_output_bias` shares."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(2)

    def forward(
        self, img: Tensor, return_features: bool = False, use_fp16: bool = False, no_output_bias: bool = False
    ) -> Tensor:
        cells = self.pool(img.float() / 255).flatten(1)
        if return_features:
            return cells
        return torch.softmax(8 * cells[:, :5], dim=1)


def write_inception(file: Path) -> Path:
    torch.jit.script(Detector()).save(str(file))
    return file
