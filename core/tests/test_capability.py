"""What follows from what a model is made for."""

from __future__ import annotations

import pytest

from jackfield.capability import MODES, Capability, Support, by_mode


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "chat"])
def test_a_model_that_is_not_made_for_chat_does_one_thing(mode):
    """Whatever its provider can."""
    assert Support.FULL is by_mode(mode, MODES[mode], Support.FULL)
    assert Support.UNSUPPORTED is by_mode(mode, Capability.CHAT, Support.FULL)
    assert Support.UNSUPPORTED is by_mode(mode, Capability.TOOLS, Support.UNKNOWN)


def test_a_model_of_a_family_that_the_patterns_miss_is_made_for_it():
    """It is listed as such."""
    assert Support.FULL is by_mode("rerank", Capability.RERANK, Support.UNSUPPORTED)


def test_what_we_have_not_built_stays_so():
    """However many models are made for it."""
    assert Support.NOT_IMPLEMENTED is by_mode("speech", Capability.SPEECH_OUT, Support.NOT_IMPLEMENTED)


def test_what_is_about_providers_is_not_about_models():
    """A list of models is had from any."""
    assert Support.FULL is by_mode("embedding", Capability.LIST_MODELS, Support.FULL)
    assert Support.PARTIAL is by_mode("chat", Capability.TOOLS, Support.PARTIAL)
