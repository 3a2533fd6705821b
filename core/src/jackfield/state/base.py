"""What a place offers where several processes keep their limits, budgets, gates and cached answers.

Every operation is one atomic step there. It answers with a future, which another thread completes; whoever waits
does so for a few hundredths of a second and goes on alone after that. Keys are text, values numbers and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple, Protocol

import attrs


class StateUnavailable(Exception):  # it never reaches a caller: one goes on alone
    """What is shared cannot be reached in time, or answered nonsense. One goes on with what is at hand."""


class Kept(NamedTuple):
    """A value, and when it ends in seconds since 1970."""

    data: bytes
    expires: float


class Take(NamedTuple):
    """So much of one limit."""

    key: str
    algorithm: str  # sliding, fixed, token_bucket, leaky_bucket, adaptive, concurrent
    limit: float
    window: float
    cost: float
    burst: float = 0.0
    hold: str = ""  # who holds it; for limits of calls at once
    lease: float = 660.0  # seconds after which a place is free though nobody left it


class Took(NamedTuple):
    """What was answered: all was taken, with a mark for each; or nothing, because of the place ``blocked``."""

    blocked: int | None
    wait: float  # until room is expected; of what was taken, until the turn that was given; -1 for never
    remaining: float
    marks: tuple[str, ...] = ()


class Give(NamedTuple):
    """What was taken of one limit turned out to be ``actual``."""

    take: Take
    mark: str
    actual: float


class Reserve(NamedTuple):
    """So much of one budget; ``soft`` if it is taken even where there is too little."""

    key: str
    limit: int
    amount: int
    soft: bool = False
    keep: float = 0.0  # seconds the key is kept for; 0 for ever


class Outcome(NamedTuple):
    """What was answered of budgets: nothing was reserved because of ``refused``, or everything was."""

    refused: int | None = None
    left: int = 0
    over: tuple[int, ...] = ()
    reached: tuple[tuple[int, int], ...] = ()  # place and percent of budgets that are newly spent that far


class State(Protocol):
    """A place that processes share. Its methods return at once; where they answer, with a future."""

    timeout: float

    def take(self, takes: Sequence[Take]) -> Future[Took]:
        """Take of all limits, or of none."""
        ...

    def give(self, gives: Sequence[Give]) -> None:
        """Correct what was taken to what it came to."""
        ...

    def complain(self, keys: Sequence[str]) -> None:
        """The other side refused: the adaptive limits behind these keys give way."""
        ...

    def reserve(self, hold: str, wants: Sequence[Reserve], lasts: float) -> Future[Outcome]:
        """Set aside of all budgets, or of none, for ``lasts`` seconds."""
        ...

    def sent(self, hold: str, keys: Sequence[str]) -> None:
        """The hold will not expire to nothing."""
        ...

    def settle(self, hold: str, wants: Sequence[Reserve], actual: int | None) -> Future[Outcome]:
        """Turn what was set aside into what it cost; ``None`` for all of it."""
        ...

    def release(self, hold: str, keys: Sequence[str]) -> None:
        """Give back what was set aside."""
        ...

    def note(self, key: str, seconds: float) -> None:
        """Tell the others that something is closed for so long; 0 that it is open again."""
        ...

    def noted(self) -> Future[Mapping[str, float]]:
        """What is closed, and for how many more seconds."""
        ...

    def get(self, key: str) -> Future[bytes | None]:
        """The value that was put there, if it has not expired."""
        ...

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for so long."""
        ...

    def drop(self, prefix: str) -> Future[int]:
        """Forget the values whose keys begin so; how many there were."""
        ...

    def close(self) -> None:
        """Finish what was begun, and let go."""
        ...


@attrs.frozen
class Health:
    """How the place fares, for people."""

    backend: str
    reachable: bool
    retry_in: float = 0.0
    failures: int = 0
    detail: Mapping[str, Any] = attrs.field(factory=dict)
