"""The service tier that served is read from answers: what a use costs depends on it."""

from __future__ import annotations

import json

import pytest

from jackfield.events import fold
from jackfield.wire import Dialect, Headers, Reply, WireDecoder, wire_named
from jackfield.wire.chat_completions.parse import usage_of as of_chat
from jackfield.wire.generate_content.usage import usage_of as of_contents
from jackfield.wire.messages.parse import usage_of as of_messages
from jackfield.wire.responses.parse import usage_of as of_responses

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
CHUNK = {"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}
COUNTS = {"prompt_tokens": 3, "completion_tokens": 1}


def chat():
    wire = wire_named("chat_completions")
    return wire(Dialect(provider="acme", base="https://acme.invalid", settings=wire.defaults))


@pytest.mark.parametrize(("word", "tier"), [("flex", "flex"), ("default", ""), ("auto", ""), (None, "")])
def test_chat_answers_and_streams_tell_their_tier(word, tier):
    """The usual one has no name, whatever the provider calls it."""
    wire, told = chat(), {"usage": COUNTS, "service_tier": word}
    body = json.dumps({"choices": [CHOICE], **told}).encode()
    stream = f"data: {json.dumps({'choices': [CHUNK], **told})}\n\ndata: [DONE]\n\n".encode()
    decoder = WireDecoder(wire.framing(), wire.stream_parser())

    whole = fold(wire.parse_completion(Reply(200, Headers({}), body))[0])
    streamed = fold([*decoder.feed(stream), *decoder.end()])

    assert (tier, tier) == (whole.usage.tier, streamed.usage.tier)


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        (of_messages({"input_tokens": 1, "service_tier": "priority"}), "priority"),
        (of_messages({"input_tokens": 1, "service_tier": "standard", "speed": "fast"}), "fast"),
        (of_messages({"input_tokens": 1}), ""),
        (of_messages({"input_tokens": 1, "inference_geo": "global"}), ""),
        (of_messages({"input_tokens": 1, "service_tier": "standard", "inference_geo": "us"}), "geo-us"),
        (of_messages({"input_tokens": 1, "speed": "fast", "inference_geo": "us"}), "fast geo-us"),
        (of_chat({**COUNTS, "service_tier": "flex"}), "flex"),
        (of_chat({**COUNTS, "service_tier": "standard"}), ""),
        (
            of_responses(
                {"output": [], "usage": {"input_tokens": 1, "output_tokens": 1}, "service_tier": "flex"}
            ),
            "flex",
        ),
        (of_contents({"promptTokenCount": 3, "candidatesTokenCount": 1, "trafficType": "ON_DEMAND"}), ""),
        (of_contents({"promptTokenCount": 3, "trafficType": "ON_DEMAND_PRIORITY"}), "priority"),
        (of_contents({"promptTokenCount": 3, "serviceTier": "flex"}), "flex"),
    ],
)
def test_other_formats_tell_it_in_their_own_place(usage, tier):
    """Beside the usage, or inside of it."""
    assert tier == usage.tier
