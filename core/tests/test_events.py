"""The fold from events to a completion."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from jackfield.events import Event, ended, plain_answer

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


NUMBERS = st.integers(0, 3)
PARTS = st.sampled_from([Text("a"), Text(""), Reasoning(""), Refusal("no"), ToolCall("1", "f", "{}")])
USAGES = st.sampled_from([Usage(1, output=2), Usage(source="unknown"), Usage(3, source="unknown")])
MIDDLE: st.SearchStrategy[Event] = st.one_of(
    st.builds(PartStarted, NUMBERS, PARTS, st.sampled_from([0, 0, 0, 1])),
    st.builds(PartEnded, NUMBERS, st.sampled_from([None, None, None, Opaque("acme", "w", {})])),
    st.sampled_from([Started("2", "n"), Metered(Usage(9)), Warned(Notice("a", "b"))]),
    st.just(Logprobs((TokenLogprob("a", -1.0),))),
)
LAST = st.builds(Finished, st.just(STOP), USAGES, st.sampled_from([(), (), (STOP,)]))
PLAIN = st.lists(PARTS, max_size=4).map(
    lambda parts: [event for n, part in enumerate(parts) for event in (PartStarted(n, part), ended(n))]
)


def _well_formed(events: list[Event]) -> bool:
    """Whether a part ends, with what it leaves behind, only after it began."""
    begun: set[int] = set()
    for event in events:
        if isinstance(event, PartStarted):
            begun.add(event.id)
        elif isinstance(event, PartEnded) and event.id not in begun:
            return False
    return True


@settings(deadline=None)
@given(st.lists(MIDDLE, max_size=6).filter(_well_formed) | PLAIN, LAST)
def test_the_short_way_folds_as_the_long_one(middle: list[Event], last: Finished) -> None:
    """Where an answer needs no fold, what is taken from its events is what the fold would make."""
    events = [Started("1", "m"), *middle, last]

    plain = plain_answer(events)

    if plain is not None:
        assert fold(events) == Completion(*plain[:4], id=plain[4])


@settings(deadline=None)
@given(PLAIN)
def test_an_answer_of_whole_parts_needs_no_fold(middle: list[Event]) -> None:
    """The usual answer goes the short way."""
    assert plain_answer([Started("1", "m"), *middle, Finished(STOP, Usage(1))]) is not None


def test_deltas_and_failures_need_the_fold() -> None:
    """A part in pieces, and an answer that did not end well, go the long way."""
    pieces: list[Event] = [Started(), PartStarted(0, Text("")), TextDelta(0, "a"), Finished(STOP)]

    assert plain_answer(pieces) is None
    assert plain_answer([Started(), Failed(ErrorInfo("server", "no"))]) is None
