"""What formats demand of schemas."""

from __future__ import annotations

import pytest

from jackfield.wire.schemas import is_closed

POINT = {
    "type": "object",
    "properties": {"x": {"type": "number"}},
    "required": ["x"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("change", "closed"),
    [
        ({}, True),
        ({"required": []}, False),
        ({"additionalProperties": True}, False),
        ({"properties": {"x": {"type": "object"}}}, False),
        ({"properties": {"x": {"anyOf": [POINT, {"type": "null"}]}}}, True),
    ],
)
def test_a_schema_is_closed_that_names_all_it_takes(change, closed):
    """At every depth: the strict form demands it."""
    assert closed == is_closed({**POINT, **change})
