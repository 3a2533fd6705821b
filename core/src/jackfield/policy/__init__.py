"""Pure decisions over injected time and randomness: no policy does I/O, sleeps or reads a clock."""

from __future__ import annotations

from jackfield.policy.retry import HARD_CAP, RetryPolicy

__all__ = ["HARD_CAP", "RetryPolicy"]
