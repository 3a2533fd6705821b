"""How well a target suits a task: what its owner states, else a base and what fits."""

from __future__ import annotations

from collections.abc import Mapping

from jackfield.policy.route.tasks import GENERAL, HIGH_QUALITY
from jackfield.policy.route.values import Known
from jackfield.types.routes import Hints

BASE, TASK_SHARE, CONTEXT_SHARE = 0.5, 0.3, 0.2
UNSTATED_FIT, STAND_IN_FIT = 0.5, 0.8

# A target made for the second may stand in where the first is asked for; any may for the general task.
STAND_INS: Mapping[str, str] = {"IntentDetection": "Analysis", "Analysis": "Planning"}

MINIMUM, MINIMUM_HIGH = 0.7, 0.9
_URGENT, _URGENT_MINIMUM = 8, 0.8
_THRIFT, _THRIFT_FLOOR = 0.1, 0.5


def task_fit(known: Known, task: str) -> float:
    """How far a target is made for a task; one whose owner says nothing lies in the middle."""
    tasks = known.target.tasks
    if not tasks:
        return UNSTATED_FIT
    if task in tasks or task == GENERAL:
        return 1.0
    return STAND_IN_FIT if STAND_INS.get(task) in tasks else 0.0


def context_fit(used: int, context: int | None) -> float:
    """How well a request fills a window: best from a fifth to three fifths of it."""
    share = 0.0 if not context else used / context
    if share < 0.2:
        return 0.9
    if share <= 0.6:
        return 1.0
    return 0.85 if share <= 0.8 else 0.7


def quality_of(known: Known, task: str, used: int) -> float:
    """The quality of a target for a task, from 0 to 1."""
    stated, made_for = known.quality, known.target.tasks
    fit = task_fit(known, task) if made_for else UNSTATED_FIT  # most targets are made for anything
    if stated is None:
        return BASE + TASK_SHARE * fit + CONTEXT_SHARE * context_fit(used, known.context)
    # Stated for what the target is made for: elsewhere the share of the task is missing.
    return stated - TASK_SHARE * (1 - fit) if made_for else stated


def minimum_for(task: str, hints: Hints) -> float:
    """The quality that the cost rule asks for."""
    least = MINIMUM_HIGH if task in HIGH_QUALITY else MINIMUM
    if hints.priority >= _URGENT:
        least = max(least, _URGENT_MINIMUM)
    return max(_THRIFT_FLOOR, least - _THRIFT) if hints.minimise_cost else least
