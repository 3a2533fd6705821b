"""The tier that served is read from answers, and written into them: what a use costs depends on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from jackfield_bedrock.converse import Converse

from jackfield.events import fold, unfold
from jackfield.framing.event_stream import write_event
from jackfield.types import Completion, Finish, Text, Usage
from jackfield.wire import Dialect, Headers, Reply, WireDecoder

NOVA = "amazon.nova-pro-v1:0"
OSS = "openai.gpt-oss-120b-1:0"
KEY = "bedrock-api-key-" + "x" * 20
HOME = {"region": "us-east-1"}
WIRE = Converse(Dialect(provider="bedrock", base="https://bedrock.test"), NOVA)
COUNTS = {"inputTokens": 1000, "outputTokens": 100, "totalTokens": 1100}
TOLD = [
    ({"serviceTier": {"type": "priority"}}, "priority"),
    ({"serviceTier": {"type": "default"}}, ""),
    ({"performanceConfig": {"latency": "optimized"}}, "optimized"),
    ({"performanceConfig": {"latency": "standard"}}, ""),
    ({"serviceTier": None}, ""),
    ({}, ""),
]


def answer(**told):
    output = {"message": {"role": "assistant", "content": [{"text": "hi"}]}}
    body = {"output": output, "stopReason": "end_turn", "usage": COUNTS, **told}
    return Reply(200, Headers({}), json.dumps(body).encode())


def streamed(**told):
    events = [
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "hi"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": COUNTS, **told}),
    ]
    return b"".join(write_event(name, json.dumps(value).encode()) for name, value in events)


@pytest.mark.parametrize(("told", "tier"), TOLD)
def test_an_answer_tells_the_tier_that_served(told, tier):
    """Which may be another than was asked for."""
    assert tier == fold(WIRE.parse_completion(answer(**told))[0]).usage.tier


@pytest.mark.parametrize(("told", "tier"), TOLD)
def test_a_stream_tells_it_at_its_end(told, tier):
    """With the figures."""
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())

    events = [*decoder.feed(streamed(**told)), *decoder.end()]

    assert tier == fold(events).usage.tier


@pytest.mark.parametrize("tier", ["priority", "flex", "optimized", ""])
def test_both_halves_agree_on_the_tier(tier):
    """Whole and in pieces."""
    completion = Completion((Text("hi"),), Finish("stop"), Usage(10, output=5, tier=tier))
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    writer = WIRE.stream_writer(NOVA)

    whole = fold(WIRE.parse_completion(WIRE.write_completion(completion))[0])
    stream = b"".join([*map(writer.write, unfold(completion)), writer.end()])

    assert [tier, tier] == [whole.usage.tier, fold([*decoder.feed(stream), *decoder.end()]).usage.tier]


@pytest.mark.parametrize(
    ("header", "word", "tier"),
    [
        ("x-amzn-bedrock-service-tier", "flex", "flex"),
        ("x-amzn-bedrock-service-tier", "default", ""),
        ("x-amzn-bedrock-performanceconfig-latency", "optimized", "optimized"),
    ],
)
def test_an_invocation_tells_it_in_a_header(bound, header, word, tier):
    """The body is the model's own."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    wire = bound(OSS, api_key=KEY, wire="invoke", **HOME).wire

    events, _ = wire.parse_completion(Reply(200, Headers({header: word}), json.dumps(body).encode()))

    assert tier == fold(events).usage.tier


def test_each_tier_has_its_price(bound):
    """Priority costs more than the usual, flex less; the fast lane has no stated price."""
    prices = bound(NOVA, api_key=KEY, **HOME).prices
    told = ({"serviceTier": {"type": "priority"}}, {}, {"serviceTier": {"type": "flex"}})
    usages = [fold(WIRE.parse_completion(answer(**one))[0]).usage for one in told]

    priority, usual, flex = (prices.charge(usage, datetime(2026, 11, 21, tzinfo=UTC)) for usage in usages)

    assert priority > usual > flex
    assert None is prices.charge(usages[1].in_tier("optimized"), datetime(2026, 11, 21, tzinfo=UTC))
