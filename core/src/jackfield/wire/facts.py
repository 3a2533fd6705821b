"""Values of answers as what they ought to be: whatever else a server puts in their place says nothing.

Figures were seen as whole numbers, as floats and as texts of digits (2024-2026). What stands beside an answer's words, such
as where a citation lies, is never worth an answer that cannot be read.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

_MOST_DIGITS = 15


def figure(value: Any) -> int:
    """A count; what is null, negative or no number counts as nothing."""
    if type(value) is int:
        return max(0, value)
    if type(value) is str and len(value) <= _MOST_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    return round(value) if type(value) is float and value > 0 and isfinite(value) else 0


def words(value: Any) -> str | None:
    """A text."""
    return value if isinstance(value, str) else None


def place(value: Any) -> int | None:
    """A whole number that may be nothing, such as where a stretch of text begins."""
    return value if type(value) is int else None


def items(value: Any) -> list[Any]:
    """A list; nothing else has items."""
    return value if type(value) is list else []


def score(value: Any) -> float:
    """A number, such as a log probability; 0 for what is none."""
    return float(value) if type(value) is float or type(value) is int else 0.0
