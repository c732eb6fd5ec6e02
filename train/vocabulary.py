"""The tokenizer: byte-pair merges learned from the captions, in the form that CLIPTokenizer reads."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import CLIPTokenizer

from train.captions import PLAIN_GROUNDS, choose, describe
from train.concepts import backgrounds, objects
from train.networks import BOS, EOS, MAX_TOKENS

START, END = "<|startoftext|>", "<|endoftext|>"
VOCAB_SIZE = 2048
WORD_END = "</w>"


def concept_words() -> set[str]:
    names = [name for concept in (*objects(), *backgrounds()) for name in concept.names]
    return {word for name in (*names, *PLAIN_GROUNDS) for word in name.split()}


def corpus(count: int = 20_000) -> Iterator[str]:
    """Captions without pictures, then every concept word often enough to be merged whole."""
    random = np.random.default_rng(0)
    for _ in range(count):
        shown = random.choice(len(objects()), int(random.integers(0, 4)), replace=False).tolist()
        ground = int(random.integers(len(backgrounds()))) if random.random() < 0.6 else None
        yield describe(random, shown, ground=ground, plain=choose(random, tuple(PLAIN_GROUNDS)))
    yield from (word for word in sorted(concept_words()) for _ in range(50))


def with_sorted_ends(vocab: dict[str, int]) -> dict[str, int]:
    """The trainer numbers single letters that end a word in an order that differs from process to process."""
    ends = sorted(token for token in vocab if len(token) == 1 + len(WORD_END) and token.endswith(WORD_END))
    return vocab | dict(zip(ends, sorted(vocab[token] for token in ends), strict=True))


def build_tokenizer() -> CLIPTokenizer:
    """Specials at 0 and 1, every byte with and without a word end, so that any text can be written."""
    empty = CLIPTokenizer(vocab={START: BOS, END: EOS}, merges=[]).backend_tokenizer
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=WORD_END))
    tokenizer.normalizer, tokenizer.pre_tokenizer = empty.normalizer, empty.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[START, END],
        initial_alphabet=alphabet,
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocab = with_sorted_ends(model["vocab"])
    for token in (*alphabet, *(byte + WORD_END for byte in alphabet)):
        vocab.setdefault(token, len(vocab))
    merges: Any = [tuple(merge) for merge in model["merges"]]
    return CLIPTokenizer(
        vocab=vocab,
        merges=merges,
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=MAX_TOKENS,
    )


def encode(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """(n MAX_TOKENS) int64."""
    batch = tokenizer(
        captions, padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    )
    return batch.input_ids
