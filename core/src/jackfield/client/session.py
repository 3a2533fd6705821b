"""The state of one stream, without I/O: bytes go in, events come out, and at any moment it can be settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.client.account import charge_of, request_id_of
from jackfield.errors import ErrorInfo, JackfieldError, StreamInterrupted
from jackfield.events import CONTENT, Accumulator, Event, Failed, Finished, PartStarted
from jackfield.types import Attempt, Completion, Reasoning, Refusal, Text
from jackfield.wire.records import RawRecords

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan
    from jackfield.flow import Opened


class Session:
    """One stream: what has come, whether content was handed on, how it ended."""

    __slots__ = (
        "_chunks",
        "_decoder",
        "_number",
        "_started",
        "accumulator",
        "binding",
        "committed",
        "deadline",
        "done",
        "failed",
        "failure",
        "held",
        "opened",
        "plan",
    )

    def __init__(
        self, binding: Binding, plan: Plan, opened: Opened, timing: tuple[int, float, float]
    ) -> None:
        self.binding = binding
        self.plan = plan
        self.opened = opened
        self._number, self._started, self.deadline = timing
        self._decoder = binding.decoder()
        self._chunks: list[bytes] = []
        self.accumulator = Accumulator()
        self.held: list[Event] = []  # what came before the first content
        self.failed: tuple[Attempt, ...] = ()
        self.failure: ErrorInfo | None = None
        self.committed = False
        self.done = False

    def take(self, chunk: bytes) -> None:
        """Bytes before the commit point; empty at the end of the stream. The events are held back."""
        events = self.feed(chunk) if chunk else self.end()
        self.held += events
        # Content in the same bytes as a failure commits too: both must be seen.
        content = any(type(event) in CONTENT and not _is_empty(event) for event in events)
        self.committed = content or (self.done and self.failure is None)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events of some bytes. A failure among them is kept in ``failure``, and ends the stream."""
        self._chunks.append(chunk)
        return self._noted(self._decoder.feed(chunk))

    def end(self) -> list[Event]:
        """The events that follow from the end of the bytes."""
        events = self._noted(self._decoder.end())
        self.done = True
        return events

    def _noted(self, events: list[Event]) -> list[Event]:
        self.accumulator.add_all(events)
        if events:
            last = events[-1]
            if type(last) is Finished:
                self.done = True
            elif type(last) is Failed:
                self.failure = self._placed(last.error)
                self.done = True
                events = events[:-1]
        return events

    def _placed(self, error: ErrorInfo) -> ErrorInfo:
        binding = self.binding
        return error.where(
            provider=binding.profile.id,
            model=binding.model.id,
            operation="complete",
            status=self.opened.status
            if error.status is None and error.kind.startswith("protocol")
            else error.status,
        )

    def interrupted(self, error: JackfieldError) -> StreamInterrupted:
        """The exception for a stream that broke after content: nothing that came is lost."""
        self.done = True
        self.failure = info = self._placed(error.info)
        return StreamInterrupted(info, self.completion())

    def broken(self) -> StreamInterrupted:
        """The exception for a failure the stream itself told of."""
        assert self.failure is not None
        return StreamInterrupted(self.failure, self.completion())

    def completion(self, seconds: float = 0.0) -> Completion:
        """What has arrived, as a completion; whole once ``Finished`` has come."""
        binding = self.binding
        request_id = request_id_of(binding, self.opened.headers)
        usage = self.accumulator.usage
        last = Attempt(self._number, seconds, self.opened.status, request_id, self.failure, usage)
        return self.accumulator.completion(
            provider=binding.profile.id,
            request_id=request_id,
            charge=charge_of(binding, usage),
            warnings=(*self.plan.notices, *self.accumulator.warnings),
            attempts=(*self.failed, last),
            raw=RawRecords(binding.wire.framing, self._chunks),
        )

    def seconds(self, now: float) -> float:
        """How long this attempt has run."""
        return now - self._started


def _is_empty(event: Event) -> bool:
    """Whether it only announces a text that has not come: a stream that breaks there has shown nothing."""
    return type(event) is PartStarted and type(event.part) in _TEXTS and not event.part.text  # type: ignore[union-attr]


_TEXTS = frozenset({Text, Reasoning, Refusal})
