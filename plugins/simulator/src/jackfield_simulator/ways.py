"""What providers do in their own way besides what they say: how they repeat, pad, ping, end, think and fail.

Seen in recorded answers, 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

# What the object of a response repeats of its request.
REPEATED = (
    "text",
    "tools",
    "tool_choice",
    "instructions",
    "temperature",
    "top_p",
    "max_output_tokens",
    "metadata",
    "user",
)
# What an answer holds of its request, under the same name.
ECHOED: Mapping[tuple[str, str], tuple[str, ...]] = {("cohere", "embed"): ("texts",)}
# What stands in every event of a binary stream: its length tells nothing.
PADDING: Mapping[str, str] = {"converse": "abcdefgh", "invoke": "abcdefgh"}

DONE = b"data: [DONE]\n\n"
# How streams end where it is not as the format has it.
ENDINGS: Mapping[tuple[str, str], bytes] = {
    ("perplexity", "chat_completions"): b"",
    ("openrouter", "responses"): DONE,
}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
# After which event the first ping comes.
PINGS: Mapping[tuple[str, str], bytes] = {
    ("anthropic", "messages"): b"event: content_block_start",
    ("azure-ai", "messages"): b"event: content_block_start",
    ("vertex-anthropic", "messages"): b"event: message_start",
}
TIMED = (
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
)  # nanoseconds, at the end
# What tells reasoning in chat completions, where it is not `reasoning_content`.
REASONING = frozenset({"bedrock", "groq", "openrouter", "together"})
# How responses tell their reasoning, where it is not in summary; an official client sees one that it asked for.
THOUGHTS: Mapping[str, str] = {
    "openai": "asked",
    "azure-openai": "asked",
    "deepseek": "full",
    "openrouter": "full",
}
# Status and type of what is told of a request that cannot be read, where it is not as the format has it.
UNREADABLE: Mapping[str, tuple[int, str]] = {
    "deepseek": (422, "text/plain; charset=utf-8"),
    "huggingface": (422, "text/plain; charset=utf-8"),
}
# Who tells it a second time, in pieces with their form.
DETAILED = frozenset({"openrouter"})
Details = Callable[[str], list[dict[str, Any]]]


def _plain(text: str) -> list[dict[str, Any]]:
    return [{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]


def _summed(text: str) -> list[dict[str, Any]]:
    form = {"format": "openai-responses-v1", "index": 0}
    seal = {"type": "reasoning.encrypted", "data": "c2ltdWxhdGVk", "id": "rs_simulated", **form}
    return [{"type": "reasoning.summary", "summary": text, **form}, seal]


def details_of(subject: str) -> Details:
    """How the pieces of a model look, wherever it runs."""
    return _summed if " openai/gpt-5" in subject else _plain


# Who says beside the end of an answer that it calls functions: for which models.
CALLS_TOLD: Mapping[str, re.Pattern[str]] = {"gemini": re.compile(r"gemini-2\.5")}
# Who tells the usage at the end of a stream though nobody asked for it.
TELL_USAGE = frozenset(
    {"deepseek", "fireworks", "groq", "huggingface", "openrouter", "together", "perplexity"}
)
# How failures are put, where it is not as the format has it: words, code, status, id of the request.
Failure = Callable[[str, str, int, str], dict[str, Any]]
FAILURES: Mapping[str, Failure] = {
    "xai": lambda words, code, status, name: {"code": code, "error": words},
    "huggingface": lambda words, code, status, name: {"error": words, "error_type": code},
    "together": lambda words, code, status, name: {
        "id": name,
        "error": {"message": words, "type": "invalid_request_error", "param": None, "code": code},
    },
    "openrouter": lambda words, code, status, name: {
        "error": {"message": words, "code": status, "metadata": {}},
        "user_id": "user_simulated",
    },
    "perplexity": lambda words, code, status, name: {
        "error": {"message": words, "type": code, "code": status}
    },
    "mistral": lambda words, code, status, name: (
        {"detail": words}
        if status == 401
        else {
            "object": "error",
            "message": words,
            "type": code,
            "param": None,
            "code": "1300",
            "raw_status_code": status,
        }
    ),
}
# What reports of failures tell besides, where it is not as the format has it: body, code, status. Within a stream
# there is no status.
Besides = Callable[[dict[str, Any], str, int], None]
WITHIN = 0
_TYPE = "type.googleapis.com/google.rpc."
_LINK = {
    "description": "Learn more about Gemini API quotas",
    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
}
_VIOLATION = {
    "quotaMetric": "generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count",
    "quotaId": "GenerateContentPaidTierInputTokensPerModelPerMinute",
    "quotaDimensions": {"model": "simulated", "location": "global"},
    "quotaValue": "2000000",
}


def _detailed(body: dict[str, Any], code: str, status: int) -> None:
    error = body.get("error", {})
    if status == 429:
        told = [
            {"@type": f"{_TYPE}Help", "links": [_LINK]},
            {"@type": f"{_TYPE}QuotaFailure", "violations": [_VIOLATION]},
        ]
        error["details"] = [*told, *error.get("details", ())]
    elif code == "API_KEY_INVALID":
        service = {"service": "generativelanguage.googleapis.com"}
        why = {"@type": f"{_TYPE}ErrorInfo", "reason": code, "domain": "googleapis.com", "metadata": service}
        words = {"@type": f"{_TYPE}LocalizedMessage", "locale": "en-US", "message": error.get("message", "")}
        error["details"] = [why, words]


def _generated(body: dict[str, Any], code: str, status: int) -> None:
    if code in ("tool_use_failed", "json_validate_failed"):
        body["error"]["failed_generation"] = ""
        if status == WITHIN:
            body["error"]["status_code"] = 400


def _stated(body: dict[str, Any], code: str, status: int) -> None:
    if status == 401:
        body["status"] = status


TOLD_BESIDES: Mapping[tuple[str, str], Besides] = {
    ("gemini", "generate_content"): _detailed,
    ("groq", "chat_completions"): _generated,
    ("openai", "responses"): _stated,
}
# Who tells the documents in a ranking though nobody asked for them.
TELL_DOCUMENTS = frozenset({"openrouter", "together"})
# Who keeps the requests of a batch as a file though they came in its body.
KEEP_REQUESTS = frozenset({"mistral"})
# How a failure within a stream begins; whose have a name of their own, and whose codes are numbers.
FAILED = b'data: {"error":'
NAMED_FAILURES = frozenset({("groq", "chat_completions")})
FAILURES_WITHIN: Mapping[str, int] = {"openrouter": 502}
# Who says nothing of arguments where a call has none.
BARE_CALLS = frozenset({"cohere"})
# The models that tell what they think before a call as a plan.
PLANNERS = re.compile(r"command-(r|a-03|a-vision|a-translate)")
# Models that seal no calls, and those that seal texts, too.
UNSIGNED = re.compile(r"gemini-(1|2\.0)|lite|^(?!gemini)")
SIGNED_TEXT = re.compile(r"gemini-3")
# What is said of a model that is not there, where no status tells it: status, code, words.
MISSING: Mapping[str, tuple[int, str, str]] = {
    "bedrock": (400, "ValidationException", "The provided model identifier is invalid."),
}
