"""Every key of a configuration acts. Most are shown to where they belong; the others here. A key without a test fails."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from jackfield_simulator import Simulator

from jackfield import Client, LimitReached, TimedOut, Unavailable
from jackfield.cli.routes import form_of
from jackfield.config import Settings, budgets, cache, keys, limits, resilience, routes, state, telemetry
from jackfield.policy.caches import Cache
from jackfield.policy.route.strategies import reward
from jackfield.transport import SyncDriver
from jackfield.types import Completion, Finish, Text

sys.path.insert(0, str(Path(__file__).parent))

from pointers import missing

MODEL, OTHER = "openai/gpt-4o-mini", "groq/llama-3.1-8b-instant"
NOW = 1_800_000_000.0
HERE = "tests/acts/test_settings_act.py::"

ROUTES = {
    "targets": "route/test_strategies.py::fallback_keeps_the_order",
    "strategy": "route/test_strategies.py::every_strategy_exists",
    "fallback": "route/test_router.py::what_stands_in_comes_last",
    "fallback_on": "tests/simulated/test_calls.py::triggers_are_a_setting",
    "when": "route/test_filters.py::a_route_outside_its_conditions_leaves_what_stands_in",
    "enabled": "route/test_filters.py::a_route_that_is_off_leaves_what_stands_in",
    "timeout": f"{HERE}a_route_has_so_much_time",
    "max_attempts": f"{HERE}a_route_makes_so_many_attempts",
    "primary_attempts": "tests/simulated/test_calls.py::no_more_attempts_than_allowed_over_all_targets",
    "minimum_quality": "route/test_filters.py::quality_is_asked_for",
    "max_cost": "route/test_filters.py::what_costs_too_much_is_dropped",
    "max_latency_ms": "route/test_filters.py::what_was_measured_to_be_slow_is_dropped",
    "region": "route/test_filters.py::regions_are_obeyed",
    "compliance": "route/test_filters.py::compliance_is_obeyed",
    "tasks": "route/test_strategies.py::task_sends_each_task_to_its_target",
    "rules": "route/test_strategies.py::custom_goes_by_rules",
    "on_interrupt": "client/test_continuing.py::a_route_may_say_so",
    "check": "tests/simulated/test_cascades.py::an_answer_that_does_not_pass_is_followed_by_a_better_one",
    "extension": "route/test_strategies.py::custom_asks_an_extension",
    "objective": f"{HERE}what_is_learnt_is_an_objective",
    "tags": f"{HERE}what_is_noted_of_a_route_is_shown",
    "metadata": f"{HERE}what_is_noted_of_a_route_is_shown",
}
TARGETS = {
    "model": "route/test_strategies.py::fallback_keeps_the_order",
    "weight": "route/test_strategies.py::weighted_follows_the_weights",
    "priority": "route/test_strategies.py::priority_of_targets_comes_before_their_score",
    "max_concurrent": "route/test_filters.py::what_is_busy_is_dropped",
    "region": "client/test_routing.py::regions_of_targets_are_believed",
    "tags": "route/test_filters.py::conditions_of_targets",
    "tasks": "route/test_strategies.py::task_goes_by_what_targets_are_made_for",
    "cost": "client/test_routing.py::cost_needs_known_costs",
    "quality": "route/test_strategies.py::quality_goes_by_what_is_stated",
    "minimum_quality": "route/test_filters.py::quality_is_asked_for",
    "max_latency_ms": "tests/simulated/test_calls.py::a_target_may_be_given_little_time",
    "enabled": "route/test_filters.py::what_is_not_set_up_is_dropped",
    "when": "route/test_filters.py::conditions_of_targets",
}
ROUTING = {
    "confidence": f"{HERE}a_task_has_to_be_so_sure",
    "cache": "route/test_router.py::the_cache_can_be_switched_off",
    "cache_seconds": "route/test_router.py::orders_are_kept_for_a_while",
    "cache_entries": "route/test_router.py::the_oldest_order_gives_way",
    "alpha": "route/test_measures.py::latency_is_a_moving_average",
    "telemetry": f"{HERE}decisions_tell_more_if_asked",
    "phrases": "route/test_tasks.py::configured_phrases_count",
    "system_words": "route/test_tasks.py::configured_system_words_count",
}
LIMITS = {
    "requests": "tests/simulated/test_calls.py::a_limit_may_refuse",
    "tokens": "policy/limits/test_board.py::an_estimate_is_settled_to_what_it_was",
    "cost": "policy/limits/test_board.py::money_is_a_limit_too",
    "concurrent": "policy/limits/test_board.py::whoever_came_first_is_served_first",
    "tier": "policy/limits/test_board.py::a_tier_is_a_set_of_limits",
    "preset": "config/test_limits.py::presets_and_bursts_are_buckets",
    "scope": "policy/limits/test_board.py::each_user_has_a_limit_of_his_own",
    "only": "policy/limits/test_board.py::a_rule_is_for_those_it_names",
    "algorithm": "policy/limits/test_board.py::calls_are_spaced_out_by_a_leaky_bucket",
    "burst": "policy/limits/test_algorithms.py::the_token_bucket_allows_a_burst_and_then_its_rate",
    "on_limit": "policy/limits/test_board.py::a_limit_may_refuse_instead_of_waiting",
    "max_wait": "policy/limits/test_board.py::a_wait_that_is_too_long_is_not_begun_in_a_queue_either",
    "pacing": f"{HERE}pacing_is_off_or_learns_or_begins_with_what_is_published",
    "waiting": "policy/limits/test_board.py::the_room_has_an_end",
}
CONDITIONS = dict.fromkeys(
    ("hours", "days", "zone", "tier", "domain", "tag", "organisation", "task", "user", "region"),
    "route/test_filters.py::conditions_of_targets",
) | {"user": "route/test_strategies.py::custom_goes_by_rules"}
BREAKER = dict.fromkeys(
    resilience.breaker_table.keys, "config/test_resilience.py::every_figure_of_a_breaker_arrives"
) | {
    "enabled": "policy/test_board.py::breakers_can_be_switched_off",
    "preset": "config/test_resilience.py::presets",
    "failures": "config/test_resilience.py::figures_act",
    "window": "policy/test_breaker.py::what_is_long_past_is_forgotten",
}
RETRY = {
    "base": "policy/test_retry.py::rules_make_a_policy",
    "throttle_base": "policy/test_retry.py::overload_waits_longer",
    "ceiling": "policy/test_retry.py::rules_make_a_policy",
    "longest_wait": "policy/test_retry.py::a_long_hint_is_not_waited_for",
    "tries": "config/test_resilience.py::figures_act",
    "budget": "config/test_resilience.py::figures_act",
    "cost": "policy/test_retry_budget.py::it_pays_for_fifty_failures_in_a_row",
    "throttle_cost": "policy/test_retry_budget.py::a_throttle_costs_half",
}
BUDGETS = {
    "limit": "policy/budgets/test_board.py::what_is_not_there_is_refused",
    "scope": "policy/budgets/test_board.py::each_user_has_a_budget_of_his_own",
    "only": "policy/budgets/test_board.py::each_user_has_a_budget_of_his_own",
    "on_exceeded": "tests/simulated/test_calls.py::a_budget_that_is_spent_leads_elsewhere",
    "unknown_price": "policy/budgets/test_board.py::an_unknown_price_is_refused_unless_allowed",
    "assume_output": "policy/budgets/test_board.py::what_nobody_bounds_is_assumed_by_each_budget",
}
STATE = {
    "backend": "state/test_redis.py::what_is_wrong_is_told_without_the_password",
    "url": "state/test_redis.py::an_address_may_stand_in_the_environment",
    "timeout": "state/test_redis.py::a_server_that_hangs_costs_no_more_than_set",
    "replicas": f"{HERE}one_of_several_has_its_share_alone",
    "prefix": "state/test_budgets.py::two_processes_have_one_budget",
}
CACHE = {
    "enabled": "policy/caches/test_cache.py::it_is_off_unless_asked_for",
    "ttl": "policy/caches/test_cache.py::answers_end_when_the_policy_says",
    "entries": "policy/caches/test_cache.py::the_oldest_questions_are_forgotten",
    "memory": f"{HERE}answers_have_so_much_room",
    "disk": "policy/caches/test_cache.py::disk_is_found_by_the_next_process",
    "disk_size": f"{HERE}answers_have_so_much_room",
    "disk_ttl": f"{HERE}answers_on_disk_end_at_a_time_of_their_own",
    "shared": "state/test_redis.py::answers_are_shared",
    "streams": "client/test_caching.py::streams_are_replayed_if_asked_for",
    "single_flight": "policy/caches/test_cache.py::identical_calls_under_way_share_one",
    "semantic": "client/test_caching.py::questions_that_mean_the_same_have_one_answer",
}
SEMANTIC = {
    "model": f"{HERE}an_embedding_that_cannot_be_had_keeps_nobody_from_an_answer",
    "scope": "client/test_caching.py::questions_that_mean_the_same_have_one_answer",
    "routes": "client/test_caching.py::questions_that_mean_the_same_have_one_answer",
    "similarity": f"{HERE}questions_have_to_be_so_close",
    "timeout": "client/test_caching.py::a_vector_has_little_time",
}
TELEMETRY = {
    "observers": f"{HERE}an_observer_is_told",
    "capture": "client/test_watching.py::who_asks_for_content_is_told_it",
    "aliases": "telemetry/test_otel.py::aliases_are_given_where_they_are_asked_for",
}
PROVIDERS = {
    "allow_hosts": "config/test_bounds.py::a_host_can_be_allowed",
    "api_key": "config/test_credentials.py::places_are_asked_in_order",
    "base_url": "client/test_answers.py::an_address_that_is_missing_is_hinted_at",
    "command": "config/test_credentials.py::a_command_that_fails_is_told_without_its_output",
    "compliance": "registry/test_compliance.py::routes_filter_by_it",
    "default_model": "client/test_clients.py::a_provider_alone_stands_for_its_default_model",
    "headers": f"{HERE}a_provider_may_have_settings_of_its_own",
    "one_account": "client/test_accounts.py::one_account_may_take_any_key",
    "max_retries": f"{HERE}a_provider_may_have_settings_of_its_own",
    "timeout": f"{HERE}a_provider_may_have_settings_of_its_own",
    "wire": "client/test_answers.py::a_wire_is_chosen",
}
TOP = {
    "default": "client/test_complete.py::the_default_model_is_used",
    "prefer": "registry/test_registry.py::a_preference_settles_a_conflict",
    "block": "registry/test_registry.py::a_blocked_provider_is_not_there",
    "timeout": f"{HERE}a_provider_may_have_settings_of_its_own",
    "max_retries": "client/test_complete.py::max_retries_acts",
    "transport": "client/test_clients.py::a_transport_can_be_named",
    "proxy": "client/test_clients.py::a_proxy_that_is_set_reaches_the_transport",
    "stage": "config/test_resilience.py::a_stage_sets_several_things",
    "ledger": "config/test_ledger.py::the_embedded_one_lies_in_the_state_directory",
    "tags": "config/test_ledger.py::tags_of_several_places_are_laid_over_each_other",
    "providers": "config/test_credentials.py::places_are_asked_in_order",
    "tiers": "config/test_limits.py::a_tier_adds_to_what_a_rule_says",
}
TABLES: Mapping[str, tuple[Mapping[str, object], Mapping[str, str]]] = {
    "providers": (keys.PROVIDER_KEYS, PROVIDERS),
    "routes": (routes._ROUTE.keys, ROUTES),
    "targets": (routes._TARGET_TABLE.keys, TARGETS),
    "fallback": (
        routes._FALLBACK_TABLE.keys,
        {**TARGETS, "models": "route/test_router.py::a_model_stands_in_for_the_one_it_is_mapped_to"},
    ),
    "when": (routes._WHEN.keys, CONDITIONS),
    "rules": (routes._RULE.keys, dict.fromkeys(("when", "targets"), ROUTES["rules"])),
    "routes.check": (
        routes._CHECK.keys,
        dict.fromkeys(routes._CHECK.keys, "route/test_checks.py::an_answer_passes_or_says_why_not"),
    ),
    "routing": (routes.routing_table.keys, ROUTING),
    "limits": ({**limits._RULE.keys, **limits._OVERALL}, LIMITS),
    "tiers": (limits._TIER.keys, dict.fromkeys(limits._RATES, LIMITS["tier"])),
    "budgets": (budgets._RULE.keys, BUDGETS),
    "breaker": (resilience.breaker_table.keys, BREAKER),
    "retry": (resilience.retry_table.keys, RETRY),
    "state": (state.state_table.keys, STATE),
    "cache": (cache.cache_table.keys, CACHE),
    "cache.semantic": (cache._SEMANTIC.keys, SEMANTIC),
    "telemetry": (telemetry.telemetry_table.keys, TELEMETRY),
}


def test_every_key_is_spoken_for():
    """Whoever adds one says where it is shown to act."""
    assert {*TABLES} | {*TOP} >= {*keys.FILE.keys}
    assert {name: {*known} for name, (known, _) in TABLES.items()} == {
        name: {*told} for name, (_, told) in TABLES.items()
    }


@pytest.mark.parametrize("name", [*TABLES, "top"])
def test_what_shows_them_is_there(name):
    """By name."""
    assert [] == missing((TABLES[name][1] if name in TABLES else TOP).values())


# -- keys that are shown to act here -------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Every provider."""
    with Simulator() as started:
        yield started


def client(simulator: Simulator, **settings: object) -> Client:
    """A client of two providers with one route."""
    route = {"targets": [MODEL, OTHER], "strategy": "fallback", **settings.pop("route", {})}
    return simulator.client("openai", "groq", routes={"r": route}, **settings)


def test_a_route_has_so_much_time(simulator):
    """A call of it."""
    simulator.fault("silent", times=9)

    with pytest.raises(TimedOut):
        client(simulator, route={"timeout": 0.2}).complete("route:r", "hi")


def test_a_route_makes_so_many_attempts(simulator):
    """One is one, however many targets there are."""
    simulator.fault("failed", times=9)

    with pytest.raises(Unavailable):
        client(simulator, route={"max_attempts": 1}).complete("route:r", "hi")

    simulator.assert_requests(1)


def test_what_is_learnt_is_an_objective():
    """A slow and cheap success is worth more or less by what is asked for."""
    worth = {name: reward(name, 1.0, 1000.0, 0.0) for name in ("reliability", "latency", "cost")}

    assert worth["latency"] < worth["cost"] < worth["reliability"]


def test_what_is_noted_of_a_route_is_shown(simulator):
    """As it was written."""
    noted = {"tags": ["prod"], "metadata": {"owner": "ann"}}
    (route,) = client(simulator, route=noted).routes

    assert noted == {name: form_of(route)[name] for name in noted}


@pytest.mark.parametrize(("confidence", "task"), [(0.5, "Translation"), (1.0, "General")])
def test_a_task_has_to_be_so_sure(simulator, confidence, task):
    """Else the target for everything is asked."""
    route = {"strategy": "task", "tasks": {"Translation": [OTHER], "General": [MODEL]}}
    used = client(simulator, route=route, routing={"confidence": confidence})
    chosen = used.explain("r", "translate this into German").chosen

    assert (OTHER if task == "Translation" else MODEL) == chosen.model


@pytest.mark.parametrize("asked", [False, True])
def test_decisions_tell_more_if_asked(simulator, asked):
    """What the prompt is about costs time to find out."""
    decision = client(simulator, routing={"telemetry": asked}).explain("r", "analyze the code of this server")

    assert asked == bool(decision.domain)


def test_pacing_is_off_or_learns_or_begins_with_what_is_published(simulator):
    """Nobody is asked where it is off."""
    made = [client(simulator, limits={"pacing": kind}).services for kind in ("off", "learn", "published")]

    assert [False, True, True] == [one.paces is not None for one in made]
    assert [None, False, True] == [getattr(one.books, "_seeded", None) for one in made]


@pytest.mark.parametrize(("stage", "level"), [("dev", logging.DEBUG), ("prod", logging.NOTSET)])
def test_logs_of_development_have_all_there_is(simulator, stage, level):
    """Unless somebody has said how much there is to be."""
    logger = logging.getLogger("jackfield.events")
    before = logger.level
    logger.setLevel(logging.NOTSET)
    try:
        client(simulator, stage=stage, telemetry={"observers": ["log"]})
        assert level == logger.level
        logger.setLevel(logging.ERROR)
        client(simulator, stage=stage, telemetry={"observers": ["log"]})
        assert logging.ERROR == logger.level
    finally:
        logger.setLevel(before)


def test_one_of_several_has_its_share_alone(simulator):
    """While those they share with do not answer."""
    shared = {"url": "redis://127.0.0.1:1/0", "replicas": 4}
    rule = {"all": {"requests": "8 / minute", "on_limit": "refuse"}}
    used = client(simulator, state=shared, limits=rule)
    for _ in range(2):
        used.complete(MODEL, "hi")

    with pytest.raises(LimitReached):
        used.complete(MODEL, "hi")


def kept(folder=None, **table) -> Cache:
    """A cache with such settings."""
    return Cache(Settings.load({"cache": table}, env={}).cache, folder)


def answer(text: str = "hi") -> Completion:
    return Completion((Text(text),), Finish("stop"))


def run(flow):
    return SyncDriver(None).run(flow)


def test_answers_have_so_much_room(tmp_path):
    """In memory, and on disk."""
    for found in (kept(memory="1 kB"), kept(tmp_path, disk=True, disk_size="1 kB", memory="1 kB")):
        for key in "abc":
            run(found.keeping(key * 64, answer("x" * 500), NOW))
        hits = [run(found.looking(key * 64, NOW)) is not None for key in "abc"]

        assert [False, True] == [hits[0], hits[2]]


def test_answers_on_disk_end_at_a_time_of_their_own(tmp_path):
    """Which may be later than in memory."""
    table = {"disk": True, "ttl": 10, "disk_ttl": 100}
    run(kept(tmp_path, **table).keeping("k", answer(), NOW))

    found = [run(kept(tmp_path, **table).looking("k", NOW + later)) for later in (50, 101)]

    assert [False, True] == [one is None for one in found]


@pytest.mark.parametrize(("similarity", "cached"), [(0.9, True), (0.999, False)])
def test_questions_have_to_be_so_close(similarity, cached):
    """As their vectors are."""
    semantic = {"model": "acme/e", "scope": ["global"], "routes": ["r"], "similarity": similarity}
    found = Cache(
        Settings.load({"cache": {"semantic": semantic}, "routes": {"r": {"targets": [MODEL]}}}, env={}).cache
    )
    run(found.keeping("k", answer(), NOW))
    found.remember("g", (1.0, 0.0), "k", NOW)

    assert cached == (run(found.similar("g", (1.0, 0.2), NOW)) is not None)


def test_an_embedding_that_cannot_be_had_keeps_nobody_from_an_answer(simulator):
    """The model is asked; when it fails nothing similar is looked for."""
    vectors = {"model": "openai/text-embedding-3-small", "scope": ["global"], "routes": ["r"]}
    used = client(simulator, cache={"semantic": vectors})
    used.complete("route:r", "hi")
    asked = len(simulator.requests(path="/openai/v1/embeddings"))
    simulator.fault("failed", times=1)  # the vector is asked for first

    assert (1, "ho") == (asked, used.complete("route:r", "ho").text)


def test_a_call_may_pass_the_cache(simulator):
    """It asks anew."""
    used = client(simulator, cache={"enabled": True})

    assert [False, True, False] == [
        used.complete(MODEL, "hi", cache=pass_by).cached for pass_by in (True, True, False)
    ]


def test_an_observer_is_told(simulator, caplog):
    """Of a call and its attempts."""
    caplog.set_level(logging.INFO)
    client(simulator, telemetry={"observers": ["log"]}).complete(MODEL, "hi")

    assert [record for record in caplog.records if record.name.startswith("jackfield")]


def test_a_provider_may_have_settings_of_its_own(simulator):
    """Its time, its retries, its headers come before those for all."""
    own = simulator.settings("openai", timeout=7, max_retries=4, headers={"x-team": "a"})
    used = Client(
        {"providers": {"openai": own, "groq": simulator.settings("groq")}, "timeout": 9, "max_retries": 1}
    )
    bound = [used.bind(name) for name in (MODEL, OTHER)]

    assert [(7, 4), (9, 1)] == [(one.timeouts.total, one.max_retries) for one in bound]
    assert {"x-team": "a"}.items() <= used.settings.provider(bound[0].profile).headers.items()
