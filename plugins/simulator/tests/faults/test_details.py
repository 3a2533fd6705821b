"""What is right beyond kind and count: waits, what was kept, what was charged, who never heard of it."""

from __future__ import annotations

import asyncio

import pytest

from jackfield import JackfieldError, Malformed, StreamInterrupted, ToolCall

WIRES = (
    "chat_completions",
    "responses",
    "messages",
    "generate_content",
    "converse",
    "invoke",
    "cohere",
    "ollama",
)
IN_PIECES = ("chat_completions", "responses", "messages", "converse", "cohere")
TEXT = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
STREAMS = ("sync stream", "async stream")
KEY = "sk-simulated-not-a-real-key"


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        ("throttled-1s", 1.0, 1.1),
        ("throttled-date", 1.0, 2.3),  # dates are whole seconds
        ("throttled", 0.0, 2.0),
        ("throttled-negative", 0.0, 2.0),
        ("throttled-nan", 0.0, 2.0),
        ("throttled-1e9", 0.0, 2.0),
        ("throttled-soon", 0.0, 2.0),
        ("overloaded-529", 0.0, 2.0),
        ("failed", 0.0, 0.5),
    ],
)
@pytest.mark.parametrize("mode", ["sync", "async stream"])
def test_hints_that_make_sense_are_obeyed(asking, served, fault, least, most, mode) -> None:
    """At least as long as the provider says, by its own clock; nonsense is no hint."""
    served.faults.add(fault)

    waits = asking("chat_completions")(mode).waits

    assert 2 == len(waits)
    assert all(least <= wait <= most for wait in waits)


@pytest.mark.parametrize("mode", ["sync", "async stream"])
def test_a_delay_in_the_body_is_obeyed(asking, served, mode) -> None:
    """46 s and a little."""
    served.faults.add("retry-info")

    waits = asking("generate_content")(mode).waits

    assert [46, 46] == [int(wait) for wait in waits]


@pytest.mark.parametrize("fault", ["cut-after-content", "unfinished", "error-later"])
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("mode", STREAMS)
def test_what_came_before_a_break_is_kept(asking, served, fault, wire, mode) -> None:
    """The text, as far as it came; and it is not asked for again."""
    served.faults.add(fault)

    outcome = asking(wire)(mode)

    assert isinstance(outcome.error, StreamInterrupted)
    assert (True, 1) == (TEXT.startswith(outcome.text), outcome.requests)
    assert len(TEXT) / 3 < len(outcome.text) < len(TEXT)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("after-done", TEXT),
        ("chunk-twice", f"Aare, {TEXT}"),
        ("chunks-swapped", "Aare, Limmat, Reuss, Rhone, Inn.Ticino, "),
        ("event-unknown", TEXT),
        ("utf8-split", "well, a \U0001f600 smile"),
        ("line-separator", "well, before\u2028\u0085after and on"),
        ("newline-cr", TEXT),
        ("newline-split", TEXT),
        ("bom", TEXT),
    ],
)
@pytest.mark.parametrize("wire", ["chat_completions", "responses", "messages", "cohere"])
def test_odd_streams_say_what_they_say(asking, served, fault, wire, text) -> None:
    """Nothing is lost, nothing is made up."""
    served.faults.add(fault)

    assert [text] * 2 == [asking(wire)(mode).text for mode in STREAMS]


@pytest.mark.parametrize(
    "wire", ["chat_completions", "responses", "messages", "generate_content", "cohere", "ollama"]
)
def test_a_byte_that_is_no_text_is_one_replacement(asking, served, wire) -> None:
    """And the stream goes on."""
    served.faults.add("utf8-invalid")

    assert ["well, before\ufffdafter and on"] * 2 == [asking(wire)(mode).text for mode in STREAMS]


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("fault", ["usage-missing", "usage-null"])
def test_figures_that_did_not_come_are_not_made_up(asking, served, wire, fault) -> None:
    """The answer is whole, and what it cost is not known, or estimated and said to be."""
    served.faults.add(fault)

    for mode in STREAMS:
        usage = asking(wire)(mode).answer.usage
        assert usage.source != "provider" or not usage.total_output


@pytest.mark.parametrize("wire", ["chat_completions", "generate_content"])
def test_figures_are_never_added(asking, served, wire) -> None:
    """The last hold."""
    served.faults.clear()
    plain = asking(wire)("sync stream").answer.usage
    served.faults.add("usage-twice")

    assert [plain] * 2 == [asking(wire)(mode).answer.usage for mode in STREAMS]


@pytest.mark.parametrize("fault", ["arguments-cut", "arguments-invalid"])
@pytest.mark.parametrize("wire", IN_PIECES)
def test_a_broken_call_is_not_taken_for_a_whole_one(asking, served, fault, wire) -> None:
    """Its arguments cannot be had."""
    served.faults.add(fault)

    for mode in STREAMS:
        (call,) = asking(wire)(mode).answer.tool_calls
        with pytest.raises(Malformed):
            _ = call.arguments


@pytest.mark.parametrize("wire", WIRES)
def test_calls_that_come_in_turns_are_told_apart(asking, served, wire) -> None:
    """Each has its own arguments."""
    served.faults.add("calls-interleaved")

    for mode in STREAMS:
        calls = asking(wire)(mode).answer.tool_calls
        assert [{"city": "Basel"}, {"city": "Bern"}] == [call.arguments for call in calls]
        assert all(isinstance(call, ToolCall) for call in calls)


@pytest.mark.parametrize("fault", ["redirect-302", "redirect-307", "redirect-308", "redirect-loop"])
@pytest.mark.parametrize("wire", WIRES)
def test_nobody_is_followed_elsewhere(asking, served, fault, wire) -> None:
    """The other origin hears nothing, neither key nor prompt."""
    served.faults.add(fault)

    assert {"protocol 1"} == {
        str(asking(wire)(mode)) for mode in ("sync", "sync stream", "async", "async stream")
    }
    assert 0 == served.server.strays


def test_a_page_is_quoted_briefly(asking, served) -> None:
    """At most its title, or 200 characters."""
    served.faults.add("bad-gateway")

    assert len(asking("messages")("sync").error.info.message) <= 200


@pytest.mark.parametrize(
    "fault",
    [
        "reset-after-request",
        "unauthorized",
        "failed",
        "login-page",
        "half-json",
        "redirect-307",
        "gzip-damaged",
    ],
)
def test_no_failure_tells_the_key(asking, served, fault) -> None:
    """Nor does its traceback."""
    served.faults.add(fault)

    for wire in WIRES:
        error = asking(wire)("sync").error
        assert isinstance(error, JackfieldError)
        assert KEY not in f"{error} {error!r} {error.attempts!r} {vars(error)!r}"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_the_next_call_after_an_idle_close_succeeds_at_once(alone, fresh, mode) -> None:
    """A kept connection that the server has closed is not even tried."""
    client = fresh("chat_completions", base=alone.server.url)
    alone.faults.script(["close-when-idle", "ok"])

    first = client(mode)
    alone.until_idle()
    client.runner.run(asyncio.sleep(0.05))  # what a loop does not look at it does not see
    second = client(mode)

    assert [("ok", []), ("ok", [])] == [(first.kind, first.waits), (second.kind, second.waits)]
    assert (2, 2) == (alone.server.requests, alone.server.connections)


@pytest.mark.parametrize(
    ("fault", "tokens"),
    [("ok", 12), ("failed", 0), ("reset-after-request", 12), ("half-json", 12), ("login-page", 0)],
)
def test_the_bill_says_what_a_provider_would_have_charged(asking, served, fault, tokens) -> None:
    """For what it answered, whether or not that arrived; not for what it refused."""
    served.faults.script([fault])
    asking("chat_completions")("sync", max_retries=0)

    line = list(served.app.bill)[-1]

    assert (tokens, "" if fault == "ok" else fault) == (line.output, line.fault)
    assert bool(tokens) == bool(line.charge)


@pytest.mark.parametrize(
    ("fault", "least", "most"), [("cut-before-content", 0, 0), ("cut-after-content", 1, 11)]
)
def test_a_stream_that_breaks_is_charged_up_to_there(asking, served, fault, least, most) -> None:
    """Tokens that were not sent are not on the bill."""
    served.faults.script([fault])
    asking("messages")("sync stream", max_retries=0)

    line = list(served.app.bill)[-1]

    assert least <= line.output <= most
    assert line.input > 0
