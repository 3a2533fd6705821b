"""Caches: answers that were paid for once, kept exactly for the request they are the answer to."""

from __future__ import annotations

from jackfield.policy.caches.cache import Cache, Statistics
from jackfield.policy.caches.keys import Where, key_of, question_of
from jackfield.policy.caches.memory import MemoryTier
from jackfield.policy.caches.semantic import Near, SemanticIndex
from jackfield.policy.caches.values import Unfit, read_answer, write_answer

__all__ = [
    "Cache",
    "MemoryTier",
    "Near",
    "SemanticIndex",
    "Statistics",
    "Unfit",
    "Where",
    "key_of",
    "question_of",
    "read_answer",
    "write_answer",
]
