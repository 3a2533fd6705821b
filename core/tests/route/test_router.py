"""A route's decision: what stands in, what is kept, what it says of itself."""

from __future__ import annotations

import threading
from collections import Counter
from random import Random

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jackfield.policy.route import Detector, Facts, Known, Measures, Outcome, Router, Shared
from jackfield.types.routes import Hints, Route, Routing, Target

DETECTOR = Detector()


def test_what_stands_in_comes_last(bench, known):
    """In the order it is written, after all targets."""
    made = bench([known("a/one", 2e-6), known("b/two", 1e-6), known("c/three", 0.0, fallback=True)])

    found = made.order().candidates

    assert [("b/two", False), ("a/one", False), ("c/three", True)] == [
        (each.model, each.fallback) for each in found
    ]


def test_a_model_stands_in_for_the_one_it_is_mapped_to(known):
    """A fallback may answer with another model for each target that failed."""
    primary = [known("a/one", 2e-6), known("a/two", 1e-6)]
    general = known("b/any", fallback=True, models={"a/two": "b/two"})
    mapped = known("b/two", fallback=True)
    mapped.mapped = True
    route = Route("r", tuple(each.target for each in primary), "cost", (general.target,))
    router = Router(route, [*primary, general, mapped], Shared(Measures(), DETECTOR))

    assert "b/two" == router.order(Facts(), 0.0, Random()).candidates[-1].model


def test_a_route_may_stand_in(known):
    """Its targets follow, as it orders them; none is named twice."""
    other = Router(
        Route("o", (Target("b/two"), Target("a/one")), "fallback"),
        [known("b/two"), known("a/one")],
        Shared(Measures(), DETECTOR),
    )
    route = Route("r", (Target("a/one"),), "fallback", (Target("route:o"),))
    router = Router(route, [known("a/one")], Shared(Measures(), DETECTOR), others={"o": other}.__getitem__)

    found = router.order(Facts(), 0.0, Random()).candidates

    assert ["a/one", "b/two"] == [each.model for each in found]
    assert "stands in, of `route:o`: number 1" == found[1].reason


def test_a_route_tells_where_it_may_lead(known):
    """To all its sound targets; where it leads on to other routes, that cannot be told."""
    targets = [known("a/one"), known("b/two", problem="no key"), known("c/three", fallback=True)]
    route = Route("r", tuple(each.target for each in targets), "fallback")
    alone = Router(route, targets, Shared(Measures(), DETECTOR))
    leading = Router(route, targets, Shared(Measures(), DETECTOR), others={"o": alone}.__getitem__)

    assert ("a/one", "c/three") == alone.sound
    assert leading.sound is None


def test_orders_are_kept_for_a_while(bench, three):
    """Five minutes; then scores are made anew."""
    made = bench(three, "latency")
    first = made.models()
    made.measures.observe("c/three", Outcome(True, 1.0))

    kept, made.now = made.order(), 301.0

    assert (first, True) == ([each.model for each in kept.candidates], kept.cached)
    assert "c/three" == made.models()[0]


@pytest.mark.parametrize(
    "name", ["weighted", "round-robin", "random", "least-busy", "sticky", "adaptive", "custom"]
)
def test_chance_and_turns_are_never_kept(bench, three, name):
    """What hangs on chance, turns, load or who asks is decided for every call."""
    made = bench(three, name)

    assert not any(made.order(sticky="ann").cached for _ in range(3))


def test_a_kept_order_never_brings_back_what_was_dropped(bench, three):
    """Who is left is looked at for every call."""
    made = bench(three)
    made.order()

    assert "b/two" not in made.models(usable=lambda each: "open" if each.model == "b/two" else "")


def test_the_cache_can_be_switched_off(bench, three):
    """Then nothing is kept."""
    made = bench(three, settings=Routing(cache=False))

    assert [False, False] == [made.order().cached for _ in range(2)]


def test_the_oldest_order_gives_way(known):
    """No more orders are kept than may be."""
    route = Route("r", (Target("a/one"),), "cost")
    router = Router(route, [known("a/one", 1e-6)], Shared(Measures(), DETECTOR, Routing(cache_entries=100)))
    for size in range(300):
        router.order(Facts(tokens=1, hints=Hints(priority=size)), 0.0, Random())

    assert 100 == len(router._orders._kept)


def test_the_decision_is_a_record(bench, three):
    """Strategy, task, confidence, cost, candidates, dropped and when."""
    found = bench(three).order("Translate this into German", Hints(task="Planning"), moment=5.0)

    assert ("r", "cost", "Planning", 1.0, 5.0) == (
        found.route,
        found.strategy,
        found.task,
        found.confidence,
        found.at,
    )
    assert pytest.approx(0.0031) == found.cost


def test_patience_is_for_all_but_the_last(bench, known):
    """A slow first token makes the next target stand in, where there is one."""
    made = bench([known("a/one"), known("b/two")], "fallback", max_latency_ms=2000)

    assert [2.0, 2.0] == [each.patience for each in made.order().candidates]
    assert [None] == [
        each.patience for each in bench([known("a/one")], "fallback", max_latency_ms=2000).order().candidates
    ]


def test_threads_take_turns(bench, three):
    """No two threads take the same turn."""
    made = bench(three, "round-robin")
    taken: list[str] = []

    def take() -> None:
        taken.extend(made.models()[0] for _ in range(300))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert {"a/one": 400, "b/two": 400, "c/three": 400} == Counter(taken)


class Fairness(RuleBasedStateMachine):
    """Round-robin against a model of it, while targets come and go."""

    def __init__(self) -> None:
        super().__init__()
        names = [f"p/{letter}" for letter in "abcde"]
        targets = tuple(Target(name) for name in names)
        self.router = Router(
            Route("r", targets, "round-robin"),
            [Known(each, each.model) for each in targets],
            Shared(Measures(), DETECTOR),
        )
        self.turns = dict.fromkeys(names, -1)
        self.out: set[str] = set()
        self.round = 0
        self.chosen: list[str] = []

    @rule(name=st.sampled_from("abcde"))
    def goes(self, name: str) -> None:
        self.out ^= {f"p/{name}"}

    @rule()
    def asks(self) -> None:
        usable = lambda each: "out" if each.model in self.out else ""  # noqa: E731
        found = self.router.order(Facts(usable=usable), 0.0, Random())
        left = [name for name in self.turns if name not in self.out]
        expected = min(left, key=lambda name: self.turns[name]) if left else None
        assert expected == (found.candidates[0].model if found.candidates else None)
        assert self.out == {each.model for each in found.dropped}
        if expected is not None:
            self.turns[expected] = self.round
            self.round += 1

    @invariant()
    def nobody_is_forgotten(self) -> None:
        assert set(self.turns) == set(self.router._mapped)


Fairness.TestCase.settings = settings(max_examples=100, stateful_step_count=200, deadline=None)
TestFairness = Fairness.TestCase


def test_candidates_are_cheap_to_make_and_frozen(bench, three):
    """What was decided stays."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        bench(three).order().candidates[0].model = "z"
