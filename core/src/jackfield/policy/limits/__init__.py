"""Rate limits: algorithms over injected time, limits by scope, a fair waiting room, and pacing of providers."""

from __future__ import annotations

from jackfield.policy.limits.adaptive import Adaptive
from jackfield.policy.limits.base import NEVER, Admission, Limiter
from jackfield.policy.limits.board import Cost, Hold, Limits, Subject
from jackfield.policy.limits.concurrent import Concurrency
from jackfield.policy.limits.fixed import FixedWindow
from jackfield.policy.limits.leaky import LeakyBucket
from jackfield.policy.limits.sliding import SlidingWindow
from jackfield.policy.limits.token_bucket import TokenBucket

__all__ = [
    "NEVER",
    "Adaptive",
    "Admission",
    "Concurrency",
    "Cost",
    "FixedWindow",
    "Hold",
    "LeakyBucket",
    "Limiter",
    "Limits",
    "SlidingWindow",
    "Subject",
    "TokenBucket",
]
