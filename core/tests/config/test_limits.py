"""The tables `[limits]`, `[tiers]` and `[budgets]`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jackfield import BadConfig
from jackfield.config import Settings
from jackfield.config.amounts import money_of, nano_of, rate_of, usd_of
from jackfield.config.budgets import BudgetRule
from jackfield.config.limits import TIERS, LimitRule, Rate


def loaded(**tables):
    """The settings of a configuration."""
    return Settings.load(tables, env={})


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100 / minute", (100, 60.0)),
        ("1/s", (1, 1.0)),
        ("5k / 10 seconds", (5000, 10.0)),
        (" 2M/day ", (2_000_000, 86400.0)),
        ("1_000 / 2 hours", (1000, 7200.0)),
        ("0 / minute", None),
        ("1.5 / minute", None),
        ("100 per minute", None),
        ("100 / month", None),
        ("100 / 0 minutes", None),
        ("-1 / minute", None),
    ],
)
def test_rates_are_written_as_people_do(text, rate):
    """A count, perhaps in thousands or millions, and a time."""
    assert rate == rate_of(text)


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("10 USD / day", (10 * 10**9, "day")),
        ("0.000000001 USD", (1, "total")),
        ("1_000.50USD/month", (1_000_500_000_000, "month")),
        ("0.0000000001 USD", None),
        ("0 USD", None),
        ("10 EUR", None),
        ("10", None),
        ("1e3 USD", None),
    ],
)
def test_money_is_read_to_the_nano_dollar(text, money):
    """What is smaller, nothing at all, or in another currency, is refused."""
    assert money == money_of(text)


def test_nano_dollars_are_exact():
    """Rounded up where there is less than one."""
    assert [1, 1_000_000_001] == [nano_of(Decimal(text)) for text in ("0.0000000001", "1.0000000005")]
    assert Decimal("0.000000001") == usd_of(1)


def test_a_tier_adds_to_what_a_rule_says():
    """Also one of one's own."""
    rule = {"tier": "gold", "tokens": "5 / s", "only": {"model": "x*"}, "on_limit": "refuse", "max_wait": 2}
    tiers = {"gold": {"concurrent": 9, "cost": "2 USD / hour"}}

    found = loaded(limits={"pacing": "off", "waiting": 7, "a": rule}, tiers=tiers).limits

    rates = (Rate("cost", 2 * 10**9, 3600.0), Rate("concurrent", 9), Rate("tokens", 5, 1.0))
    assert ("off", 7) == (found.pacing, found.waiting)
    assert (LimitRule("a", rates, only={"model": ("x*",)}, wait=False, max_wait=2.0),) == found.rules


def test_presets_and_bursts_are_buckets():
    """Several rates hold together."""
    both = {"requests": ["1 / s", "2 / m"], "algorithm": "token_bucket", "burst": 3}

    found = loaded(
        limits={"b": {"scope": "ip", "preset": "hourly"}, "c": {"scope": ["user", "model"], **both}}
    ).limits

    rates = (Rate("requests", 1, 1.0), Rate("requests", 2, 60.0))
    assert found.rules == (
        LimitRule("b", (Rate("requests", 500, 3600.0),), ("ip",), algorithm="token_bucket", burst=25),
        LimitRule("c", rates, ("user", "model"), algorithm="token_bucket", burst=3),
    )


def test_tiers_are_as_they_are_sold():
    """By the hour, by the minute, at once."""
    free = (Rate("requests", 100, 3600.0), Rate("requests", 10, 60.0), Rate("concurrent", 2))

    assert free == TIERS["free"]
    assert ["free", "basic", "premium", "enterprise"] == list(TIERS)


def test_budgets_become_values():
    """With what is usual for the rest."""
    found = loaded(
        budgets={
            "a": {"limit": "10 USD / week"},
            "b": {"limit": "1 USD", "scope": "user", "on_exceeded": "route:x", "unknown_price": "allow"},
        },
        routes={"x": {"targets": ["acme/m"]}},
    )

    assert found.budgets == (
        BudgetRule("a", 10 * 10**9, "week"),
        BudgetRule("b", 10**9, "total", ("user",), {}, "route:x", "allow"),
    )
    assert [True, True] == [rule.hard for rule in found.budgets]


def test_values_are_shown_as_they_were_written():
    """More or less."""
    found = loaded(
        limits={"a": {"requests": "5k / minute", "cost": "2 USD / hour", "concurrent": 3}},
        budgets={"b": {"limit": "1.50 USD / day"}},
    )

    shown = {entry.path: entry.value for entry in found.entries()}

    assert ["1.5 USD / day", "3", "2 USD / 3600 seconds", "5000 / 60 seconds"] == [
        shown[path]
        for path in ("budgets.b.limit", "limits.a.concurrent", "limits.a.cost", "limits.a.requests")
    ]


WRONG = [
    ({"limits": {"a": {}}}, "limits.a: limits nothing: give `requests`"),
    ({"limits": {"a": {"requests": "many"}}}, "limits.a.requests: `many` is no rate: write `100 / minute`"),
    ({"limits": {"a": {"requests": 3}}}, "limits.a.requests: must be text or an array of texts"),
    ({"limits": {"a": {"cost": "2 USD / week"}}}, "limits.a.cost: `2 USD / week` is no amount by time"),
    ({"limits": {"a": {"concurrent": 0}}}, "limits.a.concurrent: must be 1 or more"),
    ({"limits": {"a": {"requests": "1 / s", "scope": "users"}}}, "limits.a.scope: `users` is not one of"),
    (
        {"limits": {"a": {"requests": "1 / s", "only": {"usr": "x"}}}},
        "limits.a.only.usr: `usr` is not one of",
    ),
    (
        {"limits": {"a": {"requests": "1 / s", "max_wait": 31}}},
        "limits.a.max_wait: must be a number of seconds",
    ),
    ({"limits": {"a": {"requests": "1 / s", "burst": 3}}}, "limits.a.burst: needs `algorithm"),
    (
        {"limits": {"a": {"preset": "hourly", "scope": "tenant"}}},
        "limits.a.preset: there is none for `tenant`",
    ),
    ({"limits": {"a": {"tier": "fre"}}}, "limits.a.tier: there is no tier `fre`, did you mean `free`?"),
    ({"limits": {"pacing": "fast"}}, "limits.pacing: `fast` is not one of"),
    ({"tiers": {"a": {"rpm": 3}}}, "tiers.a.rpm: unknown key"),
    ({"budgets": {"a": {}}}, "budgets.a.limit: is missing"),
    ({"budgets": {"a": {"limit": "10 USD / year"}}}, "budgets.a.limit: `10 USD / year` is no budget"),
    ({"budgets": {"a": {"limit": 10}}}, "budgets.a.limit: must be text"),
    ({"budgets": {"a": {"limit": "1 USD", "on_exceeded": "refse"}}}, "`route:NAME`, did you mean `refuse`?"),
    (
        {"budgets": {"a": {"limit": "1 USD", "on_exceeded": "route:"}}},
        "budgets.a.on_exceeded: `route:` is not one of",
    ),
]


@pytest.mark.parametrize(("tables", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_told_with_its_path(tables, message):
    """At start, with the nearest word that is known."""
    with pytest.raises(BadConfig) as caught:
        _ = loaded(**tables).limits

    assert message in str(caught.value)


def test_a_variable_may_change_one_key():
    """Tables are merged of what all places say."""
    found = Settings.load(
        {"limits": {"a": {"requests": "1 / s"}}},
        env={"JACKFIELD_LIMITS__A__CONCURRENT": "4", "JACKFIELD_LIMITS__PACING": "off"},
    ).limits

    assert ("off", (Rate("requests", 1, 1.0), Rate("concurrent", 4))) == (found.pacing, found.rules[0].rates)


@pytest.mark.parametrize(
    ("variable", "value", "path", "meant"),
    [
        ("CACHE__ENABLED", "true", ("cache", "enabled"), True),
        ("CACHE__SINGLE_FLIGHT", "true", ("cache", "single_flight"), True),
        ("CACHE__TTL", "60", ("cache", "ttl"), 60.0),
        ("CACHE__TTL", "short", ("cache", "ttl"), 300.0),
        ("CACHE__DISK_SIZE", "5 MB", ("cache", "disk_size"), 5_000_000),
        ("STATE__REPLICAS", "3", ("state", "replicas"), 3),
        ("ROUTING__CACHE_SECONDS", "90", ("routing", "cache_seconds"), 90),
        ("TELEMETRY__ALIASES", "true", ("telemetry", "aliases"), True),
        ("LIMITS__PACING", "learn", ("limits", "pacing"), "learn"),
    ],
)
def test_the_environment_may_say_any_key(variable, value, path, meant):
    """Numbers and switches are read as what the key takes."""
    found = Settings.load(env={f"JACKFIELD_{variable}": value})

    assert () == found.warnings
    assert meant == getattr(getattr(found, path[0]), path[1])


def test_arrays_in_the_environment_have_commas():
    """Where one text alone is not what is meant."""
    table = {"budgets": {"a": {"limit": "1 USD"}}}
    found = Settings.load(table, env={"JACKFIELD_BUDGETS__A__SCOPE": "user, model"})

    assert ("user", "model") == found.budgets[0].scope


def test_a_variable_may_say_a_part():
    """What is missing then is told as such, and not as a mistake of the environment."""
    env = {"JACKFIELD_BUDGETS__A__SCOPE": "user", "JACKFIELD_CACHE__SEMANTIC__MODEL": "acme/e"}
    found = Settings.load(env=env)

    assert () == found.warnings
    with pytest.raises(BadConfig, match=r"budgets.a.limit: is missing"):
        _ = found.budgets
    with pytest.raises(BadConfig, match=r"cache.semantic.scope: is missing"):
        _ = found.cache


def test_names_that_lead_to_no_route_are_refused():
    """Of a budget, and of the cache."""
    semantic = {"model": "acme/e", "scope": ["global"], "routes": ["fax"]}
    found = Settings.load(
        {"cache": {"semantic": semantic}, "routes": {"faq": {"targets": ["acme/m"]}}}, env={}
    )

    with pytest.raises(
        BadConfig, match=r"cache.semantic.routes: there is no route `fax`, did you mean `faq`"
    ):
        _ = found.cache
