"""The state of one stream, without I/O: bytes go in, events come out, and at any moment it can be settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.client.account import charge_due, request_id_of
from jackfield.client.accounts import marked_completion
from jackfield.errors import ErrorInfo, JackfieldError, StreamInterrupted, TimedOut
from jackfield.events import CONTENT, Accumulator, Event, Failed, Finished, PartStarted
from jackfield.types import Attempt, Completion, Reasoning, Refusal, Text
from jackfield.wire.records import RawRecords

if TYPE_CHECKING:
    from jackfield.client.attempts import Run
    from jackfield.client.binding import Binding
    from jackfield.client.continuing import Sequel
    from jackfield.client.plan import Plan
    from jackfield.flow import Opened

# What comes before the first content is held back, so that a failure then is nobody's to see; but no more than this.
HELD_EVENTS = 64
HELD_BYTES = 256 * 1024


class Session:
    """One stream: what has come, whether content was handed on, how it ended."""

    __slots__ = (
        "_chunks",
        "_decoder",
        "_fresh",
        "_held_bytes",
        "_latest",
        "_quiet",
        "accumulator",
        "before",
        "binding",
        "committed",
        "deadline",
        "done",
        "failed",
        "failure",
        "held",
        "opened",
        "plan",
        "run",
        "sequel",
    )

    def __init__(self, binding: Binding, plan: Plan, opened: Opened, run: Run) -> None:
        self.binding = binding
        self.plan = plan
        self.opened = opened
        self.run = run
        run.session = self
        self.deadline = run.deadline
        self._decoder = binding.decoder()
        self._quiet = plan.timeouts.idle_content
        self._fresh = True  # content has come since ``until`` was asked last
        self._latest = 0.0  # when it was asked then
        self._held_bytes = 0
        self._chunks: list[bytes] = []
        self.accumulator = Accumulator()
        self.held: list[Event] = []  # what came before the first content
        self.failed: tuple[Attempt, ...] = ()
        self.failure: ErrorInfo | None = None
        self.before: Completion | None = None  # an answer that did not do, and was paid for
        self.sequel: Sequel | None = None  # how it goes on after a break, where the caller asked for that
        self.committed = False
        self.done = False

    def take(self, chunk: bytes) -> None:
        """Bytes before the commit point; empty at the end of the stream. The events are held back."""
        events = self.feed(chunk) if chunk else self.end()
        self.held += events
        # Content in the same bytes as a failure commits too: both must be seen.
        content = any(type(event) in CONTENT and not _is_empty(event) for event in events)
        if events:  # what makes no event holds nothing back
            self._held_bytes += len(chunk)
        too_much = len(self.held) > HELD_EVENTS or self._held_bytes > HELD_BYTES
        self.committed = content or (self.failure is None and (self.done or too_much))

    def until(self, now: float) -> float:
        """Until when the next bytes are waited for; raises if no content came for too long, whatever else did."""
        timeouts = self.plan.timeouts
        silent = min(now + timeouts.idle, self.deadline)
        if self._quiet is None:
            return silent
        if self._fresh:
            self._fresh, self._latest = False, now
        over = self._latest + self._quiet
        if now >= over:
            msg = "only signs of life came, and no content any more"
            raise TimedOut(ErrorInfo("timeout.idle", msg, hint="raise Timeouts.idle_content"))
        return min(silent, over)

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
            if self._quiet is not None and any(type(event) in CONTENT for event in events):
                self._fresh = True
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

    def noted(self, failed: tuple[Attempt, ...]) -> None:
        """Take note of the attempts that failed before this one; they are told with the completion."""
        self.failed = failed

    def settle(self, now: float, gone: bool = False) -> None:
        """Tell all who keep count how the stream ended: well, broken, or with the caller ``gone``."""
        if self.failure is not None:
            self.run.lost(now, self.failure)
        elif gone:
            self.run.dropped(now)
        elif self.run.open:
            completion = self.completion(self.seconds(now))
            self.run.won(now, self.accumulator.usage, completion.attempts[-1], completion.parts)
        self.run.session = None

    def interrupted(self, error: JackfieldError) -> StreamInterrupted:
        """The exception for a stream that broke after content: nothing that came is lost."""
        self.fail(error)
        return self.broken()

    def fail(self, error: JackfieldError) -> None:
        """Take note of a failure that ends the stream."""
        self.done = True
        self.failure = self._placed(error.info)

    def broken(self) -> StreamInterrupted:
        """The exception for a failure the stream itself told of."""
        from jackfield.client.continuing import resumable  # few streams break

        assert self.failure is not None
        return StreamInterrupted(self.failure, self.completion(), resumable(self, self.failure))

    def completion(self, seconds: float = 0.0) -> Completion:
        """What has arrived, as a completion; whole once ``Finished`` has come."""
        binding = self.binding
        request_id = request_id_of(binding, self.opened.headers)
        usage = self.accumulator.usage
        last = Attempt(self.run.number, seconds, self.opened.status, request_id, self.failure, usage)
        found = self.accumulator.completion(
            provider=binding.profile.id,
            request_id=request_id,
            charge=charge_due(binding, usage),
            warnings=(*self.plan.notices, *self.accumulator.warnings),
            attempts=(*self.failed, last),
            raw=RawRecords(binding.wire.framing, self._chunks),
        )
        if self.run.key.owners is not None:
            found = marked_completion(self.run.key, binding.profile.id, found)
        if self.before is None:
            return found
        from jackfield.client.escalating import joined

        return joined(self.before, found)

    def seconds(self, now: float) -> float:
        """How long this attempt has run."""
        return now - self.run.begun


def _is_empty(event: Event) -> bool:
    """Whether it only announces a text that has not come: a stream that breaks there has shown nothing."""
    return type(event) is PartStarted and type(event.part) in _TEXTS and not event.part.text  # type: ignore[union-attr]


_TEXTS = frozenset({Text, Reasoning, Refusal})
