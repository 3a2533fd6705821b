"""What could make a call cheaper: suggestions with an estimate."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from jackfield import Client, Message
from jackfield.client.plan import Plan
from jackfield.client.savings import RECENT, savings_of
from jackfield.profile import Capability, Support
from jackfield.types import Request, Timeouts

NOW = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
CENT = Decimal("0.00001")
TURN = "some words that fill a turn " * 80  # some 500 tokens


class Prices:
    """A cent a thousand tokens: half of it in batches and at night, a tenth for what is read from a cache."""

    def charge(self, used, at):
        """What it costs."""
        half = Decimal("0.5") if used.tier == "batch" or at.hour >= 22 else 1
        return CENT * (used.input + used.output + used.cache_read * Decimal("0.1")) * half


def found(*turns, able=frozenset(Capability), prices=None, **options):
    """What could be saved, by the way it is."""
    model = SimpleNamespace(max_output=None)
    binding = SimpleNamespace(
        prices=prices or Prices(),
        model=model,
        supports=lambda capability: Support.FULL if capability in able else Support.UNSUPPORTED,
    )
    plan = Plan(Request("m", turns or (Message("user", "hi"),), options=options), Timeouts(), 0)
    return {saving.way: saving for saving in savings_of(binding, plan, NOW)}


def test_what_has_time_may_be_asked_in_a_batch():
    """Where the provider answers batches, at its price for those."""
    saving = found()["batch"]

    assert saving.of / 2 == saving.amount
    assert "batch" not in found(able=frozenset())


def test_what_can_wait_may_be_asked_later():
    """From the next full hour on at which it is cheaper."""
    saving = found()["off_peak"]

    assert (datetime(2026, 11, 21, 22, tzinfo=UTC), "ask after 22:00 UTC") == (saving.at, saving.how)
    assert saving.of / 2 == saving.amount


@pytest.mark.parametrize(("count", "older"), [(RECENT, None), (RECENT + 3, None), (RECENT + 6, 6)])
def test_long_conversations_may_be_cut(count, older):
    """Where the turns before the last few are long enough to matter."""
    saving = found(Message("system", "be kind"), *[Message("user", TURN)] * count).get("trim")

    assert (older is None) == (saving is None)
    if saving is not None:
        assert f"leave out the {older} oldest turns" in saving.how
        assert 6 * 400 * CENT < saving.amount < saving.of


@pytest.mark.parametrize(("times", "able", "told"), [(3, True, True), (1, True, False), (3, False, False)])
def test_a_long_beginning_may_be_kept(times, able, told):
    """If it is long, and the provider keeps such."""
    able = frozenset(Capability) if able else frozenset()
    turns = Message("system", TURN * times), Message("user", "hi")

    assert told == ("cache" in found(*turns, able=able))


def test_the_best_comes_first():
    """By what it saves."""
    ways = list(found(Message("system", TURN * 3), *[Message("user", TURN)] * 20).values())

    assert [saving.amount for saving in ways] == sorted((saving.amount for saving in ways), reverse=True)
    assert 4 == len(ways)


@pytest.mark.parametrize("amount", [None, Decimal(0)])
def test_nothing_is_saved_where_nothing_is_known_to_be_paid(amount):
    """What is free, and what nobody knows the price of."""
    assert {} == found(prices=SimpleNamespace(charge=lambda used, at: amount))


def test_a_client_tells_without_a_key():
    """Nothing is sent."""
    (saving,) = Client({}).savings("openai/gpt-4o-mini", "hi", max_tokens=1000)

    assert ("batch", saving.of / 2) == (saving.way, saving.amount)
