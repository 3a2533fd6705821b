"""The models that are spoken to over the wire `responses`: those that know no other, and those of whoever asks."""

from __future__ import annotations

import pytest

import jackfield
from jackfield import Message, Tool

KEY = f"sk-{'x' * 48}"
ALONE = ["gpt-5.5-pro", "gpt-5.4-pro", "gpt-5.3-codex", "gpt-5-pro"]
SEALED = ["reasoning.encrypted_content"]


def chosen(**settings):
    """Settings that choose the wire."""
    return {"api_key": KEY, "wire": "responses", **settings}


@pytest.mark.parametrize("model", ALONE)
def test_models_that_know_no_other_wire(bound, sent, model):
    """Whatever the settings say; their reasoning is asked for sealed, so that it goes back."""
    call = sent(model, settings={"api_key": KEY})

    assert ("responses", "https://api.openai.com/v1/responses") == (
        bound(model, api_key=KEY).wire.name,
        call.url,
    )
    assert ([{"role": "user", "content": "hi"}], SEALED) == (call.body["input"], call.body["include"])


def test_every_other_model_is_spoken_to_over_it_on_demand(sent):
    """By a setting; another wire than the two is refused."""
    call = sent(
        "gpt-5.5", settings=chosen(base_url="https://eu.api.openai.com/v1"), reasoning="low", max_tokens=9
    )

    assert "https://eu.api.openai.com/v1/responses" == call.url
    assert ({"effort": "low"}, 9) == (call.body["reasoning"], call.body["max_output_tokens"])
    with pytest.raises(jackfield.BadConfig, match="messages"):
        sent("gpt-5.5", settings=chosen(wire="messages"))


def test_a_tool_is_strict_only_if_the_caller_says_so(sent):
    """Left out it would be, and optional arguments would be required."""
    tools = [Tool("f"), Tool("g", strict=True)]

    body = sent("gpt-5.5", settings=chosen(), tools=tools).body

    assert [False, True] == [tool["strict"] for tool in body["tools"]]


def test_a_search_of_the_web_is_a_hosted_tool(sent):
    """Of nearly every model."""
    tool = jackfield.HostedTool("web_search", {"search_context_size": "low"})

    body = sent("gpt-5.5", settings=chosen(), tools=[tool], tool_choice="web_search").body

    assert [{"type": "web_search", "search_context_size": "low"}] == body["tools"]
    assert {"type": "web_search"} == body["tool_choice"]


@pytest.mark.parametrize("option", [{"seed": 1}, {"n": 2}])
def test_options_of_the_other_wire_are_refused(sent, option):
    """Before anything is sent."""
    with pytest.raises(jackfield.Unsupported, match="nothing was sent"):
        sent("gpt-5.5", settings=chosen(), **option)


def test_a_stored_answer_is_referred_to_by_a_field_of_the_providers_own(sent):
    """It is none of ours."""
    body = sent("gpt-5.5", settings=chosen(), extra={"previous_response_id": "resp_0"}).body

    assert "resp_0" == body["previous_response_id"]


def test_a_conversation(replayed):
    """Reasoning and message go back as they came; an answer cut short says so."""
    turn = Message("user", "Name three rivers.")
    with replayed("responses_completion", api_key=KEY) as client:
        first = client.complete(
            "openai/gpt-5.5-pro", [turn], system="Be brief.", max_tokens=200, reasoning="medium"
        )
        turns = [turn, first.message, Message("user", "One more.")]
        second = client.complete("openai/gpt-5.5-pro", turns)

    used = first.usage
    assert ("Aare, Limmat, Inn.", "stop", "req_doc_5") == (first.text, first.finish.reason, first.request_id)
    assert (13, 8, 8, 32) == (used.input, used.cache_read, used.output, used.reasoning)
    assert ("Reu", "length", "max_output_tokens") == (second.text, second.finish.reason, second.finish.raw)


def test_a_stream_that_calls_a_tool(replayed, weather):
    """Its arguments come in pieces, its usage with the last event."""
    with replayed("responses_stream", api_key=KEY, wire="responses") as client:
        prompt, options = "What is the weather in Bern?", {"tools": [weather], "tool_choice": "required"}
        answer = client.stream("openai/gpt-5.4-mini", prompt, **options).completion()

    (call,) = answer.tool_calls
    assert ("call_doc_1", "weather", {"city": "Bern"}) == (call.id, call.name, call.arguments)
    assert ("tool_calls", 55, 14) == (answer.finish.reason, answer.usage.input, answer.usage.output)


def test_an_empty_purse_inside_a_stream(replayed):
    """Under the status of a success, and no short answer."""
    with (
        replayed("responses_error", api_key=KEY) as client,
        pytest.raises(jackfield.OutOfCredit, match="quota") as caught,
    ):
        client.stream("openai/gpt-5.3-codex", "hi").completion()

    assert "insufficient_quota" == caught.value.code
