"""A fake provider: real requests and answers without a network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

import jackfield
from jackfield import Capability, Completion, Embeddings, Finish, Registry, Text, ToolCall
from jackfield.testing import FakeProvider

MODELS = [
    "fake/any",
    "echo/echo-1",
    "openai/gpt-5.5",
    "anthropic/claude-haiku-4-5",
    "gemini/gemini-2.5-flash",
]


@pytest.fixture(params=MODELS)
def model(request):
    """A model of a provider that is installed here; no key of it is set."""
    if request.param.split("/")[0] not in ("fake", *Registry().ids()):
        pytest.skip("not installed here")
    return request.param


def test_a_text_is_answered_to_the_functions_of_the_package(model):
    """Whichever provider is named, without a key."""
    with FakeProvider(["Aare, Limmat, Inn."]) as fake:
        answer = jackfield.complete(model, "Name three rivers.")

    assert ("Aare, Limmat, Inn.", "stop") == (answer.text, answer.finish.reason)
    assert ["Name three rivers."] == [request.messages[-1].text for request in fake.requests]


def test_the_package_is_as_it_was_afterwards():
    """Also where the test failed; the failure is the test's own."""
    before = jackfield.client.default.default_client

    with pytest.raises(ZeroDivisionError), FakeProvider(["never asked for"]):
        1 / 0  # noqa: B018

    assert before is jackfield.client.default.default_client


def test_programs_with_a_client_of_their_own_are_given_one(model):
    """Sync and async play from one list."""
    fake = FakeProvider(["one", "two"])

    answers = [fake.client.complete(model, "hi"), asyncio.run(fake.async_client.complete(model, "hi"))]

    assert ["one", "two"] == [answer.text for answer in answers]
    fake.finish()


def test_streams_come_word_by_word(model):
    """As they do in earnest."""
    with FakeProvider(["Aare, Limmat, Inn."]):
        pieces = list(jackfield.stream(model, "hi").text)

    assert "Aare, Limmat, Inn." == "".join(pieces)
    assert len(pieces) >= 3


def test_async_streams_too(model):
    """Of the package's own function."""

    async def read():
        return [piece async for piece in jackfield.astream(model, "hi").text]

    with FakeProvider(["Aare, Limmat."]):
        assert "Aare, Limmat." == "".join(asyncio.run(read()))


def test_tools_are_called_and_answered(model):
    """The second answer sees the result of the call."""
    with FakeProvider([ToolCall("call_1", "weather", '{"city":"Bern"}'), "Sun."]) as fake:
        first = jackfield.complete(model, "Weather?", tools=[weather])
        turns = [
            jackfield.Message("user", "Weather?"),
            first.message,
            jackfield.Message("tool", jackfield.ToolResult("call_1", "sun")),
        ]
        second = jackfield.complete(model, turns, tools=[weather])

    assert ("tool_calls", {"city": "Bern"}) == (first.finish.reason, first.tool_calls[0].arguments)
    assert ("Sun.", 3) == (second.text, len(fake.requests[1].messages))


def weather(city: str) -> str:
    """The weather in a city."""
    return f"sun in {city}"


def test_an_answer_of_a_schema_is_a_mapping():
    """It becomes what the program asked for."""
    with FakeProvider([{"name": "Aare", "kilometres": 288}]):
        answer = jackfield.complete("fake/any", "A river.", into=River)

    assert River("Aare", 288) == answer.value


@dataclass
class River:
    """What is asked for."""

    name: str
    kilometres: int


def test_failures_are_retried_without_waiting():
    """What would have been waited is told."""
    limited = jackfield.RateLimited("slow down", retry_after=30.0)

    with FakeProvider([limited, limited, "Aare"]) as fake:
        answer = jackfield.complete("fake/any", "hi", max_retries=2)

    assert ("Aare", 3) == (answer.text, len(answer.attempts))
    assert [True, True] == [30 <= seconds < 40 for seconds in fake.slept]


def test_failures_that_nobody_retries_are_raised():
    """With all that is known of them."""
    fake = FakeProvider([jackfield.ContextTooLong("too long", code="context_length_exceeded")])

    with fake, pytest.raises(jackfield.ContextTooLong, match="too long") as caught:
        jackfield.complete("fake/any", "hi")

    assert "context_length_exceeded" == caught.value.code


def test_a_stream_breaks_where_the_list_says(model):
    """What came until then is not lost."""
    fake = FakeProvider([["Aare, ", "Limmat", jackfield.Unavailable("the host is gone")]])

    with fake, pytest.raises(jackfield.StreamInterrupted) as caught:
        jackfield.stream(model, "hi").completion()

    assert "Aare, Limmat" == caught.value.partial.text


def test_the_same_list_is_the_failure_of_an_answer_that_is_not_streamed():
    """There is no half an answer."""
    with FakeProvider([["Aare, ", jackfield.Refused("no")]]), pytest.raises(jackfield.Refused):
        jackfield.complete("fake/any", "hi")


def test_a_function_answers_what_is_asked():
    """It sees the request as the provider would."""
    with FakeProvider([lambda request: request.messages[-1].text.upper()] * 2):
        assert "HI" == jackfield.complete("fake/any", "hi").text
        assert "HO" == jackfield.complete("fake/any", "ho").text


def test_a_completion_is_answered_as_it_is():
    """With its own usage and reason to stop."""
    usage = jackfield.Usage(input=3, cache_read=5, output=7)
    prepared = Completion((Text("Aa"),), Finish("length"), usage)

    with FakeProvider([prepared]):
        answer = jackfield.complete("fake/any", "hi")

    assert ("Aa", "length", 3, 5, 7) == (
        answer.text,
        answer.finish.reason,
        answer.usage.input,
        answer.usage.cache_read,
        answer.usage.output,
    )


def test_other_operations_are_answered_with_their_own_types():
    """Vectors, for instance."""
    with FakeProvider([Embeddings(((1.0, 2.0),))]) as fake:
        answer = jackfield.embed("fake/any", ["Aare"])

    assert ((1.0, 2.0),) == answer.vectors
    assert ("Aare",) == fake.requests[0].texts


def test_one_text_answers_everything():
    """For programs that are tested for something else."""
    with FakeProvider("ok"):
        assert ["ok"] * 3 == [jackfield.complete("fake/any", "hi").text for _ in range(3)]


@pytest.mark.parametrize(
    ("answers", "calls", "words"),
    [([], 1, "no answer for this call of `fake/any`"), (["one", "two"], 1, "1 of the fake's answers")],
)
def test_more_or_fewer_calls_than_prepared_fail_the_test(answers, calls, words):
    """Saying what, why, and how to mend it."""
    with pytest.raises(AssertionError, match=rf"(?s){words}.*why:.*mend:"), FakeProvider(answers):
        for _ in range(calls):
            jackfield.complete("fake/any", "hi")


def test_an_answer_of_the_wrong_kind_fails_the_test():
    """A text is no vector, and a number no answer."""
    with pytest.raises(AssertionError, match="`embed` cannot be answered with str"), FakeProvider("hi"):
        jackfield.embed("fake/any", ["Aare"])
    with pytest.raises(AssertionError, match="cannot answer with int"), FakeProvider([7]):
        jackfield.complete("fake/any", "hi")


def test_what_is_set_on_this_machine_does_not_count(monkeypatch, tmp_path):
    """Neither keys nor addresses: the test is the same everywhere."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("this is not TOML")
    monkeypatch.setenv("JACKFIELD_ECHO_BASE_URL", "no address")

    with FakeProvider(["hi"]):
        assert "hi" == jackfield.complete("echo/echo-1", "hi").text


def test_the_fake_can_do_everything():
    """So that no capability stands in the way of a test."""
    profile = FakeProvider([]).client.registry.profile("fake")

    assert all(profile.supports(capability).usable for capability in Capability)


def test_impossible_requests_of_real_providers_are_refused_as_ever():
    """A test that passes with the fake is not refused in earnest."""
    with pytest.raises(jackfield.Unsupported), FakeProvider([]):
        jackfield.complete("echo/echo-1", "hi", logprobs=True)
