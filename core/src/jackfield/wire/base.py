"""The interface of a wire: a two-way, sans-io codec of one wire format.

The client half renders requests and parses replies (``render_*``, ``parse_*``); the server half reads
requests and writes replies (``read_*``, ``write_*``). An operation has all of its verbs or none:

    complete   render_completion  parse_completion  stream_parser   read_completion  write_completion  stream_writer
    errors     parse_error                                          write_error

All other operations are codecs of their own: see ``operation``.

A wire is made once per binding, from a ``Dialect``; it holds no other state and may be shared by threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

from attrs import field, frozen

from jackfield.errors import ErrorInfo
from jackfield.events import Event
from jackfield.types import Completion, Request
from jackfield.wire.call import Call, Headers, Reply
from jackfield.wire.operation import Operations

Quirk: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


@frozen
class Dialect:
    """How one provider speaks a wire format: its deviations, as data.

    ``settings`` are the wire's own switches (each wire lists them with their defaults), ``quirks`` rewrite
    the rendered body, ``errors`` maps vendor codes to kinds of failure.
    """

    provider: str = ""
    base: str = ""
    headers: Mapping[str, str] = field(factory=Headers)
    settings: Mapping[str, Any] = field(factory=dict)
    quirks: tuple[Quirk, ...] = ()
    errors: Mapping[str, str] = field(factory=dict)
    request_id: tuple[str, ...] = ("x-request-id", "request-id")
    max_output: int | None = None


class StreamParser(Protocol):
    """Turns the records of one stream into events."""

    def feed(self, record: Any) -> list[Event]:
        """The events of one record."""

    def end(self) -> list[Event]:
        """The events that follow from the end of the bytes: ``Finished``, or ``Failed`` if it came early."""


class StreamWriter(Protocol):
    """Turns events into the bytes of one stream."""

    def write(self, event: Event) -> bytes:
        """The bytes for one event; often none."""

    def end(self) -> bytes:
        """The bytes that close the stream after ``Finished``; none after ``Failed``."""


class Framing(Protocol):
    """Cuts bytes into records."""

    def feed(self, chunk: bytes) -> list[Any]:
        """The records that ``chunk`` completes."""

    def end(self) -> list[Any]:
        """Records that only the end of the bytes completes."""


class Wire(Protocol):
    """Both halves of a wire format. See the module for which verbs belong together.

    One that takes a last turn of the model as the beginning of its answer says so with ``prefills = True``.
    """

    name: ClassVar[str]
    media_type: ClassVar[str]  # of a streamed answer
    defaults: ClassVar[Mapping[str, Any]]  # the settings a dialect may change
    routes: ClassVar[Mapping[str, tuple[str, ...]]]  # operation -> path segments below the base
    dialect: Dialect

    def __init__(self, dialect: Dialect) -> None: ...

    def framing(self) -> Framing:
        """A fresh framing for one stream."""

    def render_completion(self, request: Request, stream: bool) -> Call:
        """The call that asks for a completion."""

    def parse_completion(self, reply: Reply) -> tuple[list[Event], Any]:
        """The events of a whole answer, and its raw payload."""

    def stream_parser(self) -> StreamParser:
        """A fresh parser for one stream."""

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says."""

    def read_completion(self, call: Call) -> tuple[Request, bool]:
        """The request a call asks, and whether it wants a stream."""

    def write_completion(self, completion: Completion) -> Reply:
        """The whole answer."""

    def stream_writer(self, model: str = "") -> StreamWriter:
        """A fresh writer for one stream."""

    def write_error(self, error: ErrorInfo) -> Reply:
        """The answer that reports a failure."""

    def operations(self) -> Operations:
        """What the format can carry besides completions, by name."""


class Decoder(Protocol):
    """What the ``streaming`` hook answers with: bytes in, events out, for one stream."""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes; a failure is an event too, so nothing before it is lost."""

    def end(self) -> list[Event]:
        """The events that follow from the end of the bytes."""
