"""What goes into the choice of a target, and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from attrs import define, field, frozen

from jackfield.capability import Capability, Support
from jackfield.policy.route.affinity import Bound
from jackfield.types.quick import quick
from jackfield.types.routes import NO_HINTS, Hints, Target

NOTHING: frozenset[Capability] = frozenset()

_NOWHERE = Target("")

Usable: TypeAlias = Callable[["Known"], str]
"""Why a target cannot be used now, as ``breaker open 12 s``; empty if it can."""


def anything_goes(known: Known) -> str:
    """Every target is usable."""
    return ""


@define(slots=True, eq=False)
class Known:
    """What is known of a target before any call: made once, when its model is bound.

    ``problem`` says why it cannot be called at all: no key, no such provider. ``price`` takes input and
    output tokens and says what they cost in USD; ``None`` is unknown.
    """

    target: Target
    model: str  # provider/model, as it is called
    provider: str = ""
    refused: frozenset[Capability] = NOTHING
    stated: Mapping[Capability, Support] = field(factory=dict, repr=False)
    context: int | None = None
    max_output: int | None = None
    price: Callable[[int, int], float | None] = field(default=lambda i, o: None, repr=False)
    local: bool = False
    regions: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    quality: float | None = None
    problem: str = ""
    fallback: bool = False
    mapped: bool = False  # stands in for one target alone, by the `models` of a fallback


@define(slots=True, eq=False)
class Facts:
    """What is known of one request when its target is chosen."""

    prompt: str = ""
    system: str = ""
    needs: frozenset[Capability] = NOTHING
    tokens: int = 0  # that go in, as far as it can be estimated
    output: int | None = None  # that may come out at most, if the request says
    hints: Hints = NO_HINTS
    sticky: str = ""  # what requests of one conversation or user have in common
    bound: Bound | None = None  # the account it is bound to by what it carries
    moment: float = 0.0  # seconds since 1970, for times of day
    usable: Usable = anything_goes


Why: TypeAlias = tuple[object, ...]
"""A reason that is put into words when somebody reads it: a format or function, and what it is filled with."""


@quick
@frozen(slots=False)
class Candidate:
    """A target that may be tried, with what spoke for it."""

    model: str
    score: float
    why: Why = field(repr=False)
    cost: float | None = None  # USD, as far as it can be estimated
    quality: float | None = None
    latency_ms: float | None = None  # measured; ``None`` before the first answer
    fallback: bool = False
    patience: float | None = None  # seconds to the first token before the next target is tried
    target: Target = field(default=_NOWHERE, repr=False, eq=False)

    @property
    def reason(self) -> str:
        """What spoke for it, in words."""
        return worded(self.why)

    @property
    def quality_per_usd(self) -> float | None:
        """How much quality a dollar buys; ``None`` where either is not known, or nothing is to be paid."""
        return self.quality / self.cost if self.quality is not None and self.cost else None


def worded(why: Why) -> str:
    """A reason in words."""
    form, *facts = why
    if callable(form):
        return str(form(*facts))
    return str(form).format(*(worded(fact) if isinstance(fact, tuple) else fact for fact in facts))


@frozen
class Dropped:
    """A target that may not be tried, and why."""

    model: str
    reason: str
    kind: str = "unable"  # unable, not now, money, bound, setup: what it means where none is left


@quick
@frozen(slots=False)
class Decision:
    """What a route decided, and why: the record that is logged and explained."""

    route: str
    strategy: str
    candidates: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...] = ()
    task: str = "General"
    confidence: float = 0.5
    cost: float | None = None
    at: float = 0.0
    cached: bool = False
    domain: str = ""
    style: str = ""
    complexity: str = "simple"

    @property
    def chosen(self) -> Candidate | None:
        """The target that is tried first."""
        return self.candidates[0] if self.candidates else None

    @property
    def reason(self) -> str:
        """Why the first target is the first."""
        if not self.candidates:
            return "no target is left"
        first, *others = self.candidates
        if others and _is_cheaper(first, others[0]):
            return f"{first.reason}; {money(first.cost)} < {money(others[0].cost)}"
        return first.reason


class Ranker(Protocol):
    """What an extension offers that ranks targets: ``strategy = "custom"``, ``extension = "its name"``."""

    def rank(self, targets: Sequence[Known], facts: Facts, task: str) -> Sequence[tuple[float, str]]:
        """A score for each target, the higher the better, and its reason."""


def _is_cheaper(one: Candidate, other: Candidate) -> bool:
    return one.cost is not None and other.cost is not None and one.cost < other.cost


def money(usd: float | None) -> str:
    """An amount as people read it: four digits that count."""
    if usd is None:
        return "price unknown"
    return "free" if usd == 0 else f"${usd:.4g}" if usd >= 0.0001 else f"${usd:.3e}"
