"""The closed set of stream events, and the one fold from events to a completion.

A stream is ``Started``, then for every part ``PartStarted``, its deltas and ``PartEnded``, then exactly
one ``Finished``; ``Warned`` and ``Metered`` may come anywhere. Parts are told apart by ``id``, which is
ours: providers repeat, omit and reuse theirs. A part that comes whole is a start that already holds it.

Answers that are not streamed are folded from the same events, so both ways give equal completions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

import attrs
from attrs import frozen

from jackfield.errors import ErrorInfo
from jackfield.types import (
    UNFINISHED,
    UNKNOWN_USAGE,
    Choice,
    Citation,
    Completion,
    Finish,
    Notice,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    Usage,
)
from jackfield.types.quick import quick


@quick
@frozen
class Started:
    """The provider has begun to answer."""

    id: str = ""
    model: str = ""


@quick
@frozen
class PartStarted:
    """A part begins; ``part`` is empty where deltas follow, or whole."""

    id: int
    part: Part
    choice: int = 0


@quick
@frozen
class TextDelta:
    """More text of a text or refusal part."""

    id: int
    text: str


@quick
@frozen
class ReasoningDelta:
    """More reasoning."""

    id: int
    text: str


@quick
@frozen
class ArgumentsDelta:
    """More of a tool call's argument JSON."""

    id: int
    json: str


@quick
@frozen
class Cited:
    """A citation for a text part."""

    id: int
    citation: Citation


@quick
@frozen
class PartEnded:
    """A part is complete; ``opaque`` is what the provider wants back with it."""

    id: int
    opaque: Opaque | None = None


ended = lru_cache(maxsize=256)(PartEnded)
"""The end of a part that leaves nothing behind: made once per number."""


@frozen
class Logprobs:
    """Log probabilities of the tokens just sent."""

    tokens: tuple[TokenLogprob, ...]
    choice: int = 0


@quick
@frozen
class Metered:
    """What has been used so far; the last figure holds, figures are never added."""

    usage: Usage


@frozen
class Warned:
    """Something was left out or not honoured."""

    notice: Notice


@quick
@frozen
class Finished:
    """The answer is complete; always last, exactly once."""

    finish: Finish
    usage: Usage = UNKNOWN_USAGE
    alternatives: tuple[Finish, ...] = ()


@frozen
class Failed:
    """The provider reported an error, or the stream broke off. Callers see it as an exception."""

    error: ErrorInfo


Event: TypeAlias = (
    Started
    | PartStarted
    | TextDelta
    | ReasoningDelta
    | ArgumentsDelta
    | Cited
    | PartEnded
    | Logprobs
    | Metered
    | Warned
    | Finished
    | Failed
)

# An event with content commits a stream: from here on nothing may be retried unseen.
CONTENT = frozenset({TextDelta, ReasoningDelta, ArgumentsDelta, PartStarted, Cited})


class _Open:
    """A part under construction."""

    __slots__ = ("choice", "citations", "ended", "opaque", "part", "pieces")

    def __init__(self, part: Part, choice: int) -> None:
        self.part = part
        self.choice = choice
        self.ended = False
        self.pieces: list[str] = []
        self.citations: list[Citation] = []
        self.opaque: Opaque | None = None

    def whole(self) -> Part:
        """The part with everything that was added to it."""
        if not (self.pieces or self.citations or self.opaque):
            return self.part
        changes: dict[str, Any] = {}
        if self.pieces:
            name = "json" if isinstance(self.part, ToolCall) else "text"
            changes[name] = (getattr(self.part, name) if name == "text" else "") + "".join(self.pieces)
        if self.citations and isinstance(self.part, Text):
            changes["citations"] = self.part.citations + tuple(self.citations)
        if self.opaque is not None:
            changes["opaque"] = self.opaque
        return attrs.evolve(self.part, **changes)


class Accumulator:
    """Folds events into a completion; at any moment ``completion()`` is what has arrived so far."""

    __slots__ = (
        "_choices",
        "_finishes",
        "_logprobs",
        "_parts",
        "finished",
        "id",
        "model",
        "usage",
        "warnings",
    )

    def __init__(self) -> None:
        self._parts: dict[int, _Open] = {}
        self._choices = 0
        self._logprobs: dict[int, list[TokenLogprob]] = {}
        self._finishes: tuple[Finish, ...] = (UNFINISHED,)
        self.finished = False
        self.id = ""
        self.model = ""
        self.usage = UNKNOWN_USAGE
        self.warnings: list[Notice] = []

    def add(self, event: Event) -> None:
        """Take one event in."""
        _FOLD[type(event)](self, event)

    def add_all(self, events: Iterable[Event]) -> None:
        """Take events in, in order."""
        parts = self._parts
        for event in events:
            if type(event) is TextDelta:  # as nearly always
                parts[event.id].pieces.append(event.text)
            else:
                _FOLD[type(event)](self, event)

    def _started(self, event: Started) -> None:
        self.id = event.id or self.id
        self.model = event.model or self.model

    def _part_started(self, event: PartStarted) -> None:
        self._parts[event.id] = _Open(event.part, event.choice)
        self._choices = max(self._choices, event.choice)

    def _text(self, event: TextDelta | ReasoningDelta) -> None:
        self._parts[event.id].pieces.append(event.text)

    def _json(self, event: ArgumentsDelta) -> None:
        self._parts[event.id].pieces.append(event.json)

    def _cited(self, event: Cited) -> None:
        self._parts[event.id].citations.append(event.citation)

    def _part_ended(self, event: PartEnded) -> None:
        found = self._parts.get(event.id)
        if found is not None:
            found.ended = True
            if event.opaque is not None:
                found.opaque = event.opaque

    def _logprobs_seen(self, event: Logprobs) -> None:
        self._logprobs.setdefault(event.choice, []).extend(event.tokens)

    def _metered(self, event: Metered) -> None:
        self.usage = event.usage

    def _warned(self, event: Warned) -> None:
        self.warnings.append(event.notice)

    def _finished(self, event: Finished) -> None:
        self._finishes = (event.finish, *event.alternatives)
        if event.usage.known:
            self.usage = event.usage
        self.finished = True

    def _failed(self, event: Failed) -> None:
        """A failure adds nothing: what arrived before it stays."""

    def parts(self, choice: int = 0) -> tuple[Part, ...]:
        """The parts of one choice as far as they have arrived; empty texts are left out."""
        parts = []
        for open_part in self._parts.values():
            if open_part.choice == choice:
                part = open_part.whole()
                if not _is_empty(part):
                    parts.append(part)
        return tuple(parts)

    @property
    def choices(self) -> int:
        """How many further answers there are to the same prompt."""
        return self._choices

    @property
    def numbers(self) -> int:
        """A number that is above those of all parts."""
        return max(self._parts, default=-1) + 1

    @property
    def open_text(self) -> int | None:
        """The text that was begun last and has not ended, by its number."""
        begun = [number for number, part in self._parts.items() if type(part.part) is Text]
        return begun[-1] if begun and not self._parts[begun[-1]].ended else None

    def completion(self, **fields: Any) -> Completion:
        """What has arrived, as a completion; ``fields`` are those the events do not know."""
        choices = max(self._choices, len(self._finishes) - 1)
        if choices:
            fields["alternatives"] = tuple(self._alternative(choice) for choice in range(1, choices + 1))
        if self._logprobs:
            fields["logprobs"] = tuple(self._logprobs.get(0, ()))
        return Completion(self.parts(), self._finishes[0], self.usage, self.model, id=self.id, **fields)

    def _alternative(self, choice: int) -> Choice:
        finish = self._finishes[choice] if choice < len(self._finishes) else UNFINISHED
        return Choice(self.parts(choice), finish, tuple(self._logprobs.get(choice, ())))


def _is_empty(part: Part) -> bool:
    """Whether a part carries nothing at all: providers open text blocks they never fill."""
    if isinstance(part, Text):
        return not (part.text or part.citations or part.opaque)
    if isinstance(part, Reasoning):
        return not (part.text or part.opaque)
    return isinstance(part, Refusal) and not part.text


_FOLD: dict[type, Callable[[Accumulator, Any], None]] = {
    Started: Accumulator._started,
    PartStarted: Accumulator._part_started,
    TextDelta: Accumulator._text,
    ReasoningDelta: Accumulator._text,
    ArgumentsDelta: Accumulator._json,
    Cited: Accumulator._cited,
    PartEnded: Accumulator._part_ended,
    Logprobs: Accumulator._logprobs_seen,
    Metered: Accumulator._metered,
    Warned: Accumulator._warned,
    Finished: Accumulator._finished,
    Failed: Accumulator._failed,
}


def fold(events: Iterable[Event], **fields: Any) -> Completion:
    """The completion that ``events`` make."""
    accumulator = Accumulator()
    accumulator.add_all(events)
    return accumulator.completion(**fields)


def plain_answer(
    events: Sequence[Event],
) -> tuple[tuple[Part, ...], Finish, Usage, str, str] | None:
    """Parts, finish, usage, model and id of an answer that came whole; nothing for one that needs the fold.

    Nearly all need none: one choice, parts without deltas, no warning. This is a quarter of the fold's time,
    and the fold was a tenth of a call without a transport (2026-11).
    """
    started, finished = events[0], events[-1]
    if type(started) is not Started or type(finished) is not Finished or finished.alternatives:
        return None
    usage = finished.usage
    known = usage if usage.source != "unknown" else UNKNOWN_USAGE
    if len(events) == 4:  # one text, as a rule
        begun, closed = events[1], events[2]
        if type(begun) is PartStarted and type(begun.part) is Text and begun.part.text and not begun.choice:
            if type(closed) is PartEnded and closed.opaque is None:
                return (begun.part,), finished.finish, known, started.model, started.id
    parts: list[Part] = []
    last = -1
    for event in events[1:-1]:
        if type(event) is PartStarted and event.id > last and not event.choice:
            last = event.id
            if not _is_empty(event.part):
                parts.append(event.part)
        elif type(event) is not PartEnded or event.opaque is not None:
            return None
    return tuple(parts), finished.finish, known, started.model, started.id


_WORD = re.compile(r"\s*\S+\s*")


def unfold(completion: Completion) -> Iterator[Event]:
    """The events that stream a completion word by word; ``fold(unfold(c))`` is ``c`` as far as events go."""
    yield Started(completion.id, completion.model)
    numbers = count()
    for part in completion.parts:
        yield from _unfold_part(next(numbers), part, 0)
    for choice, alternative in enumerate(completion.alternatives, 1):
        for part in alternative.parts:
            yield from _unfold_part(next(numbers), part, choice)
    if completion.logprobs:
        yield Logprobs(completion.logprobs)
    finishes = tuple(alternative.finish for alternative in completion.alternatives)
    yield Finished(completion.finish, completion.usage, finishes)


def _unfold_part(number: int, part: Part, choice: int) -> Iterator[Event]:
    opaque = getattr(part, "opaque", None)
    if isinstance(part, Text | Refusal):
        yield PartStarted(number, _emptied(part), choice)
        for citation in getattr(part, "citations", ()):
            yield Cited(number, citation)
        for word in _pieces(part.text):
            yield TextDelta(number, word)
    elif isinstance(part, Reasoning):
        yield PartStarted(
            number, attrs.evolve(part, text=""), choice
        )  # a format may need what is sealed at once
        for word in _pieces(part.text):
            yield ReasoningDelta(number, word)
    elif isinstance(part, ToolCall):
        yield PartStarted(number, attrs.evolve(part, json="{}"), choice)
        yield ArgumentsDelta(number, part.json)
    else:
        yield PartStarted(number, part, choice)
        opaque = None  # it is in the part already
    yield PartEnded(number, opaque)


def _emptied(part: Text | Refusal) -> Text | Refusal:
    """The part before anything was said; a format may need what is sealed at once."""
    if part.opaque is None:
        return type(part)("")
    return type(part)("", opaque=part.opaque)


def _pieces(text: str) -> list[str]:
    return _WORD.findall(text) or ([text] if text else [])
