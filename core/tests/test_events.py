"""The fold from events to a completion."""

from __future__ import annotations

import pytest

from jackfield import (
    Accumulator,
    ArgumentsDelta,
    Choice,
    Citation,
    Cited,
    Completion,
    ErrorInfo,
    Failed,
    Finish,
    Finished,
    Image,
    Logprobs,
    Metered,
    Notice,
    Opaque,
    PartEnded,
    PartStarted,
    Reasoning,
    ReasoningDelta,
    Refusal,
    Started,
    Text,
    TextDelta,
    TokenLogprob,
    ToolCall,
    ToolResult,
    Usage,
    Warned,
    fold,
    unfold,
)

STOP = Finish("stop", "stop")


def test_deltas_make_up_a_text() -> None:
    """Deltas are joined in order."""
    events = [Started("1", "m"), PartStarted(0, Text("")), TextDelta(0, "a"), TextDelta(0, "b"), PartEnded(0)]

    answer = fold([*events, Finished(STOP, Usage(1, output=2))])

    assert Completion((Text("ab"),), STOP, Usage(1, output=2), "m", id="1") == answer


def test_a_part_that_comes_whole_needs_no_delta() -> None:
    """A start may hold the part already."""
    picture = Image("image/png", data=b"x")

    assert (picture,) == fold([PartStarted(0, picture), PartEnded(0), Finished(STOP)]).parts


def test_interleaved_calls_are_told_apart() -> None:
    """Argument pieces of two calls may alternate."""
    events = [
        PartStarted(0, ToolCall("a", "f")),
        PartStarted(1, ToolCall("b", "g")),
        ArgumentsDelta(0, '{"x":'),
        ArgumentsDelta(1, "{}"),
        ArgumentsDelta(0, "1}"),
    ]

    assert (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}")) == fold(events).parts


def test_a_call_without_arguments_has_an_empty_object() -> None:
    """A call no arguments were sent for is a call with none."""
    assert fold([PartStarted(0, ToolCall("a", "f"))]).tool_calls[0].arguments == {}


def test_the_last_usage_holds() -> None:
    """Running totals are never added up, and an unknown one does not erase a known one."""
    answer = fold([Metered(Usage(5)), Metered(Usage(5, output=3)), Finished(STOP)])

    assert Usage(5, output=3) == answer.usage


def test_citations_and_opaque_payloads_are_kept() -> None:
    """What belongs to a part arrives with it."""
    signature = Opaque("acme", "messages", {"signature": "s"})
    citation = Citation(url="https://a.example")
    events = [
        PartStarted(0, Reasoning("")),
        ReasoningDelta(0, "hm"),
        PartEnded(0, signature),
        PartStarted(1, Text("")),
        Cited(1, citation),
        TextDelta(1, "yes"),
    ]

    assert (Reasoning("hm", signature), Text("yes", (citation,))) == fold(events).parts


def test_empty_parts_are_left_out() -> None:
    """Providers open blocks they never fill."""
    events = [PartStarted(0, Text("")), PartStarted(1, Reasoning("")), PartStarted(2, Refusal(""))]

    assert fold(events).parts == ()


def test_choices_beyond_the_first_are_alternatives() -> None:
    """Every choice has its own parts, finish and log probabilities."""
    token = TokenLogprob("b", -0.5)
    events = [
        PartStarted(0, Text("a"), 0),
        PartStarted(1, Text("b"), 1),
        Logprobs((token,), 1),
        Finished(STOP, alternatives=(Finish("length", "length"),)),
    ]

    answer = fold(events)

    assert (Choice((Text("b"),), Finish("length", "length"), (token,)),) == answer.alternatives
    assert answer.alternatives[0].text == "b"


def test_what_came_before_a_failure_stays() -> None:
    """A failure adds nothing and takes nothing away."""
    events = [PartStarted(0, Text("")), TextDelta(0, "so far"), Failed(ErrorInfo("server", "broken"))]

    answer = fold(events)

    assert answer.text == "so far"
    assert answer.finish.reason == "unknown"


def test_warnings_are_collected() -> None:
    """Notices are kept in order, outside the parts."""
    accumulator = Accumulator()

    accumulator.add(Warned(Notice("a", "first")))

    assert [Notice("a", "first")] == accumulator.warnings


WHOLE = [
    Completion((Text("one two"),), STOP, Usage(1, output=2), "m", id="1"),
    Completion(
        (Reasoning("hm", Opaque("a", "w", {"s": 1})), ToolCall("1", "f", '{"a":1}')),
        Finish("tool_calls", "x"),
    ),
    Completion((Text("cited", (Citation(url="u"),)), Refusal("no"), ToolResult("1", "r", hosted=True)), STOP),
    Completion((Text("a"),), STOP, alternatives=(Choice((Text("b"),), Finish("length", "l")),)),
    Completion((Text("a"),), STOP, logprobs=(TokenLogprob("a", -1.0),)),
    Completion((), STOP),
]


@pytest.mark.parametrize("answer", WHOLE)
def test_unfolding_and_folding_is_the_same(answer: Completion) -> None:
    """A completion streamed word by word folds to itself."""
    assert answer == fold(unfold(answer))
