"""Plain functions as tools, and the running of calls."""

from __future__ import annotations

import asyncio
from typing import Literal

import attrs
import pytest

from jackfield import (
    Completion,
    HostedTool,
    InvalidRequest,
    Text,
    Tool,
    ToolCall,
    arun_tools,
    run_tools,
    tool,
)
from jackfield.tools import as_tool


@attrs.frozen
class Point:
    x: int


def weather(city: str, unit: Literal["C", "F"] = "C") -> dict[str, str]:
    """Tell the weather
    of a city.

    Args:
        city: its name
        unit (str): of the temperature
    """
    return {"city": city, "unit": unit}


def shift(point: Point, by: int) -> str:
    """Move a point.

    :param by: how far
    """
    return f"x={point.x + by}"


async def slow(city: str) -> str:
    """Take time."""
    await asyncio.sleep(0)
    return city.upper()


def failing() -> None:
    """Fail."""
    msg = "no such place"
    raise LookupError(msg)


def test_a_function_is_a_tool() -> None:
    """Name, description and parameters come from the function."""
    found = tool(weather)

    assert ("weather", "Tell the weather of a city.") == (found.name, found.description)
    assert found.schema == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "its name"},
            "unit": {"type": "string", "enum": ["C", "F"], "description": "of the temperature"},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_sphinx_fields_describe_parameters_too() -> None:
    """Both common docstring forms are read."""
    assert tool(shift).schema["properties"]["by"] == {"type": "integer", "description": "how far"}


def test_name_and_description_may_be_given() -> None:
    """The caller's words win."""
    found = tool(weather, name="forecast", description="Foretell.")

    assert ("forecast", "Foretell.") == (found.name, found.description)


def test_a_tool_stays_a_tool() -> None:
    """Tools and hosted tools are taken as they are."""
    hosted = HostedTool("web_search")

    assert as_tool(hosted) is hosted
    assert isinstance(as_tool(weather), Tool)


@pytest.mark.parametrize("function", [lambda *args: None, lambda: None])
def test_what_cannot_be_a_tool_is_refused(function: object) -> None:
    """A nameless function, or one with parameters that have no name."""
    with pytest.raises(InvalidRequest):
        tool(function)  # type: ignore[arg-type]


def test_star_parameters_are_refused() -> None:
    """A model gives arguments by name."""

    def loose(*cities: str) -> None:
        """Take anything."""

    with pytest.raises(InvalidRequest, match="`cities` cannot be given by name"):
        tool(loose)


def _answer(*calls: ToolCall) -> Completion:
    return Completion(calls)


def test_all_calls_are_run_in_order() -> None:
    """Parallel calls come back as one turn, each with its id."""
    answer = _answer(
        ToolCall("1", "weather", '{"city": "Rome"}'), ToolCall("2", "shift", '{"point": {"x": 1}, "by": 2}')
    )

    turn = run_tools(answer, [weather, shift])

    assert turn is not None
    assert [("1", '{"city":"Rome","unit":"C"}'), ("2", "x=3")] == [
        (part.call_id, part.text) for part in turn.parts
    ]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (ToolCall("1", "failing"), "LookupError: no such place"),
        (ToolCall("1", "absent"), "there is no tool `absent`"),
        (ToolCall("1", "weather", '{"town": "Rome"}'), "unexpected keyword argument"),
        (ToolCall("1", "weather", '{"city": '), "not JSON"),
    ],
)
def test_what_goes_wrong_is_for_the_model_to_read(call: ToolCall, words: str) -> None:
    """A failing call becomes an error result."""
    turn = run_tools(_answer(call), [weather, failing])

    assert turn is not None
    assert turn.parts[0].error
    assert words in turn.parts[0].text


def test_no_calls_are_no_turn() -> None:
    """An answer that asks for nothing needs no turn."""
    assert run_tools(Completion((Text("hi"),)), [weather]) is None
    assert asyncio.run(arun_tools(Completion((Text("hi"),)), [weather])) is None


def test_coroutine_functions_are_awaited() -> None:
    """Async tools and plain ones may be mixed."""
    answer = _answer(ToolCall("1", "slow", '{"city": "Rome"}'), ToolCall("2", "failing"))

    turn = asyncio.run(arun_tools(answer, [slow, failing]))

    assert turn is not None
    assert [("ROME", False), ("LookupError: no such place", True)] == [
        (part.text, part.error) for part in turn.parts
    ]


def test_a_coroutine_function_is_not_run_by_the_sync_way() -> None:
    """The caller is told of the async way before anything runs."""
    with pytest.raises(InvalidRequest, match="coroutine function") as caught:
        run_tools(_answer(ToolCall("1", "slow", "{}")), [slow])

    assert "arun_tools" in caught.value.hint


def test_annotations_that_cannot_be_read_are_told() -> None:
    """A name that is not defined is the caller's to mend."""

    def vague(place: Nowhere) -> None:  # noqa: F821  # the point of the test
        """Go."""

    with pytest.raises(InvalidRequest, match="annotations of `vague`"):
        tool(vague)
