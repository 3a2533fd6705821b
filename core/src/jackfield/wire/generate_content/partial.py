"""Arguments of a call that come in pieces: each names a place by a path, and texts grow.

``{"jsonPath": "$.address.lines[0]", "stringValue": "Zü", "willContinue": true}`` says more of one text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TypeAlias

from jackfield.errors import ErrorInfo, Malformed

Place: TypeAlias = dict[str, Any] | list[Any]

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,6})\]|\[['\"]([^'\"]*)['\"]\]")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")
_LONGEST_LIST = 10_000


class PartialCall:
    """A call under construction."""

    __slots__ = ("args", "beside", "call")

    def __init__(self, call: Mapping[str, Any]) -> None:
        self.call: dict[str, Any] = {}
        self.args: dict[str, Any] = {}
        self.beside: dict[str, Any] = {}  # what stands beside the call, such as a signature
        self.add(call)

    def add(self, call: Mapping[str, Any]) -> None:
        """Take one piece in."""
        for name, value in call.items():
            if name == "args" and isinstance(value, dict):
                self.args |= value
            elif name == "partialArgs" and isinstance(value, list):
                for piece in value:
                    self._put(piece)
            elif name not in ("partialArgs", "willContinue"):
                self.call[name] = value

    def whole(self) -> dict[str, Any]:
        """The call with everything that came."""
        return {**self.call, "args": self.args}

    def _put(self, piece: Any) -> None:
        found = next((name for name in _VALUES if name in piece), None)
        if found is None:
            return
        value = None if found == "nullValue" else piece[found]
        steps = _steps(piece.get("jsonPath"))
        place: Place = self.args
        for step, following in pairwise(steps):
            place = _below(place, step, [] if isinstance(following, int) else {})
        before = _at(place, steps[-1])
        _set(
            place,
            steps[-1],
            f"{before}{value}" if isinstance(before, str) and isinstance(value, str) else value,
        )


def _steps(path: Any) -> list[str | int]:
    text = path if isinstance(path, str) else ""
    found = [int(index) if index else name or quoted for name, index, quoted in _STEP.findall(text)]
    if not found or "".join(match[0] for match in _STEP.finditer(text)) != text.removeprefix("$"):
        msg = "a piece of a tool call's arguments names no place"
        raise Malformed(ErrorInfo("protocol.body", msg, sent="yes"))
    return found


def _at(place: Place, step: str | int) -> Any:
    if isinstance(place, dict):
        return place.get(str(step))
    return place[step] if isinstance(step, int) and step < len(place) else None


def _set(place: Place, step: str | int, value: Any) -> None:
    if isinstance(place, dict):
        place[str(step)] = value
    elif isinstance(step, int) and step <= _LONGEST_LIST:
        place += [None] * (step + 1 - len(place))
        place[step] = value


def _below(place: Place, step: str | int, empty: Place) -> Place:
    found = _at(place, step)
    if isinstance(found, dict | list):
        return found
    _set(place, step, empty)
    return empty
