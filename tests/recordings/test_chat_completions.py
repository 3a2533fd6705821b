"""Recorded exchanges of the chat completions format, judged by an oracle that knows nothing of the wire.

The recordings of all services that speak the format are read, those without a package of their own too:
a dialect must never be met for the first time by a user.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cassettes import chunked, exchanges, require, surfaces

from jackfield.errors import Malformed, Unsupported
from jackfield.events import Accumulator, Failed, Finished, fold
from jackfield.types import Completion
from jackfield.wire import Call, Dialect, WireDecoder
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operations.embed import Embed

require()

pytestmark = pytest.mark.recordings

SURFACES = (
    "chat_completions",
    "foundry-models-chat_completions",
    "mantle-chat_completions",
    "compat-chat_completions",
    "openai-compat",
    "openai-compat-chat_completions",
    "hf-inference-chat_completions",
    "api-inference-chat_completions",
    "router-together-chat_completions",
)

OPERATIONS = ("transcription", "speech", "images", "moderations", "files", "batch", "models")

# What is judged elsewhere, and why it is no chat.
ELSEWHERE = {
    "openai": {
        "responses": "a wire of its own",
        "completions": "the text completions that came before chat",
        **dict.fromkeys(OPERATIONS, "an operation of its own"),
    },
    "groq": {"models": "an operation of its own"},
}

ALL = exchanges(surfaces=SURFACES)
ANSWERS = [exchange for exchange in ALL if exchange.status == 200 and not exchange.streamed]
STREAMS = [exchange for exchange in ALL if exchange.status == 200 and exchange.streamed]
ERRORS = [exchange for exchange in ALL if exchange.status >= 400]
EMBEDDINGS = [exchange for exchange in exchanges(surfaces=("embeddings",)) if exchange.status == 200]
REQUESTS = [exchange for exchange in ALL if exchange.asked is not None]

LONGEST_FOR_EVERY_SPLIT = 16 * 1024

# Streams that fail, and how: the error is inside a success, or nothing but the end mark came.
FAILING = {
    "groq/error_in_stream__chat-completions-gpt-oss-120b#0": "tool_use_failed",
    "openrouter/error_in_stream__chat-completions-gemini-2.5-flash-lite#0": "502",
    "openrouter/tools_unused_stream__chat-completions-qwen3-coder-q-no-finish-reason#0": None,
}

FINISHES = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "content_filter": "content_filter",
}


def each(found):
    return pytest.mark.parametrize("exchange", found, ids=lambda exchange: exchange.id)


def wire(exchange):
    return ChatCompletions(Dialect(provider=exchange.provider))


def decoded(exchange, chunks):
    codec = wire(exchange)
    decoder = WireDecoder(codec.framing(), codec.stream_parser())
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.end()


# -- the oracle ------------------------------------------------------------------------------------


def objects(exchange) -> list[dict[str, Any]]:
    """The JSON objects of a body, found without any framing."""
    if not exchange.streamed:
        return [json.loads(exchange.body)]
    lines = re.split(r"\r\n|\n|\r", exchange.body.decode())
    data = [line[5:].strip() for line in lines if line.startswith("data:")]
    return [json.loads(text) for text in data if text and text != "[DONE]"]


def pieces(exchange, index: int = 0) -> list[dict[str, Any]]:
    """The messages or deltas of one choice, in order."""
    choices = [c for obj in objects(exchange) for c in obj.get("choices") or [] if c.get("index", 0) == index]
    key = "delta" if exchange.streamed else "message"
    return [choice[key] for choice in choices if choice.get(key)]


def words(value: Any, kinds: tuple[str, ...]) -> str:
    """The words of a content: a string, or the items of some kinds."""
    if isinstance(value, list):
        return "".join(words(item.get(item["type"]), ("text",)) for item in value if item["type"] in kinds)
    return value or ""


def text_of(exchange, index: int = 0) -> str:
    return "".join(words(piece.get("content"), ("text",)) for piece in pieces(exchange, index))


def reasoning_of(exchange) -> str:
    found = []
    for piece in pieces(exchange):
        details = "".join(
            item.get("text") or item.get("summary") or "" for item in piece.get("reasoning_details") or []
        )
        found.append(piece.get("reasoning_content") or piece.get("reasoning") or details)
        if isinstance(piece.get("content"), list):
            found.append(words(piece["content"], ("thinking",)))
    return "".join(found)


def calls_of(exchange) -> list[list[str]]:
    """Id, name and arguments of each call; a delta with a name begins one."""
    calls: list[list[str]] = []
    latest: dict[Any, list[str]] = {}
    for item in (item for piece in pieces(exchange) for item in piece.get("tool_calls") or []):
        function = item.get("function") or {}
        arguments = function.get("arguments")
        if function.get("name"):
            call = [item.get("id") or "", function["name"], ""]
            calls.append(call)
            latest[item.get("index")] = call
        text = arguments if isinstance(arguments, str | None) else json.dumps(arguments)
        latest[item.get("index")][2] += text or ""
    return calls


def finish_of(exchange) -> str | None:
    choices = [c for obj in objects(exchange) for c in obj.get("choices") or [] if c.get("index", 0) == 0]
    said = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    return said[-1] if said else None


def usage_of(exchange) -> dict[str, Any] | None:
    """The usage with most completion tokens; of equal ones the last."""
    found = [obj.get("usage") or (obj.get("x_groq") or {}).get("usage") for obj in objects(exchange)]
    known = [
        usage for usage in found if usage and (usage.get("prompt_tokens") or usage.get("completion_tokens"))
    ]
    return max(reversed(known), key=lambda usage: usage["completion_tokens"]) if known else None


def cached_of(usage: dict[str, Any]) -> int:
    details = usage.get("prompt_tokens_details") or {}
    places = (details, "cached_tokens"), (usage, "prompt_cache_hit_tokens"), (usage, "cached_tokens")
    return next((place[name] for place, name in places if place.get(name)), 0)


def judge(exchange, completion: Completion) -> None:
    """Everything a completion says against what the oracle read."""
    calls = calls_of(exchange)
    assert text_of(exchange) == completion.text
    assert reasoning_of(exchange) == completion.reasoning
    assert [name for _, name, _ in calls] == [call.name for call in completion.tool_calls]
    for (identity, _, arguments), call in zip(calls, completion.tool_calls, strict=True):
        assert identity in ("", call.id)
        assert call.id
        assert (json.loads(arguments or "{}") or {}) == call.arguments
    said = finish_of(exchange)
    assert said == (completion.finish.raw or None)
    assert (
        "tool_calls" if calls and said != "length" else FINISHES.get(said or "stop")
    ) == completion.finish.reason
    judge_usage(usage_of(exchange), completion.usage)


def judge_usage(expected, usage) -> None:
    if expected is None:
        assert not usage.known
        return
    reasoning = (expected.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    outside = (
        expected["prompt_tokens"] + expected["completion_tokens"] + reasoning == expected["total_tokens"]
    )
    assert expected["prompt_tokens"] == usage.total_input
    assert expected["completion_tokens"] + (reasoning if outside else 0) == usage.total_output
    assert (
        min(cached_of(expected), usage.total_input) == usage.cache_read
    )  # one host counts more than was sent
    assert expected == usage.raw


# -- what is there ---------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ELSEWHERE)
def test_every_surface_is_read_or_listed(provider):
    """Nothing that was recorded is dropped silently."""
    known = {"chat_completions", "embeddings"} | ELSEWHERE[provider].keys()

    assert set() == surfaces(provider).keys() - known


def test_the_recordings_are_as_many_as_ever():
    """A loader that finds fewer would make every test below pass."""
    found = (len(ANSWERS), len(STREAMS), len(ERRORS), len(EMBEDDINGS))

    assert (138, 127, 27, 16) <= found
    assert 36 == surfaces("openai")["chat_completions"] + surfaces("groq")["chat_completions"]
    assert 28 == sum(
        surfaces(provider).get(name, 0) for provider, later in ELSEWHERE.items() for name in later
    )


# -- answers ---------------------------------------------------------------------------------------


@each(ANSWERS)
def test_an_answer_is_read_as_recorded(exchange):
    """Text, reasoning, calls, finish and usage of every whole answer."""
    events, raw = wire(exchange).parse_completion(exchange.reply)

    judge(exchange, fold(events))
    assert json.loads(exchange.body) == raw


@each(ANSWERS)
def test_what_stands_beside_the_message_is_read(exchange):
    """Citations, log probabilities and further choices, as many as were recorded."""
    body = json.loads(exchange.body)
    first = body["choices"][0]
    listed = body.get("search_results") or body.get("citations") or []
    cited = len((first.get("message") or {}).get("annotations") or []) + len(listed)

    completion = fold(wire(exchange).parse_completion(exchange.reply)[0])

    assert cited == len(completion.citations)
    assert len(body["choices"]) - 1 == len(completion.alternatives)
    logprobs = first.get("logprobs") or {}
    assert len(logprobs.get("content") or logprobs.get("tokens") or []) == len(completion.logprobs)


@each(STREAMS)
def test_a_stream_is_read_as_recorded(exchange):
    """Text, reasoning, calls, finish and usage of every stream; those that fail say why."""
    events = decoded(exchange, [exchange.body])

    if exchange.id in FAILING:
        assert isinstance(events[-1], Failed)
        assert FAILING[exchange.id] == events[-1].error.code
        return
    assert 1 == sum(isinstance(event, Finished | Failed) for event in events)
    assert isinstance(events[-1], Finished)
    judge(exchange, fold(events))


@each([exchange for exchange in STREAMS if exchange.id in FAILING])
def test_what_came_before_a_failure_is_kept(exchange):
    """The partial text and reasoning of a stream that failed."""
    accumulator = Accumulator()
    accumulator.add_all(decoded(exchange, [exchange.body]))

    assert text_of(exchange) == accumulator.completion().text
    assert reasoning_of(exchange) == accumulator.completion().reasoning
    assert not accumulator.finished


@each(STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_size_of_chunks_makes_no_difference(exchange, size):
    """However small the pieces, the events are the same."""
    if size < 64 and len(exchange.body) > 4 * LONGEST_FOR_EVERY_SPLIT:
        size = 61  # long bodies at a size that hits every phase of their lines

    assert decoded(exchange, [exchange.body]) == decoded(exchange, chunked(exchange.body, size))


@each([e for e in STREAMS if len(e.body) <= LONGEST_FOR_EVERY_SPLIT and e.provider in ("openai", "groq")])
def test_a_stream_may_be_split_at_every_byte(exchange):
    """Two pieces, cut anywhere."""
    whole = decoded(exchange, [exchange.body])

    for cut in range(1, len(exchange.body)):
        assert whole == decoded(exchange, (exchange.body[:cut], exchange.body[cut:]))


@each(STREAMS)
def test_a_stream_that_is_cut_is_no_success(exchange):
    """A body that ends before a finish reason was said never finishes."""
    finish = re.search(rb'"finish_reason": ?"\w', exchange.body)
    cut = min(len(exchange.body) // 2, finish.start() if finish else len(exchange.body))

    events = decoded(exchange, [exchange.body[:cut]])

    assert isinstance(events[-1], Failed)
    assert events[-1].error.kind in ("stream.truncated", "protocol.body", "protocol", "server")


@each(ANSWERS)
def test_an_answer_that_is_cut_is_malformed(exchange):
    """Half of a JSON text is no answer."""
    from attrs import evolve

    with pytest.raises(Malformed):
        wire(exchange).parse_completion(evolve(exchange.reply, body=exchange.body[: len(exchange.body) // 2]))


# -- errors and embeddings -------------------------------------------------------------------------


@each(ERRORS)
def test_an_error_says_what_the_provider_said(exchange):
    """The words, the status and a kind that fits the status or the words."""
    error = wire(exchange).parse_error(exchange.reply)

    assert exchange.status == error.status
    assert len(error.message) <= 300
    body = json.loads(exchange.body) if exchange.body.lstrip()[:1] == b"{" else {}
    inside = body.get("error") if isinstance(body.get("error"), dict) else body
    said = inside.get("message") or inside.get("error") or inside.get("detail")
    if isinstance(said, str):
        assert " ".join(said.split())[:40].split(": ")[0] in error.message
    assert error.to_exception().info is error


KINDS = {
    401: {"auth"},
    403: {"auth"},
    404: {"model.missing"},
    429: {"throttle", "request.context"},
    500: {"server"},
}


@each([exchange for exchange in ERRORS if exchange.status in KINDS])
def test_an_error_is_told_by_its_status(exchange):
    """Overlong prompts come as 429 too, and must not be tried again."""
    assert wire(exchange).parse_error(exchange.reply).kind in KINDS[exchange.status]


@each(EMBEDDINGS)
def test_vectors_are_read_as_recorded(exchange):
    """As many vectors, as long, in order of their index."""
    body = json.loads(exchange.body)
    items = body if isinstance(body, list) else body.get("data")
    if not (isinstance(items, list) and items and isinstance(items[0], dict) and "embedding" in items[0]):
        pytest.skip("not of this format")

    embeddings = Embed(wire(exchange).dialect).parse(exchange.reply)

    assert len(items) == len(embeddings.vectors)
    for item, vector in zip(
        sorted(items, key=lambda one: one.get("index", 0)), embeddings.vectors, strict=True
    ):
        if isinstance(item["embedding"], list):
            assert item["embedding"] == list(vector)


# -- requests --------------------------------------------------------------------------------------


@each(
    [exchange for exchange in REQUESTS if exchange.provider in ("openai", "groq") and exchange.status == 200]
)
def test_a_recorded_request_is_read_and_rendered_again(exchange):
    """What clients sent is understood, and asks the same when it is rendered by us."""
    codec = wire(exchange)

    request, stream = codec.read_completion(Call("POST", ("chat", "completions"), exchange.request))
    try:
        body = json.loads(codec.render_completion(request, stream).body)
    except Unsupported as exc:  # hosted tools want a setting of the provider's own profile
        assert "hosted" in exc.info.message
        return

    assert exchange.asked["model"] == body["model"]
    assert [turn["role"] for turn in exchange.asked["messages"]] == [
        turn["role"] for turn in body["messages"]
    ]
    assert bool(exchange.asked.get("stream")) == body.get("stream", False)
    assert len(exchange.asked.get("tools") or ()) == len(body.get("tools", ()))
    known = {"model", "messages", "stream", "stream_options", "max_tokens", "logprobs"}
    asked = {name for name, value in exchange.asked.items() if value is not None} - known
    assert asked <= body.keys()
