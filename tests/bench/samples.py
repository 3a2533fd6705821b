"""One answer of each wire format, whole and as a stream, all of the same content: what is measured is read from these."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

CHUNKS = 2000
TEXT = "word " * 64
SSE = "text/event-stream"

Body = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """What one wire says, and the model that is asked to get it; ``below`` is where its paths begin."""

    model: str
    answer: Body
    events: list[bytes]
    payloads: list[bytes] = field(repr=False)  # the JSON in the events
    media_type: str = SSE
    settings: Mapping[str, str] = field(default_factory=dict)
    key: str = "sk-" + "0" * 40
    below: str = ""
    path: str = ""  # what the path of a streamed call ends in

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.model.partition("/")[0]

    def configured(self, url: str) -> Body:
        """The settings of a client that asks for it at ``url``."""
        stated = {"base_url": url + self.below, "api_key": self.key, **self.settings}
        return {"providers": {self.provider: stated}}


def packed(value: object) -> bytes:
    """JSON as servers write it."""
    return json.dumps(value, separators=(",", ":")).encode()


def _sse(named: Callable[[Body], str] | None, bodies: list[Body]) -> tuple[list[bytes], list[bytes]]:
    payloads = [packed(body) for body in bodies]
    heads = [b"" if named is None else f"event: {named(body)}\n".encode() for body in bodies]
    return [head + b"data: " + data + b"\n\n" for head, data in zip(heads, payloads, strict=True)], payloads


def _type(body: Body) -> str:
    return str(body["type"])


# -- chat completions ------------------------------------------------------------------------------

ANSWER: Body = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1790000000,
    "model": "bench-1",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 15,
        "completion_tokens": 75,
        "total_tokens": 90,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    },
    "service_tier": "default",
    "system_fingerprint": None,
}
REFERENCE = packed(ANSWER)
"""The answer whose decoding is the measure of all budgets in microseconds."""


def _chat_chunk(delta: Body, finish: str | None = None) -> Body:
    return {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1790000000,
        "model": "bench-1",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }


def _chat(pieces: list[str]) -> Sample:
    bodies = [_chat_chunk({"role": "assistant", "content": ""})]
    bodies += [_chat_chunk({"content": piece}) for piece in pieces]
    events, payloads = _sse(None, [*bodies, _chat_chunk({}, "stop")])
    return Sample(
        "openai-compatible/bench-1",
        ANSWER,
        [*events, b"data: [DONE]\n\n"],
        payloads,
        below="/v1",
        path="/chat/completions",
    )


# -- messages --------------------------------------------------------------------------------------


def _messages(pieces: list[str]) -> Sample:
    usage = {
        "input_tokens": 15,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 75,
        "service_tier": "standard",
    }
    message = {"id": "msg_bench", "type": "message", "role": "assistant", "model": "claude-bench-1"}
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    begun = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
    bodies: list[Body] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
    ]
    for piece in pieces:
        delta = {"type": "text_delta", "text": piece}
        bodies.append({"type": "content_block_delta", "index": 0, "delta": delta})
    bodies += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 75}},
        {"type": "message_stop"},
    ]
    answer = {**message, "content": [{"type": "text", "text": TEXT}], **stop, "usage": usage}
    key = "sk-ant-api03-" + "0" * 93 + "AA"
    return Sample("anthropic/claude-bench-1", answer, *_sse(_type, bodies), key=key, path="/v1/messages")


# -- responses -------------------------------------------------------------------------------------


def _response(status: str, output: list[Body], usage: Body | None) -> Body:
    return {
        "id": "resp_bench",
        "object": "response",
        "created_at": 1790000000,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "model": "gpt-bench-1",
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
        "metadata": {},
    }


def _responses(pieces: list[str]) -> Sample:
    usage = {
        "input_tokens": 15,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 75,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 90,
    }
    place = {"item_id": "msg_bench", "output_index": 0, "content_index": 0}
    text = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
    item = {"id": "msg_bench", "type": "message", "status": "in_progress", "content": [], "role": "assistant"}
    said = {**text, "text": "".join(pieces)}
    done = {**item, "status": "completed", "content": [said]}
    running = _response("in_progress", [], None)
    bodies: list[Body] = [
        {"type": "response.created", "response": running},
        {"type": "response.in_progress", "response": running},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **place, "part": text},
    ]
    kind = "response.output_text.delta"
    beside = {"logprobs": [], "obfuscation": "8kZmRWi"}
    bodies += [{"type": kind, **place, "delta": piece, **beside} for piece in pieces]
    bodies += [
        {"type": "response.output_text.done", **place, "text": said["text"], "logprobs": []},
        {"type": "response.content_part.done", **place, "part": said},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": _response("completed", [done], usage)},
    ]
    numbered = [
        {"type": body["type"], "sequence_number": number, **body} for number, body in enumerate(bodies)
    ]
    whole = {**done, "content": [{**text, "text": TEXT}]}
    return Sample(
        "openai/gpt-bench-1",
        _response("completed", [whole], usage),
        *_sse(_type, numbered),
        settings={"wire": "responses"},
        below="/v1",
        path="/responses",
    )


# -- generate content ------------------------------------------------------------------------------


def _generated(text: str, finish: str | None = None) -> Body:
    candidate: Body = {"content": {"parts": [{"text": text}], "role": "model"}}
    if finish:
        candidate["finishReason"] = finish
    usage = {
        "promptTokenCount": 15,
        "candidatesTokenCount": 75,
        "totalTokenCount": 90,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 15}],
    }
    return {
        "candidates": [{**candidate, "index": 0}],
        "usageMetadata": usage,
        "modelVersion": "gemini-bench-1",
        "responseId": "bench",
    }


def _generate_content(pieces: list[str]) -> Sample:
    bodies = [_generated(piece) for piece in pieces]
    payloads = [packed(body) for body in [*bodies, _generated("", "STOP")]]
    return Sample(
        "gemini/gemini-bench-1",
        _generated(TEXT, "STOP"),
        [b"data: " + data + b"\r\n\r\n" for data in payloads],
        payloads,
        key="AIza" + "0" * 35,
        below="/v1beta",
        path=":streamgeneratecontent?alt=sse",
    )


# -- converse --------------------------------------------------------------------------------------


def _frame(name: str, data: bytes) -> bytes:
    """One event of a binary stream; every header is a text."""
    facts = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    block = b"".join(
        bytes((len(key),)) + key.encode() + b"\x07" + len(value).to_bytes(2, "big") + value.encode()
        for key, value in facts.items()
    )
    lengths = struct.pack(">II", 16 + len(block) + len(data), len(block))
    frame = lengths + crc32(lengths).to_bytes(4, "big") + block + data
    return frame + crc32(frame).to_bytes(4, "big")


def _converse(pieces: list[str]) -> Sample:
    usage = {"inputTokens": 15, "outputTokens": 75, "totalTokens": 90, "serverToolUsage": {}}
    filler = "abcdefghijklmnopqrst"
    named: list[tuple[str, Body]] = [("messageStart", {"p": filler, "role": "assistant"})]
    for piece in pieces:
        body = {"contentBlockIndex": 0, "delta": {"text": piece}, "p": filler}
        named.append(("contentBlockDelta", body))
    named += [
        ("contentBlockStop", {"contentBlockIndex": 0, "p": filler}),
        ("messageStop", {"p": filler, "stopReason": "end_turn"}),
        ("metadata", {"metrics": {"latencyMs": 700}, "p": filler, "usage": usage}),
    ]
    payloads = [packed(body) for _, body in named]
    answer = {
        "metrics": {"latencyMs": 700},
        "output": {"message": {"content": [{"text": TEXT}], "role": "assistant"}},
        "stopReason": "end_turn",
        "usage": usage,
    }
    return Sample(
        "bedrock/amazon.nova-bench-v1:0",
        answer,
        [_frame(name, data) for (name, _), data in zip(named, payloads, strict=True)],
        payloads,
        "application/vnd.amazon.eventstream",
        {"region": "us-east-1"},
        "bedrock-api-key-0",
        path="/converse-stream",
    )


# -- cohere, ollama --------------------------------------------------------------------------------


def _cohere(pieces: list[str]) -> Sample:
    usage = {
        "billed_units": {"input_tokens": 10, "output_tokens": 75},
        "tokens": {"input_tokens": 15, "output_tokens": 75},
        "cached_tokens": 0,
    }
    begun = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    bodies: list[Body] = [
        {"id": "bench", "type": "message-start", "delta": {"message": begun}},
        {
            "type": "content-start",
            "index": 0,
            "delta": {"message": {"content": {"type": "text", "text": ""}}},
        },
    ]
    for piece in pieces:
        said = {"message": {"content": {"text": piece}}}
        bodies.append({"type": "content-delta", "index": 0, "delta": said})
    bodies += [
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}},
    ]
    answer = {
        "id": "bench",
        "message": {"role": "assistant", "content": [{"type": "text", "text": TEXT}]},
        "finish_reason": "COMPLETE",
        "usage": usage,
    }
    return Sample("cohere/command-bench-1", answer, *_sse(_type, bodies), path="/v2/chat")


def _ollama_line(text: str, **fields: object) -> Body:
    return {
        "model": "bench",
        "created_at": "2026-11-20T10:00:00.314639Z",
        "message": {"role": "assistant", "content": text},
        **fields,
    }


def _ollama(pieces: list[str]) -> Sample:
    end: Body = {
        "done": True,
        "done_reason": "stop",
        "total_duration": 2685412125,
        "load_duration": 3494667,
        "prompt_eval_count": 15,
        "prompt_eval_duration": 149512000,
        "eval_count": 75,
        "eval_duration": 2528412000,
    }
    payloads = [packed(_ollama_line(piece, done=False)) for piece in pieces]
    payloads.append(packed(_ollama_line("", **end)))
    return Sample(
        "ollama/bench",
        _ollama_line(TEXT, **end),
        [data + b"\n" for data in payloads],
        payloads,
        "application/x-ndjson",
        path="/api/chat",
    )


_MAKERS: Mapping[str, Callable[[list[str]], Sample]] = {
    "chat_completions": _chat,
    "messages": _messages,
    "responses": _responses,
    "generate_content": _generate_content,
    "converse": _converse,
    "cohere": _cohere,
    "ollama": _ollama,
}
WIRES = tuple(_MAKERS)


def sample(wire: str, chunks: int = CHUNKS) -> Sample:
    """What ``wire`` says, with so many pieces of text in its stream."""
    return _MAKERS[wire]([f"word{number} " for number in range(chunks)])
