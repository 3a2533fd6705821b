"""The effects a flow may yield: everything it can ask of the outside world.

They are made at every step and used once, so they are not frozen: that would cost more than the step.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from attrs import define

from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers

if TYPE_CHECKING:
    from concurrent.futures import Future


class Opened(Protocol):
    """A response whose body is still to come. Only drivers read and close it."""

    status: int
    headers: Headers


@define
class Send:
    """Send a call and read the whole answer: resumes with a ``Reply``.

    ``deadline`` is the moment, on the driver's monotonic clock, after which nothing may go on.
    """

    call: Call
    timeouts: Timeouts
    deadline: float


@define
class Open:
    """Send a call and read the head of the answer: resumes with an ``Opened``."""

    call: Call
    timeouts: Timeouts
    deadline: float


@define
class Read:
    """Read the next bytes of an opened answer before ``deadline``: resumes with bytes, empty at the end."""

    opened: Opened
    deadline: float


@define
class Close:
    """Drop an opened answer and its connection; the rest of it is never read."""

    opened: Opened


@define
class Sleep:
    """Wait."""

    seconds: float


@define
class Now:
    """Tell the time: resumes with seconds on the monotonic clock."""


NOW = Now()


@define
class Once:
    """Run a flow at most once at a time per key; all who ask meanwhile get the one result."""

    key: Hashable
    flow: Callable[[], Flow[Any]]


@define
class Aside:
    """Run a function that blocks, such as a vendor's credential chain, where it holds nobody up.

    Resumes with what it returns. An event loop runs it in a thread; it cannot be interrupted there.
    """

    function: Callable[[], Any]


@define
class Await:
    """Begin something that another thread finishes, and wait for it: resumes with the future's result.

    Whoever is cancelled while waiting leaves what was begun alone: a row that is being written gets written.
    If it has not ended ``within`` so many seconds, a ``TimeoutError`` is raised, and it is left alone, too.
    """

    begin: Callable[[], Future[Any]]
    within: float | None = None


@define
class Race:
    """Run a flow, and a second one beside it where the first has not ended after some seconds.

    Resumes with the result of the one that succeeds first; the other is cancelled. Where both fail, the failure
    of the first is raised. A result that comes too late for anybody is handed to ``spare``.
    """

    first: Callable[[], Flow[Any]]
    second: Callable[[], Flow[Any]]
    after: float
    spare: Callable[[Any], Flow[None]]


class Abandoned(BaseException):
    """The flow was one of two in a race, and the other has won: nobody wants its result."""


Effect: TypeAlias = Send | Open | Read | Close | Sleep | Now | Once | Aside | Await | Race

Result = TypeVar("Result")
Flow: TypeAlias = Generator[Effect, Any, Result]
