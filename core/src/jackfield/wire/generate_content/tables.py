"""The words of the format and ours for them: every table that both halves read, each in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.types import FinishReason
from jackfield.wire.seal import Seal

NAME = "generate_content"

DEFAULTS: Mapping[str, Any] = {
    "thinking": "level",  # how much to think is said in a word ("level"), in tokens ("budget"), or not at all ("none")
    "thinking_off": True,  # whether thinking can be switched off
    "thoughts": True,  # whether a summary of the thoughts is asked for wherever thinking is
    "budgets": {},  # changes to BUDGETS
    "levels": {},  # changes to LEVELS
    "schema": "json",  # how schemas are sent: as they are ("json"), or as the older subset of them ("openapi")
    "validated": True,  # whether calls can be held to the schemas of strict tools
    "tool_media": "inside",  # media in a tool's answer: "inside" it, or "beside" it in the same turn
    "part_resolution": False,  # whether one part alone may say how finely it is looked at
    "safety": {},  # category of harm -> threshold, sent with every request that does not set its own
    "modalities": (),  # the kinds of answer that are asked for, where text alone is not what the model is for
    "labels": False,  # whether `metadata` travels as labels
    "service_tier": True,  # whether the body may name a service tier
    "store": True,  # whether the body may say what is to be stored
    "embed": "batch",  # several texts in one call ("batch"), or a call for each ("single")
    "embed_task": "field",  # what an embedding is for: a field ("field"), or words around the text ("prompt")
    "count": "request",  # what is counted: the whole request ("request"), or its parts at the top ("plain")
    "retry_info": "",  # the type under which our server half says when to come back
    "images": "content",  # how pictures are made: as an answer ("content"), or by prediction ("predict")
}
"""The settings a dialect may change."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "thinking": ("level", "budget", "none"),
    "schema": ("json", "openapi"),
    "tool_media": ("inside", "beside"),
    "embed": ("batch", "single"),
    "embed_task": ("field", "prompt"),
    "count": ("request", "plain"),
    "images": ("content", "predict"),
}

BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}

LEVELS: Mapping[str, str] = {
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}

# Our option -> the field of `generationConfig` it is written to. Others are rendered apart.
OPTIONS: Mapping[str, str] = {
    "max_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop": "stopSequences",
    "seed": "seed",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "n": "candidateCount",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}

# Our option -> the field of the body it is written to, where the setting of the same name (or the second) allows it.
BODY_OPTIONS: Mapping[str, tuple[str, str]] = {
    "service_tier": ("serviceTier", "service_tier"),
    "store": ("store", "store"),
    "metadata": ("labels", "labels"),
}

ROLES: Mapping[str, str] = {"user": "user", "tool": "user", "assistant": "model"}

TOOL_CHOICES: Mapping[str, str] = {"auto": "AUTO", "required": "ANY", "none": "NONE"}

DETAILS: Mapping[str, str] = {
    "low": "MEDIA_RESOLUTION_LOW",
    "medium": "MEDIA_RESOLUTION_MEDIUM",
    "high": "MEDIA_RESOLUTION_HIGH",
}

FINISHES: Mapping[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "ESCALATION": "content_filter",
    "PUP_LIMITED_DISABLED": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "IMAGE_OTHER": "error",
    "NO_IMAGE": "error",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "OTHER": "error",
    "CONTINUATION": "pause",
}

FINISH_WORDS: Mapping[str, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "pause": "CONTINUATION",
    "error": "OTHER",
}

# Codes of failures -> our kinds: the status first, and finer reasons, which stand under `details`.
CODES: Mapping[str, str] = {
    "invalid_argument": "request.invalid",
    "failed_precondition": "request.invalid",
    "out_of_range": "request.invalid",
    "already_exists": "request.invalid",
    "unauthenticated": "auth",
    "permission_denied": "auth",
    "not_found": "model.missing",
    "resource_exhausted": "throttle",
    "aborted": "server.transient",
    "cancelled": "server.transient",
    "deadline_exceeded": "server.transient",
    "unavailable": "server.overloaded",
    "internal": "server",
    "unknown": "server",
    "data_loss": "server",
    "unimplemented": "request.invalid",
    # finer reasons
    "api_key_invalid": "auth",
    "api_key_expired": "auth",
    "api_key_service_blocked": "auth",
    "billing_disabled": "quota.money",
    "rate_limit_exceeded": "throttle",
}

# Reasons that say more than the status they come under, which is otherwise as good a word as theirs.
DETAILED = frozenset({"api_key_invalid", "api_key_expired", "api_key_service_blocked", "billing_disabled"})

# Texts that say what no code does: the words, our kind.
TEXTS: tuple[tuple[str, str], ...] = (
    # 2026-11: state of another account, or state that has expired, is reported as a lack of permission (403).
    ("cachedcontent not found", "request.affinity"),
    ("prepayment credits are depleted", "quota.money"),
    ("exceeds the maximum number of tokens", "request.context"),
)

# Our kind -> status and code it is reported with; a kind that is not here goes by what it begins with.
REPORTS: Mapping[str, tuple[int, str]] = {
    "request": (400, "INVALID_ARGUMENT"),
    "auth": (401, "UNAUTHENTICATED"),
    "model": (404, "NOT_FOUND"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "throttle": (429, "RESOURCE_EXHAUSTED"),
    "local": (503, "UNAVAILABLE"),
    "local.limit": (429, "RESOURCE_EXHAUSTED"),
    "local.budget": (429, "RESOURCE_EXHAUSTED"),
    "local.guard": (403, "PERMISSION_DENIED"),
    "server": (500, "INTERNAL"),
    "server.overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
    "deadline": (504, "DEADLINE_EXCEEDED"),
}
REPORT_OTHERWISE = (500, "INTERNAL")

STATUS_CODES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

OURS = "gc_"
"""What the ids begin with that we give to calls that came without one: they are never sent."""


@frozen
class Rules:
    """What rendering and reading depend on besides the request; ``files`` is where uploaded files are."""

    seal: Seal
    settings: Mapping[str, Any] = field(factory=lambda: DEFAULTS)
    files: str = ""

    def named(self, setting: str, words: Mapping[str, Any], word: str) -> Any:
        """What ``word`` means, by the table or by the setting that changes it."""
        return self.settings[setting].get(word) or words[word]


def checked(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a dialect over the defaults; a word that is none of a setting's is ``BadConfig``."""
    settings = {**DEFAULTS, **given}
    for name, words in _CHOICES.items():
        if settings[name] not in words:
            msg = (
                f"setting `{name}` of wire `{NAME}` is one of {', '.join(words)}, not {settings[name]!r:.40}"
            )
            raise BadConfig(ErrorInfo("config", msg, sent="no"))
    return settings


def camel(table: Mapping[str, Any]) -> dict[str, Any]:
    """``table`` with its own keys in the usual spelling: the format takes ``inline_data`` for ``inlineData``."""
    if not any("_" in name for name in table):
        return dict(table)
    return {_camel(name): value for name, value in table.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def table_of(value: Any) -> dict[str, Any]:
    """``value`` if it is an object, with its keys in the usual spelling; else an empty one."""
    return camel(value) if isinstance(value, dict) else {}
