"""What both whole and streamed answers are read with: parts, usage, finish reasons, log probabilities."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from jackfield.errors import ErrorInfo, Malformed
from jackfield.jsontext import dump_text
from jackfield.types import (
    UNKNOWN_USAGE,
    Audio,
    Citation,
    Finish,
    Image,
    Opaque,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
    ToolCall,
    ToolResult,
    Usage,
)
from jackfield.wire.chat_completions.render import WIRE
from jackfield.wire.chat_completions.tables import AUDIO_MAGIC, FINISH, REASONING_FIELDS
from jackfield.wire.facts import figure, place, score, words


def malformed(message: str) -> Malformed:
    """The failure of an answer that is JSON but not of this format."""
    return Malformed(ErrorInfo("protocol.body", f"the answer cannot be read: {message}"))


MOST_CHOICES = 128


def check_index(index: int) -> int:
    """The index of a choice; one that is absurd would have us make room for all below it."""
    if 0 <= index < MOST_CHOICES:
        return index
    raise malformed("a choice has an index that is out of bounds")


def listed(value: Any, name: str) -> list[Any]:
    """A field that is a list, or says nothing."""
    if not value:
        return []
    if type(value) is list:
        return value
    raise malformed(f"its `{name}` is no list")


# -- parts -----------------------------------------------------------------------------------------


def parts_of(message: Mapping[str, Any], provider: str, replay: str) -> list[Part]:
    """The parts of a whole message: reasoning before text, text before calls."""
    content = message.get("content")
    if type(content) is str and is_words_alone(message):  # as nearly always
        return [Text(content)] if content else []
    reasoning = reasoning_of(message, provider, replay)
    parts: list[Part] = [reasoning] if reasoning is not None else []
    for item in listed(message.get("executed_tools"), "executed_tools"):
        parts += hosted_parts(item)
    if isinstance(content, str):
        if content:
            parts.append(Text(content))
    elif content is not None:
        parts += (part for item in items_of(content) for part in content_parts(item, provider))
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        parts.append(Refusal(refusal))
    parts += images_of(message.get("images"))
    audio = audio_of(message.get("audio"), provider)
    if audio is not None:
        parts.append(audio)
    parts += calls_of(message, provider)
    return parts


_WORDS = frozenset({"role", "content", "annotations"})


def is_words_alone(message: Mapping[str, Any]) -> bool:
    """Whether a message says nothing beside its content: fields that are empty say nothing."""
    for name, value in message.items():  # noqa: SIM110  # every answer passes here: a generator costs a µs
        if value and name not in _WORDS:
            return False
    return True


def reasoning_text(message: Mapping[str, Any]) -> str:
    """The reasoning of a message or delta, from the first of its fields that has any."""
    for name in REASONING_FIELDS:
        text = message.get(name)
        if text and isinstance(text, str):
            return text
    return ""


def details_text(details: Iterable[Any]) -> str:
    """What reasoning details say in words, where no plain field does."""
    items = (item for item in details if isinstance(item, dict))
    texts = (item.get("text") or item.get("summary") for item in items)
    return "".join(text for text in texts if isinstance(text, str))


def reasoning_of(message: Mapping[str, Any], provider: str, replay: str) -> Reasoning | None:
    """The reasoning beside the content, with what the provider wants back."""
    details = message.get("reasoning_details")
    kept = details if isinstance(details, list) and details else None
    text = reasoning_text(message) or (details_text(kept) if kept else "")
    if not text and kept is None:
        return None
    return Reasoning(text, reasoning_opaque(provider, replay, kept))


def reasoning_opaque(provider: str, replay: str, details: list[Any] | None) -> Opaque | None:
    """The payload of reasoning: its details, or only a mark of where it came from if it has to go back."""
    if details:
        return Opaque(provider, WIRE, {"reasoning_details": details})
    return Opaque(provider, WIRE, {}) if replay in REASONING_FIELDS else None


def items_of(content: Any) -> list[Any]:
    """The items of a content that is no text: a list, or one alone."""
    if type(content) is dict:
        return [content] if content else []
    if type(content) is list:
        return content
    raise malformed("its content is neither a text nor a list")


def content_parts(item: Any, provider: str) -> Iterator[Part]:
    """The part one item of a content list is."""
    if isinstance(item, str):
        yield Text(item)
        return
    if item is None:
        return
    kind = (item.get("type") or ("text" if "text" in item else None)) if isinstance(item, dict) else None
    if kind in ("text", "output_text"):
        if item.get("text"):
            yield Text(str(item["text"]))
    elif kind in ("thinking", "reasoning"):
        yield Reasoning(_nested_text(item), Opaque(provider, WIRE, {"content": [item]}))
    elif kind == "refusal":
        yield Refusal(str(item.get("refusal", "")))
    elif kind == "image_url":
        yield from images_of([item])
    elif isinstance(kind, str):
        yield Other(kind, Opaque(provider, WIRE, item))
    else:
        raise malformed("an item of its content has no type")


def _nested_text(item: Mapping[str, Any]) -> str:
    """The words of a thinking item: a string, or items of its own."""
    for name in ("thinking", "reasoning", "summary", "text", "content"):
        inside = item.get(name)
        if isinstance(inside, str):
            return inside
        if isinstance(inside, list):
            return details_text(inside)
    return ""


def joined_thoughts(items: list[Any]) -> list[Any]:
    """The thinking items of a stream as the one item they are pieces of; items of another form as they came."""
    whole: dict[str, Any] = {}
    for item in items:
        whole |= {name: value for name, value in item.items() if value is not None}
    pieces = [item.get("thinking") for item in items]
    if all(isinstance(piece, str) for piece in pieces):
        return [{**whole, "thinking": "".join(pieces)}]
    if not all(isinstance(piece, list) for piece in pieces):
        return items
    return [{**whole, "thinking": [{"type": "text", "text": "".join(map(details_text, pieces))}]}]


def images_of(images: Any) -> Iterator[Image]:
    """Pictures the model made, as some hosts put them beside the content."""
    for item in images if isinstance(images, list) else ():
        inside = item.get("image_url") if isinstance(item, dict) else None
        url = inside.get("url") if isinstance(inside, dict) else inside
        if not isinstance(url, str) or not url:
            raise malformed("an image has no address")
        try:
            image: Image = Image.from_url(url)
        except (binascii.Error, ValueError):
            raise malformed("an image is not base64") from None
        yield image


def audio_of(audio: Any, provider: str) -> Audio | None:
    """Spoken words. An object whose fields are all empty is no sound: some hosts send one with every text."""
    data = audio.get("data") if isinstance(audio, dict) else None
    if not data or not isinstance(data, str):
        return None
    try:
        sound = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise malformed("its audio is not base64") from None
    media_type = next((kind for magic, kind in AUDIO_MAGIC if sound.startswith(magic)), "audio/pcm")
    kept = Opaque(provider, WIRE, {"audio": {"id": audio["id"]}}) if audio.get("id") else None
    return Audio(media_type, data=sound, transcript=audio.get("transcript") or None, opaque=kept)


# -- tool calls ------------------------------------------------------------------------------------


def calls_of(message: Mapping[str, Any], provider: str) -> list[ToolCall]:
    """The tool calls of a whole message; one without an id gets the id of its place."""
    calls: list[ToolCall] = []
    for item in call_items(message.get("tool_calls")):
        function = function_of(item)
        name, text = str(function.get("name") or ""), arguments_text(function.get("arguments"))
        opaque = call_opaque(item, provider)
        calls.append(ToolCall(given_id(item) or call_id(len(calls)), name, text, opaque=opaque))
    legacy = message.get("function_call")
    if not calls and isinstance(legacy, dict) and legacy.get("name"):
        calls.append(ToolCall(call_id(0), str(legacy["name"]), arguments_text(legacy.get("arguments"))))
    return calls


def call_items(value: Any) -> list[dict[str, Any]]:
    """The calls of a message or delta: a list, or one alone (2026-02); what is null is none."""
    items = [value] if value and type(value) is dict else listed(value, "tool_calls")
    found = [item for item in items if item is not None]
    if all(type(item) is dict for item in found):
        return found
    raise malformed("a tool call is not an object")


def given_id(item: Mapping[str, Any]) -> str:
    """The id a call came with; one client's word for none is `null`, as a text."""
    identity = str(item.get("id") or "")
    return "" if identity == "null" else identity


def function_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is to be called: a function, or a custom tool with free text for input."""
    function = item.get("function")
    if isinstance(function, dict):
        return function
    custom = item.get("custom")
    return {"name": custom.get("name"), "arguments": custom.get("input")} if isinstance(custom, dict) else {}


def arguments_text(arguments: Any) -> str:
    """The argument text as it came; some hosts send an object instead, or null."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else dump_text(arguments)


def hosted_parts(item: Any) -> list[Part]:
    """A call the provider made itself, and what came of it (2025-09: models that search and run code)."""
    if not isinstance(item, dict):
        raise malformed("an executed tool is not an object")
    identity, name = f"hosted_{item.get('index', 0)}", str(item.get("type") or "")
    parts: list[Part] = [ToolCall(identity, name, arguments_text(item.get("arguments")), hosted=True)]
    output = item.get("output")
    if isinstance(output, str):
        parts.append(ToolResult(identity, (Text(output),), name=name, hosted=True))
    return parts


def call_id(place: int) -> str:
    """The id of a call whose provider gave none: the same for the same answer."""
    return f"call_{place}"


def call_opaque(item: Mapping[str, Any], provider: str) -> Opaque | None:
    """What a provider hangs on a call and wants back with it, such as a signature of its thoughts."""
    extra = item.get("extra_content")
    return Opaque(provider, WIRE, {"extra_content": extra}) if extra else None


# -- citations, log probabilities, finish ----------------------------------------------------------


def citations_of(annotations: Any) -> Iterator[Citation]:
    """The citations among the annotations of a message."""
    for item in annotations if isinstance(annotations, list) else ():
        if not isinstance(item, dict):
            continue
        kind = str(item.get("type", "other"))
        inside = item.get(kind, item.get("url_citation"))
        fact = inside if isinstance(inside, dict) else item
        url = words(fact.get("url"))
        start, end = place(fact.get("start_index")), place(fact.get("end_index"))
        title, quote = words(fact.get("title")), words(fact.get("content")) or None
        yield Citation("url" if url else kind, url, title, quote, start, end, raw=item)


def sources_of(body: Mapping[str, Any]) -> list[Citation]:
    """The sources search hosts list beside the choices; the richer of their two lists."""
    results = body.get("search_results")
    if isinstance(results, list) and results:
        return [_source(item) for item in results if isinstance(item, dict)]
    listed = body.get("citations")
    return (
        [Citation("url", url) for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
    )


def _source(raw: Mapping[str, Any]) -> Citation:
    quote = words(raw.get("snippet")) or None
    return Citation("url", words(raw.get("url")), words(raw.get("title")), quote, raw=raw)


def logprobs_of(choice: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    """The log probabilities of a choice, in the format's form or the older one of two lists."""
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, dict):
        return ()
    content = logprobs.get("content") or logprobs.get("refusal")
    if isinstance(content, list):
        return tuple(_logprob(item) for item in content if isinstance(item, dict))
    tokens, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if isinstance(tokens, list) and isinstance(values, list):
        pairs = zip(tokens, values, strict=False)
        return tuple(
            TokenLogprob(str(token), value) for token, value in pairs if isinstance(value, int | float)
        )
    return ()


def _logprob(item: Mapping[str, Any]) -> TokenLogprob:
    top = item.get("top_logprobs")
    others = [one for one in top if isinstance(one, dict)] if isinstance(top, list) else []
    return TokenLogprob(*_token(item), tuple(map(_token, others)))


def _token(item: Mapping[str, Any]) -> tuple[str, float]:
    return str(item.get("token", "")), score(item.get("logprob"))


def finish_of(raw: Any, calls: bool) -> Finish:
    """Our word for a finish reason. Hosts say ``stop``, nothing or an empty word although tools are called."""
    return _finish(raw if isinstance(raw, str) else None, calls)


@lru_cache(maxsize=256)
def _finish(word: str | None, calls: bool) -> Finish:
    reason = FINISH.get(word.lower(), "unknown") if word else "stop"
    if calls and reason in ("stop", "unknown"):
        reason = "tool_calls"
    return Finish(reason, word)


# -- usage -----------------------------------------------------------------------------------------


def usage_in(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The usage of a body or chunk, wherever it is: beside the choices, in one, or in a host's own object."""
    usage = body.get("usage")
    if isinstance(usage, dict) and usage:
        return usage
    for choice in body.get("choices") or ():
        inside = choice.get("usage") if isinstance(choice, dict) else None
        if isinstance(inside, dict) and inside:
            return inside
    for name, value in body.items():  # a host's own objects are named x_…
        if name[:2] == "x_" and isinstance(value, dict) and isinstance(value.get("usage"), dict):
            return value["usage"]  # type: ignore[no-any-return]
    return None


def usage_of(raw: Mapping[str, Any] | None) -> Usage:
    """Usage in disjoint buckets. In this format what was cached or reasoned is also in the totals."""
    if raw is None:
        return UNKNOWN_USAGE
    prompt, completion = raw.get("prompt_tokens"), raw.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int or prompt <= 0 or completion <= 0:
        prompt = count(raw, "prompt_tokens", "input_tokens")
        completion = count(raw, "completion_tokens", "output_tokens")
        if not prompt and not completion:
            return UNKNOWN_USAGE  # zeroes stand for figures that are not known yet
    into, out = _details(raw, "prompt_tokens_details"), _details(raw, "completion_tokens_details")
    if not (into or out) and _BUCKETS.isdisjoint(raw):  # as nearly always: half the time of what follows
        return Usage(prompt, 0, 0, 0, 0, 0, completion, 0, 0, 0, 0, "reported", raw)
    went_in, came_out = _input_buckets(raw, into, prompt), _output_buckets(raw, out, completion)
    tools = raw.get("server_tool_use")
    searches = count(raw, "num_search_queries", "web_search_queries")
    searches = searches or (count(tools, "web_search_requests") if isinstance(tools, dict) else 0)
    used = Usage(*went_in, *came_out, searches, raw=raw)
    return used.in_tier(raw["service_tier"]) if "service_tier" in raw else used


_CACHED = ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens")
_WRITTEN = "cache_creation_input_tokens"
_SEARCHED = ("num_search_queries", "web_search_queries", "server_tool_use")
_BUCKETS = frozenset(
    {*_CACHED, _WRITTEN, "reasoning_tokens", "service_tier", *_SEARCHED}
)  # what is told beside the totals


def _input_buckets(
    raw: Mapping[str, Any], details: Mapping[str, Any], prompt: int
) -> tuple[int, int, int, int, int, int]:
    """Fresh, read from a cache, written to one (for an hour: never told), heard, seen."""
    written = count(details, "cache_write_tokens", "cache_creation_tokens", _WRITTEN) or count(raw, _WRITTEN)
    left, read = _share(prompt, count(details, "cached_tokens") or count(raw, *_CACHED))
    left, written = _share(left, written)
    left, heard = _share(left, count(details, "audio_tokens"))
    left, seen = _share(left, count(details, "image_tokens"))
    return left, read, written, 0, heard, seen


def _output_buckets(
    raw: Mapping[str, Any], details: Mapping[str, Any], completion: int
) -> tuple[int, int, int, int]:
    """Written, reasoned, spoken, drawn. Two hosts count reasoning beside the completion.

    The total of one tells. The other has it beside the totals, and greater than the completion it is no part of;
    a detail that is greater is merely counted by another tokenizer (2026-08).
    """
    detail = count(details, "reasoning_tokens")
    reasoning = detail or count(raw, "reasoning_tokens")
    left = completion
    beside = (not detail and reasoning > completion) or count(raw, "total_tokens") == (
        count(raw, "prompt_tokens") + completion + reasoning
    )
    if not beside:
        left, reasoning = _share(completion, reasoning)
    left, spoken = _share(left, count(details, "audio_tokens"))
    left, drawn = _share(left, count(details, "image_tokens"))
    return left, reasoning, spoken, drawn


def count(raw: Mapping[str, Any], *names: str) -> int:
    """The first of these figures that is one; what is null, negative or no number counts as nothing."""
    for name in names:
        value = figure(raw.get(name))
        if value:
            return value
    return 0


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def _details(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The details of a total; none where all of them are empty."""
    found = raw.get(name)
    return found if type(found) is dict and any(found.values()) else _NOTHING


def _share(total: int, part: int) -> tuple[int, int]:
    """A total without one of its parts, and the part: never more than there is."""
    part = min(part, total)
    return total - part, part
