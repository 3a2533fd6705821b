"""Values as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from jackfield.cli.plain import plain, plain_completion, plain_event, plain_part, plain_usage
from jackfield.events import PartStarted
from jackfield.profile import Support
from jackfield.types import Choice, Completion, Finish, Image, Text, ToolCall, Usage


def test_parts_have_a_type():
    """The type is the class in lower case; bytes are base64; what is empty is left out."""
    call, picture = ToolCall("1", "f"), Image("image/png", data=b"hi")

    assert {"type": "tool_call", "id": "1", "name": "f", "json": "{}", "hosted": False} == plain_part(call)
    assert {"type": "image", "media_type": "image/png", "data": "aGk="} == plain_part(picture)


def test_events_have_a_name():
    """A part in an event has its type."""
    expected = {"event": "part_started", "id": 0, "part": {"type": "text", "text": "a"}, "choice": 0}

    assert expected == plain_event(PartStarted(0, Text("a")))


def test_an_unknown_usage_is_null():
    """It is not a usage of 0."""
    assert plain_usage(Usage(source="unknown")) is None


def test_further_answers_are_told():
    """Several answers have their texts."""
    completion = Completion(
        (Text("a"),), alternatives=(Choice((Text("b"),), Finish("stop")),), charge=Decimal("1E-7")
    )

    form = plain_completion(completion)

    assert ([{"text": "b", "finish": "stop"}], "0.0000001") == (form["alternatives"], form["charge"])


def test_plain_values_of_all_kinds():
    """Whatever a value holds can be written."""
    at = datetime(2026, 11, 1, tzinfo=UTC)

    value = plain({"a": (1, Decimal("1.50")), "b": Support.FULL, "c": at})

    assert {"a": [1, "1.50"], "b": "full", "c": "2026-11-01T00:00:00+00:00"} == value
