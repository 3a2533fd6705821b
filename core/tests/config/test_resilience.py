"""The tables `[breaker]` and `[retry]`, and `stage`: every figure acts, and what cannot be meant is refused."""

from __future__ import annotations

import attrs
import pytest

from jackfield import BadConfig, ErrorInfo
from jackfield.config import Settings
from jackfield.policy.board import Board
from jackfield.policy.breaker import Refused
from jackfield.policy.retry import RetryPolicy
from jackfield.types.resilience import BREAKER_BOUNDS, PRESETS, RETRY_BOUNDS, BreakerRules, RetryRules


@pytest.fixture
def load(tmp_path):
    """Settings of what a caller says, and of an environment; no files."""

    def load(env=None, **given):
        return Settings.load(
            given, env={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), **(env or {})}, cwd=tmp_path
        )

    return load


def test_nothing_said_is_the_default(load):
    """Rules as they are documented."""
    settings = load()

    assert (BreakerRules(), RetryRules()) == (settings.breaker, settings.retry)


@pytest.mark.parametrize("name", BREAKER_BOUNDS)
def test_every_figure_of_a_breaker_arrives(load, name):
    """Under its own name."""
    least, most = BREAKER_BOUNDS[name]
    value = min(most, max(least, 10 if name == "min_state" else 20))

    figures = {"open_time": 15, "open_max": 30} | {name: value}
    assert value == getattr(load(breaker=figures).breaker, name)


@pytest.mark.parametrize("name", RETRY_BOUNDS)
def test_every_figure_of_retries_arrives(load, name):
    """Under its own name."""
    value = min(RETRY_BOUNDS[name][1], 5)

    assert value == getattr(load(retry={name: value}).retry, name)


@pytest.mark.parametrize(
    ("table", "name", "least", "most"),
    [("breaker", name, *bounds) for name, bounds in BREAKER_BOUNDS.items()]
    + [("retry", name, *bounds) for name, bounds in RETRY_BOUNDS.items()],
)
def test_figures_out_of_bounds_are_refused(load, table, name, least, most):
    """With the path and the bounds."""
    for value in (least - 1, most + 1):
        with pytest.raises(BadConfig, match=rf"{table}\.{name}: must be "):
            load(**{table: {name: value}})


def test_all_rules_can_be_set():
    """No figure exists that configuration does not know."""
    fields = {field.name for field in attrs.fields(BreakerRules)}

    assert set(BREAKER_BOUNDS) | {"enabled"} == fields
    assert set(RETRY_BOUNDS) == {field.name for field in attrs.fields(RetryRules)}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(load, preset):
    """A preset is taken whole, and single figures beside it win."""
    assert PRESETS[preset] == load(breaker={"preset": preset}).breaker
    assert 7 == load(breaker={"preset": preset, "failures": 7}).breaker.failures


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"breaker": {"falures": 3}}, r"breaker\.falures: unknown key, did you mean `failures`\?"),
        ({"breaker": {"preset": "bold"}}, r"breaker\.preset: `bold` is not one of"),
        ({"breaker": {"enabled": 1}}, r"breaker\.enabled: must be true or false"),
        ({"breaker": {"failures": 2.5}}, r"breaker\.failures: must be a whole number"),
        (
            {"breaker": {"open_max": 10}},
            r"`breaker\.open_time` \(15 s\) is above `breaker\.open_max` \(10 s\)",
        ),
        ({"breaker": {"min_state": 15}}, r"`breaker\.min_state` \(15 s\) is not below"),
        ({"retry": {"ceiling": 0.5}}, r"`retry\.ceiling` \(0\.5 s\) is below"),
        ({"stage": "test"}, r"stage: `test` is not one of `dev`, `staging`, `prod`"),
    ],
)
def test_contradictions_are_refused(load, given, words):
    """What is wrong, where, and what there is."""
    with pytest.raises(BadConfig, match=words):
        _ = (settings := load(**given)).breaker, settings.retry


@pytest.mark.parametrize(
    ("stage", "timeout", "retries", "failures"),
    [("dev", 10, 1, 10), ("staging", None, None, 5), ("prod", None, None, 3)],
)
def test_a_stage_sets_several_things(load, stage, timeout, retries, failures):
    """What is said of each of them counts more."""
    settings = load(stage=stage)
    assert (timeout, retries, failures) == (settings.timeout, settings.max_retries, settings.breaker.failures)

    settings = load(stage=stage, timeout=33, max_retries=0, breaker={"failures": 44})

    assert (33, 0, 44) == (settings.timeout, settings.max_retries, settings.breaker.failures)


@pytest.mark.parametrize(
    ("stage", "kept", "pacing", "observers"),
    [("dev", False, "off", ("log",)), ("staging", True, "learn", ()), ("prod", True, "learn", ("otel",))],
)
def test_a_stage_says_what_is_kept_held_back_and_told(load, stage, kept, pacing, observers):
    """Where nothing else does; a table of the cache alone is not said of whether answers are kept."""
    settings = load(stage=stage, cache={"ttl": "short"})
    found = settings.cache.enabled, settings.limits.pacing, settings.telemetry.observers

    told = load(
        stage=stage,
        cache={"enabled": not kept},
        limits={"pacing": "published"},
        telemetry={"observers": []},
    )

    assert (kept, pacing, observers) == found
    assert (not kept, "published", ()) == (
        told.cache.enabled,
        told.limits.pacing,
        told.telemetry.observers,
    )
    assert (stage == "dev") == settings.telemetry.debug


def test_the_environment_says_the_same(load):
    """Two underscores go into the table; numbers and switches are read as such."""
    env = {
        "JACKFIELD_BREAKER__MIN_STATE": "2.5",
        "JACKFIELD_BREAKER__FAILURES": "4",
        "JACKFIELD_BREAKER__ENABLED": "false",
        "JACKFIELD_RETRY__THROTTLE_BASE": "2",
        "JACKFIELD_STAGE": "dev",
    }

    settings = load(env)

    assert (2.5, 4, False) == (
        settings.breaker.min_state,
        settings.breaker.failures,
        settings.breaker.enabled,
    )
    assert (2, 10) == (settings.retry.throttle_base, settings.timeout)


def test_figures_act(load):
    """They are what the policies go by."""
    settings = load(breaker={"failures": 2}, retry={"budget": 10, "tries": 3})
    board = Board(settings.breaker, settings.retry)
    guard = board.guard(("acme", "", "acme-2", "key"))
    for _ in range(2):
        guard.admit(0.0).settle(0.0, ErrorInfo("server"))

    assert isinstance(guard.admit(0.0), Refused)
    assert [True, False] == [guard.budget.take(10), guard.budget.take(10)]
    assert 3 == RetryPolicy.of(settings.retry).tries
