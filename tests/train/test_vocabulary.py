"""The tokenizer: every concept word is one token, and any text can be written."""

import pytest
from transformers import CLIPTokenizer

from train.networks import BOS, EOS, MAX_TOKENS
from train.vocabulary import build_tokenizer, concept_words, corpus, encode


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return build_tokenizer()


def test_every_concept_word_is_one_token(tokenizer: CLIPTokenizer) -> None:
    assert {word for word in concept_words() if len(tokenizer.tokenize(word)) != 1} == set()


@pytest.mark.parametrize("text", ["a castle and a full moon, night sky", "zürich", "日本", "naïve 7 qwertz"])
def test_text_comes_back(tokenizer: CLIPTokenizer, text: str) -> None:
    ids = tokenizer(text).input_ids
    assert ids[0] == BOS
    assert ids[-1] == EOS
    written = str(tokenizer.decode(ids, skip_special_tokens=True))
    assert written.replace(" ", "") == text.replace(" ", "")


def test_captions_fit(tokenizer: CLIPTokenizer) -> None:
    captions = list(corpus(300))
    ids = encode(tokenizer, captions)
    assert ids.shape == (len(captions), MAX_TOKENS)
    assert (ids[:, -1] == EOS).all(), "no caption is cut"
