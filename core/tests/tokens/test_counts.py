"""Counting with a tokenizer where its data is at hand, and saying so where it is not."""

from __future__ import annotations

import base64
import hashlib
import json
import sys

import pytest

from jackfield.profile.counting import Counting
from jackfield.tokens import count, count_text
from jackfield.tokens.tokenizer import _loaded
from jackfield.types import Image, Message, Request, Text

WORDS = "abab"
RANKS = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256}


@pytest.fixture(autouse=True)
def _afresh():
    """Nothing is loaded yet."""
    _loaded.cache_clear()
    yield
    _loaded.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with vocabularies in both forms; it is never imported."""
    folder = tmp_path / "vocabularies"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')")
    words = [{"rank": rank, "token_bytes": base64.b64encode(word).decode()} for word, rank in RANKS.items()]
    config = {"pattern": r"\w+|\W", "default_vocab_size": 259, "default_num_special_tokens": 2}
    (folder / "tekken.json").write_text(
        json.dumps({"config": config, "vocab": [*words, {"token_bytes": ""}]})
    )
    model = {"type": "WordLevel", "vocab": {"ab": 0, "[UNK]": 1}, "unk_token": "[UNK]"}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": model, "added_tokens": []}))
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_vocabulary_in_a_package_counts(package):
    """Exactly, and says who counted."""
    pytest.importorskip("tiktoken")
    counted = count_text(WORDS, Counting("tekken:vocabularies/tekken.json"))

    assert (2, 2, 2) == tuple(counted.range)
    assert ("tokenizer", "tekken:vocabularies/tekken.json") == (counted.source, counted.by)
    assert "vocabularies" not in sys.modules


def test_what_stands_around_is_still_a_guess(package):
    """The words of a request are counted, what a provider writes around them is not."""
    pytest.importorskip("tiktoken")
    request = Request("m", (Message("user", [Text(WORDS), Image("image/png", data=b"x")]),))

    counted = count(request, Counting("tekken:vocabularies/tekken.json", prompt=0, turn=0, image=100))

    assert ((77, 102, 130), ()) == (tuple(counted.range), counted.unknown)
    assert ("image",) == count(request, Counting("tekken:vocabularies/tekken.json")).unknown


def test_a_vocabulary_of_the_hub_counts(package, tmp_path, monkeypatch):
    """From a package's file, and from the hub's cache."""
    pytest.importorskip("tokenizers")
    snapshot = tmp_path / "hub" / "models--maker--model" / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    (snapshot / "tokenizer.json").write_bytes((package / "tokenizer.json").read_bytes())
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))

    names = ("vocabularies/tokenizer.json", "maker/model")

    assert [1, 1] == [count_text("ab", Counting(f"tokenizers:{name}")).tokens for name in names]
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HF_HOME", raising=False)
    _loaded.cache_clear()
    usual = Counting("tokenizers:maker/model", str(tmp_path / "hub"))
    assert ("tokenizer", "estimate") == (
        count_text("ab", usual).source,
        count_text("ab", Counting("tokenizers:maker/model")).source,
    )


@pytest.mark.parametrize(
    "tokenizer",
    ["", "tiktoken:o200k_base", "tekken:nowhere/x.json", "tekken:json/x", "tokenizers:maker/none"],
)
def test_what_is_not_at_hand_is_not_fetched(tokenizer, tmp_path, monkeypatch):
    """It is estimated, and says so."""
    for name in ("HF_HUB_CACHE", "TIKTOKEN_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path))

    counted = count_text(WORDS, Counting(tokenizer, "https://data.invalid/o200k_base"))

    assert ("estimate", "characters by kind") == (counted.source, counted.by)
    assert counted.range.low <= counted.tokens <= counted.range.high


def test_data_in_the_cache_is_used(tmp_path, monkeypatch):
    """It lies there under the sum of its address."""
    tiktoken = pytest.importorskip("tiktoken")
    address = "https://data.invalid/mine"
    (tmp_path / hashlib.sha1(address.encode()).hexdigest()).write_text("there")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    ours = tiktoken.Encoding("mine", pat_str=r"\w+|\W", mergeable_ranks=RANKS, special_tokens={})
    monkeypatch.setattr(tiktoken, "get_encoding", {"mine": ours}.__getitem__)

    counted = count_text(WORDS, Counting("tiktoken:mine", address))

    assert ("tokenizer", 2) == (counted.source, counted.tokens)


def test_a_broken_vocabulary_is_told_of_once(package, caplog):
    """And tokens are estimated."""
    (package / "tekken.json").write_text("{}")
    broken = Counting("tekken:vocabularies/tekken.json")

    assert ["estimate", "estimate"] == [count_text(WORDS, broken).source for _ in range(2)]
    assert 1 == len(caplog.records)


def test_without_the_extra_it_is_estimated(package, monkeypatch):
    """As nobody has to install it."""
    monkeypatch.setitem(sys.modules, "tiktoken", None)

    assert "estimate" == count_text(WORDS, Counting("tekken:vocabularies/tekken.json")).source
