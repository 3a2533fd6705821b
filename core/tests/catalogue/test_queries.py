"""Questions to the catalogue, over tables of two made-up providers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from jackfield.capability import Capabilities, Capability, Statement, Support
from jackfield.catalogue.features import FEATURES, ProviderFacts
from jackfield.catalogue.filters import query_of
from jackfield.catalogue.index import Shelf, table_of
from jackfield.catalogue.query import Catalogue, Query
from jackfield.errors import InvalidRequest, ModelNotFound
from jackfield.profile import AuthSpec, Model, Profile
from jackfield.profile.rates import Price, Rate, Schedule

FULL, NONE = Statement(Support.FULL), Statement(Support.UNSUPPORTED)
SEEN = Statement(Support.PARTIAL, ("*-vision",))
TODAY = date(2026, 11, 21)


def rate(into, out, since=date(2026, 1, 1), unit="per_1M_tokens", **facts):
    prices = {name: Price(figure, unit) for name, figure in (("input", into), ("output", out)) if figure}
    return Rate(since, "a page", Schedule(prices), checked=since, **facts)


ACME = Profile(
    "acme",
    "Acme",
    "chat_completions",
    category="lab",
    auth=AuthSpec("bearer"),
    regions={"eu": "https://eu.acme.invalid", "note": "nothing else"},
    compliance={"tags": {"soc2": {"url": "https://acme.invalid/soc2"}}, "retention": "none"},
    capabilities=Capabilities(
        {
            Capability.CHAT: FULL,
            Capability.STREAMING: FULL,
            Capability.TOOLS: FULL,
            Capability.IMAGES_IN: SEEN,
            Capability.EMBEDDINGS: FULL,
            Capability.BATCH: FULL,
        }
    ),
    models=(
        Model("small", aliases=("tiny",), context=32_000, max_output=4_000, rates=(rate("0.10", "0.30"),)),
        Model("large-vision", context=128_000, rates=(rate("0.000003", "0.000009", unit="per_token"),)),
        Model("old", context=8_000, deprecated=date(2026, 3, 1), replacement="small"),
        Model("leaving", deprecated=date(2027, 3, 1), note="until spring"),
        Model("vectors", mode="embedding", dimensions=512, rates=(rate("0.02", ""),)),
    ),
)
LOCAL = Profile("local", "Local", "chat_completions", category="local", models=(Model("small"),))
SHELVES = {profile.id: Shelf(table_of(profile), "read") for profile in (ACME, LOCAL)}
CATALOGUE = Catalogue(lambda names: [SHELVES[name] for name in names or SHELVES])


def names(**filters):
    words = filters.pop("words", ())
    return [found.name.removeprefix("acme/") for found in CATALOGUE.find(query_of(words, filters))]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"words": ("LARGE", "acme")}, ["large-vision"]),
        ({"words": ("tiny",)}, ["small"]),
        ({"provider": "local"}, ["local/small"]),
        ({"provider": "acme", "context_min": 32_000}, ["small", "large-vision"]),
        ({"output_min": 1}, ["small"]),
        ({"capability": "image"}, ["large-vision"]),
        ({"capability": ["tools", "images_in"]}, ["large-vision"]),
        ({"capability": "embeddings"}, ["vectors"]),
        ({"mode": "embedding"}, ["vectors"]),
        ({"max_price_in": "0.1"}, ["small", "vectors"]),
        ({"max_price_in": 5, "max_price_out": Decimal(1)}, ["small"]),
        ({"status": "retired"}, ["old"]),
        ({"status": ("deprecated", "retired")}, ["old", "leaving"]),
        ({"region": "eu", "words": ("small",)}, ["small"]),
        ({"compliance": "soc2", "words": ("small",)}, ["small"]),
        ({"compliance": "hipaa"}, []),
        ({"category": "local"}, ["local/small"]),
        ({"feature": "local inference"}, ["local/small"]),
    ],
    ids=str,
)
def test_all_that_is_asked_has_to_hold(filters, expected):
    """Each filter leaves out what is stated to be otherwise, and what nobody states."""
    assert expected == names(**filters)


def test_the_cheapest_that_can():
    """By three parts of input and one of output; what has no price has no place."""
    found = CATALOGUE.cheapest(Query(capabilities=(Capability.TOOLS,)))

    assert ["acme/small", "acme/large-vision"] == [one.name for one in found]


def test_the_cheapest_of_what_answers_without_text():
    """A price of what goes in is enough."""
    assert ["acme/vectors"] == [one.name for one in CATALOGUE.cheapest(Query(mode="embedding"))]


def test_a_model_is_found_by_name_or_alias():
    """With its provider, and without where one provider has it."""
    assert ["acme/small", "acme/small", "acme/vectors"] == [
        CATALOGUE.get(name).name for name in ("acme/tiny", "tiny", "vectors")
    ]


@pytest.mark.parametrize(
    ("name", "hint"), [("acme/smal", "acme/small"), ("vector", "acme/vectors"), ("small", "local/small")]
)
def test_a_name_that_is_none_is_answered_with_near_ones(name, hint):
    """And one that several providers have with all of them."""
    with pytest.raises(ModelNotFound) as caught:
        CATALOGUE.get(name)

    assert hint in caught.value.info.hint


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"capability": "tool"}, "did you mean `tools`"),
        ({"mode": "chta"}, "did you mean `chat`"),
        ({"status": "gone"}, "current, deprecated, retired"),
        ({"feature": "streming"}, "did you mean `streaming`"),
        ({"max_price_in": "cheap"}, "USD per million"),
        ({"max_price_out": -1}, "USD per million"),
        ({"context_min": True}, "whole number"),
        ({"contxt_min": 1}, "did you mean `context_min`"),
    ],
    ids=str,
)
def test_what_is_no_filter_is_refused(filters, words):
    """With what may have been meant."""
    with pytest.raises(InvalidRequest) as caught:
        names(**filters)

    assert words in f"{caught.value.info.message} {caught.value.info.hint}"


def test_a_listed_model_tells_its_facts():
    """Everything the provider states, and nothing that it does not."""
    one, old = CATALOGUE.get("acme/vectors"), CATALOGUE.get("acme/old")

    assert ("embedding", 512, None, None) == (one.mode, one.dimensions, one.context, one.max_output)
    assert (date(2026, 3, 1), "small", "retired") == (old.deprecated, old.replacement, old.status(TODAY))
    assert ("retired", "deprecated") == (
        CATALOGUE.get("acme/leaving").status(date(2027, 3, 1)),
        CATALOGUE.get("acme/leaving").status(TODAY),
    )
    assert (Support.UNSUPPORTED, True) == (one.supports(Capability.CHAT), one.can(Capability.EMBEDDINGS))
    assert (("eu",), ("soc2",), "read", "until spring") == (
        *(one.regions, one.compliance, one.origin),
        CATALOGUE.get("acme/leaving").note,
    )


def test_an_unknown_price_is_not_0():
    """It is none, of a model nobody priced and of a day nobody priced."""
    small = CATALOGUE.get("acme/small")

    assert (None, None) == (CATALOGUE.get("acme/old").price_in, small.price(date(2025, 12, 31)).output)
    assert (Decimal("0.1"), Decimal("0.3"), "a page", "2026-01-01") == small.price(TODAY)[:4]
    assert None is CATALOGUE.get("acme/old").form()["price"]


def test_a_price_holds_for_its_time():
    """The newest that has begun; prices of one region or in other money are no usual ones."""
    rates = (
        rate("1", "2", date(2026, 1, 1), valid_to=date(2026, 6, 1)),
        rate("3", "4", date(2026, 6, 1)),
        rate("9", "9", date(2026, 7, 1), region="eu"),
        rate("9", "9", date(2026, 7, 1), currency="EUR"),
    )
    one = Catalogue(
        lambda _: [Shelf(table_of(Profile("p", "P", "w", models=(Model("m", rates=rates),))), "read")]
    )

    prices = [one.get("p/m").price(date(2026, month, 1)).input for month in (5, 6, 12)]

    assert [Decimal(1), Decimal(3), Decimal(3)] == prices


def test_providers_are_found_by_what_they_are():
    """By category, feature, way to authenticate, region and tag."""

    def ids(**asked):
        return [found.id for found in CATALOGUE.providers(**asked)]

    assert [["acme"], ["local"], ["acme"], ["acme"], ["acme"]] == [
        *(ids(category="lab"), ids(feature="local-inference"), ids(auth="bearer")),
        *(ids(region="eu"), ids(compliance="soc2")),
    ]


def test_features_follow_from_the_data():
    """Nothing is maintained beside it."""
    acme, local = (ProviderFacts(SHELVES[name]) for name in ("acme", "local"))

    assert {"streaming", "batch", "european", "compliance", "privacy-first", "vision"} <= set(acme.features)
    assert {"local-inference", "privacy-first", "open-source"} == set(local.features)
    assert set(acme.features) <= FEATURES.keys()
    assert ("Acme", 5, ("bearer",), "lab", ("chat_completions",)) == (
        *(acme.name, acme.models, acme.auth, acme.category, acme.wires),
    )
