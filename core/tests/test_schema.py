"""Python types as JSON schemas, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict
from uuid import UUID

import attrs
import pytest

from jackfield import InvalidRequest, Malformed, json_schema
from jackfield.schema import structure


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Point:
    x: int
    y: int = 0


@attrs.frozen
class Place:
    """Somewhere."""

    name: Annotated[str, "what people call it"]
    at: Point
    kind: Literal["town", "city"] = "city"


@dataclasses.dataclass
class Node:
    value: int
    next: Node | None = None


class Options(TypedDict, total=False):
    colour: Colour
    depth: int


POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
    "required": ["x"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (None, {"type": "null"}),
        (Any, {}),
        (datetime, {"type": "string", "format": "date-time"}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (list, {"type": "array"}),
        (Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Mapping, {"type": "object"}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (Point, POINT),
    ],
    ids=str,
)
def test_a_type_has_a_schema(annotation: object, schema: object) -> None:
    """Scalars, containers, unions, enumerations and records."""
    assert schema == json_schema(annotation)


def test_a_pair_has_a_schema_for_each_place() -> None:
    """A tuple of several types has as many places."""
    schema = json_schema(tuple[int, str])

    assert ([{"type": "integer"}, {"type": "string"}], 2) == (schema["prefixItems"], schema["maxItems"])


def test_records_nest_inline() -> None:
    """A record in a record stands where it is used, with its words."""
    schema = json_schema(Place)

    assert schema["properties"]["at"] == POINT
    assert schema["properties"]["name"] == {"type": "string", "description": "what people call it"}
    assert ["name", "at"] == schema["required"]
    assert schema["description"] == "Somewhere."


def test_strict_output_requires_every_field() -> None:
    """Structured output asks for fields with defaults too."""
    assert ["x", "y"] == json_schema(Point, all_required=True)["required"]


def test_a_recursive_record_refers_to_itself() -> None:
    """What contains itself becomes a definition."""
    schema = json_schema(Node)

    assert {"$ref": "#/$defs/Node"} in schema["properties"]["next"]["anyOf"]
    assert "Node" in schema["$defs"]


def test_a_typed_dict_knows_what_it_needs() -> None:
    """The keys of a partial ``TypedDict`` are optional."""
    assert json_schema(Options)["required"] == []


def test_a_model_class_speaks_for_itself() -> None:
    """A class with ``model_json_schema`` is asked."""

    class Model:
        @staticmethod
        def model_json_schema() -> dict[str, object]:
            return {"type": "object", "title": "Model"}

    assert json_schema(Model) == {"type": "object", "title": "Model"}


def test_a_type_without_schema_is_refused() -> None:
    """What JSON cannot say is refused with the types that it can."""
    with pytest.raises(InvalidRequest, match="has no JSON schema"):
        json_schema(complex)


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        ({"x": 1}, Point, Point(1)),
        ({"value": 1, "next": {"value": 2}}, Node, Node(1, Node(2))),
        ([{"x": 1, "y": 2}], list[Point], [Point(1, 2)]),
        ("red", Colour, Colour.RED),
        ({"a": 1}, dict, {"a": 1}),
        ({"a": 1}, None, {"a": 1}),
        (3, int | None, 3),
        ("12345678-1234-5678-1234-567812345678", UUID, UUID("12345678-1234-5678-1234-567812345678")),
        ("09:30:00", time, time(9, 30)),
        ("2026-11-21", date, date(2026, 11, 21)),
        ("2026-11-21T09:30:00", datetime, datetime(2026, 11, 21, 9, 30)),  # noqa: DTZ001  # as it came
    ],
)
def test_a_value_becomes_its_type(value: object, target: Any, expected: object) -> None:
    """JSON values are structured into the type that was asked for."""
    assert expected == structure(value, target)


def test_a_model_class_validates_itself() -> None:
    """A class with ``model_validate`` is asked."""

    class Model:
        @staticmethod
        def model_validate(value: object) -> str:
            return f"model of {value}"

    assert structure(1, Model) == "model of 1"


def test_what_does_not_fit_is_told_with_its_path() -> None:
    """The error names class and field, and that the answer is at fault."""
    with pytest.raises(Malformed, match=r"does not fit `Place`.*Place\.at\.x"):
        structure({"name": "Rome", "at": {"x": "east"}, "kind": "city"}, Place)
