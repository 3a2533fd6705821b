"""Each strategy puts targets in the order it promises."""

from __future__ import annotations

from collections import Counter

import pytest

from jackfield.capability import Capability, Support
from jackfield.policy.route import Facts, Outcome
from jackfield.policy.route.strategies import KEPT, RANKS, TURNS
from jackfield.types.routes import STRATEGIES, Conditions, Hints, Rule


def test_every_strategy_exists():
    """What validation accepts is there, and obeys chance, turns or neither."""
    assert set(STRATEGIES) == set(RANKS)
    assert KEPT < set(RANKS) > TURNS


def test_cost_takes_the_cheapest(bench, three):
    """Cheapest first; the reason shows both prices."""
    found = bench(three).order()

    assert ["b/two", "c/three", "a/one"] == [each.model for each in found.candidates]
    assert "$0.0016 < $0.0032" in found.reason


def test_cost_asks_for_quality_where_the_task_does(bench, known):
    """A target below the quality of the task is dropped, however cheap."""
    targets = [known("a/good", 9e-6, quality=0.95), known("b/cheap", 1e-6, quality=0.8)]

    assert ["b/cheap", "a/good"] == bench(targets).models("hello")
    assert ["a/good"] == bench(targets).models("Create a plan for the move")
    assert "below 0.90 for Planning" in bench(targets).dropped("Create a plan for the move")["b/cheap"]


def test_cost_asks_for_more_when_it_is_urgent_and_less_when_thrift_is(bench, known):
    """Priority 8 raises the quality to 0.8; thrift lowers it by 0.1."""
    targets = [known("a/good", 9e-6, quality=0.95), known("b/fair", 1e-6, quality=0.75)]

    assert ["a/good"] == bench(targets).models(hints=Hints(priority=8))
    assert ["b/fair", "a/good"] == bench(targets).models(hints=Hints(minimise_cost=True))
    assert ["b/fair", "a/good"] == bench(targets).models(hints=Hints(priority=8, minimise_cost=True))


def test_cost_falls_back_to_the_best_there_is(bench, known):
    """Where no target has the quality, the best one answers."""
    targets = [known("a/fair", 9e-6, quality=0.8), known("b/poor", 1e-6, quality=0.5)]

    assert ["a/fair"] == bench(targets).models("Create a plan for the move")


def test_latency_goes_by_what_was_measured(bench, three):
    """The fastest first; an unseen one counts as 100 ms."""
    made = bench(three, "latency")
    for model, milliseconds in (("a/one", 50.0), ("b/two", 400.0)):
        made.measures.observe(model, Outcome(True, milliseconds))

    assert ["a/one", "c/three", "b/two"] == made.models()


def test_latency_prefers_what_runs_here(bench, known, three):
    """A local model needs no network."""
    assert "l/local" == bench([*three, known("l/local", 0.0, local=True)], "latency").models()[0]


def test_latency_minds_failures(bench, known):
    """Speed is seven tenths of the score, success the rest."""
    made = bench([known("a/one"), known("b/two")], "latency")
    made.measures.observe("a/one", Outcome(True, 100.0))
    for _ in range(20):
        made.measures.observe("a/one", Outcome(False))

    assert ["b/two", "a/one"] == made.models()


def test_quality_goes_by_what_is_stated(bench, known, three):
    """The best first; a base of 0.5 and what fits where nobody states one."""
    targets = [known("a/one"), known("b/two", quality=0.9), known("c/three", quality=0.6)]

    assert ["b/two", "a/one", "c/three"] == bench(targets, "quality").models()


def test_balanced_weighs_quality_cost_and_speed(bench, known):
    """0.4, 0.3 and 0.3, each in relation to the best."""
    targets = [known("a/one", 1e-6, quality=0.5), known("b/two", 2e-6, quality=1.0)]

    scores = [each.score for each in bench(targets, "balanced").order().candidates]

    assert pytest.approx([0.4 * 1.0 + 0.3 / 2 + 0.3, 0.4 * 0.5 + 0.3 + 0.3]) == scores


def test_task_sends_each_task_to_its_target(bench, known):
    """What the route says of tasks comes first; the rest goes to the default, the first one."""
    targets = [known("a/strong"), known("b/coder"), known("c/small")]
    made = bench(targets, "task", tasks={"CodeGeneration": ("b/coder",), "Validation": ("c/small",)})

    prompts = ("Write a function that adds", "Check if this is so", "Good morning")
    assert ["b/coder", "c/small", "a/strong"] == [made.models(prompt)[0] for prompt in prompts]


def test_task_goes_by_what_targets_are_made_for(bench, known):
    """A target that is made for a task comes before one of which nobody says so."""
    targets = [known("a/any"), known("b/coder", tasks=("CodeGeneration",))]

    assert "b/coder" == bench(targets, "task").models("Write a function that adds")[0]
    assert "a/any" == bench(targets, "task").models("Good morning")[0]


def test_an_unsure_task_goes_to_the_default(bench, known):
    """Below the confidence that is set, the task does not count."""
    targets = [known("a/any"), known("b/tagger", tasks=("Classification",))]

    found = bench(targets, "task").order("a brief label")

    assert ("a/any", 0.6) == (found.candidates[0].model, found.confidence)


def test_weighted_follows_the_weights(bench, known):
    """Of many calls each gets its share, within what chance allows."""
    made = bench([known("a/one", weight=3), known("b/two", weight=1)], "weighted")

    counts = Counter(made.models()[0] for _ in range(4000))

    assert 2850 < counts["a/one"] < 3150


def test_round_robin_takes_turns(bench, three):
    """Each in turn, whoever else is there."""
    made = bench(three, "round-robin")

    assert ["a/one", "b/two", "c/three", "a/one"] == [made.models()[0] for _ in range(4)]


def test_round_robin_keeps_the_turn_of_one_that_was_out(bench, three):
    """A target that was out comes first when it is back."""
    made = bench(three, "round-robin")
    out = lambda each: "breaker open 2 s" if each.model == "b/two" else ""  # noqa: E731
    first = [made.models(usable=out)[0] for _ in range(3)]

    assert (["a/one", "c/three", "a/one"], "b/two") == (first, made.models()[0])


def test_a_peek_takes_no_turn(bench, three):
    """To explain is not to choose."""
    made = bench(three, "round-robin")
    for _ in range(2):
        made.router.order(Facts(tokens=1), 0.0, made.rng, peek=True)

    assert "a/one" == made.models()[0]


def test_random_draws(bench, three):
    """Every target comes first at times."""
    made = bench(three, "random")

    assert {"a/one", "b/two", "c/three"} == {made.models()[0] for _ in range(60)}


@pytest.mark.parametrize("name", ["least-busy", "least_loaded", "least-connections"])
def test_least_busy_goes_by_what_is_under_way(bench, name, known):
    """In proportion to what each may take."""
    made = bench([known("a/one", max_concurrent=10), known("b/two", max_concurrent=2)], name)
    for model in ("a/one", "a/one", "b/two"):
        made.measures.begin(model)

    assert ["a/one", "b/two"] == made.models()


def test_capability_prefers_the_sure_one(bench, known):
    """What is stated in full counts more than what nobody states."""
    sure = {Capability.TOOLS: Support.FULL}
    targets = [known("a/one"), known("b/two", stated=sure)]

    assert ["b/two", "a/one"] == bench(targets, "capability").models(needs=frozenset(sure))


def test_sticky_keeps_to_a_target(bench, three):
    """The same key goes to the same target; others keep theirs when one is gone."""
    made = bench(three, "sticky")
    keys = [f"user-{number}" for number in range(40)]
    before = {key: made.models(sticky=key)[0] for key in keys}
    out = lambda each: "gone" if each.model == "b/two" else ""  # noqa: E731
    after = {key: made.models(sticky=key, usable=out)[0] for key in keys}

    assert {"a/one", "b/two", "c/three"} == set(before.values())
    assert all(after[key] == before[key] for key in keys if before[key] != "b/two")


def test_adaptive_learns(bench, known):
    """What did well with similar requests comes first; other requests know nothing of it."""
    made = bench([known("a/one"), known("b/two")], "adaptive")
    coding = Facts("Write a function that adds", tokens=100)
    for _ in range(30):
        made.router.observe("a/one", Outcome(False), coding, 0.0)
        made.router.observe("b/two", Outcome(True, 100.0), coding, 0.0)

    assert "b/two" == made.models("Write a function that subtracts")[0]
    assert "a/one" == made.models("Create a plan for lunch", tokens=9000)[0]


def test_fallback_keeps_the_order(bench, three):
    """As written, whatever they cost."""
    assert ["a/one", "b/two", "c/three"] == bench(three, "fallback").models()


def test_custom_goes_by_rules(bench, three):
    """The first rule that holds says who comes first."""
    rules = (
        Rule(Conditions(user=("ann",)), ("c/three",)),
        Rule(Conditions(tag=("beta",)), ("b/two", "c/three")),
    )
    made = bench(three, "custom", rules=rules)

    tags = ({"user": "ann"}, {"tag": "beta"}, {})
    assert ["c/three", "b/two", "a/one"] == [made.models(hints=Hints(tags=each))[0] for each in tags]


def test_custom_asks_an_extension(bench, three):
    """An extension ranks what is left, and says why."""

    class Reversed:
        def rank(self, targets, facts, task):
            return [(float(place), f"mine for {task}") for place, _ in enumerate(targets)]

    found = bench(three, "custom", ranker=Reversed(), extension="mine").order()

    assert ("c/three", "mine for General") == (found.candidates[0].model, found.candidates[0].reason)


def test_priority_of_targets_comes_before_their_score(bench, known):
    """A target of higher priority is tried first under every strategy."""
    targets = [known("a/one", 1e-6), known("b/two", 9e-6, priority=10)]

    assert all("b/two" == bench(targets, name).models()[0] for name in RANKS if name != "custom")


def test_wishes_bend_the_strategy(bench, three):
    """Speed makes it `latency`, thrift `cost`, both `balanced`; turns are taken all the same."""
    wishes = [
        Hints(prefer_speed=True),
        Hints(minimise_cost=True),
        Hints(prefer_speed=True, minimise_cost=True),
    ]

    assert ["latency", "cost", "balanced"] == [
        bench(three, "quality").order("", each).strategy for each in wishes
    ]
    assert "weighted" == bench(three, "weighted").order("", wishes[0]).strategy
