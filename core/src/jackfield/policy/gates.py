"""Gates of credentials: a key that is refused, throttled or out of money is left alone for a while.

They are apart from breakers on purpose: a bad key must not take a provider down, and a provider that is down
must not burn keys. What concerns the key closes it for all models; throttles and windows of quota close it
for one model, since that is how limits are counted where they are counted at all.
"""

from __future__ import annotations

from threading import Lock
from typing import Final

from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.policy.breaker import Refused

# Seconds for which a failure of the key itself closes its gate, whatever else is said.
QUARANTINE: Final[dict[str, float]] = {"auth": 300.0, "auth.skew": 300.0, "quota.money": 600.0}
PAUSE: Final = 1.0  # after a throttle that says nothing; doubles with each one in a row
LONGEST_PAUSE: Final = 8.0
LONGEST: Final = 30 * 24 * 3600.0
UNTOLD_WINDOW: Final = 600.0  # for a window of quota of which nobody says when it ends


@frozen
class GateStatus:
    """One closed gate, for people and endpoints."""

    provider: str
    credential: str
    model: str  # empty where it is closed for all
    kind: str
    until: float


class Gate:
    """The gate of one credential; shared by threads."""

    __slots__ = ("_closed", "_lock", "_throttles", "credential", "provider")

    def __init__(self, provider: str = "", credential: str = "") -> None:
        self.provider = provider
        self.credential = credential
        self._closed: dict[str, tuple[float, str]] = {}  # model, or empty for all -> until when, and why
        self._throttles: dict[str, int] = {}  # model -> how many in a row that said nothing
        self._lock = Lock()

    @property
    def open(self) -> bool:
        """Whether it is closed for nobody."""
        return not self._closed

    def admit(self, model: str, now: float) -> Refused | None:
        """Nothing if an attempt may go through; else until when it may not, and why."""
        if not self._closed:  # one attribute: whoever finds it empty came before it closed
            return None
        return self._refusal(model, now)

    def record(self, error: ErrorInfo, model: str, now: float) -> None:
        """Close for as long as a failure asks for; failures that are not the key's say nothing."""
        kind = error.kind
        if kind in QUARANTINE and not error.should_retry:  # a token endpoint that is down is no bad key
            seconds = max(QUARANTINE[kind], error.retry_after or 0.0)
            self.close("", now + min(seconds, LONGEST), kind)
        elif kind in {"throttle", "quota.window"}:
            seconds = self._pause(error, model)
            self.close(model, now + min(seconds, LONGEST), kind)

    def close(self, model: str, until: float, kind: str) -> None:
        """Close for ``model`` until then, or for all models where it is empty; what is closed longer stays so."""
        with self._lock:
            known = self._closed.get(model)
            if known is None or known[0] < until:
                self._closed[model] = (until, kind)

    def reopen(self, model: str = "") -> None:
        """Take note that ``model`` answered: its throttles count from the beginning."""
        if self._throttles:
            with self._lock:
                self._throttles.pop(model, None)

    def clear(self) -> None:
        """Open for everything, as when the key was exchanged."""
        with self._lock:
            self._closed.clear()
            self._throttles.clear()

    def status(self, now: float) -> tuple[GateStatus, ...]:
        """What is closed."""
        with self._lock:
            closed = [(model, until, kind) for model, (until, kind) in self._closed.items() if until > now]
        return tuple(
            GateStatus(self.provider, self.credential, model, kind, until) for model, until, kind in closed
        )

    def _refusal(self, model: str, now: float) -> Refused | None:
        with self._lock:
            for name in ("", model):
                known = self._closed.get(name)
                if known is not None and known[0] <= now:
                    del self._closed[name]
            shut = [self._closed[name] for name in {"", model} if name in self._closed]
        return Refused(*max(shut)) if shut else None

    def _pause(self, error: ErrorInfo, model: str) -> float:
        """How long a throttle closes: as told, as the headers' figures say, or a little longer each time."""
        told = error.retry_after if error.retry_after is not None else error.resets
        if told is not None:
            return told
        if error.kind == "quota.window":
            return UNTOLD_WINDOW
        with self._lock:
            times = self._throttles[model] = self._throttles.get(model, 0) + 1
        return min(LONGEST_PAUSE, PAUSE * 2.0 ** min(times - 1, 16))
