"""Core's own answers to the hooks, and what they refuse."""

from __future__ import annotations

from datetime import datetime

import pytest

from jackfield.catalogue import FreePrices
from jackfield.client.answers import CoreAnswers
from jackfield.client.binding import Binding
from jackfield.config import ProviderSettings, Settings
from jackfield.errors import BadConfig
from jackfield.profile import Capability, Model, Profile, Support
from jackfield.types import Usage

MODEL = Model("small")
SETTINGS = ProviderSettings("acme")
NOW = datetime(2026, 11, 21)  # noqa: DTZ001  # only a key into a table


def completion(profile, model=MODEL, **overrides):
    settings = Settings.load(overrides or None, env={})
    return CoreAnswers().completion(profile, model, settings.provider(profile))


def acme(**facts):
    return Profile("acme", "Acme", **{"wire": "chat_completions", "base_url": "https://a.invalid", **facts})


WRONG = {
    "`acme` names wire `nonsense`": {"wire": "nonsense"},
    "has no setting `a`, `b`": {"dialect": {"b": 1, "a": 2}},
    "has no fixed address: `base_url` is not set": {"base_url": ""},
}


@pytest.mark.parametrize("words", WRONG)
def test_a_profile_that_cannot_be_spoken_to_is_refused(tmp_path, monkeypatch, words):
    """What it names has to be there, and what it leaves open has to be set."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadConfig, match=words):
        completion(acme(**WRONG[words]))


def test_an_address_that_is_missing_is_hinted_at(tmp_path, monkeypatch):
    """The variables that would set it are named."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadConfig) as caught:
        completion(acme(base_url="", base_url_env=("ACME_BASE", "ACME_URL")))

    assert "set `ACME_BASE` or `ACME_URL`, or `base_url` under `[providers.acme]`" == caught.value.info.hint


def test_a_model_family_speaks_its_own_dialect(tmp_path, monkeypatch):
    """What a model states wins over its provider."""
    monkeypatch.chdir(tmp_path)
    profile = acme(dialect={"done": "required"})

    wires = completion(profile), completion(profile, Model("large", dialect={"done": "optional"}))

    assert ["required", "optional"] == [wire.dialect.settings["done"] for wire in wires]


def test_a_price_is_unknown_unless_stated():
    """Unknown is not free."""
    charges = [
        book.charge(Usage(), NOW) for book in (CoreAnswers().pricing(acme(), MODEL, SETTINGS), FreePrices())
    ]

    assert [None, 0] == charges


def test_a_binding_describes_itself(tmp_path, monkeypatch):
    """Who answered each hook, what it is called, and what it can."""
    monkeypatch.chdir(tmp_path)
    answers, profile = CoreAnswers(), acme()
    wire = completion(profile)
    able = {"capabilities": {Capability.TOOLS: Support.FULL}}
    prices = answers.pricing(profile, MODEL, SETTINGS)
    binding = Binding(profile, MODEL, None, wire, answers.streaming(wire), prices, **able)

    renamed = binding.evolve(model=Model("large"))

    assert ("acme", "acme/small", "acme/large") == (binding.provider, binding.name, renamed.name)
    assert (Support.FULL, Support.UNKNOWN) == (
        binding.supports(Capability.TOOLS),
        binding.supports(Capability.CHAT),
    )
    assert ("NoneType", "unknown") == (binding.describe()["auth"], binding.describe()["pricing"])


@pytest.mark.parametrize(
    ("chosen", "only", "name"),
    [
        (None, "", "chat_completions"),
        ("messages", "", "messages"),
        ("messages", "chat_completions", "chat_completions"),
    ],
)
def test_a_wire_is_chosen(chosen, only, name):
    """By the model, if it speaks one alone, else by the user."""
    profile = acme(wires=("messages",), dialects={"messages": {"default_max_tokens": 5}})
    settings = ProviderSettings("acme", base_url="https://acme.test", wire=chosen)

    wire = CoreAnswers().completion(profile, Model("m", wire=only), settings)

    assert name == wire.name
    assert name != "messages" or wire.dialect.settings["default_max_tokens"] == 5


def test_a_wire_that_is_not_spoken_is_refused():
    """With those that are."""
    settings = ProviderSettings("acme", base_url="https://acme.test", wire="messages")

    with pytest.raises(BadConfig, match="does not speak wire `messages`"):
        CoreAnswers().completion(acme(), MODEL, settings)
