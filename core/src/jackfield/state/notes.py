"""What processes tell each other in passing: that a target is closed, and for how long.

A note is looked up in a copy in this process, so that it costs nothing to ask. The copy is at most a second old while
somebody asks; it is fetched in the background, and nobody ever waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future

from jackfield.state.base import State

REFRESH = 1.0


class Notes:
    """The notes of all processes, as they were a moment ago. Times are the caller's, in monotonic seconds."""

    __slots__ = ("_fetched", "_fetching", "_lock", "_state", "_until")

    def __init__(self, state: State) -> None:
        self._state = state
        self._until: dict[str, float] = {}
        self._fetched = float("-inf")
        self._fetching = False
        self._lock = threading.Lock()

    def publish(self, key: str, until: float, now: float) -> None:
        """Tell all processes that ``key`` is closed until then; a time that has passed opens it."""
        if until > now:
            self._until[key] = until
        else:
            self._until.pop(key, None)
        self._state.note(key, max(0.0, until - now))

    def until(self, key: str, now: float) -> float:
        """Until when somebody said that ``key`` is closed; 0.0 if nobody did, or it has passed."""
        if now - self._fetched >= REFRESH:
            self.fetch(now)
        until = self._until.get(key, 0.0)
        return until if until > now else 0.0

    def fetch(self, now: float) -> None:
        """Have the copy renewed, if that is not under way."""
        with self._lock:
            if self._fetching:
                return
            self._fetching, self._fetched = True, now
        self._state.noted().add_done_callback(lambda noted: self._take(noted, now))

    def _take(self, noted: Future[Mapping[str, float]], now: float) -> None:
        """The copy is renewed; while the state is out of reach the old one runs out by itself."""
        if noted.exception() is None:
            self._until = {key: now + left for key, left in noted.result().items()}
        self._fetching = False
