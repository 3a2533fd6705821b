"""A pool of keys for one provider: one is used at a time, and exchanged when it is worn or refused."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import ClassVar

from jackfield.auth.base import Auth
from jackfield.auth.signed import note_signed, signed_with
from jackfield.errors import ErrorInfo
from jackfield.flow import Flow, Now
from jackfield.wire import Call

ROTATE_AFTER = 3600.0
MAX_ERRORS = 3

# How long a key rests after a failure that is its own, in seconds; what the provider says counts more.
RESTS = {"auth": 300.0, "auth.skew": 300.0, "quota.money": 600.0, "quota.window": 600.0, "throttle": 5.0}


class _Key:
    """One member of the pool and what is known of it."""

    __slots__ = ("auth", "errors", "rest", "rests_until")

    def __init__(self, auth: Auth) -> None:
        self.auth = auth
        self.errors = 0
        self.rest = 0.0  # asked for, not yet begun: only a flow can tell the time
        self.rests_until = float("-inf")


class KeyPool:
    """Signs with one of several credentials.

    The next one is taken after an hour, after three errors in a row, and at once when the failure is the
    key's own; such a key rests for a while. When all rest, the one that is free first is used all the same:
    the provider's answer then says more than ours could.
    """

    __slots__ = ("_current", "_keys", "_lock", "_now", "_since")

    scheme: ClassVar[str] = "pool"

    def __init__(self, auths: Sequence[Auth]) -> None:
        self._keys = [_Key(auth) for auth in auths]
        self._current = 0
        self._since: float | None = None
        self._now = float("-inf")  # as of the last signature
        self._lock = Lock()

    def sign(self, call: Call) -> Flow[Call]:
        """The call signed with the key whose turn it is."""
        now = yield Now()
        with self._lock:
            key = self._turn(now)
        signed = yield from key.auth.sign(call)
        note_signed(self, key)
        return signed

    def rejected(self, error: ErrorInfo) -> bool:
        """Blame the key that signed; true if another one may fare better."""
        blamed = signed_with(self)
        with self._lock:
            key = blamed if isinstance(blamed, _Key) else self._keys[self._current]
            rest = RESTS.get(error.kind, 0.0)
            if rest:
                key.rest = max(rest, error.retry_after or 0.0)
            key.errors += 1
            if (rest or key.errors >= MAX_ERRORS) and key is self._keys[self._current]:
                self._next()
            return bool(rest) and any(self._is_free(other) for other in self._keys)

    def accepted(self) -> None:
        """The key that signed is well."""
        blamed = signed_with(self)
        key = blamed if isinstance(blamed, _Key) else self._keys[self._current]
        key.errors = 0

    def _is_free(self, key: _Key) -> bool:
        return not key.rest and key.rests_until <= self._now

    def _turn(self, now: float) -> _Key:
        """The key whose turn it is, with rests that were asked for begun."""
        for key in self._keys:
            if key.rest:
                key.rests_until, key.rest = now + key.rest, 0.0
        self._now = now
        if self._since is None:
            self._since = now
        elif now - self._since >= ROTATE_AFTER:
            self._next()
            self._since = now
        count = len(self._keys)
        order = [(self._current + step) % count for step in range(count)]
        free = [index for index in order if self._keys[index].rests_until <= now]
        chosen = free[0] if free else min(order, key=lambda index: self._keys[index].rests_until)
        if chosen != self._current:
            self._current, self._since = chosen, now
        return self._keys[chosen]

    def _next(self) -> None:
        self._keys[self._current].errors = 0
        self._current = (self._current + 1) % len(self._keys)
        self._since = None

    def __repr__(self) -> str:
        return f"<pool of {len(self._keys)}: {', '.join(repr(key.auth) for key in self._keys)}>"


def pooled(auths: Sequence[Auth]) -> Auth:
    """A pool of several credentials; the only one as it is."""
    return auths[0] if len(auths) == 1 else KeyPool(auths)
