"""Whether what a request wishes for can be: texts that are texts, numbers that are numbers and within bounds.

The bounds are nobody's own, but those that the options have for all. What is outside of them is refused everywhere,
and would be a day's work for the simulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo
from jackfield.options import OPERATIONS, OPTIONS, OptionSpec
from jackfield.types import Request, Text

# What the options leave open upwards, and nobody has.
_MOST: Mapping[str, float] = {"max_tokens": 10_000_000, "dimensions": 16_384}
_NUMBERS = frozenset({int, float})


def check(request: Any, operation: str) -> None:
    """Refuse a request that cannot be meant."""
    found = OPERATIONS.get(operation)
    table = OPTIONS if found is None else found.options
    for name, value in getattr(request, "options", {}).items():
        spec = table.get(name)
        if spec is not None and value is not None and not _NUMBERS.isdisjoint(spec.types):
            _within(name, value, spec)
    if isinstance(request, Request):
        _legible(request)


def _within(name: str, value: Any, spec: OptionSpec) -> None:
    if isinstance(value, str) and str in spec.types:
        return
    number: Any = value
    low, high = spec.minimum, _MOST.get(name, spec.maximum)
    kind = "a number" if float in spec.types else "a whole number"
    if isinstance(value, bool) or not isinstance(value, spec.types):
        raise _refused(f"`{name}` must be {kind}, not {value!r:.40}")
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"at least {low:g}" if high is None else f"from {low or 0:g} to {high:,.10g}"
        raise _refused(f"`{name}` must be {kind} {bounds}, not {value!r:.40}")


def _legible(request: Request) -> None:
    for place, message in enumerate(request.messages):
        if not all(isinstance(part.text, str) for part in message.parts if isinstance(part, Text)):
            raise _refused(f"the content of message {place} is no text")


def _refused(words: str) -> Exception:
    return ErrorInfo("request.invalid", words, status=400).to_exception()
