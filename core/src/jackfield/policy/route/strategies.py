"""The strategies: each scores the targets that are left, the higher the better, and says why.

Ties keep the order in which the targets are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias

from attrs import define

from jackfield.capability import Support
from jackfield.policy.route.hashing import share_of
from jackfield.policy.route.learning import Memory, Pattern
from jackfield.policy.route.measures import UNSEEN_MS, Measures, Meter
from jackfield.policy.route.quality import minimum_for, task_fit
from jackfield.policy.route.tasks import GENERAL, HIGH_QUALITY, SPEED, Detection, Signals
from jackfield.policy.route.values import Facts, Known, Ranker, Why, money
from jackfield.types.routes import STRATEGIES, Route

QUALITY, COST, SPEED_SHARE = 0.4, 0.3, 0.3  # of `balanced`
LATENCY_SHARES = (0.7, 0.3)  # speed, success
COST_SHARES = (0.6, 0.4)  # cheapness, speed
RELIABILITY_SHARES = (0.7, 0.3)  # success, speed
_CHEAPEST = 1e-9  # what is free is infinitely cheaper than what is not; a score has to end somewhere

Score: TypeAlias = tuple[float, Why]


@define(slots=True, eq=False)
class Option:
    """A target that is left, with all that strategies go by."""

    known: Known
    meter: Meter
    cost: float | None
    guessed: float  # the cost, or what an unseen target counts as
    quality: float
    latency: float


@define(slots=True, eq=False)
class Choice:
    """One choice between targets: what is asked, what is left, and what the route remembers."""

    route: Route
    options: list[Option]
    facts: Facts
    detection: Detection
    signals: Callable[[], Signals]
    rng: Random
    turns: dict[str, int]  # the round in which each target was last chosen
    memory: Memory
    measures: Measures
    ranker: Ranker | None
    now: float


def _by_cost(choice: Choice) -> list[Score]:
    return [(-option.guessed, (money, option.cost)) for option in choice.options]


def _by_latency(choice: Choice) -> list[Score]:
    """What runs here first, then what was measured to answer soonest and most reliably."""
    best = max(1.0, min(option.latency for option in choice.options))
    speed, success = LATENCY_SHARES
    return [
        (
            speed * best / max(option.latency, 1.0) + success * option.meter.success + option.known.local,
            _timed(option),
        )
        for option in choice.options
    ]


def _timed(option: Option) -> Why:
    if option.meter.latency is None:
        return "not measured, counts as {:g} ms", UNSEEN_MS
    return "{:.0f} ms, {:.0%} good", option.latency, option.meter.success


def _by_quality(choice: Choice) -> list[Score]:
    return [(option.quality, ("quality {:.2f}", option.quality)) for option in choice.options]


def _balanced(choice: Choice) -> list[Score]:
    """Quality, cheapness and speed, each in relation to the best there is."""
    shares = _shares(choice)
    cheapest = max(_CHEAPEST, min(option.guessed for option in choice.options))
    soonest = max(1.0, min(option.latency for option in choice.options))
    return [_one_balanced(option, shares, cheapest, soonest) for option in choice.options]


def _one_balanced(
    option: Option, shares: tuple[float, float, float], cheapest: float, soonest: float
) -> Score:
    cheap = cheapest / max(option.guessed, _CHEAPEST)
    fast = soonest / max(option.latency, 1.0)
    score = shares[0] * option.quality + shares[1] * cheap + shares[2] * fast
    return score, (_BALANCE, score, option.quality, cheap, fast)


def _shares(choice: Choice) -> tuple[float, float, float]:
    """How much quality, cost and speed weigh; what the call asks for weighs twice, what it does not, less."""
    hints = choice.facts.hints
    cost = COST * (2 if hints.minimise_cost else 1)
    speed = SPEED_SHARE * (2 if hints.prefer_speed else 1)
    total = QUALITY + cost + speed
    return QUALITY / total, cost / total, speed / total


def _by_task(choice: Choice) -> list[Score]:
    """The route's own targets for the task first; among equals what the kind of task asks for."""
    task = choice.detection.task
    wanted = choice.route.tasks.get(task, ())
    base, word = _TASK_GROUPS.get(task, (_balanced, "balance")) if task != GENERAL else (_in_order, "default")
    scores = base(choice)
    low = min(score for score, _ in scores)
    span = max(1e-12, max(score for score, _ in scores) - low)
    return [
        _one_by_task(option, (score - low) / span, (task, why, word), wanted)
        for option, (score, why) in zip(choice.options, scores, strict=True)
    ]


def _one_by_task(option: Option, score: float, words: tuple[str, Why, str], wanted: tuple[str, ...]) -> Score:
    task, why, word = words
    model = option.known.target.model
    if model in wanted:
        return 10.0 + len(wanted) - wanted.index(model), ("{} goes here first", task)
    if task == GENERAL and option.known.target.tasks and GENERAL in option.known.target.tasks:
        return 9.0 + score, ("{} goes here", task)
    # Nobody is made for what is general: those made for something else come later there.
    fits = -float(bool(option.known.target.tasks)) if task == GENERAL else 2 * task_fit(option.known, task)
    return fits + score, ("{} by {}: {}", task, word, why)


def _weighted(choice: Choice) -> list[Score]:
    """A draw: how often each comes first follows its weight."""
    draw = choice.rng.random
    return [
        (draw() ** (1.0 / option.known.target.weight), ("weight {:g}", option.known.target.weight))
        for option in choice.options
    ]


def _round_robin(choice: Choice) -> list[Score]:
    """Whose turn was longest ago comes first; so no target loses its turn because another was out."""
    turns = choice.turns
    return [(-turns.get(option.known.model, -1), ("its turn",)) for option in choice.options]


def _random(choice: Choice) -> list[Score]:
    return [(choice.rng.random(), ("drawn",)) for _ in choice.options]


def _least_busy(choice: Choice) -> list[Score]:
    """Fewest attempts under way, in proportion to what each may take."""
    return [
        (
            -option.meter.in_flight / (option.known.target.max_concurrent or option.known.target.weight),
            ("{} under way", option.meter.in_flight),
        )
        for option in choice.options
    ]


_BALANCE = "balance {:.2f}: quality {:.2f}, cost {:.2f}, speed {:.2f}"
_STATED = {Support.FULL: 1.0, Support.PARTIAL: 0.5, Support.UNKNOWN: 0.25}


def _by_capability(choice: Choice) -> list[Score]:
    """How surely each can do what is needed; then who does least besides, to keep the others free."""
    needs = choice.facts.needs
    scores: list[Score] = []
    for option in choice.options:
        stated = option.known.stated
        sure = sum(_STATED.get(stated.get(need, Support.UNKNOWN), 0.0) for need in needs)
        surplus = sum(support is Support.FULL for support in stated.values())
        scores.append((sure - surplus / 1000, ("sure of {:g} of {} needs", sure, len(needs))))
    return scores


def _sticky(choice: Choice) -> list[Score]:
    """The same target for the same user or conversation, as long as it is there."""
    key = choice.facts.sticky
    if not key:
        return _round_robin(choice)
    return [
        (share_of(key, option.known.model) ** (1.0 / option.known.target.weight), ("keeps to `{:.20}`", key))
        for option in choice.options
    ]


def _adaptive(choice: Choice) -> list[Score]:
    """What did well with requests like this one."""
    pattern = pattern_of(choice.facts, choice.detection, choice.signals())
    learnt = choice.memory.recall(pattern, choice.now)
    scores = []
    for option in choice.options:
        found = learnt.get(option.known.model)
        expected = reward(choice.route.objective, option.meter.success, option.latency, option.guessed)
        why: Why = ("expected {:.2f}", expected) if found is None else ("learnt {:.2f}", found)
        scores.append((expected if found is None else found, why))
    return scores


def _in_order(choice: Choice) -> list[Score]:
    return [(-float(place), ("number {}", place + 1)) for place in range(len(choice.options))]


def _custom(choice: Choice) -> list[Score]:
    """The first rule that holds; else what the extension says; else the order as written."""
    if choice.ranker is not None:
        known = [option.known for option in choice.options]
        ranked = choice.ranker.rank(known, choice.facts, choice.detection.task)
        return [(float(score), ("{}", str(why))) for score, why in ranked]
    from jackfield.policy.route.windows import unmet

    for number, rule in enumerate(choice.route.rules):
        if not unmet(rule.when, choice.facts, choice.detection, choice.signals()):
            places = {model: place for place, model in enumerate(rule.targets)}
            count = len(places)
            return [
                (float(-places.get(option.known.target.model, count + place)), ("rule {}", number + 1))
                for place, option in enumerate(choice.options)
            ]
    return [(score, ("no rule holds",)) for score, _ in _in_order(choice)]


def pattern_of(facts: Facts, detection: Detection, signals: Signals) -> Pattern:
    """What `adaptive` takes for alike: task, domain, complexity, size and whether tools or media are involved."""
    size = facts.tokens.bit_length() // 2
    return detection.task, signals.domain, signals.complexity, size, bool(facts.needs)


def reward(objective: str, success: float, latency_ms: float, usd: float) -> float:
    """How good an outcome is, from 0 to 1, by what the route is to learn."""
    speed = UNSEEN_MS / (UNSEEN_MS + latency_ms)
    if objective == "latency":
        return LATENCY_SHARES[0] * speed + LATENCY_SHARES[1] * success
    if objective == "cost":
        return success * (COST_SHARES[0] / (1 + 100 * usd) + COST_SHARES[1] * speed)
    return RELIABILITY_SHARES[0] * success + RELIABILITY_SHARES[1] * speed


_TASK_GROUPS: Mapping[str, tuple[Callable[[Choice], list[Score]], str]] = {
    **dict.fromkeys(HIGH_QUALITY, (_by_quality, "quality")),
    **dict.fromkeys(SPEED, (_by_latency, "speed")),
}

RANKS: Mapping[str, Callable[[Choice], list[Score]]] = {
    "task": _by_task,
    "cost": _by_cost,
    "latency": _by_latency,
    "quality": _by_quality,
    "balanced": _balanced,
    "weighted": _weighted,
    "round-robin": _round_robin,
    "random": _random,
    "least-busy": _least_busy,
    "capability": _by_capability,
    "sticky": _sticky,
    "adaptive": _adaptive,
    "fallback": _in_order,
    "cascade": _by_cost,  # the check of the answers says which is good enough
    "custom": _custom,
}

# Those whose order may be kept for a while: it does not hang on chance, turns, load or who asks.
KEPT = frozenset({"task", "cost", "latency", "quality", "balanced", "capability", "fallback", "cascade"})
# Those that take turns, and so are decided by one thread at a time.
TURNS = frozenset({"round-robin", "sticky"})
# Those that `prefer_speed` and `minimise_cost` may turn into another: the others obey a rule of their own.
_BENDING = frozenset({"task", "cost", "latency", "quality"})


def strategy_for(name: str, facts: Facts) -> str:
    """The strategy of one call: that of the route, unless the call asks for speed or thrift."""
    hints = facts.hints
    if name not in _BENDING or not (hints.prefer_speed or hints.minimise_cost):
        return name
    if hints.prefer_speed and hints.minimise_cost:
        return "balanced"
    return "latency" if hints.prefer_speed else "cost"


def canonical(name: str) -> str:
    """The name a strategy is known by here."""
    word = name.replace("_", "-")
    return next((known for known, others in STRATEGIES.items() if word == known or word in others), word)


def short_of_quality(choice: Choice) -> tuple[list[Option], float]:
    """Under `cost`: the options below the quality the rule asks for, and that quality."""
    least = minimum_for(choice.detection.task, choice.facts.hints)
    return [option for option in choice.options if option.quality < least - 1e-9], least
