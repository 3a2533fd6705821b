"""The clocks of one exchange: moments on the monotonic clock, never durations per read."""

from __future__ import annotations

from time import monotonic

from jackfield.transport.faults import Fault
from jackfield.types.requests import FIRST_TOKEN, Timeouts


class Clocks:
    """When each step of one exchange must be over, and which clock it was that ran out.

    A moment is fixed when its step begins. However slowly bytes drip in, they do not move it, except for
    the two clocks that are about progress: upload stall and idle bytes.
    """

    __slots__ = ("_timeouts", "asked", "deadline", "whole")

    def __init__(self, timeouts: Timeouts, deadline: float, whole: bool) -> None:
        self._timeouts = timeouts
        self.asked = 0.0  # when the last byte of the request was out
        self.deadline = deadline
        self.whole = whole

    @property
    def connect_seconds(self) -> float:
        """How long connecting may take, for a library that keeps this clock itself."""
        return self._timeouts.connect

    def pool(self) -> Moment:
        """Until when a free connection is waited for."""
        return self._within(self._timeouts.pool, "local.overload")

    def connect(self) -> Moment:
        """Until when the connection stands, TLS included."""
        return self._within(self._timeouts.connect, "timeout.connect")

    def upload(self) -> Moment:
        """Until when the next piece of the request must be taken."""
        return self._within(self._timeouts.upload, "timeout.upload")

    def head(self) -> Moment:
        """Until when the head must be here. A whole answer is late by nature: only its deadline counts.

        The head of a stream is no later than its first token may be.
        """
        self.asked = monotonic()
        if self.whole:
            return Moment(self.deadline, "deadline")
        first_token = self._timeouts.first_token
        if first_token is not None and first_token < self._timeouts.headers:
            return self._within(first_token, "timeout.first_token")
        return self._within(self._timeouts.headers, "timeout.headers")

    def body(self) -> Moment:
        """Until when the next byte of the body must be here.

        A model that thinks may be silent for longer than one that talks. Which of the two a stream does only its
        reader can tell, whose deadline for each read is the shorter one.
        """
        timeouts = self._timeouts
        seconds = timeouts.idle if self.whole else max(timeouts.idle, timeouts.first_token or FIRST_TOKEN)
        return self._within(seconds, "timeout.idle")

    def _within(self, seconds: float, kind: str) -> Moment:
        at = monotonic() + seconds
        return Moment(at, kind) if at < self.deadline else Moment(self.deadline, "deadline")


class Moment:
    """A point in time, and the kind of failure when it passes."""

    __slots__ = ("at", "kind")

    def __init__(self, at: float, kind: str) -> None:
        self.at = at
        self.kind = kind

    def left(self) -> float:
        """The seconds until then; raises when there are none."""
        left = self.at - monotonic()
        if left <= 0:
            raise Fault(self.kind)
        return left
