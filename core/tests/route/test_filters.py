"""What cannot serve a request is dropped, with the reason; the rest is kept."""

from __future__ import annotations

import pytest

from jackfield.capability import Capability
from jackfield.policy.route import Bound, Outcome, refusal
from jackfield.types.routes import Conditions, Hints, Window

MONDAY_NOON = 1_700_481_600.0 + 3600 * 0  # 2023-11-20 12:00 UTC


def test_capabilities_a_model_lacks_drop_it(bench, known):
    """What is declared unsupported is not tried; what nobody stated is."""
    targets = [known("a/one", refused=frozenset({Capability.TOOLS})), known("b/two")]

    assert {"a/one": "no tools"} == bench(targets, "fallback").dropped(needs=frozenset({Capability.TOOLS}))


def test_a_context_that_is_too_small_drops_it(bench, known):
    """Input and the longest answer have to fit; an unknown context is tried."""
    targets = [known("a/one", context=1000), known("b/two", context=2000), known("c/three")]

    assert ["b/two", "c/three"] == bench(targets, "fallback").models(tokens=900, output=200)


def test_an_answer_of_that_size_has_to_fit_and_be_paid_for(bench, known):
    """What a caller expects counts, unless he says how long it may be at most."""
    targets = [known("a/one", 1e-3, context=1000), known("b/two", 1e-6, context=9000), known("c/three", 1e-3)]
    made, long = bench(targets, "fallback", max_cost=2.0), Hints(size=5000)

    assert ["a/one", "b/two", "c/three"] == made.models(tokens=100)
    assert ["b/two"] == made.models(tokens=100, hints=long)
    assert "context 1,000 is below 5,100 tokens" == made.dropped(tokens=100, hints=long)["a/one"]
    assert ["a/one", "b/two", "c/three"] == made.models(tokens=100, output=200, hints=long)


@pytest.mark.parametrize("by", ["route", "call"])
def test_regions_are_obeyed(bench, known, by):
    """A target that is not stated to be in the region is not used."""
    targets = [known("a/one", regions=("us",)), known("b/two", regions=("eu-west-1", "eu")), known("c/three")]
    route, call = ({"region": ("eu",)}, Hints()) if by == "route" else ({}, Hints(region=("eu",)))

    assert ["b/two"] == bench(targets, "fallback", **route).models(hints=call)


def test_compliance_is_obeyed(bench, known):
    """Every tag that is asked for has to be stated."""
    targets = [known("a/one", compliance=("hipaa",)), known("b/two", compliance=("hipaa", "soc2"))]

    assert ["b/two"] == bench(targets, "fallback").models(hints=Hints(compliance=("soc2", "hipaa")))


def test_what_costs_too_much_is_dropped(bench, known):
    """So is what costs nobody knows how much; the smaller of two bounds holds."""
    targets = [known("a/one", 1e-5), known("b/two", 1e-6), known("c/three")]
    made = bench(targets, "fallback", max_cost=1.0)

    assert ["a/one", "b/two"] == made.models()
    assert ["b/two"] == made.models(hints=Hints(max_cost=0.01))
    assert "price unknown, and at most $1 allowed" == made.dropped()["c/three"]


def test_what_was_measured_to_be_slow_is_dropped(bench, known):
    """Three of four answers have to come in time; what was never measured is tried."""
    made = bench([known("a/one"), known("b/two"), known("c/three", max_latency_ms=100)], "fallback")
    for model in ("a/one", "c/three"):
        made.measures.observe(model, Outcome(True, 300.0))

    assert ["a/one", "b/two"] == made.models()
    assert ["b/two"] == made.models(hints=Hints(max_latency_ms=200))


def test_what_is_busy_is_dropped(bench, known):
    """A target takes no more than it may at once."""
    made = bench([known("a/one", max_concurrent=1), known("b/two")], "fallback")
    made.measures.begin("a/one")

    assert {"a/one": "1 attempts under way already"} == made.dropped()


def test_what_is_not_usable_now_is_dropped(bench, known):
    """Breakers and gates have their say, in their own words."""
    made = bench([known("a/one"), known("b/two")], "fallback")

    assert {"a/one": "breaker open 12 s"} == made.dropped(
        usable=lambda each: "breaker open 12 s" if each.model == "a/one" else ""
    )


def test_what_is_not_set_up_is_dropped(bench, known):
    """A target without a key, or switched off, tells so."""
    targets = [
        known("a/one", problem="no credentials for `a`"),
        known("b/two", enabled=False),
        known("c/three"),
    ]

    expected = {"a/one": "no credentials for `a`", "b/two": "switched off"}
    assert expected == bench(targets, "fallback").dropped()


def test_quality_is_asked_for(bench, known):
    """By the call, the route, or of a target for itself; of what stands in, too."""
    targets = [
        known("a/one", quality=0.6),
        known("b/two", quality=0.9),
        known("c/three", quality=0.5, fallback=True),
    ]

    assert ["b/two", "c/three"] == bench(
        [targets[0], targets[1], known("c/three", quality=0.8, fallback=True)],
        "fallback",
        minimum_quality=0.7,
    ).models()
    assert ["b/two"] == bench(targets, "fallback").models(hints=Hints(min_quality=0.8))


@pytest.mark.parametrize(
    ("when", "tags", "kept"),
    [
        (Conditions(tier=("premium",)), {"tier": "premium"}, True),
        (Conditions(tier=("premium",)), {"tier": "free"}, False),
        (Conditions(tag=("beta",)), {"cohort": "beta"}, True),
        (Conditions(organisation=("ops",)), {"department": "ops"}, True),
        (Conditions(windows=(Window(600, 780),)), {}, True),
        (Conditions(windows=(Window(0, 600),)), {}, False),
        (Conditions(windows=(Window(1320, 780),)), {}, True),
        (Conditions(windows=(Window(days=frozenset({5, 6})),)), {}, False),
        (Conditions(windows=(Window(780, 960, zone="Asia/Tokyo"),)), {}, False),
        (Conditions(domain=("technical",)), {}, True),
        (Conditions(task=("CodeGeneration",)), {}, True),
    ],
)
def test_conditions_of_targets(bench, known, when, tags, kept):
    """A target with conditions is used where they hold."""
    made = bench([known("a/one", when=when), known("b/two")], "fallback")

    found = made.models("Write a function for the database server", Hints(tags=tags), moment=MONDAY_NOON)

    assert kept == ("a/one" in found)


def test_a_route_outside_its_conditions_leaves_what_stands_in(bench, known):
    """Its targets are dropped; its fallback answers."""
    made = bench(
        [known("a/one"), known("b/two", fallback=True)], "fallback", when=Conditions(tier=("premium",))
    )

    found = made.order()

    assert ["b/two"] == [each.model for each in found.candidates]
    assert "only for tier `premium`" == found.dropped[0].reason


def test_a_route_that_is_off_leaves_what_stands_in(bench, known):
    """So does one that is switched off."""
    made = bench([known("a/one"), known("b/two", fallback=True)], "fallback", enabled=False)

    assert ["b/two"] == made.models()


def test_bound_requests_keep_to_their_provider(bench, known):
    """Nothing else is tried, not even what stands in."""
    made = bench([known("a/one"), known("b/two"), known("a/three", fallback=True)], "fallback")

    assert ["a/one", "a/three"] == made.models(bound=Bound("a", "signed reasoning"))


def test_bound_requests_of_unknown_origin_need_one_account(bench, known):
    """Where several providers might be meant, none is tried: the caller has to say."""
    made = bench([known("a/one"), known("b/two")], "fallback")

    found = made.order(bound=Bound("", "the id of a kept file"))

    assert ((), "request.affinity") == (found.candidates, refusal(found).kind)
    assert ["a/one"] == bench([known("a/one")], "fallback").models(bound=Bound("", "the id of a kept file"))


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"usable": lambda each: "breaker open 3 s"}, "server.overloaded"),
        ({"hints": Hints(max_cost=0.0)}, "local.budget"),
        ({"needs": frozenset({Capability.TOOLS})}, "request.unsupported"),
        ({"bound": Bound("z", "signed reasoning")}, "request.affinity"),
    ],
)
def test_the_refusal_says_what_would_help(bench, known, facts, kind):
    """Waiting, money, another request, another account."""
    made = bench([known("a/one", 1e-6, refused=frozenset({Capability.TOOLS}))], "fallback")

    info = refusal(made.order(**facts))

    assert (kind, "no") == (info.kind, info.sent)
    assert "`a/one`: " in info.message
