"""How long is waited before a failed attempt is made again at the same target."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.types.resilience import RetryRules

HARD_CAP: Final = 5  # attempts, whatever is asked for
THROTTLED: Final = frozenset({"throttle", "server.overloaded"})  # these wait from a longer base


@frozen
class RetryPolicy:
    """Full jitter below an exponential ceiling; what the provider says of waiting is obeyed, within reason."""

    base: float = 0.25
    throttle_base: float = 1.0
    ceiling: float = 8.0
    longest_wait: float = 60.0
    connect: float = 5.0
    tries: int = 1
    uniform: Callable[[float, float], float] = random.uniform

    @classmethod
    def of(cls, rules: RetryRules, connect: float = 5.0) -> RetryPolicy:
        """The policy of some rules."""
        waits = (rules.base, rules.throttle_base, rules.ceiling, rules.longest_wait)
        return cls(*waits, connect, rules.tries)

    def too_long(self, error: ErrorInfo) -> bool:
        """Whether the provider asks for more patience than a caller can be expected to have."""
        return (error.retry_after or 0.0) > self.longest_wait

    def wait(self, attempt: int, error: ErrorInfo) -> float:
        """Seconds of waiting after ``attempt`` (from 1): what the provider says and a little more, or jitter."""
        if error.retry_after is not None:
            return error.retry_after + self.uniform(0, min(1.0, error.retry_after / 10))
        base = self.throttle_base if error.kind in THROTTLED else self.base
        return self.uniform(0, min(self.ceiling, base * 2 ** (attempt - 1)))

    def in_time(self, wait: float, time_left: float) -> bool:
        """Whether an attempt that begins after ``wait`` has the time to connect, and a second more."""
        return wait + self.connect + 1 <= time_left
