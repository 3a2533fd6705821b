"""A framing and a stream parser joined: bytes in, events out."""

from __future__ import annotations

from typing import Any

from jackfield.errors import JackfieldError
from jackfield.events import Event, Failed, Finished
from jackfield.wire.base import Framing, StreamParser
from jackfield.wire.fence import unreadable


class WireDecoder:
    """Decodes one stream. After ``Finished`` or ``Failed`` it says nothing more."""

    __slots__ = ("_done", "_framing", "_parser")

    def __init__(self, framing: Framing, parser: StreamParser) -> None:
        self._framing = framing
        self._parser = parser
        self._done = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes; a failure is an event too, so nothing before it is lost."""
        if self._done:
            return []
        try:
            records = self._framing.feed(chunk)
        except JackfieldError as exc:
            self._done = True
            return [Failed(exc.info)]
        return self._parse(records)

    def end(self) -> list[Event]:
        """The events that follow from the end of the bytes."""
        if self._done:
            return []
        try:
            records = self._framing.end()
        except JackfieldError as exc:
            self._done = True
            return [Failed(exc.info)]
        events = self._parse(records)
        if not self._done:
            events += self._closing()
            self._done = True
        return events

    def _closing(self) -> list[Event]:
        try:
            return self._parser.end()
        except JackfieldError as exc:
            return [Failed(exc.info)]
        except Exception as stumble:  # noqa: BLE001  # see ``fence``
            return [Failed(unreadable(stumble))]

    def _parse(self, records: list[Any]) -> list[Event]:
        if not records:
            return []
        events: list[Event] = []
        feed = self._parser.feed
        try:
            for record in records:
                events += feed(record)
        except JackfieldError as exc:
            events.append(Failed(exc.info))
        except Exception as stumble:  # noqa: BLE001  # see ``fence``
            events.append(Failed(unreadable(stumble)))
        if events and type(events[-1]) in _LAST:
            self._done = True
        return events


_LAST = frozenset({Finished, Failed})
