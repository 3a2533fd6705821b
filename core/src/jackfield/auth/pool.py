"""A pool of keys for one provider: one is used at a time, and exchanged when it is worn or refused.

How long a refused key rests is not kept here but at its gate, where throttles and quotas are kept as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import ClassVar

from jackfield.auth.base import Auth
from jackfield.errors import ErrorInfo
from jackfield.flow import Flow, Now
from jackfield.wire import Call

ROTATE_AFTER = 3600.0
MAX_ERRORS = 3


class KeyPool:
    """Several credentials of which one is the present one.

    The next one is taken after an hour, after three errors in a row, and at once when the failure was its own.
    """

    __slots__ = ("_current", "_errors", "_lock", "_since", "members")

    scheme: ClassVar[str] = "pool"

    def __init__(self, auths: Sequence[Auth]) -> None:
        self.members = tuple(auths)
        self._current = 0
        self._errors = 0
        self._since: float | None = None
        self._lock = Lock()

    def order(self, now: float) -> list[int]:
        """All members, the present one first."""
        with self._lock:
            if self._since is None:
                self._since = now
            elif now - self._since >= ROTATE_AFTER:
                self._next()
                self._since = now
            count = len(self.members)
            return [(self._current + step) % count for step in range(count)]

    def failed(self, index: int, own: bool = False) -> None:
        """Take note that a call signed by the member at ``index`` failed; by its ``own`` fault, or another."""
        with self._lock:
            if index != self._current:
                return  # another one has replaced it since
            self._errors += 1
            if own or self._errors >= MAX_ERRORS:
                self._next()

    def answered(self, index: int) -> None:
        """Take note that a call signed by the member at ``index`` was accepted."""
        if index == self._current:
            self._errors = 0

    def sign(self, call: Call) -> Flow[Call]:
        """The call signed with the present member, for whoever asks for no more than a signature."""
        now = yield Now()
        return (yield from self.members[self.order(now)[0]].sign(call))

    def rejected(self, error: ErrorInfo) -> bool:
        """Nothing to be done: who signed is asked, and is a member."""
        return False

    def accepted(self) -> None:
        """Nothing to be noted: the member is told."""

    def _next(self) -> None:
        self._errors = 0
        self._current = (self._current + 1) % len(self.members)
        self._since = None

    def __repr__(self) -> str:
        return f"<pool of {len(self.members)}: {', '.join(map(repr, self.members))}>"


def pooled(auths: Sequence[Auth]) -> Auth:
    """A pool of several credentials; the only one as it is."""
    return auths[0] if len(auths) == 1 else KeyPool(auths)
