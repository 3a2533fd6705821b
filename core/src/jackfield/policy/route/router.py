"""A route at work: from what is known of a request to its targets in order, with a reason for each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from attrs import define, evolve

from jackfield.policy.route.cache import Kept, Orders
from jackfield.policy.route.filters import (
    BOUND,
    SETUP,
    UNABLE,
    Asked,
    Filter,
    bounds_of,
    filters_for,
    unsound,
)
from jackfield.policy.route.learning import Memory
from jackfield.policy.route.measures import UNSEEN_MS, UNSEEN_USD, Measures, Outcome
from jackfield.policy.route.quality import quality_of
from jackfield.policy.route.strategies import (
    KEPT,
    RANKS,
    TURNS,
    Choice,
    Option,
    Score,
    canonical,
    pattern_of,
    reward,
    short_of_quality,
    strategy_for,
)
from jackfield.policy.route.tasks import GENERAL, TYPICAL_TOKENS, Detection, Detector, Signals
from jackfield.policy.route.values import Candidate, Decision, Dropped, Facts, Known, Ranker
from jackfield.policy.route.windows import unmet
from jackfield.types.routes import ALWAYS, ROUTE, USUAL, Route, Routing


@define(slots=True, eq=False)
class Shared:
    """What the routes of one client have in common."""

    measures: Measures
    detector: Detector
    settings: Routing = USUAL


class Router:
    """One route with all that is known of its targets. Shared by the threads of a client."""

    def __init__(
        self,
        route: Route,
        targets: Sequence[Known],
        shared: Shared,
        ranker: Ranker | None = None,
        others: Callable[[str], Router] | None = None,
    ) -> None:
        """``others`` finds the routes that stand in for this one."""
        self.route = route
        self.measures = shared.measures
        primary = [known for known in targets if not known.fallback]
        self._primary = [known for known in primary if not unsound(known)]
        self._fallback = [known for known in targets if known.fallback and not known.mapped]
        self._out = [Dropped(known.model, unsound(known), SETUP) for known in primary if unsound(known)]
        self._others = others
        self._mapped = {known.model: known for known in targets}
        self._detector = shared.detector
        self._settings = shared.settings
        self._ranker = ranker
        self._turns: dict[str, int] = {}
        self._round = 0
        self._memory = Memory()
        self._orders = Orders(shared.settings.cache_entries, shared.settings.cache_seconds)
        self._lock = threading.Lock()
        self._strategy = canonical(route.strategy)
        self._demanding = route.minimum_quality is not None or any(
            known.target.minimum_quality is not None for known in targets
        )
        self._bounds = bounds_of(targets)

    # -- the decision ----------------------------------------------------------------------------

    def order(self, facts: Facts, now: float, rng: Random, *, peek: bool = False) -> Decision:
        """The targets of a request, the best first; none if none is left. To peek takes nobody's turn."""
        detection, sure = self._detected(facts)
        asked = self._asked(facts, sure)
        dropped = self._out.copy()
        checks = list(filters_for(asked, self._bounds))
        closed = unmet(self.route.when, facts, sure, asked.signals()) if self.route.when is not ALWAYS else ""
        closed = closed or ("" if self.route.enabled else "the route is switched off")
        if closed:
            dropped += [Dropped(known.model, closed, UNABLE) for known in self._primary]
            left = []
        else:
            left = _left(self._primary, asked, checks, dropped)
        strategy = strategy_for(self._strategy, facts)
        if strategy in TURNS:
            with self._lock:  # two threads must not take the same turn
                candidates, cached = self._ranked(strategy, left, asked, (now, rng), dropped)
                if not peek:
                    self._take_turn(candidates)
        else:
            candidates, cached = self._ranked(strategy, left, asked, (now, rng), dropped)
        candidates += self._standing_in(asked, checks, candidates, dropped)
        if self._others is not None:
            candidates += self._other_routes(facts, (now, rng, peek), candidates, dropped)
        if facts.bound is not None and not facts.bound.provider:
            candidates = self._of_one_account(candidates, facts.bound.why, dropped)
        return self._decision(facts, detection, (candidates, dropped, strategy, cached))

    def _detected(self, facts: Facts) -> tuple[Detection, Detection]:
        """The task as it was told, and as it counts: what is not sure enough is general."""
        found = self._detector.detect(facts.prompt, facts.system, facts.hints.task)
        if found.confidence >= self._settings.confidence or found.task == GENERAL:
            return found, found
        return found, Detection(GENERAL, found.confidence, found.why)

    def _asked(self, facts: Facts, detection: Detection) -> Asked:
        hints, route = facts.hints, self.route
        used = facts.tokens if hints.estimated_tokens is None else hints.estimated_tokens
        expected = facts.output or hints.size or TYPICAL_TOKENS[detection.task]
        costs = [most for most in (hints.max_cost, route.max_cost) if most is not None]
        signals = partial(self._detector.signals, facts.prompt)  # read when somebody asks
        most = min(costs, default=None)
        return Asked(
            route, facts, detection, signals, self.measures, used, expected, most, route.max_latency_ms
        )

    def _ranked(
        self,
        strategy: str,
        left: list[Known],
        asked: Asked,
        when: tuple[float, Random],
        dropped: list[Dropped],
    ) -> tuple[list[Candidate], bool]:
        options = self._options(left, asked)
        if self._demanding or asked.facts.hints.min_quality is not None:
            options = self._good_enough(options, asked, dropped)
        if not options:
            return [], False
        now, rng = when
        choice = Choice(
            self.route,
            options,
            asked.facts,
            asked.detection,
            asked.signals,
            rng,
            self._turns,
            self._memory,
            self.measures,
            self._ranker,
            now,
        )
        if strategy == "cost":
            choice.options = self._above_minimum(choice, dropped)
        key = _key(choice, strategy, asked) if self._settings.cache and strategy in KEPT else None
        kept = None if key is None else self._orders.get(key, now)
        if kept is None:
            kept = _sorted(choice.options, RANKS[strategy](choice))
            if key is not None:
                self._orders.put(key, kept, now)
            return self._candidates(choice.options, kept), False
        return self._candidates(choice.options, kept), True

    def _options(self, left: list[Known], asked: Asked) -> list[Option]:
        used, expected, task = asked.used, asked.expected, asked.detection.task
        total, meter_of, options = used + expected, self.measures.of, []
        for known in left:
            meter = meter_of(known.model)
            cost = known.price(used, expected)
            guessed = UNSEEN_USD * total / 1000 if cost is None else cost
            latency = meter.latency
            quality = quality_of(known, task, total)
            options.append(
                Option(known, meter, cost, guessed, quality, UNSEEN_MS if latency is None else latency)
            )
        return options

    def _good_enough(self, options: list[Option], asked: Asked, dropped: list[Dropped]) -> list[Option]:
        """Those of the quality that call, route and target ask for."""
        call, route = asked.facts.hints.min_quality, self.route.minimum_quality
        kept = []
        for option in options:
            wanted = [
                least for least in (call, option.known.target.minimum_quality or route) if least is not None
            ]
            if wanted and option.quality < max(wanted) - 1e-9:
                why = f"quality {option.quality:.2f} is below {max(wanted):g}"
                dropped.append(Dropped(option.known.model, why, UNABLE))
            else:
                kept.append(option)
        return kept

    @staticmethod
    def _above_minimum(choice: Choice, dropped: list[Dropped]) -> list[Option]:
        """Under `cost`, those of the quality the task asks for; the best there are if none has it."""
        short, least = short_of_quality(choice)
        if not short:
            return choice.options
        task = choice.detection.task
        if len(short) == len(choice.options):
            best = max(option.quality for option in short)
            short = [option for option in short if option.quality < best - 1e-9]
        for option in short:
            why = f"quality {option.quality:.2f} is below {least:.2f} for {task}"
            dropped.append(Dropped(option.known.model, why, UNABLE))
        return [option for option in choice.options if option not in short]

    def _candidates(self, options: list[Option], order: Kept) -> list[Candidate]:
        best = len(order) + len(self._fallback)
        route, found = self.route, []
        for place, score, why in order:
            option = options[place]
            target = option.known.target
            limit = target.max_latency_ms or route.max_latency_ms
            patience = limit / 1000 if limit and best > 1 else None
            facts = (option.cost, option.quality, option.meter.latency)
            found.append(Candidate(option.known.model, score, why, *facts, False, patience, target))
        return found

    # -- what stands in --------------------------------------------------------------------------

    def _standing_in(
        self,
        asked: Asked,
        checks: list[tuple[Filter, str]],
        candidates: list[Candidate],
        dropped: list[Dropped],
    ) -> list[Candidate]:
        """The fallback targets in order, each as the model that stands in for the first choice."""
        if not self._fallback:
            return []
        first = candidates[0].target.model if candidates else self.route.targets[0].model
        taken = {candidate.model for candidate in candidates}
        standing = [self._mapped.get(known.target.models.get(first, ""), known) for known in self._fallback]
        sound = [known for known in standing if not unsound(known)]
        dropped += [Dropped(known.model, unsound(known), SETUP) for known in standing if unsound(known)]
        left = _left([known for known in sound if known.model not in taken], asked, checks, dropped)
        found = []
        options = self._options(left, asked)
        if self._demanding or asked.facts.hints.min_quality is not None:
            options = self._good_enough(options, asked, dropped)
        for place, option in enumerate(options):
            why = ("stands in",) if candidates else ("stands in: no target is left",)
            candidate = _candidate(option, (0.0, why), place + 1 < len(options), self.route)
            found.append(evolve(candidate, fallback=True))
        return found

    def _other_routes(
        self,
        facts: Facts,
        how: tuple[float, Random, bool],
        candidates: list[Candidate],
        dropped: list[Dropped],
    ) -> list[Candidate]:
        """The targets of the routes among the fallback, as those routes order them."""
        assert self._others is not None
        now, rng, peek = how
        taken = {candidate.model for candidate in candidates}
        found: list[Candidate] = []
        for name in (target.model for target in self.route.fallback if target.model.startswith(ROUTE)):
            decision = self._others(name.removeprefix(ROUTE)).order(facts, now, rng, peek=peek)
            dropped += decision.dropped
            for candidate in decision.candidates:
                if candidate.model not in taken:
                    taken.add(candidate.model)
                    why = ("stands in, of `{}`: {}", name, candidate.why)
                    found.append(evolve(candidate, fallback=True, why=why))
        return found

    # -- what is kept ----------------------------------------------------------------------------

    def _take_turn(self, candidates: list[Candidate]) -> None:
        if candidates:
            self._round += 1
            self._turns[candidates[0].model] = self._round

    def _of_one_account(self, found: list[Candidate], why: str, dropped: list[Dropped]) -> list[Candidate]:
        """All of them, if they belong to one provider; whose request it is cannot be told otherwise."""
        if len({candidate.model.partition("/")[0] for candidate in found}) < 2:
            return found
        reason = f"the request carries {why}, and whose it is cannot be told"
        dropped += [Dropped(candidate.model, reason, BOUND) for candidate in found]
        return []

    @property
    def sound(self) -> tuple[str, ...] | None:
        """The models it may lead to; ``None`` where it leads on to other routes."""
        if self._others is not None:
            return None
        return tuple(known.model for known in self._mapped.values() if not unsound(known))

    @property
    def learns(self) -> bool:
        """Whether it wants to know how attempts went."""
        return self._strategy == "adaptive"

    def observe(self, model: str, outcome: Outcome, facts: Facts, now: float) -> None:
        """Learn how an attempt went; only `adaptive` does, the measures are fed where attempts are made."""
        if outcome.ok is None or not self.learns:
            return
        known = self._mapped.get(model)
        detection, sure = self._detected(facts)
        latency = UNSEEN_MS if outcome.latency_ms is None else outcome.latency_ms
        cost = known.price(facts.tokens, facts.output or TYPICAL_TOKENS[detection.task]) if known else None
        gained = reward(
            self.route.objective, float(outcome.ok), latency, UNSEEN_USD if cost is None else cost
        )
        pattern = pattern_of(facts, sure, self._detector.signals(facts.prompt))
        self._memory.learn(pattern, model, gained, now)

    def _decision(
        self, facts: Facts, detection: Detection, found: tuple[list[Candidate], list[Dropped], str, bool]
    ) -> Decision:
        candidates, dropped, strategy, cached = found
        signals = self._detector.signals(facts.prompt) if self._settings.telemetry else _UNTOLD
        return Decision(
            self.route.name,
            strategy,
            tuple(candidates),
            tuple(dropped),
            detection.task,
            detection.confidence,
            candidates[0].cost if candidates else None,
            facts.moment,
            cached,
            signals.domain,
            signals.style,
            signals.complexity,
        )


_UNTOLD = Signals()


def _left(
    targets: list[Known], asked: Asked, checks: list[tuple[Filter, str]], dropped: list[Dropped]
) -> list[Known]:
    kept = []
    for known in targets:
        for check, kind in checks:
            why = check(known, asked)
            if why:
                dropped.append(Dropped(known.model, why, kind))
                break
        else:
            kept.append(known)
    return kept


def _sorted(options: list[Option], scores: list[Score]) -> Kept:
    """Places with scores: by the targets' priority, then by score, then as written."""
    ranked = [(place, score, why) for place, (score, why) in enumerate(scores)]
    ranked.sort(key=lambda found: (-options[found[0]].known.target.priority, -found[1]))
    return tuple(ranked)


def _key(choice: Choice, strategy: str, asked: Asked) -> tuple[object, ...]:
    """What a kept order hangs on: who is left, the task, and about how much is asked."""
    left = tuple(option.known.model for option in choice.options)
    size = (asked.used.bit_length(), asked.expected.bit_length())
    hints = choice.facts.hints
    wishes = (hints.priority, hints.prefer_speed, hints.minimise_cost)
    return strategy, left, choice.detection.task, size, choice.facts.needs, wishes


def _candidate(option: Option, score: Score, more: bool, route: Route) -> Candidate:
    known = option.known
    limit = known.target.max_latency_ms or route.max_latency_ms
    return Candidate(
        known.model,
        score[0],
        score[1],
        option.cost,
        option.quality,
        option.meter.latency,
        False,
        limit / 1000 if limit and more else None,
        known.target,
    )
