"""Calls in the ledger: each attempt is on the disk before it is sent, and is ended once, whatever becomes of it.

Nothing here waits but for the start. Ends are recorded in passing, also by callers who walk away, and by
streams that nobody reads to the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from decimal import Decimal
from typing import TYPE_CHECKING

from jackfield.client.account import charge_of
from jackfield.client.books import Quiet
from jackfield.client.bounds import FREE
from jackfield.client.spent import estimated, taken
from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.flow import Await, Flow
from jackfield.identity import attempt_id
from jackfield.ledger.rows import AttemptFinished, AttemptStarted, Billed, Outcome, RequestFinished, Role
from jackfield.types import Attempt, Part, Usage

if TYPE_CHECKING:
    from jackfield.client.attempts import Course, Run
    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan
    from jackfield.ledger.base import Ledger
    from jackfield.types import Answered, BatchResult

NOTHING_OWED = Decimal(0)


class LedgerBooks:
    """Keeps a ledger of all attempts. Nothing is sent that it could not write down first."""

    __slots__ = ("ledger",)

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """The entry of an attempt, once its start is on the disk."""
        booking = course.request
        if booking is None:
            booking = course.request = Booking(self.ledger, course.id)
        entry = booking.entry(binding, plan, run, course.reason)
        try:
            yield Await(entry.begin)
        except JackfieldError as exc:
            booking.refused()
            # many may wait for one commit: each raises an exception of its own
            raise exc.info.to_exception() from None
        except BaseException:
            entry.unsent()
            raise
        return entry


class Booking:
    """One request: its id, how many attempts it had, and its end."""

    __slots__ = ("_begun", "_closed", "attempts", "id", "ledger", "winner")

    def __init__(self, ledger: Ledger, call: str) -> None:
        self.ledger = ledger
        self.id = call
        self.attempts = 0
        self.winner: Entry | None = None  # whose answer the caller gets
        self._begun = time.monotonic()
        self._closed = False

    def entry(self, binding: Binding, plan: Plan, run: Run, role: Role) -> Entry:
        """The next attempt."""
        self.attempts += 1
        return Entry(self, binding, plan, run, role)

    def refused(self) -> None:
        """The attempt that was begun last could not be written down: there is none."""
        self.attempts -= 1

    def over(self, outcome: Outcome, error: str | None = None) -> None:
        """All is over; said once, by whoever knows it first."""
        self.ledger.record(*self.closing(outcome, error))

    def closing(self, outcome: Outcome, error: str | None = None) -> tuple[RequestFinished, ...]:
        """The row that says so, if it has not been said; a request without an attempt is none."""
        if self._closed or not self.attempts:
            return ()
        self._closed = True
        seconds = time.monotonic() - self._begun
        return (RequestFinished(self.id, outcome, self.attempts, seconds, error),)


class Entry(Quiet):
    """One attempt in the ledger. It ends once."""

    __slots__ = (
        "_begun",
        "_committed",
        "_credential",
        "_run",
        "binding",
        "booking",
        "error",
        "id",
        "plan",
        "role",
    )

    def __init__(self, booking: Booking, binding: Binding, plan: Plan, run: Run, role: Role) -> None:
        self.booking = booking
        self.binding = binding
        self.plan = plan
        self.role = role
        self.id = attempt_id(booking.id, run.number)
        self.error: str | None = None
        self._credential = getattr(run.key.auth, "credential", None)
        self._committed = False
        self._run = run
        self._begun = time.monotonic()

    def begin(self) -> Future[None]:
        """Write down that it begins; done when that is on the disk."""
        binding, plan = self.binding, self.plan
        return self.booking.ledger.submit(
            AttemptStarted(
                self.id,
                binding.profile.id,
                binding.model.id,
                plan.operation,
                self.role,
                self._credential,
                plan.tags,
                taken(plan.request),
            )
        )

    def content(self, now: float) -> None:
        """The first content of a stream has come: what follows belongs to this attempt, and no other comes."""
        self._committed = True
        if self.booking.winner is None:
            self.booking.winner = self

    def answered(self, answer: Answered) -> None:
        """The answers of a batch are attempts of their own, once, however often they are fetched."""
        if self.plan.operation == "batches.results":
            for result in answer.results:  # type: ignore[attr-defined]  # that is what this one answers with
                self.booking.ledger.record(*self._item(result))

    def _item(self, result: BatchResult) -> tuple[AttemptStarted, AttemptFinished]:
        binding, done = self.binding, result.completion
        name = f"batch.{binding.profile.id}.{self.plan.request.id}.{result.id}"
        model = binding.model.id or (done.model if done is not None else "")
        start = AttemptStarted(
            name, binding.profile.id, model, "complete", "batch", self._credential, self.plan.tags
        )
        if done is None:
            kind = None if result.error is None else result.error.kind
            return start, AttemptFinished(name, "failed", "no", None, NOTHING_OWED, error=kind)
        usage = done.usage if done.usage.known else None
        return start, AttemptFinished(name, "ok", "yes", usage, done.charge)

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """It has succeeded, and the request with it, unless its answer may not do."""
        charge: Decimal | None
        over = not self._run.goes_on
        if self.booking.winner is None and over:
            self.booking.winner = self
        if self.plan.operation in FREE:
            self._end("ok", "no", (None, NOTHING_OWED), facts, over=over)
            return
        if not usage.known and self.plan.operation == "complete":
            usage = estimated(self.plan.request, usage, parts)
        charge = charge_of(self.binding, usage)
        self._end("ok", "yes", (usage, charge), facts, over=over)

    def lost(self, now: float, error: ErrorInfo, usage: Usage | None = None) -> None:
        """It has failed; ``usage`` is what a stream had used by then."""
        self.error = error.kind
        billed: Billed = "yes" if self._committed else error.billed
        facts = Attempt(0, 0.0, error.status, error.request_id)
        outcome: Outcome = "interrupted" if self._committed else "failed"
        if self._run.goes_on:  # with another attempt, whose end is the request's
            self.booking.winner = None
        over = self._committed and not self._run.goes_on
        self._end(outcome, billed, self._worth(billed, usage), facts, over=over)

    def dropped(self, now: float, usage: Usage | None = None) -> None:
        """The caller has walked away, or another attempt has won."""
        if usage is None:
            usage = estimated(self.plan.request)
        billed: Billed = "yes" if self._committed else "maybe"
        over = self._committed and not self._run.spare
        self._end("cancelled", billed, self._worth(billed, usage), _NO_FACTS, over=over)

    def unsent(self) -> None:
        """The caller has walked away before anything was sent."""
        self._end("cancelled", "no", (None, NOTHING_OWED), _NO_FACTS, over=False)

    def _lost_race(self) -> Role | None:
        """The role of who lost a race: its answer came late, or never."""
        beaten = not self._committed and self.booking.winner not in (None, self)
        return "hedge_loser" if beaten or self._run.spare else None

    def _worth(self, billed: Billed, usage: Usage | None) -> tuple[Usage | None, Decimal | None]:
        if billed == "no":
            return None, NOTHING_OWED
        return usage, None if usage is None else charge_of(self.binding, usage)

    def _end(
        self,
        outcome: Outcome,
        billed: Billed,
        worth: tuple[Usage | None, Decimal | None],
        facts: Attempt,
        *,
        over: bool,
    ) -> None:
        seconds = time.monotonic() - self._begun
        row = AttemptFinished(
            self.id,
            outcome,
            billed,
            *worth,
            seconds,
            facts.status,
            self.error,
            facts.request_id,
            self._lost_race(),
        )
        booking = self.booking
        booking.ledger.record(row, *(booking.closing(outcome, self.error) if over else ()))


_NO_FACTS = Attempt(0, 0.0)
