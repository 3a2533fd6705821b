"""Whether a failed attempt is made again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable

from attrs import frozen

from jackfield.errors import ErrorInfo

HARD_CAP = 5  # attempts, whatever is asked for


@frozen
class RetryPolicy:
    """Full jitter below an exponential ceiling; what the provider says of waiting is obeyed, within reason."""

    max_retries: int = 2
    base: float = 0.25
    throttle_base: float = 1.0
    ceiling: float = 8.0
    longest_wait: float = 60.0
    connect: float = 5.0
    uniform: Callable[[float, float], float] = random.uniform

    def delay(self, attempt: int, error: ErrorInfo, time_left: float) -> float | None:
        """Seconds to wait before the attempt after ``attempt`` (from 1); ``None`` to give up."""
        # An answer that could not be read came, and may have been charged: it is asked for once more, not twice.
        most = 1 if error.kind == "protocol.body" else HARD_CAP - 1
        if not error.retryable or attempt > min(self.max_retries, most):
            return None
        wait = self._wait(attempt, error)
        if wait > self.longest_wait or wait + self.connect + 1 > time_left:
            return None
        return wait

    def _wait(self, attempt: int, error: ErrorInfo) -> float:
        if error.retry_after is not None:
            return error.retry_after + self.uniform(0, min(1.0, error.retry_after / 10))
        base = self.throttle_base if error.kind in ("throttle", "server.overloaded") else self.base
        return self.uniform(0, min(self.ceiling, base * 2 ** (attempt - 1)))
