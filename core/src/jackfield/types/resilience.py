"""The figures that breakers and retries go by, each with its bounds. Configuration makes them, policies read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs
from attrs import field, frozen
from attrs.validators import ge, gt, le

After: TypeAlias = float | Literal["p95"]


@frozen
class BreakerRules:
    """When a breaker opens, for how long, and what closes it again. Times are seconds."""

    enabled: bool = True
    window: float = 60.0  # failures older than this are forgotten
    min_calls: int = 10  # below this no share is taken
    failures: int = 5  # of transport, server or clock, one after another
    failure_rate: float = 0.5
    slow_after: float = 30.0  # to the first token; a model's own allowance counts where it is longer
    slow_rate: float = 0.8
    open_time: float = 15.0  # doubles each time
    open_max: float = 30.0
    jitter: float = 0.2  # an open time is shortened by up to this share
    min_state: float = 5.0  # no state is shorter, but that a failed probe reopens at once
    probes: int = 1  # at once, while half-open
    successes: int = 2  # of probes, to close
    anomaly: float = 0.0  # times the standard deviation above which a first token is slow; 0 is off


@frozen
class RetryRules:
    """How long is waited between attempts, and how many may be made. Times are seconds."""

    base: float = 0.25
    throttle_base: float = 1.0
    ceiling: float = 8.0
    longest_wait: float = 60.0
    tries: int = 1  # at one target, before another that is there is preferred
    budget: int = 500  # what an account may spend on retries before first tries have to earn it again
    cost: int = 10
    throttle_cost: int = 5


# name -> (least, most) for every figure that has bounds
BREAKER_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "window": (1, 3600),
    "min_calls": (1, 10_000),
    "failures": (1, 100),
    "failure_rate": (0.01, 1),
    "slow_after": (5, 300),
    "slow_rate": (0.01, 1),
    "open_time": (1, 300),
    "open_max": (5, 300),
    "jitter": (0, 0.9),
    "min_state": (1, 60),
    "probes": (1, 10),
    "successes": (1, 10),
    "anomaly": (0, 10),
}
RETRY_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "base": (0.001, 60),
    "throttle_base": (0.001, 60),
    "ceiling": (0.001, 300),
    "longest_wait": (0, 600),
    "tries": (1, 5),
    "budget": (0, 1_000_000),
    "cost": (0, 1_000_000),
    "throttle_cost": (0, 1_000_000),
}

PRESETS: Final[Mapping[str, BreakerRules]] = {
    "default": BreakerRules(),
    "conservative": BreakerRules(failures=3, open_time=60.0, open_max=60.0),
    "aggressive": BreakerRules(failures=10, open_time=15.0),
    "dev": BreakerRules(failures=10),
    "staging": BreakerRules(failures=5),
    "prod": BreakerRules(failures=3, open_time=60.0, open_max=60.0),
}


def evolved(rules: Any, changes: Mapping[str, Any]) -> Any:
    """Rules with some figures set anew."""
    return attrs.evolve(rules, **changes) if changes else rules


def _after(_: object, attribute: Any, value: Any) -> None:
    if value != "p95" and (isinstance(value, str) or not value > 0):
        msg = f"`{attribute.name}` must be `p95` or a number of seconds above 0"
        raise ValueError(msg)


@frozen
class Hedge:
    """When a second request is sent, how many more there may be, and for which share of calls."""

    after: After = field(default="p95", validator=_after)
    most: int = field(default=1, validator=[ge(1), le(4)])
    budget: float = field(default=0.05, validator=[gt(0), le(1)])
