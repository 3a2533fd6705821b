"""Calls answered inside the process: published fakes, replay, tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from jackfield.flow.effects import Close, Flow, Open, Read, Send
from jackfield.wire.call import Call, Headers, Reply

Result = TypeVar("Result")
Answer = Callable[[Call], Reply]


class LocalStream:
    """An opened answer whose bytes are already here."""

    __slots__ = ("_chunks", "headers", "status")

    def __init__(self, status: int, headers: Headers, chunks: Iterable[bytes]) -> None:
        self.status = status
        self.headers = headers
        self._chunks: Iterator[bytes] = iter(chunks)

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        return next(self._chunks, b"")


def _by_lines(body: bytes) -> Iterator[bytes]:
    return iter(body.splitlines(keepends=True))


def answered_locally(flow: Flow[Result], answer: Answer) -> Flow[Result]:
    """``flow``, with every call answered by ``answer``: no byte leaves the process, all else is as ever."""
    resume: Callable[[], Any] = partial(flow.send, None)
    while True:
        try:
            effect = resume()
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        serve = _SERVED.get(type(effect))
        try:
            resume = partial(flow.send, serve(effect, answer) if serve else (yield effect))
        except BaseException as exc:  # noqa: BLE001  # whatever goes wrong is the inner flow's to see
            resume = partial(flow.throw, exc)


def _sent(effect: Send, answer: Answer) -> Reply:
    return answer(effect.call)


def _opened(effect: Open, answer: Answer) -> LocalStream:
    reply = answer(effect.call)
    return LocalStream(reply.status, Headers(reply.headers), _by_lines(reply.body))


def _read(effect: Read, answer: Answer) -> bytes:  # the answer is here already
    assert isinstance(effect.opened, LocalStream)
    return effect.opened.read()


def _closed(effect: Close, answer: Answer) -> None:  # there is no connection to drop
    return None


_SERVED: Mapping[type, Callable[[Any, Answer], Any]] = {
    Send: _sent,
    Open: _opened,
    Read: _read,
    Close: _closed,
}
