"""The values echo makes up for schemas, and the instances that ``into=`` builds from them."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import pytest
from attrs import frozen
from jackfield_echo.sample import sample

import jackfield


class Kind(Enum):
    """What a river is."""

    STREAM = "stream"
    RIVER = "river"


@frozen
class Bank:
    """One side of a river."""

    side: Literal["left", "right"]
    towns: list[str]


@frozen
class River:
    """A river."""

    name: str
    kind: Kind
    banks: tuple[Bank, Bank]
    length: int | None
    depth: float
    dry: bool = False


@frozen
class Basin:
    """A river with those that flow into it."""

    name: str
    tributaries: list[Basin]
    main: Basin | None = None


@pytest.fixture
def build():
    client = jackfield.Client()
    return lambda into: client.complete("echo/echo-1", "Aare", into=into).value


def test_a_class_is_filled(build):
    """Strings are the prompt, lists are empty, the first word of an enumeration is taken."""
    banks = (Bank("left", []), Bank("left", []))

    assert River("Aare", Kind.STREAM, banks, 0, 0.0) == build(River)


def test_a_class_within_itself_ends(build):
    """By an empty list, and by null."""
    assert Basin("Aare", [], Basin("Aare", [], None)) == build(Basin)


def test_a_mapping_is_a_schema(build):
    """The value is what JSON holds."""
    schema = {"title": "r", "type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]}

    assert {"n": "Aare"} == build(schema)
    assert {} == build(dict)


def test_an_answer_cut_short_builds_nothing():
    """There is no whole one to build from."""
    answer = jackfield.Client().complete("echo/echo-1", "two words", into=River, max_tokens=1)

    assert ("length", None) == (answer.finish.reason, answer.value)


def test_a_schema_without_end_is_refused():
    """Before it takes the process with it."""
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"inner": {"$ref": "#/$defs/a"}}}}}

    with pytest.raises(jackfield.InvalidRequest, match="always holds another"):
        jackfield.Client().complete("echo/echo-1", "hi", into=schema)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "hi"),
        ({"const": 3}, 3),
        ({"default": [1]}, [1]),
        ({"enum": ["b", "a"]}, "b"),
        ({"type": "null"}, None),
        ({"type": "boolean"}, False),
        ({"type": ["integer", "null"]}, 0),
        ({"type": "of the future"}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, None),
        ({"allOf": [{"type": "integer"}, {"minimum": 0}]}, 0),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]},
            {"a": 1, "b": 2},
        ),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer"}}}, 0),
        ({"$ref": "#/$defs/a/b", "$defs": {"a": {"b": {"const": 1}}}}, 1),
        ({"properties": {"a": {"type": "integer"}, "b": {}}}, {"a": 0, "b": "hi"}),
        (
            {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b", "c"]},
            {"b": "hi", "c": "hi"},
        ),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {}),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, [0, "hi"]),
        ({"type": "string", "minLength": 4}, "hi--"),
        ({"type": "string", "maxLength": 1}, "h"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "format": "uuid"}, "00000000-0000-0000-0000-000000000000"),
        ({"type": "string", "format": "unheard of"}, "hi"),
    ],
)
def test_a_schema_has_its_plainest_value(schema, value):
    """The first of several, and no more than must be."""
    assert value == sample(schema, "hi")


@pytest.mark.parametrize(
    ("bounds", "value"),
    [
        ({}, 0),
        ({"minimum": 3}, 3),
        ({"minimum": -3}, 0),
        ({"maximum": -3}, -3),
        ({"minimum": -5, "maximum": -3}, -3),
        ({"minimum": 1, "maximum": 5}, 1),
        ({"exclusiveMinimum": 0}, 1),
        ({"exclusiveMinimum": -1}, 0),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"exclusiveMinimum": 0, "maximum": 0.5}, 0.25),
        ({"exclusiveMaximum": 0}, -1),
        ({"exclusiveMaximum": 0, "minimum": -0.5}, -0.25),
        ({"exclusiveMaximum": -4, "exclusiveMinimum": -9}, -5),
    ],
)
def test_a_number_is_the_nearest_to_zero(bounds, value):
    """Within its bounds."""
    assert value == sample({"type": "number", **bounds})
