"""A number between 0 and 1 that a key and a target have in common: the same in every process."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_SPAN = float(1 << 64)


@lru_cache(maxsize=4096)
def share_of(key: str, model: str) -> float:
    """What ``key`` draws for ``model``; the highest draw wins, and others keep theirs when one is gone."""
    digest = blake2b(f"{key}\0{model}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 1) / (_SPAN + 2)
