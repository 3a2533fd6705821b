"""Estimates against what real providers and a real tokenizer counted; the tables in docs/models.md are these."""

from __future__ import annotations

import pytest
from languages import TEXTS
from token_errors import PAGE, TEKKEN, block, bounds, by_language, recorded

from jackfield.profile.counting import Counting
from jackfield.tokens import count_text, estimate_text


@pytest.fixture(scope="module")
def recordings():
    """What providers counted; skips where the recordings are absent."""
    from cassettes import ROOT

    if not ROOT.is_dir():
        pytest.skip(f"no recordings at {ROOT}")
    return bounds()


@pytest.fixture(scope="module")
def tokenizer():
    """A real tokenizer that comes with its vocabulary."""
    pytest.importorskip("mistral_common")
    return Counting(TEKKEN)


@pytest.mark.recordings
def test_the_bounds_hold_for_what_providers_counted(recordings):
    """For nine of ten and more; the rest are mostly instructions that providers add and nobody can see."""
    inside = [low <= counted <= high for _, counted, (low, _, high) in recordings]

    assert len(inside) >= 300
    assert sum(inside) >= 0.93 * len(inside)


@pytest.mark.recordings
def test_answers_are_estimated_closely(recordings):
    """Nine of ten within two fifths: nothing is added to them, so that what is seen is what is counted."""
    ratios = sorted(counted / likely for kind, counted, (_, likely, _) in recordings if kind == "answers")

    assert 0.9 <= ratios[len(ratios) // 2] <= 1.15
    assert sum(1 / 1.4 <= ratio <= 1.4 for ratio in ratios) >= 0.9 * len(ratios)


@pytest.mark.recordings
def test_the_table_of_providers_is_current(recordings):
    """`python tests/tokens/token_errors.py` writes it."""
    assert recorded() == block(PAGE.read_text(encoding="utf-8"), "recorded")


@pytest.mark.parametrize("name", TEXTS)
def test_every_script_is_within_its_bounds(tokenizer, name):
    """Languages, notations, emoji: none is far off."""
    counted = count_text(TEXTS[name], tokenizer)

    assert "tokenizer" == counted.source
    low, likely, high = estimate_text(TEXTS[name])
    assert low <= counted.tokens <= high
    assert 0.6 <= likely / counted.tokens <= 1.5


def test_the_table_of_languages_is_current(tokenizer):
    """`python tests/tokens/token_errors.py` writes it."""
    assert by_language() == block(PAGE.read_text(encoding="utf-8"), "languages")
