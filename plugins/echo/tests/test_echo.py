"""Everything the echo provider promises, seen through the library; nothing here may touch a network."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import NoReturn

import pytest

import jackfield
from jackfield import Message, ToolResult


class Untouchable:
    """A transport that fails whatever is asked of it."""

    def _touched(self, *_: object) -> NoReturn:
        msg = "the network was touched"
        raise AssertionError(msg)

    send = open = read = close_stream = _touched

    def close(self) -> None:
        """Nothing is open."""


class AsyncUntouchable(Untouchable):
    """The same, awaited."""

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def client():
    return jackfield.Client({"max_retries": 0}, transport=Untouchable())


def weather(city: str, days: int = 1) -> str:
    """The weather in a city."""
    return f"{days} days of sun in {city}"


def clock(zone: str) -> str:
    """The time in a zone."""
    return f"noon in {zone}"


TOOLS = [weather, clock]


# -- the two files ---------------------------------------------------------------------------------


def test_every_chat_capability_is_stated(profile, unstated):
    """It needs no key, and what it cannot do it says."""
    assert [] == unstated
    assert "none" == profile.auth.scheme


def test_a_binding_answers_itself(client):
    """The wire is its own server, and the prices are known."""
    binding = client.bind("echo/echo-1")

    assert binding.answer is not None
    assert "local" == binding.prices.source


# -- what it says ----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["Name three rivers.", "  two\n\n lines ", "ÄÖ ✓ 🎵", "one"])
def test_the_last_text_comes_back(client, words):
    """Blanks and all."""
    assert words == client.complete("echo/echo-1", words).text


def test_only_the_last_turn_counts(client):
    """Neither the system prompt nor what was said before."""
    turns = [Message("user", "first"), Message("assistant", "second"), Message("user", "third")]

    assert "third" == client.complete("echo/echo-1", turns, system="Be brief.").text


def test_the_same_request_gives_the_same_answer(client):
    """The id too."""
    one, other = (client.complete("echo/echo-1", "hi", temperature=1, seed=7) for _ in range(2))

    assert (one.id, one.parts, one.usage) == (other.id, other.parts, other.usage)
    assert one.id != client.complete("echo/echo-1", "ho").id


def test_a_stream_comes_word_by_word(client):
    """And folds to the same completion."""
    stream = client.stream("echo/echo-1", "Name three rivers.")

    pieces = list(stream.text)

    whole = client.complete("echo/echo-1", "Name three rivers.")
    assert ["Name ", "three ", "rivers."] == pieces
    assert (whole.parts, whole.finish) == (stream.completion().parts, stream.completion().finish)


def test_tokens_are_words(client):
    """All that went in, and all that came out."""
    answer = client.complete("echo/echo-1", "Name three rivers.", system="Be brief.")

    assert (5, 3) == (answer.usage.total_input, answer.usage.total_output)
    assert "reported" == answer.usage.source


def test_a_stream_counts_as_a_completion_does(client):
    """With the same charge."""
    whole = client.complete("echo/echo-1", "a b c", reasoning="low")
    streamed = client.stream("echo/echo-1", "a b c", reasoning="low").completion()

    counted = [(u.total_input, u.output, u.reasoning) for u in (whole.usage, streamed.usage)]
    assert [(3, 3, 5), (3, 3, 5)] == counted
    assert whole.charge == streamed.charge


def test_an_echo_costs_exactly_nothing(client):
    """Known to be 0, which is not the same as unknown."""
    charge = client.complete("echo/echo-1", "hi").charge

    assert (Decimal(0), True, "local") == (charge, isinstance(charge, Decimal), charge.source)


@pytest.mark.parametrize(("limit", "text", "reason"), [(2, "a b ", "length"), (3, "a b c", "stop")])
def test_a_limit_of_tokens_cuts_the_answer(client, limit, text, reason):
    """Told by the reason it finished for, whole and streamed."""
    whole = client.complete("echo/echo-1", "a b c", max_tokens=limit)
    streamed = client.stream("echo/echo-1", "a b c", max_tokens=limit).completion()

    assert (text, reason) == (whole.text, whole.finish.reason)
    assert (text, reason) == (streamed.text, streamed.finish.reason)


def test_a_stop_sequence_ends_the_answer(client):
    """At the first of several, and without it."""
    assert "a " == client.complete("echo/echo-1", "a b c", stop=["c", "b"]).text


def test_reasoning_comes_when_it_is_asked_for(client):
    """Apart from the text, and counted apart."""
    answer = client.complete("echo/echo-1", "hi", reasoning="low")

    assert ("The same words go back.", "hi") == (answer.reasoning, answer.text)
    assert 5 == answer.usage.reasoning
    assert "" == client.complete("echo/echo-1", "hi", reasoning="none").reasoning


def test_media_are_named(client):
    """By their types, in their places."""
    parts = [
        "look:",
        jackfield.Image("image/png", data=b"1"),
        jackfield.Audio("audio/wav", data=b"2"),
        jackfield.Document("application/pdf", data=b"3", name="a.pdf"),
    ]

    assert "look: [image/png] [audio/wav] [application/pdf]" == client.complete("echo/echo-1", parts).text


def test_what_it_does_not_do_is_refused(client):
    """Nothing is accepted and ignored."""
    with pytest.raises(jackfield.InvalidRequest, match="`n`"):
        client.complete("echo/echo-1", "hi", n=2)
    with pytest.raises(jackfield.Unsupported, match="logprobs"):
        client.complete("echo/echo-1", "hi", logprobs=True)
    with pytest.raises(jackfield.Unsupported, match="video"):
        client.complete("echo/echo-1", jackfield.Video("video/mp4", data=b"1"))


# -- tools -----------------------------------------------------------------------------------------


def test_every_tool_the_prompt_names_is_called(client):
    """In parallel; free strings are the prompt, and what has a default is left out."""
    answer = client.complete("echo/echo-1", "weather and clock", tools=TOOLS)

    called = [(call.name, call.arguments) for call in answer.tool_calls]
    assert [("weather", {"city": "weather and clock"}), ("clock", {"zone": "weather and clock"})] == called
    assert ("tool_calls", "") == (answer.finish.reason, answer.text)
    assert 2 == len({call.id for call in answer.tool_calls})


def test_calls_come_in_streams_too(client):
    """With the same ids and arguments."""
    whole = client.complete("echo/echo-1", "the weather?", tools=TOOLS)
    streamed = client.stream("echo/echo-1", "the weather?", tools=TOOLS).completion()

    assert whole.tool_calls == streamed.tool_calls


@pytest.mark.parametrize(
    ("choice", "called"), [("required", ["weather"]), ("clock", ["clock"]), ("none", []), ("auto", ["clock"])]
)
def test_a_choice_of_tool_is_followed(client, choice, called):
    """Whatever the prompt names."""
    answer = client.complete("echo/echo-1", "the clock", tools=TOOLS, tool_choice=choice)

    assert called == [call.name for call in answer.tool_calls]


def test_no_tool_is_called_that_nobody_names(client):
    """The text comes back instead."""
    assert "hello" == client.complete("echo/echo-1", "hello", tools=TOOLS).text


def test_results_of_tools_are_the_answer(client):
    """So a loop of tools ends."""
    turns = [Message("user", "weather and clock")]
    answer = client.complete("echo/echo-1", turns, tools=TOOLS)
    results = jackfield.run_tools(answer, TOOLS)

    final = client.complete("echo/echo-1", [*turns, answer.message, results], tools=TOOLS)

    assert "1 days of sun in weather and clock noon in weather and clock" == final.text
    assert "stop" == final.finish.reason


def test_a_result_of_a_tool_counts_as_input(client):
    """As it does everywhere."""
    turns = [Message("user", "hi"), Message("tool", ToolResult("call_0", "one two"))]

    assert 3 == client.complete("echo/echo-1", turns).usage.total_input


# -- embeddings ------------------------------------------------------------------------------------


def test_vectors_depend_on_nothing_but_the_text(client):
    """Eight numbers, or as many as are asked for; a shorter one is the beginning of a longer."""
    one = client.embed("echo/echo-1", ["a", "b c", "a"])
    short = client.embed("echo/echo-1", "a", dimensions=3)

    assert [8, 8, 8] == list(map(len, one.vectors))
    assert one.vectors[0] == one.vectors[2] != one.vectors[1]
    assert one.vectors[0][:3] == short.vectors[0]


def test_embeddings_are_counted_and_free(client):
    """By words."""
    answer = client.embed("echo/echo-1", ["a", "b c"])

    assert (3, Decimal(0)) == (answer.usage.input, answer.charge)


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (400, jackfield.InvalidRequest),
    (401, jackfield.Unauthorized),
    (402, jackfield.OutOfCredit),
    (403, jackfield.Unauthorized),
    (404, jackfield.ModelNotFound),
    (408, jackfield.Unavailable),
    (422, jackfield.InvalidRequest),
    (429, jackfield.RateLimited),
    (500, jackfield.Unavailable),
    (503, jackfield.Unavailable),
    (529, jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "leaf"), FAILURES)
def test_a_model_named_after_a_status_fails_with_it(client, status, leaf):
    """Completions, streams and embeddings alike."""
    model = f"echo/status-{status}"
    calls = (
        lambda: client.complete(model, "hi"),
        lambda: list(client.stream(model, "hi")),
        lambda: client.embed(model, "hi"),
    )

    for call in calls:
        with pytest.raises(leaf) as caught:
            call()
        assert (leaf, status) == (type(caught.value), caught.value.status)


def test_a_limited_rate_is_tried_again_at_once(client):
    """The provider says to wait for no time at all, so nobody's tests have to sleep."""
    with pytest.raises(jackfield.RateLimited) as caught:
        client.complete("echo/status-429", "hi", max_retries=2)

    assert 3 == len(caught.value.attempts)
    assert 0 == caught.value.retry_after


@pytest.mark.parametrize("model", ["status-200", "status-abc", "status-4290", "any-other"])
def test_all_other_names_are_models(client, model):
    """Whatever they look like."""
    assert ("hi", model) == (
        client.complete(f"echo/{model}", "hi").text,
        client.bind(f"echo/{model}").model.id,
    )


# -- no network, sync and async --------------------------------------------------------------------


def test_async_answers_are_the_same(client):
    """Whole, streamed and embedded."""

    async def answers():
        asynchronous = jackfield.AsyncClient(transport=AsyncUntouchable())
        whole = await asynchronous.complete("echo/echo-1", "a b")
        streamed = await asynchronous.stream("echo/echo-1", "a b").completion()
        vectors = await asynchronous.embed("echo/echo-1", "a b")
        return whole.parts, streamed.parts, vectors.vectors

    whole = client.complete("echo/echo-1", "a b").parts
    assert (whole, whole, client.embed("echo/echo-1", "a b").vectors) == asyncio.run(answers())


def test_async_failures_are_the_same():
    """The status in the name decides."""
    client = jackfield.AsyncClient({"max_retries": 0}, transport=AsyncUntouchable())

    with pytest.raises(jackfield.Unauthorized):
        asyncio.run(client.complete("echo/status-401", "hi"))
