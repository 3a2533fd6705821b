"""What formats demand of schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_closed(schema: Any) -> bool:
    """Whether every object of a schema names all its properties, as the strict form demands."""
    if isinstance(schema, list):
        return all(map(is_closed, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object":
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    return all(map(is_closed, schema.values()))
