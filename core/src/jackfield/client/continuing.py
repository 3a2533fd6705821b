"""Streams that go on after a break: a further request whose last turn is what came, told as one answer.

Off unless asked for (``on_interrupt="continue"``). It is allowed where text alone was handed on, and where the
target takes a last turn of the model as the beginning of its answer. All requests are paid for, and listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs

from jackfield.client.attempts import followed
from jackfield.client.spent import spent
from jackfield.errors import ErrorInfo, JackfieldError, StreamInterrupted
from jackfield.events import (
    Accumulator,
    ArgumentsDelta,
    Cited,
    Event,
    Finished,
    PartEnded,
    PartStarted,
    ReasoningDelta,
    Started,
    TextDelta,
    ended,
)
from jackfield.flow import Close, Flow
from jackfield.policy.decide import TABLE
from jackfield.types import Completion, Message, Request, Text, Usage
from jackfield.types.answers import UsageSource

if TYPE_CHECKING:
    from jackfield.client.attempts import Course
    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan
    from jackfield.client.session import Session
    from jackfield.flow import Opened

Going: TypeAlias = "Session | Continued"

# Failures after which the same target may be asked again: what broke was the stream, not the request.
PASSING = frozenset(kind for kind, row in TABLE.items() if row.same != "never")
_NO_THOUGHT = (None, 0, "none")
SURE = 24  # letters: so many are not the same by chance


class Start(Protocol):
    """How a call begins, and begins again."""

    def may_resume(self, session: Going) -> bool:
        """Whether a target of this call can go on with a text that was begun."""

    def again(self, course: Course, session: Going, text: str) -> Flow[Any]:
        """A stream of what follows ``text``."""

    def others(self, course: Course, session: Going) -> None:
        """Say to ``course`` which targets may go on besides the one that broke off."""


# -- whether ---------------------------------------------------------------------------------------


def prefills(binding: Binding) -> bool:
    """Whether this target takes a last turn of the model as the beginning of its answer."""
    return bool(getattr(binding.wire, "prefills", False))


def begun_text(session: Going) -> str:
    """The text that came, as the beginning of an answer; empty where anything but text came, or could come."""
    request, came = session.plan.request, session.accumulator
    if type(request) is not Request or request.output is not None or came.choices or came.finished:
        return ""
    options = request.options
    if options.get("reasoning") not in _NO_THOUGHT or options.get("n") not in (None, 1):
        return ""
    parts = came.parts()
    if not all(type(part) is Text and part.opaque is None for part in parts):
        return ""
    return "".join(part.text for part in parts if type(part) is Text)


def resumable(session: Going, error: ErrorInfo) -> bool:
    """Whether a stream that broke off in this way could be gone on with."""
    here = prefills(session.binding) or (
        session.sequel is not None and session.sequel.start.may_resume(session)
    )
    return here and error.kind in PASSING and bool(begun_text(session).strip())


# -- how -------------------------------------------------------------------------------------------


def resumed(plan: Plan, session: Going, text: str) -> Plan:
    """The plan for what follows ``text``: the same request with one more turn, and with fewer tokens to come."""
    request: Request = plan.request
    turn = Message("assistant", text.rstrip())  # formats refuse white space there
    options = fewer(request.options, session)
    return attrs.evolve(
        plan, request=attrs.evolve(request, messages=(*request.messages, turn), options=options), notices=()
    )


def fewer(options: Any, session: Going) -> Any:
    """The options with the tokens that are left, where there is a limit."""
    limit = options.get("max_tokens")
    if not isinstance(limit, int):
        return options
    return {**options, "max_tokens": max(1, limit - used_of(session).total_output)}


class Sequel:
    """What follows a break of one call's stream."""

    __slots__ = ("course", "start")

    def __init__(self, course: Course, start: Start) -> None:
        self.course = course
        self.start = start

    def going_on(self, session: Going, broken: StreamInterrupted) -> Flow[Continued]:
        """The same answer, gone on with; ``broken`` is raised where that is not allowed, or fails."""
        if not broken.resumable:
            raise broken
        course, run, text = self.course, session.run, begun_text(session)
        run.goes_on, course.keeps = True, False
        try:
            yield Close(session.opened)
            self.start.others(course, session)
            yield from self._settled(session, broken.info)
            further: Session = yield from self.start.again(course, session, text)
        except JackfieldError:
            course.over(broken)
            failure = broken.after(tuple(course.failed))
        except BaseException as exc:
            course.over(exc)
            raise
        else:
            further.plan.notices += (*session.plan.notices, *course.notices)
            further.sequel = self
            return Continued(session, further, text)
        raise failure

    def _settled(self, session: Going, error: ErrorInfo) -> Flow[None]:
        """The piece that broke off, settled; raises where nothing may follow, here or elsewhere."""
        try:
            yield from followed(session.binding, session.plan, self.course, session.run, error)
        except JackfieldError:
            if not self.course.moving:
                raise


# -- as one ----------------------------------------------------------------------------------------


class Continued:
    """A stream in several pieces, as one: what ``Session`` is to a stream in one."""

    __slots__ = ("_charge", "_session", "_splice", "_used", "accumulator", "held")

    def __init__(self, before: Going, session: Session, text: str) -> None:
        self._used, self._charge = used_of(before), charge_so_far(before)
        self._session = session
        self.accumulator: Accumulator = before.accumulator  # it takes in what follows, too
        self._splice = Splice(self.accumulator, text)
        self.held = self._spliced(session.held)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events of some bytes, as those of one answer."""
        return self._spliced(self._session.feed(chunk))

    def end(self) -> list[Event]:
        """The events that follow from the end of the bytes."""
        return self._spliced(self._session.end())

    def _spliced(self, events: Sequence[Event]) -> list[Event]:
        found: list[Event] = []
        for event in events:
            for own in self._splice(event):
                self.accumulator.add(own)
                if type(own) is Finished:
                    own = attrs.evolve(own, usage=self.usage)
                found.append(own)
        return found

    def interrupted(self, error: JackfieldError) -> StreamInterrupted:
        """The exception for a stream that broke once more."""
        self._session.fail(error)
        return self.broken()

    def broken(self) -> StreamInterrupted:
        """The exception for the failure that ended it."""
        failure = self._session.failure
        assert failure is not None
        return StreamInterrupted(failure, self.completion(), resumable(self, failure))

    def completion(self, seconds: float = 0.0) -> Completion:
        """What has come in all pieces, with what all of them used and cost."""
        last = self._session.completion(seconds)
        joined = self.accumulator.completion()
        return attrs.evolve(
            last,
            parts=joined.parts,
            logprobs=joined.logprobs,
            usage=self.usage,
            charge=self.charge,
            warnings=(*self.plan.notices, *self.accumulator.warnings),
            stitched=True,
        )

    @property
    def usage(self) -> Usage:
        """What all pieces used."""
        return added(self._used, spent(self._session))

    @property
    def charge(self) -> Decimal | None:
        """What all pieces cost, where that is known of each."""
        return paid(self._charge, charge_so_far(self._session))

    # -- what the last piece says --------------------------------------------------------------------

    @property
    def sequel(self) -> Sequel | None:
        """How it goes on after a further break."""
        return self._session.sequel

    @property
    def binding(self) -> Binding:
        """Who answers now."""
        return self._session.binding

    @property
    def plan(self) -> Plan:
        """What was asked last."""
        return self._session.plan

    @property
    def opened(self) -> Opened:
        """Where it is read from."""
        return self._session.opened

    @property
    def run(self) -> Any:
        """The present attempt."""
        return self._session.run

    @property
    def deadline(self) -> float:
        """When all time is up."""
        return self._session.deadline

    @property
    def done(self) -> bool:
        """Whether nothing follows."""
        return self._session.done

    @property
    def failure(self) -> ErrorInfo | None:
        """The failure that the stream told of."""
        return self._session.failure

    def until(self, now: float) -> float:
        """Until when the next bytes are waited for."""
        return self._session.until(now)

    def settle(self, now: float, gone: bool = False) -> None:
        """Tell all who keep count how it ended."""
        self._session.settle(now, gone)

    def seconds(self, now: float) -> float:
        """How long the present attempt has run."""
        return self._session.seconds(now)


class Splice:
    """Makes the events of a further answer follow those of the one before it, as if nothing had been between."""

    __slots__ = ("_first", "_ids", "_lead", "_next", "_open", "_repeated", "_tail")

    def __init__(self, came: Accumulator, text: str) -> None:
        self._open = came.open_text  # the part that goes on
        self._first: int | None = None  # its number in the further answer
        self._ids: dict[int, int] = {}
        self._next = came.numbers
        sent = text.rstrip()
        # Some say again what they were given.
        self._repeated = sent if len(sent) >= SURE else ""
        self._tail = text[len(sent) :]  # white space that came and was not sent
        self._lead: str | None = ""  # what is held back until it is known whether it is new

    def __call__(self, event: Event) -> Sequence[Event]:
        """The events that this one is for the caller."""
        kind = type(event)
        if isinstance(event, TextDelta) and event.id == self._first:
            return self._text(event.text)
        if kind is Started:
            return ()
        if isinstance(event, PartStarted):
            return self._begin(event)
        if isinstance(event, PartEnded) and event.id == self._first:
            return (*self._rest(), *self._end(event))
        if isinstance(event, Finished):
            return (*self._rest(), *self._closing(), event)
        return (self._numbered(event),)

    def _begin(self, event: PartStarted) -> Sequence[Event]:
        if type(event.part) is not Text or self._first is not None:
            return (attrs.evolve(event, id=self._new(event.id)),)
        self._first = event.id
        if self._open is None:  # the text before has ended: this is another part of it
            self._open = self._new(event.id)
            return (PartStarted(self._open, Text("")), *self._text(event.part.text))
        return self._text(event.part.text)

    def _new(self, number: int) -> int:
        self._ids[number] = self._next
        self._next += 1
        return self._ids[number]

    def _numbered(self, event: Event) -> Event:
        if not isinstance(event, TextDelta | ReasoningDelta | ArgumentsDelta | Cited | PartEnded):
            return event
        own = self._open if event.id == self._first else None
        return attrs.evolve(event, id=self._ids[event.id] if own is None else own)

    def _text(self, text: str) -> Sequence[Event]:
        assert self._open is not None
        if self._lead is None:
            return (TextDelta(self._open, text),) if text else ()
        lead = self._lead = self._lead + text
        if self._repeated:
            if len(lead) < len(self._repeated) and self._repeated.startswith(lead):
                return ()
            lead = self._lead = lead.removeprefix(self._repeated)
            self._repeated = ""
        if not lead or (len(lead) < len(self._tail) and self._tail.startswith(lead)):
            return ()
        return self._rest()

    def _rest(self) -> Sequence[Event]:
        """What was held back, without the white space that came before."""
        lead, self._lead = self._lead, None
        if not lead or self._open is None:
            return ()
        same = 0
        while same < min(len(lead), len(self._tail)) and lead[same] == self._tail[same]:
            same += 1
        return (TextDelta(self._open, lead[same:]),) if lead[same:] else ()

    def _end(self, event: PartEnded) -> Sequence[Event]:
        number, self._open = self._open, None
        assert number is not None
        return (ended(number) if event.opaque is None else PartEnded(number, event.opaque),)

    def _closing(self) -> Sequence[Event]:
        """The end of a text that nothing followed."""
        if self._open is None:
            return ()
        number, self._open = self._open, None
        return (ended(number),)


# -- sums ------------------------------------------------------------------------------------------


def used_of(session: Going) -> Usage:
    """What a stream used so far, all its pieces together; estimated as far as nobody told."""
    return session.usage if isinstance(session, Continued) else spent(session)


def charge_so_far(session: Going) -> Decimal | None:
    """What that costs."""
    from jackfield.client.account import charge_of

    return session.charge if isinstance(session, Continued) else charge_of(session.binding, spent(session))


_COUNTS = tuple(field.name for field in attrs.fields(Usage) if field.type in ("int", int))


def added(one: Usage, other: Usage) -> Usage:
    """Two usages as one: what is only estimated of either is estimated of both."""
    sums = {name: getattr(one, name) + getattr(other, name) for name in _COUNTS}
    more = {name: one.more.get(name, 0) + other.more.get(name, 0) for name in {*one.more, *other.more}}
    sources = {one.source, other.source}
    source: UsageSource = (
        "unknown" if "unknown" in sources else "estimated" if "estimated" in sources else "reported"
    )
    return attrs.evolve(other, **sums, more=more, source=source)


def paid(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Two charges as one; it knows both figures where both are known of either."""
    if one is None or other is None:
        return None
    from jackfield.types.charge import Charge

    first, last = (Charge(each) if not isinstance(each, Charge) else each for each in (one, other))
    source = first.source if first.source == last.source else "catalogue"
    return Charge(
        Decimal(first) + Decimal(last),
        source,
        _both(first.reported, last.reported),
        _both(first.computed, last.computed),
    )


def _both(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
