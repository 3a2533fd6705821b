"""Profiles and what they answer."""

from __future__ import annotations

import attrs

from jackfield.capability import Capabilities, Capability, Statement
from jackfield.profile import Model, OptionRule, Profile, Support

SMALL = Model("small", aliases=("tiny",))


def test_models_may_be_given_directly() -> None:
    """A profile made by a program lists its models without a file."""
    profile = Profile("acme", "Acme", "chat_completions", models=(SMALL,))

    assert (SMALL, SMALL) == (profile.model("small"), profile.model("tiny"))


def test_an_id_counts_more_than_an_alias() -> None:
    """A model whose id another one claims as alias is still found."""
    other = Model("big", aliases=("small",))

    profile = Profile("acme", "Acme", "chat_completions", models=(other, SMALL))

    assert SMALL is profile.model("small")


def test_models_survive_a_change_of_the_profile() -> None:
    """Overrides make a new profile with the same models."""
    profile = Profile("acme", "Acme", "chat_completions", models=(SMALL,))

    changed = attrs.evolve(profile, base_url="http://localhost")

    assert (SMALL,) == changed.models


def test_a_models_rule_counts_more_than_the_providers() -> None:
    """An option is judged by the model first."""
    strict = OptionRule(Support.UNSUPPORTED)
    model = Model("small", options={"seed": strict})
    profile = Profile("acme", "Acme", "chat_completions", options={"seed": OptionRule(), "top_k": strict})

    assert (strict, strict) == (profile.option_rule("seed", model), profile.option_rule("top_k", model))


def test_models_made_for_something_are_named_first() -> None:
    """Those that merely may do it, too, are named where there are no others."""
    one, two = Model("chat-1"), Model("rank-1", mode="rerank")
    stated = Capabilities({Capability.RERANK: Statement(Support.PARTIAL)})

    mixed = Profile("acme", "Acme", "chat_completions", capabilities=stated, models=(one, two))
    alone = Profile("acme", "Acme", "chat_completions", capabilities=stated, models=(one,))

    assert (two,) == mixed.able(Capability.RERANK)
    assert (one,) == alone.able(Capability.RERANK)
