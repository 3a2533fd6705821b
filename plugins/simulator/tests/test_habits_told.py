"""What single providers tell besides: about failures, ends, thoughts and sources, as they were recorded."""

from __future__ import annotations

import json

import pytest
from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import asked

GEMINI = "/gemini/v1beta/models/gemini-2.5-flash:generateContent"
FUNCTION = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}


@pytest.fixture
def app():
    """All providers, without a server."""
    return Simulated()


def answered(app, path, body):
    """The JSON of an answer."""
    headers = [("authorization", "Bearer any-key-0000")]
    return json.loads(app.exchange(asked("POST", path, headers, json.dumps(body).encode(), "")).reply.body)


def rule(app, **then):
    """Let this be answered."""
    app.load({"answers": [{"then": then}]})


def test_an_end_is_told_to_be_calls(app):
    """By the models that say so, when they call."""
    turns = [{"role": "user", "parts": [{"text": "the weather in Bern"}]}]
    body = {"contents": turns, "tools": [{"functionDeclarations": [FUNCTION]}]}

    called = answered(app, GEMINI, body)["candidates"][0]
    plain = answered(app, GEMINI, {"contents": turns})["candidates"][0]

    assert "Model generated function call(s)." == called["finishMessage"]
    assert "finishMessage" not in plain


@pytest.mark.parametrize(
    ("then", "kinds"),
    [
        ({"status": 429}, ["Help", "QuotaFailure", "RetryInfo"]),
        ({"error": "auth", "status": 400, "code": "API_KEY_INVALID"}, ["ErrorInfo", "LocalizedMessage"]),
    ],
)
def test_a_failure_has_details(app, then, kinds):
    """Which quota, until when; which key."""
    rule(app, **then)

    error = answered(app, GEMINI, {"contents": [{"parts": [{"text": "hi"}]}]})["error"]

    assert kinds == [detail["@type"].rpartition(".")[2] for detail in error["details"]]


def test_a_generation_that_failed_is_told(app):
    """Beside the code that says so, and no other."""
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    found = []
    for code in ("tool_use_failed", "invalid_value"):
        rule(app, status=400, code=code)
        found.append("failed_generation" in answered(app, "/groq/openai/v1/chat/completions", body)["error"])

    assert [True, False] == found


def test_thoughts_of_one_vendor_are_a_summary_and_a_seal(app):
    """Those of others are text."""
    rule(app, text="so", reasoning="Let me see.")
    kinds = []
    for model in ("openai/gpt-5.2", "deepseek/deepseek-r1"):
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
        message = answered(app, "/openrouter/api/v1/chat/completions", body)["choices"][0]["message"]
        kinds.append([detail["type"] for detail in message["reasoning_details"]])

    assert [["reasoning.summary", "reasoning.encrypted"], ["reasoning.text"]] == kinds


def test_sources_hold_what_is_cited(app):
    """The document that was sent, or what the tool gave."""
    rule(app, text="A tool.", citations=[{"quote": "tool"}])
    turn = {"role": "user", "content": "What is it?"}
    document = {"id": "one", "data": {"text": "It is a tool."}}
    body = {"model": "command-a-03-2025", "messages": [turn], "documents": [document]}

    (citation,) = answered(app, "/cohere/v2/chat", body)["message"]["citations"]

    assert ("document", "one") == (citation["sources"][0]["type"], citation["sources"][0]["id"])
    assert "It is a tool." == citation["sources"][0]["document"]["text"]


def test_a_call_without_arguments_has_no_delta(app):
    """Where nothing is said of what is not there."""
    rule(app, calls=[{"name": "now"}])
    body = {"model": "command-a-03-2025", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    headers = [("authorization", "Bearer any-key-0000")]

    reply = app.exchange(asked("POST", "/cohere/v2/chat", headers, json.dumps(body).encode(), "")).reply

    assert b"tool-call-delta" not in b"".join(reply.chunks)
