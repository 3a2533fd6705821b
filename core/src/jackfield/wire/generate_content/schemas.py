"""JSON schemas as the older subset the format also knows, and back: types in capitals, no references.

What the subset cannot say is left out where the schema stays a wider one, and rewritten where it can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Unsupported

# What the subset has, besides `type` and what holds schemas.
_KEPT = (
    "title",
    "description",
    "format",
    "enum",
    "required",
    "default",
    "example",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "pattern",
    "propertyOrdering",
    "nullable",
)
_DEEPEST = 32


def narrowed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """``schema`` in the subset; one that refers to itself cannot be said in it."""
    definitions = {**(schema.get("definitions") or {}), **(schema.get("$defs") or {})}
    return _narrow(schema, definitions, 0)


def _narrow(schema: Any, definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise _endless()
    if not isinstance(schema, Mapping):
        return {}  # `true`: anything
    schema = _gathered(_resolved(schema, definitions), definitions)
    found = {name: schema[name] for name in _KEPT if name in schema}
    _say_type(found, schema)
    if "const" in schema:
        found["enum"] = [schema["const"]]
        found.setdefault("type", "STRING")
    if isinstance(schema.get("properties"), Mapping):
        named = schema["properties"].items()
        found["properties"] = {name: _narrow(value, definitions, depth + 1) for name, value in named}
    if isinstance(schema.get("items"), Mapping):
        found["items"] = _narrow(schema["items"], definitions, depth + 1)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(choices, list):
        _say_choices(found, [_narrow(choice, definitions, depth + 1) for choice in choices])
    return found


def _endless() -> Unsupported:
    msg = "a schema that refers to itself, or nests this deep, cannot be said to this model; nothing was sent"
    return Unsupported(ErrorInfo("request.unsupported", msg, sent="no"))


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with what it refers to in its place; what stands beside a reference goes first."""
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        target = definitions.get(reference.rpartition("/")[2])
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        schema = {**(target if isinstance(target, Mapping) else {}), **beside}
    raise _endless()


def _gathered(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with what ``allOf`` adds laid into it."""
    added = schema.get("allOf")
    if not isinstance(added, list):
        return schema
    whole = dict(schema)
    for one in added:
        for name, value in _resolved(one if isinstance(one, Mapping) else {}, definitions).items():
            if name == "properties":
                whole[name] = {**whole.get(name, {}), **value}
            elif name == "required":
                whole[name] = [*whole.get(name, ()), *value]
            else:
                whole.setdefault(name, value)
    return whole


def _say_type(found: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """The type in capitals; ``null`` among several makes it nullable."""
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else list(kind or ())
    real = [one.upper() for one in kinds if one.lower() != "null"]
    if len(real) < len(kinds):
        found["nullable"] = True
    if len(real) == 1:
        found["type"] = real[0]
    elif real:
        found["anyOf"] = [{"type": one} for one in real]


def _say_choices(found: dict[str, Any], choices: list[dict[str, Any]]) -> None:
    real = [choice for choice in choices if choice != {"nullable": True}]
    if len(real) < len(choices):
        found["nullable"] = True
    if len(real) == 1:
        found.update({**real[0], **found})
    else:
        found["anyOf"] = real


def widened(schema: Any) -> Any:
    """The subset as a JSON schema: types in small letters, ``null`` as a type."""
    if not isinstance(schema, Mapping):
        return schema
    found = {name: value for name, value in schema.items() if name != "nullable"}
    kind = found.get("type")
    if isinstance(kind, str):
        found["type"] = kind.lower()
    if schema.get("nullable") is True:
        found["type"] = [found["type"], "null"] if "type" in found else found.get("type", "null")
    if isinstance(found.get("properties"), Mapping):
        found["properties"] = {name: widened(value) for name, value in found["properties"].items()}
    if "items" in found:
        found["items"] = widened(found["items"])
    if isinstance(found.get("anyOf"), list):
        found["anyOf"] = [widened(choice) for choice in found["anyOf"]]
    return found
