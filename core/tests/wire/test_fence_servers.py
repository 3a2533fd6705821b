"""The server halves: whatever JSON a client sends is understood, or refused as the client's mistake."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import InvalidRequest, Malformed
from jackfield.wire import Call, Dialect
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.fence import understood
from jackfield.wire.messages import Messages
from jackfield.wire.operations.embed import Embed

CHAT, MESSAGES = ChatCompletions(Dialect("acme")), Messages(Dialect("acme"))
TOOL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT_BODY = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s", "name": "n"},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}],
        },
        {"role": "assistant", "content": None, "reasoning": "r", "tool_calls": [TOOL]},
        {"role": "tool", "tool_call_id": "a", "content": "r"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    "stop": ["a"],
}
MESSAGES_BODY = {
    "model": "m",
    "max_tokens": 5,
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "document", "source": {"type": "url", "url": "u"}, "citations": {"enabled": True}}
            ],
        },
        {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "i", "content": []}]},
    ],
    "tools": [{"name": "f", "input_schema": {}}, {"type": "search_20250305", "name": "search"}],
    "tool_choice": {"type": "tool", "name": "f"},
    "thinking": {"type": "enabled", "budget_tokens": 5},
    "output_config": {"format": {"type": "json_schema", "schema": {}}},
    "stop_sequences": ["a"],
}
EMBED_BODY = {"model": "m", "input": ["a", "b"], "encoding_format": "float", "dimensions": 3}
HALVES = {
    "chat": (CHAT.read_completion, CHAT_BODY),
    "messages": (MESSAGES.read_completion, MESSAGES_BODY),
    "embeddings": (Embed(CHAT.dialect).exchanges[0].read, EMBED_BODY),
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


def with_odd(body, path, odd):
    if not path:
        return odd
    whole = inside = copy.deepcopy(body)
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = odd
    return whole


@pytest.mark.parametrize("half", HALVES)
@given(data=st.data())
@settings(deadline=None)
def test_any_json_is_a_request_or_an_invalid_one(half, data):
    """Anything at all in any place of a good request: a server never stumbles."""
    read, good = HALVES[half]
    body = with_odd(good, data.draw(st.sampled_from(list(places(good)))), data.draw(JSON))

    try:
        read(Call("POST", (), json.dumps(body).encode()))
    except InvalidRequest as exc:
        assert ("request.invalid", 400) == (exc.info.kind, exc.info.status)


@pytest.mark.parametrize("half", HALVES)
def test_a_good_request_is_understood(half):
    """So the bodies above are worth mutating."""
    read, good = HALVES[half]

    assert read(Call("POST", (), json.dumps(good).encode()))


@pytest.mark.parametrize(
    ("half", "path", "odd", "words"),
    [
        ("chat", ("stop",), 5, "`stop` is neither"),
        ("chat", ("stop",), ["a", 5], "`stop` is neither"),
        ("chat", ("messages", 2, "tool_calls"), 5, "`tool_calls` is no list"),
        ("chat", ("messages", 2, "tool_calls", 0, "function", "name"), 5, "names no function"),
        ("messages", ("messages", 0, "content", 0, "type"), None, "messages.0.content.0.type: a text"),
        ("messages", ("messages", 2, "content", 0, "content"), [{}], "messages.2.content.0.content.0.type"),
    ],
)
def test_a_refusal_names_the_field(half, path, odd, words):
    """So that a client can mend its request."""
    read, good = HALVES[half]

    with pytest.raises(InvalidRequest, match=words):
        read(Call("POST", (), json.dumps(with_odd(good, path, odd)).encode()))


def test_a_stumble_is_a_refusal_that_tells_its_kind_alone():
    """The refusal is the wire's own; neither the value nor the foreign exception is in it."""
    with pytest.raises(InvalidRequest) as caught:
        understood(lambda: {}["a value"], InvalidRequest)

    assert "the body is not of the wire's form (KeyError)" == caught.value.info.message
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_a_failure_of_our_own_passes():
    """It says more than the fence could."""

    def read():
        raise Malformed("mine")

    with pytest.raises(Malformed, match="mine"):
        understood(read, InvalidRequest)
