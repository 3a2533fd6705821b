"""Routes as they are written down: which targets there are, how one is chosen, what stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from attrs import field, frozen

TaskName: TypeAlias = Literal[
    "General",
    "Planning",
    "CodeGeneration",
    "Analysis",
    "IntentDetection",
    "Validation",
    "Summarization",
    "Translation",
    "Classification",
    "LongFormGeneration",
]

TASKS: tuple[TaskName, ...] = TaskName.__args__  # type: ignore[attr-defined]  # what a Literal was made of

# Every strategy by its name, and the other names it goes by.
STRATEGIES: Mapping[str, tuple[str, ...]] = {
    "task": (),
    "cost": (),
    "latency": ("performance",),
    "quality": (),
    "balanced": (),
    "weighted": (),
    "round-robin": (),
    "random": (),
    "least-busy": ("least-loaded", "least-connections"),
    "capability": (),
    "sticky": (),
    "adaptive": (),
    "fallback": (),
    "cascade": (),
    "custom": (),
}

OBJECTIVES = ("reliability", "latency", "cost")

# What may make the next target stand in: kinds of failure by family, and the two that have to be asked for.
TRIGGERS = ("throttle", "quota", "server", "timeout", "transport", "auth", "model", "protocol", "stream")
OPTIONAL_TRIGGERS = ("request.context", "request.policy", "config.tls")

ROUTE = "route:"


@frozen
class Window:
    """A time of day, on some days of the week: from ``start`` to before ``end``, in minutes after midnight.

    One that ends before it starts goes on past midnight, and belongs to the day it starts on.
    """

    start: int = 0
    end: int = 1440
    days: frozenset[int] = frozenset(range(7))  # Monday is 0
    zone: str = "UTC"


@frozen
class Conditions:
    """When something applies; what is not stated does not matter. All that is stated has to hold."""

    windows: tuple[Window, ...] = ()
    tier: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    organisation: tuple[str, ...] = ()
    task: tuple[str, ...] = ()


ALWAYS = Conditions()


@frozen
class Target:
    """One model a route may choose, and what its owner says of it.

    ``cost`` is in USD per 1,000 tokens; the price book is asked where it is left out. ``models`` maps the
    primary target that failed to the model that stands in for it here.
    """

    model: str
    weight: float = 1.0
    priority: int = 0
    max_concurrent: int | None = None
    region: str = ""
    tags: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    cost: float | None = None
    quality: float | None = None
    minimum_quality: float | None = None
    max_latency_ms: float | None = None
    enabled: bool = True
    when: Conditions = ALWAYS
    models: Mapping[str, str] = field(factory=dict)


@frozen
class AnswerCheck:
    """What an answer has to be, so that no other target is asked. What is not stated does not matter."""

    finish: tuple[str, ...] = ("stop", "tool_calls")
    min_characters: int = 0
    max_characters: int | None = None
    matches: str = ""  # a regular expression that is found in it
    excludes: tuple[str, ...] = ()  # phrases that are not, whatever their case
    json: bool = False


@frozen
class Rule:
    """Where the conditions hold, these targets come first, in this order."""

    when: Conditions
    targets: tuple[str, ...]


OnInterrupt: TypeAlias = Literal["raise", "continue"]
ON_INTERRUPT: tuple[str, ...] = get_args(OnInterrupt)


@frozen
class Route:
    """A route: used like a model, it chooses one of its targets for every call."""

    name: str
    targets: tuple[Target, ...]
    strategy: str = "task"
    fallback: tuple[Target, ...] = ()
    fallback_on: tuple[str, ...] = TRIGGERS
    when: Conditions = ALWAYS
    enabled: bool = True
    timeout: float | None = None
    max_attempts: int = 3
    primary_attempts: int = 1
    minimum_quality: float | None = None
    max_cost: float | None = None
    max_latency_ms: float | None = None
    region: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    tasks: Mapping[str, tuple[str, ...]] = field(factory=dict)
    rules: tuple[Rule, ...] = ()
    on_interrupt: OnInterrupt = "raise"  # what follows where a stream breaks off
    check: AnswerCheck | None = None  # what an answer has to be; else the next target is asked
    extension: str = ""  # who ranks under `custom`, where no rules do
    objective: str = "reliability"  # what `adaptive` learns
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(factory=dict)


@frozen
class Routing:
    """What holds for all routes: how sure a detected task has to be, and how long decisions are kept."""

    confidence: float = 0.7
    cache: bool = True
    cache_seconds: float = 300.0
    cache_entries: int = 1000
    alpha: float = 0.2
    telemetry: bool = (
        False  # whether decisions tell observers of every candidate, not of the chosen one alone
    )
    phrases: Mapping[str, tuple[str, ...]] = field(factory=dict)
    system_words: Mapping[str, tuple[str, ...]] = field(factory=dict)


USUAL = Routing()


@frozen
class Hints:
    """What a call says of how it wants to be routed. All of it acts."""

    task: str | None = None
    max_cost: float | None = None
    min_quality: float | None = None
    priority: int = 5
    prefer_speed: bool = False
    minimise_cost: bool = False
    max_latency_ms: float | None = None
    region: tuple[str, ...] = ()
    compliance: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    size: int | None = None  # tokens that are expected to come out
    estimated_tokens: int | None = None
    tags: Mapping[str, str] = field(factory=dict)

    @property
    def lane(self) -> Literal["high", "normal", "low"]:
        """Where the call waits if it has to."""
        return "high" if self.priority >= 8 else "low" if self.priority <= 3 else "normal"


NO_HINTS = Hints()

# A word for several hints at once; what the call states itself holds.
PRESETS: Mapping[str, Mapping[str, object]] = {
    "speed": {"priority": 7, "prefer_speed": True},
    "cost": {"priority": 3, "minimise_cost": True},
    "high": {"priority": 10},
}
