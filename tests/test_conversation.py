"""One conversation through every family of wires and back: what cannot be carried is listed, all else arrives."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jackfield import (
    Client,
    Completion,
    Finish,
    Image,
    Message,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Usage,
    fold,
)
from jackfield.wire import Call

KEY = "sk-ant-0123456789abcdefghijklmnop"
PIXEL = b"\x89PNG\r\n\x1a\npixel"
ARGUMENTS = '{"city":"Zürich"}'

# A model of each family, and the wire it is spoken to over.
STOPS = {
    "openai/gpt-5.4": "chat_completions",
    "anthropic/claude-sonnet-5": "",
    "gemini/gemini-3.5-flash": "",
    "xai/grok-4.5": "responses",
    "cohere/command-a-plus-05-2026": "",
    "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0": "",
    "mistral/mistral-large-latest": "",
}


@pytest.fixture
def client(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    keyed = {name.partition("/")[0]: {"api_key": KEY} for name in STOPS if not name.startswith("bedrock")}
    for name, wire in STOPS.items():
        if wire:
            keyed[name.partition("/")[0]]["wire"] = wire
    return Client({"providers": keyed})


# What each wire gets back of its own reasoning, in its own words.
WANTED_BACK = {
    "messages": {"signature": "c2lnbmF0dXJlLW9mLW1lc3NhZ2Vz"},
    "generate_content": {"thoughtSignature": "c2lnbmF0dXJlLW9mLWNvbnRlbnQ="},
    "responses": {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "encrypted_content": "c2lnbmF0dXJlLW9mLXJlc3BvbnNlcw==",
    },
    "converse": {"signature": "c2lnbmF0dXJlLW9mLWNvbnZlcnNl"},
}


def answered(binding: Any, text: str) -> Message:
    """A turn of the model's, as it comes back over its own wire: with reasoning it wants back."""
    data = WANTED_BACK.get(binding.wire.name)
    own = None if data is None else Opaque(binding.provider, binding.wire.name, data)
    reply = binding.wire.write_completion(said(Reasoning("Let me see.", own), text))
    return fold(binding.wire.parse_completion(reply)[0], provider=binding.provider).message


def said(*parts: Any) -> Completion:
    turned = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Completion(turned, Finish("stop", "stop"), Usage(1, output=1), "m", id="c1")


def begun() -> list[Message]:
    """A question with a picture, a call, and its result."""
    return [
        Message("system", "Be brief."),
        Message("user", [Text("What is the weather here?"), Image("image/png", data=PIXEL)]),
        Message("assistant", ToolCall("call_00001", "weather", ARGUMENTS)),
        Message("tool", ToolResult("call_00001", "sunny", name="weather")),
    ]


def weather(city: str) -> str:
    """The weather."""
    return city


def sent(binding: Any, client: Client, turns: list[Message]) -> tuple[str, list[str]]:
    """The body that would be sent, and what it is told that it leaves out."""
    from jackfield.client.plan import plan_completion

    plan = plan_completion(binding, turns, {"tools": [weather]}, stream=False)
    call: Call = binding.wire.render_completion(plan.request, stream=False)
    text = json.dumps(json.loads(call.body), ensure_ascii=False)
    return text, [notice.message.partition("cannot carry ")[2].partition(":")[0] for notice in plan.notices]


def test_all_that_a_format_can_carry_arrives(client):
    """Words, picture, call and result, at every stop; the reasoning of others is listed as left out."""
    turns = begun()
    for number, name in enumerate(STOPS):
        binding = client.bind(name)
        turns.append(Message("user", f"question {number}"))

        body, left_out = sent(binding, client, turns)

        assert base64.b64encode(PIXEL).decode() in body, name
        for words in (
            "Be brief.",
            "weather",
            "Zürich",
            "sunny",
            *(f"question {n}" for n in range(number + 1)),
        ):
            assert words in body, (name, words)
        for earlier in range(number):
            assert f"answer {earlier}" in body, (name, earlier)
        assert number == 0 or "reasoning" in left_out or body.count("Let me see.") >= number, name
        turns.append(answered(binding, f"answer {number}"))


def test_back_home_its_own_reasoning_is_there(client):
    """Verbatim, after having been through all the others."""
    for name in STOPS:
        binding = client.bind(name)
        turns = [*begun(), Message("user", "question 0"), answered(binding, "answer 0")]
        for other in STOPS:
            turns += [Message("user", "and now?"), answered(client.bind(other), "another answer")]
        turns.append(Message("user", "back again"))

        body, left_out = sent(binding, client, turns)

        for value in filter(_is_sealed, WANTED_BACK.get(binding.wire.name, {}).values()):
            assert body.count(value) >= 1, (name, value)
        foreign = [data for wire, data in WANTED_BACK.items() if wire != binding.wire.name]
        assert not [
            value for data in foreign for value in data.values() if _is_sealed(value) and value in body
        ]
        assert not foreign or "what another provider wants back" in left_out


def test_nothing_is_lost_silently(client):
    """What is not in the body is in the list, whichever provider answered before."""
    for home in STOPS:
        turns = [*begun(), answered(client.bind(home), "answer"), Message("user", "and now?")]
        for name in STOPS:
            body, left_out = sent(client.bind(name), client, turns)

            assert "answer" in body
            assert ("Let me see." in body) or "reasoning" in left_out or not _thought(turns), (home, name)


def _thought(turns: list[Message]) -> bool:
    return any(isinstance(part, Reasoning) and part.text for turn in turns for part in turn.parts)


def _is_sealed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("c2ln")
