"""What a wire can do besides completions: its operations, each both ways.

``Verbs`` are one exchange of an operation, in both halves. Most operations are one exchange; those that
take several (a batch whose requests go up as a file, a list in pages) say in ``ask`` which calls follow
which, as a generator that yields calls, is sent replies, and returns the answer. It knows of no transport.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from attrs import frozen

from jackfield.wire.call import Call, Reply, Segment

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

Steps: TypeAlias = Generator[Call, Reply, Answer]


class Operation(Protocol):
    """Something a wire can do."""

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The exchanges it consists of, for whoever serves them."""

    def ask(self, request: Any) -> Steps[Any]:
        """The calls that lead to the answer."""


@frozen
class Verbs(Generic[Asked, Answer]):
    """One exchange: how it is asked and answered, on either side.

    ``path`` are the segments below the base; one in braces, such as ``{id}``, stands for any one segment.
    """

    name: str
    method: str
    path: tuple[Segment, ...]
    render: Callable[[Asked], Call]
    parse: Callable[[Reply], Answer]
    read: Callable[[Call], Asked]
    write: Callable[[Answer], Reply]

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """It is an operation of itself alone."""
        return (self,)

    def ask(self, request: Asked) -> Steps[Answer]:
        """One call, one reply."""
        reply = yield self.render(request)
        return self.parse(reply)


class TwoWay(ABC, Generic[Asked, Answer]):
    """One exchange as a class of its four verbs: without all of them it is not made."""

    name: ClassVar[str]
    method: ClassVar[str] = "POST"

    @abstractmethod
    def render(self, request: Asked) -> Call:
        """The call that asks."""

    @abstractmethod
    def parse(self, reply: Reply) -> Answer:
        """The answer of a reply."""

    @abstractmethod
    def read(self, call: Call) -> Asked:
        """The request a call asks."""

    @abstractmethod
    def write(self, answer: Answer) -> Reply:
        """The reply that answers."""

    def ask(self, request: Asked) -> Steps[Answer]:
        """One call, one reply."""
        return self.parse((yield self.render(request)))


Operations: TypeAlias = Mapping[str, Operation]


def exchange_for(operations: Operations, call: Call) -> Verbs[Any, Any] | None:
    """The exchange that a call to a server asks for: of its method, with the longest path that it ends in."""
    exchanges = (exchange for operation in operations.values() for exchange in operation.exchanges)
    found = [one for one in exchanges if one.method == call.method and fits(one.path, call.path)]
    return max(found, key=lambda one: len(one.path), default=None)


def fits(place: tuple[Segment, ...], path: tuple[Segment, ...]) -> bool:
    """Whether ``path`` ends as ``place`` says."""
    tail = path[-len(place) :]
    return len(tail) == len(place) and all(map(_same, place, tail))


def _same(step: Segment, given: Segment) -> bool:
    if isinstance(step, tuple):
        pieces = given if isinstance(given, tuple) else tuple(given.rsplit(":", len(step) - 1))
        return len(step) == len(pieces) and all(map(_same, step, pieces))
    return step == given or (step[:1] == "{" and step[-1:] == "}")
