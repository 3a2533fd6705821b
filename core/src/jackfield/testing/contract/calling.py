"""Tools: what is offered arrives, what is called comes back, what a tool answered arrives."""

from __future__ import annotations

from typing import Any

from jackfield.capability import Capability
from jackfield.events import ArgumentsDelta
from jackfield.jsontext import loads
from jackfield.testing.answers import ANSWER, CALL, CLOCK, PROMPT, WEATHER, said
from jackfield.testing.rules import expect, rule, same
from jackfield.testing.subject import Subject
from jackfield.types import Completion, Message, Text, ToolCall, ToolResult

TOOLS = Capability.TOOLS
CITY = "Zürich 苏黎世"


class Calling:
    """Rules about tools."""

    @rule(
        "bronze",
        "a tool the model does not see is never called",
        "render name, description and schema",
        TOOLS,
    )
    def test_tools_arrive(self, subject: Subject) -> None:
        """A tool is read by the server half with its name, description and schema."""
        _called(subject, CALL)
        tools = subject.stage.request.tools
        same([WEATHER.name, CLOCK.name], [tool.name for tool in tools], "the tools that arrived")
        same(WEATHER.description, tools[0].description, "the description")
        same(WEATHER.schema["properties"], tools[0].schema.get("properties"), "the schema")

    @rule("bronze", "a call is what the caller acts on", "parse name, id and arguments", TOOLS)
    def test_a_call_comes_back(self, subject: Subject) -> None:
        """A call has a name, an id and arguments, and is the reason to stop."""
        answer = _called(subject, CALL)
        same([("weather", {"city": "Bern"})], _calls(answer), "the calls")
        expect(all(call.id for call in answer.tool_calls), "a call has no id")
        same("tool_calls", answer.finish.reason, "the reason to stop")

    @rule(
        "silver",
        "calls at once are answered by their ids: two of one id cannot be",
        "give every call an id of its own",
        TOOLS,
        Capability.PARALLEL_TOOLS,
    )
    def test_several_calls_come_back(self, subject: Subject) -> None:
        """Two calls at once keep their order, arguments and ids, streamed or not."""
        two = said(
            ToolCall("call_kit00001", "weather", '{"city":"Genf"}'),
            ToolCall("call_kit00002", "weather", '{"city":"Basel"}'),
            finish="tool_calls",
        )
        needs = (TOOLS, Capability.PARALLEL_TOOLS)
        expected = [("weather", {"city": "Genf"}), ("weather", {"city": "Basel"})]
        for answer in (_called(subject, two, needs=needs), _streamed(subject, two, *needs)):
            same(expected, _calls(answer), "the calls")
            same(2, len({call.id for call in answer.tool_calls}), "the number of ids")

    @rule(
        "silver",
        "tools without arguments are common, and vendors send all kinds of nothing for them",
        "let `{}` stand for no arguments",
        TOOLS,
    )
    def test_a_call_may_have_no_arguments(self, subject: Subject) -> None:
        """A call without arguments comes back with an empty object, streamed or not."""
        bare = said(ToolCall("call_kit00001", "clock", "{}"), finish="tool_calls")
        for answer in (_called(subject, bare), _streamed(subject, bare, TOOLS)):
            same([("clock", {})], _calls(answer), "the calls")

    @rule("bronze", "arguments are text of people's too", "encode as UTF-8", TOOLS)
    def test_arguments_may_be_in_any_script(self, subject: Subject) -> None:
        """Arguments in any script come back unchanged."""
        call = said(ToolCall("call_kit00001", "weather", f'{{"city":"{CITY}"}}'), finish="tool_calls")
        same([("weather", {"city": CITY})], _calls(_called(subject, call)), "the calls")

    @rule(
        "silver",
        "arguments stream in pieces; what shows them, and what calls early, relies on their order",
        "send the pieces of a call as `ArgumentsDelta` of its part",
        TOOLS,
        Capability.STREAMING,
    )
    def test_pieces_of_arguments_make_json(self, subject: Subject) -> None:
        """The pieces of a streamed call's arguments are JSON together."""
        needs = (TOOLS, Capability.STREAMING)
        stream = subject.stream(CALL, needs=needs, tools=[WEATHER])
        events = list(stream)
        pieces = "".join(event.json for event in events if isinstance(event, ArgumentsDelta))
        call = stream.completion().tool_calls[0]
        same(call.arguments, loads(pieces or call.json), "the arguments")
        same({"city": "Bern"}, call.arguments, "the arguments")

    @rule(
        "bronze",
        "a result without its call is refused by most vendors",
        "send a result under the id of its call",
        TOOLS,
    )
    def test_what_a_tool_answered_arrives(self, subject: Subject) -> None:
        """The second turn has the call, and the result under its id."""
        first = _called(subject, CALL)
        call = first.tool_calls[0]
        turns = _second_turn(first, ToolResult(call.id, "sun", name=call.name))
        subject.ask(turns, ANSWER, needs=(TOOLS,), tools=[WEATHER])
        parts = [part for message in subject.stage.request.messages for part in message.parts]
        calls = [part for part in parts if isinstance(part, ToolCall)]
        results = [part for part in parts if isinstance(part, ToolResult)]
        same([("weather", {"city": "Bern"})], [(one.name, one.arguments) for one in calls], "the calls")
        same(["sun"], [result.text for result in results], "the results")
        same(calls[0].id, results[0].call_id, "the id of the result's call")

    @rule(
        "silver",
        "a model that is told what went wrong can do something else",
        "send the text of a failed result, marked as the vendor marks it",
        TOOLS,
    )
    def test_what_went_wrong_in_a_tool_arrives(self, subject: Subject) -> None:
        """The text of a result that is an error arrives."""
        first = _called(subject, CALL)
        turns = _second_turn(
            first, ToolResult(first.tool_calls[0].id, "no such city", error=True, name="weather")
        )
        subject.ask(turns, ANSWER, needs=(TOOLS,), tools=[WEATHER])
        parts = [part for message in subject.stage.request.messages for part in message.parts]
        results = [part for part in parts if isinstance(part, ToolResult)]
        same(1, len(results), "the number of results")
        expect("no such city" in results[0].text, f"its text is `{results[0].text}`")

    @rule(
        "bronze",
        "who asks for a call and gets prose has to ask again",
        "render `required` in the vendor's word",
        TOOLS,
        Capability.TOOL_CHOICE,
    )
    def test_the_choice_of_tools_arrives(self, subject: Subject) -> None:
        """A call that is required is read as required."""
        needs = (TOOLS, Capability.TOOL_CHOICE)
        _called(subject, CALL, needs=needs, tool_choice="required")
        expect(
            subject.stage.request.tool_choice in {"required", WEATHER.name},
            f"`{subject.stage.request.tool_choice}` arrived",
        )


def _called(
    subject: Subject, answer: Completion, needs: tuple[Capability, ...] = (TOOLS,), **options: Any
) -> Completion:
    return subject.ask(PROMPT, answer, needs=needs, tools=[WEATHER, CLOCK], **options)


def _streamed(subject: Subject, answer: Completion, *needs: Capability) -> Completion:
    if not subject.does(subject.model(*needs), Capability.STREAMING):
        return answer
    return subject.stream(answer, needs=(*needs, Capability.STREAMING), tools=[WEATHER, CLOCK]).completion()


def _calls(answer: Completion) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in answer.tool_calls]


def _second_turn(first: Completion, result: ToolResult) -> list[Message]:
    return [Message("user", (Text(PROMPT),)), first.message, Message("tool", (result,))]
