"""Who is told of what happens, and the one fence that keeps them from disturbing calls."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Protocol

from attrs import evolve

from jackfield.telemetry.events import CallFinished, CallStarted, Happening, name_of

_LOG = logging.getLogger("jackfield.telemetry")
_TOLD = 3  # failures of one observer that are logged; the rest would be noise


class Observer(Protocol):
    """Somebody who is told of every event, in the thread or task where it happens.

    It must be quick and must not block: the call waits for it. What it raises is logged, and never reaches the call.
    Prompts and answers are in the events for those observers alone that have a true attribute ``captures``.
    """

    def observe(self, event: Happening) -> None:
        """An event has happened."""


class Fence:
    """All observers of a client, told one after another. False where there are none, so that nothing is made."""

    __slots__ = ("_failures", "_observers", "_sees", "captures")

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = tuple(observers)
        self._sees = tuple(bool(getattr(observer, "captures", False)) for observer in self._observers)
        self.captures = any(self._sees)
        self._failures: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._observers)

    def tell(self, event: Happening) -> None:
        """Tell everybody; whoever fails is logged, and nobody else is the worse for it."""
        plain = _without_content(event) if self.captures else event
        for place, observer in enumerate(self._observers):
            try:
                observer.observe(event if self._sees[place] else plain)
            except Exception as exc:  # noqa: BLE001  # the fence: telemetry never raises into a call
                self._note(place, observer, event, exc)

    def _note(self, place: int, observer: Observer, event: Happening, exc: Exception) -> None:
        count = self._failures[place] = self._failures.get(place, 0) + 1
        if count <= _TOLD:
            # Not the exception's own words: they may hold what the event held.
            words = "observer %s failed at %s: %s"
            _LOG.warning(words, type(observer).__qualname__, name_of(event), type(exc).__name__)


def _without_content(event: Happening) -> Happening:
    """What those are told who did not ask for prompts and answers, though somebody beside them did."""
    if isinstance(event, CallStarted):
        return evolve(event, messages=())
    return evolve(event, parts=()) if isinstance(event, CallFinished) else event


NOBODY = Fence()
