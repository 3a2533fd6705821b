"""Events as lines of a log: structured, without prompts, answers and keys."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from jackfield.telemetry.events import (
    AttemptFinished,
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    BudgetSettled,
    CallFinished,
    FallbackUsed,
    Happening,
    RouteDecided,
    StreamCompleted,
    name_of,
)

LOGGER = "jackfield.events"
_WARNED = (FallbackUsed, BreakerOpened)
_INFORMED = (RouteDecided, BreakerClosed, BreakerHalfOpened, CallFinished)
_LONGEST = 200


class LogObserver:
    """Writes every event to a logger: its name as the message, its facts as ``jackfield`` of the record.

    What failed or was got over is a warning, what was decided is information, the rest is for debugging.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger(LOGGER)

    def observe(self, event: Happening) -> None:
        """Write one line."""
        level = level_of(event)
        if not self._logger.isEnabledFor(level):
            return
        facts = facts_of(event)
        told = " ".join(f"{name}={_shown(value)}" for name, value in facts.items())
        self._logger.log(level, "%s %s", name_of(event), told, extra={"jackfield": facts})


def level_of(event: Happening) -> int:
    """How much an event matters."""
    failed = isinstance(event, AttemptFinished | StreamCompleted | CallFinished) and event.error is not None
    if failed or isinstance(event, _WARNED):
        return logging.WARNING
    if isinstance(event, BudgetSettled) and event.spent >= 0.9:
        return logging.WARNING
    return logging.INFO if isinstance(event, _INFORMED) else logging.DEBUG


def facts_of(event: Happening) -> Mapping[str, Any]:
    """The facts of an event that may be written down."""
    special = _SPECIAL.get(type(event))
    found = special(event) if special is not None else _plain(event)
    return {name: value for name, value in found.items() if value not in (None, "", (), {})}


# Never written: content, what a caller may have put there, and what has a form of its own below.
_LEFT_OUT = frozenset({"messages", "parts", "options", "tags", "usage", "error", "decision"})


def _plain(event: Any) -> dict[str, Any]:
    facts = {name: value for name, value in vars(event).items() if name not in _LEFT_OUT}
    error = getattr(event, "error", None)
    usage = getattr(event, "usage", None)
    if error is not None:
        facts |= {"error": error.kind, "status": error.status}
    if usage is not None and usage.known:
        facts |= {"input_tokens": usage.total_input, "output_tokens": usage.total_output}
    return facts


def _decision(event: RouteDecided) -> dict[str, Any]:
    found = event.decision
    return {
        "call": event.call,
        "route": found.route,
        "strategy": found.strategy,
        "task": found.task,
        "confidence": found.confidence,
        "chosen": found.candidates[0].model if found.candidates else None,
        "reason": found.reason,
        "cost": found.cost,
        "cached": found.cached or None,
        "dropped": "; ".join(f"{each.model}: {each.reason}" for each in found.dropped),
    }


_SPECIAL: Mapping[type, Callable[[Any], dict[str, Any]]] = {RouteDecided: _decision}


def _shown(value: object) -> str:
    """A value on one line: quoted where it holds blanks, without anything a terminal or a log obeys."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    plain = "".join(char if char.isprintable() else "\ufffd" for char in text[:_LONGEST])
    return f'"{plain}"' if " " in plain or not plain else plain
