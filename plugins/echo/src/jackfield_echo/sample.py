"""The plainest value that fits a JSON schema, the same for the same schema and text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from attrs import frozen

from jackfield.errors import ErrorInfo, InvalidRequest

Schema = Mapping[str, Any]


@frozen
class _Place:
    """Where in a schema a value is made: the text for free strings, the whole schema, what is being made."""

    text: str
    root: Schema
    within: tuple[str, ...] = ()


class _Endless(Exception):
    """A value of this schema would hold another one of it, and so on."""


def sample(schema: Schema, text: str = "") -> Any:
    """A value that fits ``schema``; free strings are ``text``."""
    try:
        return _value(schema, _Place(text, schema))
    except _Endless as exc:
        msg = f"no value can fit the schema: `{exc}` always holds another one of itself"
    hint = "let the inner one be null, or a list"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, provider="echo", hint=hint, sent="no"))


def _value(schema: Schema, place: _Place) -> Any:
    if "$ref" in schema:
        return _referred(str(schema["$ref"]), place)
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if schema.get("enum"):
        return schema["enum"][0]
    for keyword, choose in _CHOICES.items():
        if schema.get(keyword):
            return choose(schema[keyword], place)
    return _MAKERS.get(_kind(schema), _nothing)(schema, place)


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return str(kind[0] if isinstance(kind, list) else kind)


def _referred(reference: str, place: _Place) -> Any:
    """A value of the schema that is referred to, unless one of it is being made already."""
    if reference in place.within:
        raise _Endless(reference)
    found: Any = place.root
    for step in reference.removeprefix("#").split("/"):
        found = found[step] if step else found
    return _value(found, attrs.evolve(place, within=(*place.within, reference)))


def _first(schemas: list[Schema], place: _Place) -> Any:
    """A value of the first schema that has one with an end."""
    for schema in schemas[:-1]:
        try:
            return _value(schema, place)
        except _Endless:
            continue
    return _value(schemas[-1], place)


def _all(schemas: list[Schema], place: _Place) -> Any:
    """The first value, with the fields of the others where all are objects."""
    values = [_value(schema, place) for schema in schemas]
    if all(isinstance(value, dict) for value in values):
        return {name: field for value in values for name, field in value.items()}
    return values[0]


_CHOICES: Mapping[str, Callable[[list[Schema], _Place], Any]] = {
    "anyOf": _first,
    "oneOf": _first,
    "allOf": _all,
}


def _object(schema: Schema, place: _Place) -> dict[str, Any]:
    properties = schema.get("properties", {})
    return {
        name: _value(properties.get(name, {}), place) for name in schema.get("required", list(properties))
    }


def _array(schema: Schema, place: _Place) -> list[Any]:
    if "prefixItems" in schema:
        return [_value(item, place) for item in schema["prefixItems"]]
    return [_value(schema.get("items", {}), place) for _ in range(schema.get("minItems", 0))]


_FORMATS: Mapping[str, str] = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00",
    "duration": "PT0S",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "email": "echo@example.com",
    "uri": "https://example.com/",
}


def _string(schema: Schema, place: _Place) -> str:
    value = _FORMATS.get(schema.get("format", ""), place.text)
    value = value.ljust(schema.get("minLength", 0), "-")
    return value[: schema["maxLength"]] if "maxLength" in schema else value


def _number(schema: Schema, place: _Place) -> float:
    """Zero, or the nearest number to it within the bounds: whole, where they leave room for one."""
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and above >= 0:
        ceiling = highest if below is None else below
        return above + 1 if ceiling is None or above + 1 < ceiling else (above + ceiling) / 2  # type: ignore[no-any-return]
    if below is not None and below <= 0:
        floor = lowest if above is None else above
        return below - 1 if floor is None or below - 1 > floor else (below + floor) / 2  # type: ignore[no-any-return]
    if lowest is not None and lowest > 0:
        return lowest  # type: ignore[no-any-return]
    return highest if highest is not None and highest < 0 else 0


def _nothing(schema: Schema, place: _Place) -> None:
    return None


def _no(schema: Schema, place: _Place) -> bool:
    return False


_MAKERS: Mapping[str, Callable[[Schema, _Place], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _number,
    "number": _number,
    "boolean": _no,
    "null": _nothing,
}
