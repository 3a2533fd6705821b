"""Values of the library as JSON values. The forms are a contract: what is printed with ``--json`` stays."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs

from jackfield.events import Event
from jackfield.types import Completion, Part, Usage

# Never shown: the provider's own words are for code, and may be large.
_LEFT_OUT = frozenset({"raw", "leaf", "target"})


def plain(value: object) -> Any:
    """A value as JSON can hold it; fields that say nothing are left out."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if attrs.has(type(value)):
        return {name: plain(found) for name, found in _fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(found) for name, found in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _fields(value: object) -> list[tuple[str, object]]:
    names = [field.name.lstrip("_") for field in attrs.fields(type(value))]  # type: ignore[arg-type]  # it has them
    found = [(name, getattr(value, name, None)) for name in names if name not in _LEFT_OUT]
    return [(name, content) for name, content in found if content is not None and content != ()]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def plain_part(part: Part) -> dict[str, Any]:
    """A part, with its type."""
    return {"type": _snake(type(part).__name__), **plain(part)}


def plain_event(event: Event) -> dict[str, Any]:
    """An event, with its name; a part in it has its type."""
    form = {"event": _snake(type(event).__name__), **plain(event)}
    part = getattr(event, "part", None)
    return form if part is None else {**form, "part": plain_part(part)}


def plain_usage(usage: Usage) -> dict[str, Any] | None:
    """The buckets and both totals; nothing if the usage is not known."""
    if not usage.known:
        return None
    return {**plain(usage), "total_input": usage.total_input, "total_output": usage.total_output}


def plain_completion(completion: Completion) -> dict[str, Any]:
    """The object of ``complete --json``."""
    form = {
        "text": completion.text,
        "parts": [plain_part(part) for part in completion.parts],
        "model": completion.model,
        "provider": completion.provider,
        "usage": plain_usage(completion.usage),
        "charge": None if completion.charge is None else decimal_text(completion.charge),
        "finish": completion.finish.reason,
        "route": None,
        "request_id": completion.request_id,
        "warnings": [plain(notice) for notice in completion.warnings],
    }
    if completion.alternatives:
        form["alternatives"] = [
            {"text": other.text, "finish": other.finish.reason} for other in completion.alternatives
        ]
    return form


def decimal_text(value: Decimal) -> str:
    """A decimal without an exponent."""
    return f"{value:f}"
