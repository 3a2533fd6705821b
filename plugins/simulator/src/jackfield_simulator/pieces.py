"""A completion as the pieces of a stream, each with the time it takes and the tokens it carries."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import TypeAlias

from attrs import frozen

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import (
    ArgumentsDelta,
    Cited,
    Event,
    Failed,
    Finished,
    PartStarted,
    ReasoningDelta,
    TextDelta,
)
from jackfield.types import ToolCall
from jackfield.wire import StreamWriter
from jackfield_simulator.exchange import Piece
from jackfield_simulator.scenario import Latency
from jackfield_simulator.usage import PER_TOOL, tokens_of


@frozen
class Pace:
    """When what comes. The same seed waits the same times."""

    latency: Latency
    seed: str

    @property
    def slow(self) -> bool:
        """Whether anything takes time at all."""
        return bool(self.latency.first_token or self.latency.tokens_per_second)

    def whole(self, tokens: int) -> float:
        """How long an answer of so many tokens takes that comes at once."""
        if not self.slow:
            return 0.0
        chance = random.Random(self.seed)  # noqa: S311  # the same times again are the point
        return self._varied(self.latency.first_token, chance) + self._varied(self._of(tokens), chance)

    def pauses(self) -> Callable[[int], float]:
        """How long to wait before the next piece, by its tokens."""
        if not self.slow:
            return _at_once
        chance = random.Random(self.seed)  # noqa: S311
        begun = spoken = False

        def pause(tokens: int) -> float:
            nonlocal begun, spoken
            wait = 0.0
            if not begun:  # the model thinks before it says anything, be it that it has begun
                wait = self._varied(self.latency.first_token, chance)
            elif tokens and spoken:
                wait = self._varied(self._of(tokens), chance)
            begun, spoken = True, spoken or bool(tokens)
            return wait

        return pause

    def _of(self, tokens: int) -> float:
        speed = self.latency.tokens_per_second
        return tokens / speed if speed else 0.0

    def _varied(self, seconds: float, chance: random.Random) -> float:
        jitter = self.latency.jitter
        return seconds * (1 + chance.uniform(-jitter, jitter)) if jitter else seconds


def _at_once(tokens: int) -> float:
    return 0.0


Told: TypeAlias = Callable[[StreamWriter], Iterator[Piece]]


def pieces_of(events: Iterator[Event], pace: Pace) -> Told:
    """What makes the pieces of these events, once it is known who writes them."""
    return lambda writer: pieces(writer, events, pace)


def cited_last(events: Iterator[Event]) -> Iterator[Event]:
    """The events with the sources of a text behind it: so all providers do."""
    held: list[Event] = []
    for event in events:
        if isinstance(event, Cited):
            held.append(event)
            continue
        if held and not isinstance(event, TextDelta):
            yield from held
            held.clear()
        yield event


def bare(events: Iterator[Event]) -> Iterator[Event]:
    """The events without arguments where there are none: some say nothing of them."""
    return (event for event in events if not (isinstance(event, ArgumentsDelta) and event.json == "{}"))


def broken(events: Iterator[Event], error: ErrorInfo) -> Iterator[Event]:
    """The events up to the end, instead of which comes a failure."""
    for event in events:
        if isinstance(event, Finished):
            raise error.to_exception()
        yield event


def pieces(writer: StreamWriter, events: Iterator[Event], pace: Pace) -> Iterator[Piece]:
    """The pieces of a stream; a failure on the way is its last event."""
    pause = pace.pauses()
    waiting = 0.0
    try:
        for event in events:
            tokens = tokens_of_event(event)
            waiting += pause(tokens)
            data = writer.write(event)
            if data or tokens:
                yield Piece(waiting, data, tokens)
                waiting = 0.0
    except JackfieldError as exc:
        yield Piece(waiting, writer.write(Failed(exc.info)))
    end = writer.end()
    if end:
        yield Piece(0.0, end)


def tokens_of_event(event: Event) -> int:
    """The tokens an event carries: all of a stream's add up to the answer's."""
    if isinstance(event, TextDelta | ReasoningDelta):
        return tokens_of(event.text)
    if isinstance(event, ArgumentsDelta):
        return tokens_of(event.json)
    if isinstance(event, PartStarted) and isinstance(event.part, ToolCall):
        return tokens_of(event.part.name) + PER_TOOL
    return 0
