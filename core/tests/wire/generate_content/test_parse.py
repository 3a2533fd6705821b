"""Whole answers of the generate content format: parts, figures, sources, and what is no answer."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import Malformed
from jackfield.events import Failed, fold
from jackfield.types import Audio, Image, Other, Reasoning, Text, ToolCall
from jackfield.wire import Dialect, Reply
from jackfield.wire.generate_content import GenerateContent
from jackfield.wire.generate_content.tables import FINISHES
from jackfield.wire.generate_content.usage import usage_of

WIRE = GenerateContent(Dialect(provider="acme", base="https://x.test/v1"))


def parsed(body):
    events, raw = WIRE.parse_completion(Reply(200, body=json.dumps(body).encode()))
    assert body == raw
    return events


def answer(*parts, **more):
    candidate = {"content": {"parts": list(parts)}, "finishReason": "STOP", **more}
    return fold(parsed({"candidates": [candidate], "responseId": "r"}))


@pytest.mark.parametrize(
    ("raw", "kind", "field", "value"),
    [
        ({"text": "a"}, Text, "text", "a"),
        ({"text": "a", "thought": False}, Text, "opaque", None),
        ({"text": "a", "thought": True}, Reasoning, "opaque", None),
        ({"inlineData": {"mimeType": "image/png", "data": "AQ=="}}, Image, "data", b"\1"),
        ({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "_-8"}}, Audio, "data", b"\xff\xef"),
        (
            {"inlineData": {"mimeType": "image/png", "data": "AQ=="}, "thought": True},
            Other,
            "kind",
            "inlineData",
        ),
        (
            {"fileData": {"mimeType": "image/png", "fileUri": "https://x.test/v1/files/f"}},
            Image,
            "file_id",
            "files/f",
        ),
        ({"fileData": {"mimeType": "image/png", "fileUri": "gs://b/f"}}, Image, "url", "gs://b/f"),
        ({"functionCall": {"name": "f", "args": None}}, ToolCall, "json", "{}"),
        ({"executableCode": {"code": "1"}}, Other, "kind", "executableCode"),
        ({"thoughtSignature": "s", "toolCall": {}}, Other, "kind", "toolCall"),
        ({"functionCall": {"args": {}}}, Other, "kind", "functionCall"),
        ({"inlineData": {"mimeType": "image/png", "data": "?"}}, Other, "kind", "inlineData"),
        ({}, Other, "kind", "unknown"),
    ],
)
def test_each_part_is_what_it_is(raw, kind, field, value):
    """What has no neutral type, or not its usual form, is kept verbatim."""
    (part,) = fold(parsed({"candidates": [{"content": {"parts": [raw]}, "finishReason": "STOP"}]})).parts

    assert (kind, value) == (type(part), getattr(part, field))
    if kind is Other:
        assert raw == part.opaque.data


@pytest.mark.parametrize(("raw", "reason"), FINISHES.items())
def test_every_reason_has_a_word(raw, reason):
    """And keeps its own."""
    found = answer({"text": "a"}, finishReason=raw).finish

    assert (reason, raw) == (found.reason, found.raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", "tool_calls"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("MAX_TOKENS", "length"),
        ("NEW_ONE", "unknown"),
    ],
)
def test_a_call_is_a_reason_only_if_all_went_well(raw, reason):
    """The format has no word for it."""
    assert reason == answer({"functionCall": {"name": "f"}}, finishReason=raw).finish.reason


def test_an_end_that_was_no_good_one_is_told_of():
    """Not the one that is only chatter."""
    bad = answer(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="print(")
    good = answer({"text": "a"}, finishMessage="Model generated function call(s).")

    events = parsed({"candidates": [{"finishReason": "OTHER", "finishMessage": "why"}]})

    assert "why" in str(events)
    assert ((), "error") == (bad.parts, bad.finish.reason)
    assert "a" == good.text


DETAILS = [
    {"modality": "TEXT", "tokenCount": 60},
    {"modality": "AUDIO", "tokenCount": 30},
    {"modality": "IMAGE", "tokenCount": 10},
]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            {"promptTokenCount": 9, "candidatesTokenCount": 5, "totalTokenCount": 14},
            {"input": 9, "output": 5},
        ),
        (
            {
                "promptTokenCount": 9,
                "cachedContentTokenCount": 4,
                "thoughtsTokenCount": 3,
                "totalTokenCount": 12,
            },
            {"input": 5, "cache_read": 4, "reasoning": 3},
        ),
        ({"promptTokenCount": 9, "toolUsePromptTokenCount": 20, "totalTokenCount": 29}, {"input": 29}),
        (
            {"promptTokenCount": 100, "promptTokensDetails": DETAILS},
            {"input": 60, "input_audio": 30, "input_image": 10},
        ),
        (
            {
                "promptTokenCount": 100,
                "cachedContentTokenCount": 40,
                "promptTokensDetails": DETAILS,
                "cacheTokensDetails": [
                    {"modality": "AUDIO", "tokenCount": 30},
                    {"modality": "TEXT", "tokenCount": 10},
                ],
            },
            {"input": 50, "cache_read": 40, "input_image": 10},
        ),
        (
            {"promptTokenCount": 1, "candidatesTokenCount": 100, "candidatesTokensDetails": DETAILS},
            {"input": 1, "output": 60, "output_audio": 30, "output_image": 10},
        ),
        (
            {
                "promptTokenCount": 9,
                "candidatesTokenCount": 8,
                "thoughtsTokenCount": 3,
                "totalTokenCount": 17,
            },
            {"input": 9, "output": 5, "reasoning": 3},
        ),
        (
            {"promptTokenCount": 5, "cachedContentTokenCount": 9, "promptTokensDetails": DETAILS},
            {"cache_read": 5},
        ),
    ],
)
def test_figures_fall_into_buckets(raw, expected):
    """That never overlap, nor add up to more than there is."""
    usage = usage_of(raw)

    names = (
        "input",
        "cache_read",
        "input_audio",
        "input_image",
        "output",
        "reasoning",
        "output_audio",
        "output_image",
    )
    assert expected == {name: value for name in names if (value := getattr(usage, name))}
    assert raw == usage.raw


def test_no_figures_are_not_figures_of_nothing():
    """A tier alone tells nothing."""
    assert not usage_of({"serviceTier": "standard"}).known


def test_sources_are_placed_in_the_text_they_support():
    """Though thoughts come before it, and a place that is wrong is looked for."""
    text = "Die Aare fließt, der Inn auch."
    supports = [
        {"segment": {"startIndex": 4, "endIndex": 8, "text": "Aare"}, "groundingChunkIndices": [0]},
        {"segment": {"startIndex": 1, "endIndex": 2, "text": "Inn"}, "groundingChunkIndices": [0]},
        {"segment": {"endIndex": 3}, "groundingChunkIndices": [0]},
    ]
    chunk = {"retrievedContext": {"uri": "gs://b/doc", "title": "Doc"}}

    found = answer(
        {"text": "hm", "thought": True},
        {"text": text},
        groundingMetadata={
            "groundingChunks": [chunk],
            "groundingSupports": supports,
            "webSearchQueries": ["x"],
        },
    )

    assert ["Aare", "Inn", None] == [c.quote for c in found.citations]
    assert ["Aare", "Inn", "Die"] == [text[c.start : c.end] for c in found.citations]
    assert {("search_result", "gs://b/doc", "Doc")} == {(c.kind, c.url, c.title) for c in found.citations}


def test_searches_are_counted():
    """By their queries."""
    body = {
        "candidates": [
            {"content": {"parts": [{"text": "a"}]}, "groundingMetadata": {"webSearchQueries": ["a", "b"]}}
        ],
        "usageMetadata": {"promptTokenCount": 1},
    }

    assert 2 == fold(parsed(body)).usage.searches


def test_log_probabilities_are_read():
    """With the alternatives."""
    token = {"token": "A", "logProbability": -0.5}
    result = {
        "chosenCandidates": [token],
        "topCandidates": [{"candidates": [token, {"token": "B", "logProbability": -1}]}],
    }

    (found,) = answer({"text": "A"}, logprobsResult=result).logprobs

    assert ("A", -0.5, (("A", -0.5), ("B", -1.0))) == (found.token, found.logprob, found.top)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "request.policy"),
        (
            {"candidates": [], "promptFeedback": {"blockReason": "SAFETY", "blockReasonMessage": "no"}},
            "request.policy",
        ),
        ({"candidates": []}, "protocol.body"),
        ({"usageMetadata": {}}, "protocol.body"),
        ([], "protocol.body"),
        ({"candidates": ["x"]}, "protocol.body"),
        ({"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}, "throttle"),
        ([{"error": {"code": 500, "message": "oops", "status": "INTERNAL"}}], "server"),
    ],
)
def test_a_success_without_an_answer_is_a_failure(body, kind):
    """With what is said of it."""
    (event,) = parsed(body)

    assert (Failed, kind) == (type(event), event.error.kind)


def test_candidates_beyond_all_sense_are_refused():
    """They would be made room for."""
    with pytest.raises(Malformed, match="index"):
        parsed({"candidates": [{"index": 10**9}]})
