"""Routes in configuration: what is read, what is refused and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jackfield.config.routes import _figure
from jackfield.errors import BadConfig
from jackfield.types.routes import STRATEGIES, Window

TARGETS = ["acme/small", "acme/large"]


def refused(load: Any, **route: Any) -> str:
    """What is told of a route that is wrong."""
    with pytest.raises(BadConfig) as caught:
        _ = load({"routes": {"r": {"targets": TARGETS, **route}}}).routes
    return str(caught.value)


def test_a_route_is_read(load, user_file):
    """The example of the documentation, with tables for targets."""
    user_file(
        'default = "route:cheap"\n[routes.cheap]\nstrategy = "cost"\ntimeout = 20\n'
        'targets = ["acme/small", { model = "acme/large", weight = 2, priority = -5 }]\nfallback = ["b/haiku"]\n'
    )

    found = load().routes["cheap"]

    assert ("cost", 20, ["b/haiku"]) == (
        found.strategy,
        found.timeout,
        [each.model for each in found.fallback],
    )
    assert [("acme/small", 1.0, 0), ("acme/large", 2, -5)] == [
        (each.model, each.weight, each.priority) for each in found.targets
    ]


def test_the_environment_changes_one_value(load, user_file):
    """Tables merge, arrays replace, text is read as what it is."""
    user_file('[routes.cheap]\nstrategy = "cost"\ntargets = ["acme/small"]\n')

    found = load(
        JACKFIELD_ROUTES__CHEAP__STRATEGY="round_robin",
        JACKFIELD_ROUTES__CHEAP__TARGETS="acme/large, acme/small",
        JACKFIELD_ROUTES__CHEAP__MAX_ATTEMPTS="2",
        JACKFIELD_ROUTES__CHEAP__ENABLED="false",
    ).routes["cheap"]

    assert ("round-robin", 2, False) == (found.strategy, found.max_attempts, found.enabled)
    assert ["acme/large", "acme/small"] == [each.model for each in found.targets]


def test_a_project_may_set_routes(load, project: Path):
    """They name models; they redirect no key."""
    (project / "jackfield.toml").write_text('[routes.mine]\ntargets = ["acme/small"]\n')

    assert ["mine"] == list(load().routes)


def test_a_project_may_not_choose_observers(load, project: Path):
    """Who is told of a user's calls is the user's to say."""
    (project / "jackfield.toml").write_text('[telemetry]\nobservers = ["log"]\n')

    with pytest.raises(BadConfig, match="telemetry: not allowed here"):
        load()


@pytest.mark.parametrize(
    "strategy", [name for known, others in STRATEGIES.items() for name in (known, *others)]
)
def test_every_strategy_is_accepted(load, strategy):
    """Under each of its names."""
    more = {"custom": {"extension": "mine"}, "cascade": {"check": {"json": True}}}.get(strategy, {})
    table = {"targets": TARGETS, "strategy": strategy.replace("-", "_"), **more}

    assert strategy == load({"routes": {"r": table}}).routes["r"].strategy


REFUSED = [
    ({"strategy": "cheapest"}, r"routes.r.strategy: `cheapest` is not one of `task`, `cost`"),
    ({"timout": 3}, "routes.r.timout: unknown key, did you mean `timeout`?"),
    ({"targets": ["gpt"]}, r"routes.r.targets\[0\]: `gpt` cannot be a target: it is no `provider/model`"),
    ({"targets": ["route:x"]}, "a route may stand in `fallback` alone"),
    ({"targets": []}, "routes.r.targets: is missing"),
    ({"targets": ["a/b", "a/b"]}, "`a/b` is named twice"),
    (
        {"targets": [{"model": "a/b", "priority": 101}]},
        r"targets\[0\].priority: must be between -100 and 100",
    ),
    ({"targets": [{"model": "a/b", "priority": "x"}]}, r"priority: must be a whole number"),
    ({"targets": [{"model": "a/b", "wieght": 1}]}, "unknown key, did you mean `weight`?"),
    ({"targets": [{"weight": 1}]}, r"targets\[0\].model: is missing"),
    ({"fallback": ["acme/small"]}, "fallback: `acme/small` is one of the targets already"),
    ({"fallback": ["route:q"]}, r"fallback\[0\]: there is no route `q`"),
    ({"fallback": ["route:r"]}, "leads back to itself: r > r"),
    ({"fallback_on": ["thottle"]}, "did you mean `throttle`?"),
    ({"max_latency_ms": 50}, "max_latency_ms: must be between 100 and 30000, not 50"),
    ({"max_attempts": 9}, "max_attempts: must be between 1 and 5"),
    ({"primary_attempts": 3, "max_attempts": 2}, "primary_attempts: 3 is above max_attempts 2"),
    ({"minimum_quality": 2}, "minimum_quality: must be between 0 and 1"),
    ({"tasks": {"planing": ["acme/small"]}}, "there is no task `planing`, did you mean `Planning`?"),
    (
        {"tasks": {"Planning": ["acme/smal"]}},
        "`acme/smal` is none of the targets, did you mean `acme/small`?",
    ),
    ({"strategy": "custom"}, "`custom` needs `rules`, or the name of an `extension`"),
    ({"extension": "mine"}, "`rules` and `extension` belong to `custom`"),
    ({"when": {"hours": "9-17"}}, "`9-17` is no time of day"),
    ({"when": {"days": "someday"}}, "`someday` is no day"),
    ({"when": {"zone": "Mars/Olympus"}}, "`Mars/Olympus` is no time zone"),
    ({"when": {"moon": "full"}}, "when.moon: unknown key"),
    ({"strategy": "cascade"}, "strategy: `cascade` needs a `check`"),
    ({"check": {}, "targets": ["a/b"]}, "check: needs a second target"),
    ({"check": {"matches": "("}}, r"check.matches: not a regular expression"),
    ({"check": {"finish": ["done"]}}, "check.finish: `done` is not one of `stop`"),
    (
        {"check": {"min_characters": 9, "max_characters": 8}},
        "check.max_characters: 8 is below min_characters 9",
    ),
    ({"check": {"finish": []}}, "check.finish: names no end"),
    ({"check": {"min_chars": 9}}, "check.min_chars: unknown key"),
    ({"objective": "fun"}, "`fun` is not one of `reliability`"),
]


@pytest.mark.parametrize(("route", "told"), REFUSED, ids=[told[:40] for _, told in REFUSED])
def test_what_is_wrong_is_told_with_its_place(load, route, told):
    """Where, what, and what may be meant."""
    import re

    assert re.search(told if "\\" in told else re.escape(told), refused(load, **route))


def test_a_cycle_over_several_routes_is_found(load):
    """However long the way back is."""
    routes = {
        name: {"targets": ["a/b"], "fallback": [f"route:{after}"]} for name, after in ("xy", "yz", "zx")
    }

    with pytest.raises(BadConfig, match="leads back to itself: x > y > z > x"):
        load({"routes": routes})


def test_the_default_has_to_be_there(load):
    """A default that names no route is told at the start."""
    with pytest.raises(BadConfig, match="default: there is no route `chep`, did you mean `cheap`"):
        load({"default": "route:chep", "routes": {"cheap": {"targets": ["a/b"]}}})


def test_names_are_kept_in_one_form(load):
    """Case and underscores do not matter, in names and where they are named."""
    found = load(
        {
            "routes": {
                "My_Route": {"targets": ["a/b"]},
                "b": {"targets": ["a/b"], "fallback": ["route:my_route"]},
            }
        }
    )

    assert ["my-route", "b"] == list(found.routes)


def test_windows_are_read(load):
    """Hours, days and a zone."""
    when = {"hours": ["09:00-12:30", "22:00-24:00"], "days": ["fri-mon"], "zone": "Europe/Berlin"}
    found = load({"routes": {"r": {"targets": [{"model": "a/b", "when": when}]}}}).routes["r"]

    days = frozenset({4, 5, 6, 0})
    expected = (Window(540, 750, days, "Europe/Berlin"), Window(1320, 1440, days, "Europe/Berlin"))
    assert expected == found.targets[0].when.windows


def test_rules_are_read(load):
    """Conditions and the targets they put first."""
    rules = [{"when": {"user": "ann"}, "targets": ["acme/large"]}]
    found = load({"routes": {"r": {"targets": TARGETS, "strategy": "custom", "rules": rules}}}).routes["r"]

    assert [(("ann",), ("acme/large",))] == [(rule.when.user, rule.targets) for rule in found.rules]


def test_what_holds_for_all_routes_is_read(load):
    """Confidence, cache, phrases by task."""
    found = load(
        {"routing": {"confidence": 0.5, "cache_seconds": 60, "phrases": {"planning": ["map out"]}}}
    ).routing

    assert (0.5, 60, {"Planning": ("map out",)}) == (found.confidence, found.cache_seconds, found.phrases)


@pytest.mark.parametrize(
    "routing",
    [
        {"confidence": 1.5},
        {"cache_seconds": 5},
        {"cache_entries": 1},
        {"alpha": 0.9},
        {"phrases": {"Planning": ["..."]}},
        {"cash": True},
    ],
)
def test_what_is_out_of_bounds_is_refused(load, routing):
    """Nothing is guessed."""
    with pytest.raises(BadConfig):
        load({"routing": routing})


def test_observers_are_read(load):
    """Who is told of what happens."""
    found = load({"telemetry": {"observers": ["log", "otel"], "capture": "span_only"}}).telemetry

    assert (("log", "otel"), "span_only", False) == (found.observers, found.capture, found.aliases)


def test_text_that_is_no_number_is_left_to_the_check():
    """It says what is wrong."""
    assert ("x", 3, 0.5) == (_figure("x"), _figure("3"), _figure("0.5"))
