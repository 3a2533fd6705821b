"""Questions about cost: no key, no network, the answers of the pricing hook."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from jackfield.catalogue import Quote
from jackfield.client import AsyncClient, Client
from jackfield.client.bounds import bound_of, nano
from jackfield.client.plan import plan_operation
from jackfield.client.quotes import moment, within
from jackfield.client.requests import drawing
from jackfield.errors import BudgetExceeded
from jackfield.profile import Capability, Model, Profile, Statement, Support
from jackfield.profile.rates import rate
from jackfield.registry import Registry
from jackfield.types import Audio, CachePoint, HostedTool, Text, Usage


def priced(figure, **fields):
    table = {"input": figure, "output": "10", "cache_write_1h": "20"}
    rates = [
        rate({"valid_from": day, "source": "acme", "per_1M_tokens": table, **fields}, "r", [])
        for day in (date(2026, 1, 1),)
    ]
    return tuple(rates)


MODELS = (
    Model("small", context=9000, max_output=100, rates=priced("1")),
    Model(
        "large",
        context=9000,
        rates=priced("5", tiers={"batch": {"per_1M_tokens": {"input": "2"}}}, uplift={"us": "1.1"}),
    ),
    Model("new"),
    Model(
        "brush",
        mode="image",
        rates=priced("1", without_tokens={"per_image": {"images_out_low_10x10": "0.02"}}),
    ),
)


@pytest.fixture(params=[Client, AsyncClient])
def client(request, tmp_path, monkeypatch):
    """Both clients, with a provider whose key is not set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    from jackfield.capability import Capabilities
    from jackfield.profile import AuthSpec

    full = dict.fromkeys(Capability, Statement(Support.FULL))
    registry = Registry()
    registry.add(
        Profile(
            "acme",
            "Acme",
            "chat_completions",
            base_url="https://acme.invalid",
            auth=AuthSpec("bearer", ("ACME_API_KEY",)),
            capabilities=Capabilities(full),
            models=MODELS,
        )
    )
    return request.param({}, registry=registry)


def test_a_quote_needs_no_key(client):
    """At least the estimate, at most all that may come out."""
    quote = client.quote("acme/small", "Name three rivers.")

    assert quote.low < quote.high
    assert quote.high == (quote.input[1] + 100 * 10) / Decimal(1_000_000)


@pytest.mark.parametrize(
    ("options", "output"), [({}, 9000 - 7), ({"max_tokens": 50}, 50), ({"max_tokens": 50, "n": 3}, 150)]
)
def test_the_most_that_comes_out_is_what_was_asked_or_what_fits(client, options, output):
    """A model without a limit of its own may fill its context."""
    quote = client.quote("acme/large", "Hi", count=lambda request: (7, 7), **options)

    assert output == quote.output


@pytest.mark.parametrize(("place", "times"), [(None, "1"), ("global", "1"), ("us", "1.1")])
def test_a_place_to_be_kept_to_has_its_price(client, place, times):
    """As the request names it."""
    asked = {"max_tokens": 100, "extra": {"inference_geo": place}}

    quote = client.quote("acme/large", "Hi", count=lambda request: (100, 100), **asked)

    assert (100 * 5 + 100 * 10) * Decimal(times) / 1_000_000 == quote.high


def test_pictures_are_quoted_by_quality_and_size(client):
    """And by how many there are to be, with the words that go in."""
    quote = client.quote_image("acme/brush", "A cat", n=2, quality="low", size="10x10")

    assert Decimal("0.03") == quote.low
    assert Decimal("0.05") + quote.input[1] / Decimal(1_000_000) == quote.high


def test_budgets_hold_what_pictures_may_cost(client):
    """As much as the quote says, rounded up; of unknown sizes nothing can be held."""
    binding = client.pricing("acme/brush")
    make = drawing("A cat", (), None)
    asked = [{"quality": "low", "size": "10x10"}, {"quality": "low", "size": "99x99"}]

    bounds = [bound_of(binding, plan_operation(binding, "image", make, options)) for options in asked]

    high = client.quote_image("acme/brush", "A cat", **asked[0]).high
    assert [nano(high), None] == bounds


def test_sounds_of_unknown_length_have_no_bound(client):
    """The quote says what is missing."""
    quote = client.quote("acme/small", [Audio("audio/wav", data=b"RIFF")])

    assert (None, "how many tokens go in is not known") == (quote.high, quote.why)


def test_hosted_tools_have_no_bound(client):
    """How often they are used is the model's choice."""
    quote = client.quote("acme/small", "Hi", tools=[HostedTool("web_search")])

    assert "own tools" in quote.why


def test_what_is_kept_for_an_hour_costs_more(client):
    """The price of writing to the cache is in the bound."""
    one, other = ([Text("Hi"), CachePoint(ttl)] for ttl in ("5m", "1h"))

    assert client.quote("acme/small", one).high < client.quote("acme/small", other).high


def test_a_usage_is_charged_then_and_now(client):
    """A day of its own, a tier of its own."""
    used = Usage(1_000_000)

    charges = [
        client.charge("acme/large", used),
        client.charge("acme/large", used, tier="batch"),
        client.charge("acme/large", used, at=date(2025, 1, 1)),
        client.charge("acme/new", used),
    ]

    assert [Decimal(5), Decimal(2), None, None] == charges


def test_costs_are_compared(client):
    """Of a usage, and of a prompt that was not sent."""
    names = ["acme/new", "acme/large", "acme/small"]

    by_usage = client.compare_costs(names, Usage(1000))
    by_prompt = client.compare_costs(names, "Hi", max_tokens=10)

    assert ["acme/small", "acme/large", "acme/new"] == [cost.model for cost in by_usage]
    assert ["acme/small", "acme/large", "acme/new"] == [cost.model for cost in by_prompt]
    assert by_prompt[0].quote.low < by_prompt[0].amount


def test_the_cheapest_that_can_is_found(client):
    """Unknown prices are not cheap."""
    found = client.cheapest(Capability.TOOLS, usage=Usage(1000), providers=("acme",))

    assert ["acme/small", "acme/large"] == [cost.model for cost in found]


@pytest.mark.parametrize(("high", "says"), [("0.2", "may cost $0.2"), (None, "is not known")])
def test_a_limit_refuses_before_sending(high, says):
    """What may cost more, and what nobody can tell."""
    quote = Quote(Decimal(0), high and Decimal(high), why="no bound")

    with pytest.raises(BudgetExceeded, match=says.replace("$", r"\$")) as caught:
        within(quote, Decimal("0.1"), "acme/small")

    assert (8, "no") == (caught.value.exit_code, caught.value.info.sent)


def test_a_limit_lets_through_what_is_below():
    """Just as much is not more."""
    assert None is within(Quote(Decimal(0), Decimal("0.1")), Decimal("0.1"), "acme/small")


def test_a_day_is_its_noon_in_utc():
    """So that it is that day wherever one is."""
    assert datetime(2026, 11, 21, 12, tzinfo=UTC) == moment(date(2026, 11, 21))
    assert datetime(2026, 11, 21, 1, tzinfo=UTC) == moment(datetime(2026, 11, 21, 1))  # noqa: DTZ001
