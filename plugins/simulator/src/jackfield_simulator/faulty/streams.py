"""Faults of a stream: it breaks off, fails on the way, says things twice, late or in the wrong order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, Started
from jackfield_simulator.exchange import Piece
from jackfield_simulator.faulty.base import Case, Fault, add
from jackfield_simulator.records import STREAMS, changed, contents, everywhere, records
from jackfield_simulator.steps import LAST, Reset, Step, Steps, Wait, chunk, opening

Edit: TypeAlias = Callable[[list[Piece], Case], Iterable[Piece]]

USAGE = frozenset(
    {
        "usage",
        "usageMetadata",
        "prompt_eval_count",
        "eval_count",
        "billed_units",
        "amazon-bedrock-invocationMetrics",
    }
)
DONE = b"[DONE]"


def sent(case: Case, pieces: Iterable[Piece], last: Step = LAST) -> Steps:
    """A stream of these pieces; what of the answer goes out is charged for, and no more."""
    reply, said = case.exchange.reply, 0
    yield opening(reply.status, reply.headers)
    try:
        for pause, data, tokens in pieces:
            if pause:
                yield Wait(pause)
            said += tokens
            yield chunk(data)
        yield last
    finally:
        case.exchange.settle(said)


def edited(
    number: int, name: str, says: str, edit: Edit, *, last: Step = LAST, wires: Iterable[str] = ()
) -> None:
    """Enter a fault that is an edit of the stream's records."""

    def perform(case: Case) -> Steps:
        yield from sent(case, edit(records(case.exchange), case), last)

    add(Fault(name, number, says, perform, STREAMS, frozenset(wires)))


# -- it breaks off ---------------------------------------------------------------------------------


def _before_content(pieces: list[Piece], case: Case) -> list[Piece]:
    return pieces[: (contents(pieces) or [0])[0]]


def _some_content(pieces: list[Piece], case: Case) -> list[Piece]:
    found = contents(pieces)
    return pieces[: found[len(found) // 2] + 1] if found else pieces[:1]


edited(26, "cut-before-content", "the connection is reset before content", _before_content, last=Reset())
edited(27, "cut-after-content", "the connection is reset after content", _some_content, last=Reset())
edited(28, "unfinished", "the body ends in good order, the answer does not", _some_content)


# -- it fails on the way ---------------------------------------------------------------------------

_TROUBLE = ErrorInfo("server.overloaded", "Overloaded, please try again later")


def _failure(case: Case, later: bool) -> bytes:
    wire = case.exchange.wire
    assert wire is not None
    writer = wire.stream_writer(case.exchange.model)
    if later:
        writer.write(Started("later", case.exchange.model))
    return writer.write(Failed(_TROUBLE))


def _fails_first(pieces: list[Piece], case: Case) -> list[Piece]:
    return [Piece(0.0, _failure(case, later=False))]


def _fails_later(pieces: list[Piece], case: Case) -> list[Piece]:
    return [*_some_content(pieces, case), Piece(0.0, _failure(case, later=True))]


edited(29, "error-first", "the first event is a failure", _fails_first)
edited(30, "error-later", "after some content comes a failure", _fails_later)


# -- the end mark ----------------------------------------------------------------------------------


def _done_missing(pieces: list[Piece], case: Case) -> list[Piece]:
    return [piece for piece in pieces if DONE not in piece.data]


def _last_twice(pieces: list[Piece], case: Case) -> list[Piece]:
    return [*pieces, pieces[-1]._replace(pause=0.0)]


def _content_after(pieces: list[Piece], case: Case) -> list[Piece]:
    return [*pieces, *(pieces[place]._replace(pause=0.0) for place in contents(pieces)[:1])]


_MARKED = ("chat_completions", "cohere")
edited(31, "done-missing", "the end mark is missing", _done_missing, wires=_MARKED)
edited(31, "done-twice", "what is said last is said twice", _last_twice)
edited(31, "after-done", "content comes after the end", _content_after)


# -- usage -----------------------------------------------------------------------------------------


def _has_usage(piece: Piece) -> bool:
    return any(b'"%b"' % name.encode() in piece.data for name in USAGE)


def _each_usage(change: Callable[[Any], Any]) -> Edit:
    """An edit that changes the figures wherever they are; ``...`` takes them out."""

    def inner(found: dict[str, Any]) -> dict[str, Any]:
        if not USAGE & found.keys():
            return found
        new = {name: change(value) if name in USAGE else value for name, value in found.items()}
        return {name: value for name, value in new.items() if value is not ...}

    def edit(pieces: list[Piece], case: Case) -> list[Piece]:
        return [
            piece._replace(data=changed(case.form, piece.data, lambda value: everywhere(value, inner)))
            if _has_usage(piece)
            else piece
            for piece in pieces
        ]

    return edit


def _half(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_int=lambda digits: int(digits) // 2)


def _twice(pieces: list[Piece], case: Case) -> Iterable[Piece]:
    """Figures, and then others: the last hold."""
    lower = _each_usage(_half)([piece for piece in pieces if _has_usage(piece)], case)
    found = contents(pieces)
    at = found[-1] + 1 if found else len(pieces)
    metered = [piece for piece in lower if not piece.tokens and b"finish" not in piece.data]
    return [*pieces[:at], *metered[-1:], *pieces[at:]]


def _late(pieces: list[Piece], case: Case) -> Iterable[Piece]:
    return [piece._replace(pause=case.pace / 10) if _has_usage(piece) else piece for piece in pieces]


edited(32, "usage-missing", "no figures come", _each_usage(lambda _: ...))
edited(32, "usage-null", "the figures are null", _each_usage(lambda _: None))
edited(32, "usage-late", "the figures come late", _late)
edited(
    32,
    "usage-twice",
    "lower figures come first, and then those that hold",
    _twice,
    wires=("chat_completions", "generate_content"),
)


# -- order -----------------------------------------------------------------------------------------


def _repeated(pieces: list[Piece], case: Case) -> list[Piece]:
    at = contents(pieces)[0]
    return [*pieces[: at + 1], pieces[at]._replace(pause=0.0), *pieces[at + 1 :]]


def _swapped(pieces: list[Piece], case: Case) -> list[Piece]:
    found = contents(pieces)
    if len(found) > 2:
        one, two = found[-2:]
        pieces[one], pieces[two] = pieces[two], pieces[one]
    return pieces


edited(33, "chunk-twice", "a piece of content comes twice", _repeated)
edited(33, "chunks-swapped", "two pieces of content change places", _swapped)
