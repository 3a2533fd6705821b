"""Python types as JSON schemas, and JSON values as Python types again."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed

Schema: TypeAlias = dict[str, Any]

_SCALARS: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    object: {},
    Any: {},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    UUID: {"type": "string", "format": "uuid"},
}

_JSON_TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def json_schema(annotation: Any, *, all_required: bool = False) -> Schema:
    """The JSON schema of a type: scalars, containers, unions, enums, attrs, dataclasses, ``TypedDict``.

    ``Annotated[T, "words"]`` describes a field. With ``all_required`` a field with a default is asked for too,
    as strict structured output demands. A class with ``model_json_schema`` (pydantic) speaks for itself.
    """
    writer = _Writer(all_required)
    schema = writer.schema(annotation)
    if writer.definitions:
        root = schema.pop("$ref", None)
        if root is not None and len(writer.definitions) == 1 and not writer.recursive:
            return next(iter(writer.definitions.values()))
        schema = {
            **(writer.definitions[root.rpartition("/")[2]] if root else schema),
            "$defs": writer.definitions,
        }
    return schema


class _Writer:
    """Writes one schema; classes seen twice become ``$defs``."""

    def __init__(self, all_required: bool) -> None:
        self.all_required = all_required
        self.definitions: dict[str, Schema] = {}
        self.open: set[str] = set()
        self.recursive = False

    def schema(self, annotation: Any) -> Schema:
        if _is_hashable(annotation) and annotation in _SCALARS:
            return dict(_SCALARS[annotation])
        origin = get_origin(annotation)
        for matches, write in _WRITERS:
            if matches(annotation, origin):
                return write(self, annotation)
        msg = f"`{annotation}` has no JSON schema"
        hint = "use scalars, lists, dicts, Literal, Enum, attrs classes, dataclasses or a TypedDict"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))

    def annotated(self, annotation: Any) -> Schema:
        inner, *notes = get_args(annotation)
        schema = self.schema(inner)
        words = next((note for note in notes if isinstance(note, str)), None)
        return {**schema, "description": words} if words else schema

    def union(self, annotation: Any) -> Schema:
        return {"anyOf": [self.schema(member) for member in get_args(annotation)]}

    def literal(self, annotation: Any) -> Schema:
        return _enumeration(list(get_args(annotation)))

    def enum(self, annotation: type[Enum]) -> Schema:
        return _enumeration([member.value for member in annotation])

    def array(self, annotation: Any) -> Schema:
        members = [member for member in get_args(annotation) if member is not Ellipsis]
        if get_origin(annotation) is tuple and len(members) > 1:
            items = [self.schema(member) for member in members]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        return {"type": "array", "items": self.schema(members[0])} if members else {"type": "array"}

    def mapping(self, annotation: Any) -> Schema:
        members = get_args(annotation)
        return (
            {"type": "object", "additionalProperties": self.schema(members[1])}
            if members
            else {"type": "object"}
        )

    def model(self, annotation: Any) -> Schema:
        return dict(annotation.model_json_schema())

    def record(self, annotation: type) -> Schema:
        name = annotation.__name__
        reference = {"$ref": f"#/$defs/{name}"}
        if name in self.open:
            self.recursive = True
            return reference
        if name in self.definitions:
            return reference
        self.open.add(name)
        fields = _fields(annotation)
        properties = {field: self.schema(kind) for field, (kind, _) in fields.items()}
        required = [field for field, (_, needed) in fields.items() if needed or self.all_required]
        schema: Schema = {"type": "object", "properties": properties, "required": required}
        schema["additionalProperties"] = False
        if words := _own_docstring(annotation):
            schema["description"] = words
        self.open.discard(name)
        if not self.recursive and self.open:
            return schema  # nested and not recursive: inline, which every provider reads
        self.definitions[name] = schema
        return reference


def _is_hashable(value: object) -> bool:
    return getattr(value, "__hash__", None) is not None


def _enumeration(values: list[Any]) -> Schema:
    kinds = {_JSON_TYPES.get(type(value)) for value in values}
    schema: Schema = {"enum": values}
    if len(kinds) == 1 and None not in kinds:
        schema = {"type": kinds.pop(), **schema}
    return schema


def _is_record(annotation: Any) -> bool:
    if not isinstance(annotation, type):
        return False
    return attrs.has(annotation) or dataclasses.is_dataclass(annotation) or is_typeddict(annotation)


def _fields(annotation: Any) -> dict[str, tuple[Any, bool]]:
    """Name to (type, whether a value must be given) for each field of a record."""
    hints = get_type_hints(annotation, include_extras=True)
    if is_typeddict(annotation):
        return {name: (kind, name in annotation.__required_keys__) for name, kind in hints.items()}
    if attrs.has(annotation):
        return {
            a.name: (hints.get(a.name, Any), a.default is attrs.NOTHING)
            for a in attrs.fields(annotation)
            if a.init
        }
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(annotation)
        if field.init
    }


def _own_docstring(annotation: type) -> str:
    words = (annotation.__dict__.get("__doc__") or "").strip()
    generated = words.startswith((f"{annotation.__name__}(", "Method generated by attrs"))
    return "" if generated else words.partition("\n\n")[0].replace("\n", " ")


def _is_class(annotation: Any, base: type) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, base)


_UNIONS = (Union, types.UnionType)
_ARRAYS = (list, tuple, set, frozenset, Sequence, AbstractSet)
_MAPPINGS = (dict, Mapping)

# First match wins: (does it match the annotation or its origin, how it is written).
_WRITERS: tuple[tuple[Callable[[Any, Any], bool], Callable[[_Writer, Any], Schema]], ...] = (
    (lambda _, origin: origin is Annotated, _Writer.annotated),
    (lambda _, origin: origin in _UNIONS, _Writer.union),
    (lambda _, origin: origin is Literal, _Writer.literal),
    (lambda annotation, _: _is_class(annotation, Enum), _Writer.enum),
    (lambda annotation, _: hasattr(annotation, "model_json_schema"), _Writer.model),
    (lambda annotation, _: _is_record(annotation), _Writer.record),
    (lambda annotation, origin: (origin or annotation) in _ARRAYS, _Writer.array),
    (lambda annotation, origin: (origin or annotation) in _MAPPINGS, _Writer.mapping),
)


def structure(value: object, target: Any) -> object:
    """``value``, as it came out of JSON, as a ``target``; ``Malformed`` where it does not fit."""
    if target is None or target is dict:
        return value
    validate = getattr(target, "model_validate", None)
    try:
        return validate(value) if validate is not None else _converter().structure(value, target)
    except Exception as exc:  # noqa: BLE001  # cattrs and pydantic raise trees of their own classes
        reasons = _reasons(exc, target)
    msg = f"the answer does not fit `{getattr(target, '__name__', target)}`: {reasons}"
    raise Malformed(ErrorInfo("protocol.body", msg, hint="ask again, or loosen the type"))


def _converter() -> Any:
    from cattrs.preconf.json import make_converter

    converter = make_converter()
    for kind, read in ((UUID, UUID), (time, time.fromisoformat)):  # the ones it does not know
        converter.register_structure_hook(kind, lambda value, _, read=read: read(value))
    return converter


def _reasons(exc: Exception, target: Any) -> str:
    """What does not fit, with paths; the values themselves are left out."""
    from cattrs import transform_error
    from cattrs.errors import BaseValidationError

    if isinstance(exc, BaseValidationError):
        return "; ".join(transform_error(exc, path=getattr(target, "__name__", "$")))
    return f"{type(exc).__name__}: {str(exc).splitlines()[0] if str(exc) else 'no reason given'}"[:300]
