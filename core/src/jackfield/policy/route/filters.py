"""What keeps a target out of a choice: each filter says why, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import define

from jackfield.capability import Capability
from jackfield.policy.route.measures import Measures
from jackfield.policy.route.tasks import Detection, Signals
from jackfield.policy.route.values import NOTHING, Facts, Known, anything_goes, money
from jackfield.policy.route.windows import unmet
from jackfield.types.routes import ALWAYS, Route


@define(slots=True, eq=False)
class Asked:
    """What one request asks of its targets: those of the call, and those of the route."""

    route: Route
    facts: Facts
    detection: Detection
    signals: Callable[[], Signals]
    measures: Measures
    used: int  # tokens in
    expected: int  # tokens out
    max_cost: float | None
    max_latency_ms: float | None


Filter = Callable[[Known, Asked], str]
"""Why a target is dropped; empty if it is not."""


def unsound(known: Known) -> str:
    """What keeps a target out for good, whatever is asked; empty if nothing does."""
    return known.problem if known.target.enabled else "switched off"


def _elsewhere(known: Known, asked: Asked) -> str:
    bound = asked.facts.bound
    if bound is None or known.provider == bound.provider:
        return ""
    return f"the request carries {bound.why} of `{bound.provider}`"


def _needs(known: Known, asked: Asked) -> str:
    needs = asked.facts.needs
    if needs.isdisjoint(known.refused):
        return ""
    return f"no {', '.join(sorted(known.refused & needs))}"


def _context(known: Known, asked: Asked) -> str:
    total = asked.used + _longest(asked.facts)
    context = known.context
    if context is None or total <= context:
        return ""
    return f"context {context:,} is below {total:,} tokens"


def _longest(facts: Facts) -> int:
    """The tokens that room is needed for: as many as may come, or as are expected by the caller's own word."""
    return facts.output or facts.hints.size or 0


def _conditions(known: Known, asked: Asked) -> str:
    return unmet(known.target.when, asked.facts, asked.detection, asked.signals())


def _region(known: Known, asked: Asked) -> str:
    for wanted in (asked.facts.hints.region, asked.route.region):
        if wanted and not any(region in wanted for region in known.regions):
            return f"not in region {' or '.join(f'`{region}`' for region in wanted)}"
    return ""


def _compliance(known: Known, asked: Asked) -> str:
    wanted = (*asked.facts.hints.compliance, *asked.route.compliance)
    missing = [tag for tag in wanted if tag not in known.compliance]
    return f"not stated to comply with {', '.join(missing)}" if missing else ""


def _cost(known: Known, asked: Asked) -> str:
    most = asked.max_cost
    if most is None:
        return ""
    cost = known.price(asked.used, asked.expected)
    if cost is None:
        return f"price unknown, and at most {money(most)} allowed"
    return f"{money(cost)} is above {money(most)}" if cost > most else ""


def _latency(known: Known, asked: Asked) -> str:
    """What was never measured is tried."""
    most = known.target.max_latency_ms or asked.max_latency_ms
    if asked.facts.hints.max_latency_ms is not None:
        most = min(most or asked.facts.hints.max_latency_ms, asked.facts.hints.max_latency_ms)
    found = asked.measures.of(known.model).p75
    return f"{found:.0f} ms is above {most:g} ms" if most and found is not None and found > most else ""


def _busy(known: Known, asked: Asked) -> str:
    most = known.target.max_concurrent
    if most is None or asked.measures.of(known.model).in_flight < most:
        return ""
    return f"{most} attempts under way already"


def _usable(known: Known, asked: Asked) -> str:
    return asked.facts.usable(known)


# What a filter's verdict means for the caller when nothing is left.
UNABLE, NOT_NOW, MONEY, BOUND, SETUP = "unable", "not now", "money", "bound", "setup"


@define(slots=True, eq=False)
class Bounds:
    """What targets have in common: what no one of them minds need not be asked for each."""

    refused: frozenset[Capability]  # what some of them cannot do
    context: float  # the smallest window there is
    conditions: bool  # whether any has conditions
    limited: bool  # whether any has a limit of its own


def bounds_of(targets: Sequence[Known]) -> Bounds:
    """What those targets have in common."""
    windows = [known.context for known in targets if known.context is not None]
    return Bounds(
        NOTHING.union(*(known.refused for known in targets)),
        min(windows, default=float("inf")),
        any(known.target.when is not ALWAYS for known in targets),
        any(known.target.max_latency_ms or known.target.max_concurrent for known in targets),
    )


def filters_for(asked: Asked, bounds: Bounds) -> Iterator[tuple[Filter, str]]:
    """The filters that can matter to this request, the lasting ones first."""
    facts, hints, route = asked.facts, asked.facts.hints, asked.route
    if facts.bound is not None and facts.bound.provider:
        yield _elsewhere, BOUND
    if not facts.needs.isdisjoint(bounds.refused):
        yield _needs, UNABLE
    if asked.used + _longest(facts) > bounds.context:
        yield _context, UNABLE
    if bounds.conditions or route.when is not ALWAYS:
        yield _conditions, UNABLE
    if hints.region or route.region:
        yield _region, UNABLE
    if hints.compliance or route.compliance:
        yield _compliance, UNABLE
    if asked.max_cost is not None:
        yield _cost, MONEY
    if bounds.limited or asked.max_latency_ms is not None or hints.max_latency_ms is not None:
        yield _latency, NOT_NOW
        yield _busy, NOT_NOW
    if facts.usable is not anything_goes:
        yield _usable, NOT_NOW
