"""The words of the format and ours for them: every table that both halves read, each in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jackfield.errors import BadConfig, ErrorInfo, Unsupported
from jackfield.types import FinishReason
from jackfield.wire.chat_completions.tables import CODES as FAMILY_CODES
from jackfield.wire.seal import Seal

NAME = "responses"

DEFAULTS: Mapping[str, Any] = {
    "instructions": True,  # whether a system message that comes first goes into `instructions`
    "system_role": "system",  # the role of all others
    "tool_strict": "off",  # what is sent for a tool whose strictness the caller leaves open: see `render`
    "reasoning_summary": "",  # the summary asked for with an effort to reason; none where it is empty
    "include": (),  # what is always asked to be in the answer
    "also": (),  # options the format has not but this dialect takes, under our names for them
    "cache_points": False,  # whether cache points are said; where they are not, caching is automatic
    "replay_without": (),  # fields that items must not have when they go back
    "fixed_fields": {},  # fields that every body holds with the same value
    "operations": {},  # operation -> what is special about it here
}
"""The settings a dialect may change."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "system_role": ("system", "developer", "user"),
    "tool_strict": ("off", "omit"),
    "reasoning_summary": ("", "auto", "concise", "detailed"),
}

# Our option -> the field it is written to. Those that take more than a name are rendered apart.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_output_tokens",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_logprobs": ("top_logprobs",),
    "parallel_tool_calls": ("parallel_tool_calls",),
    "reasoning": ("reasoning", "effort"),
    "verbosity": ("text", "verbosity"),
    "user": ("user",),
    "metadata": ("metadata",),
    "service_tier": ("service_tier",),
    "store": ("store",),
}
IMPLIED = frozenset({("n", 1), ("logprobs", False)})  # what holds without being said
IMPLIED_NAMES = frozenset(name for name, _ in IMPLIED)

LOGPROBS = "message.output_text.logprobs"
SEALED = "reasoning.encrypted_content"
"""What is asked for by ``include``: log probabilities, and reasoning that can go back to who stores nothing."""

TOOL_CHOICES = ("auto", "none", "required")

# Why an answer is incomplete.
INCOMPLETE: Mapping[str, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "length": "length",
    "max_messages": "length",
    "content_filter": "content_filter",
    "steered": "pause",
    "pause": "pause",
    "error": "error",
    "cancelled": "error",
}

# The same on the way out. What is not here is complete.
REASONS: Mapping[FinishReason, str] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
    "pause": "pause",
    "error": "error",
}

# Codes of failures of this format, beside those of its family.
CODES: Mapping[str, str] = {
    **FAMILY_CODES,
    "invalid_prompt": "request.policy",  # seen for prompts a policy of use declined, with those words
    "bio_policy": "request.policy",
    "cyber_policy": "request.policy",
    "misalignment_policy_violation": "request.policy",
    "image_content_policy_violation": "request.policy",
    "vector_store_timeout": "server.transient",
    "data_residency_mismatch": "request.invalid",
    **dict.fromkeys(
        (
            "invalid_image",
            "invalid_image_format",
            "invalid_base64_image",
            "invalid_image_url",
            "invalid_image_mode",
            "image_too_large",
            "image_too_small",
            "image_parse_error",
            "image_file_too_large",
            "image_file_not_found",
            "unsupported_image_media_type",
            "empty_image_file",
            "failed_to_download_image",
            "previous_response_not_found",
        ),
        "request.invalid",
    ),
}

LOCAL = "local_"
"""How ids begin that our server half makes up: they mean nothing to anybody and never go back."""


@frozen
class Rules:
    """What rendering and reading depend on besides the request: the settings of one dialect, checked."""

    seal: Seal
    instructions: bool = True
    system_role: str = "system"
    tool_strict: str = "off"
    reasoning_summary: str = ""
    include: tuple[str, ...] = field(default=(), converter=tuple)
    also: tuple[str, ...] = field(default=(), converter=tuple)
    cache_points: bool = False
    replay_without: tuple[str, ...] = field(default=(), converter=tuple)
    fixed_fields: Mapping[str, Any] = field(factory=dict)
    operations: Mapping[str, Any] = field(factory=dict)


def rules_of(given: Mapping[str, Any], provider: str) -> Rules:
    """The settings a dialect gives, over the defaults."""
    for name, value in given.items():
        _check(name, value)
    return Rules(Seal(provider, NAME), **{**DEFAULTS, **given})


def _check(name: str, value: Any) -> None:
    default, choices = DEFAULTS.get(name), _CHOICES.get(name)
    if name not in DEFAULTS:
        reason = f"wire `{NAME}` has no setting `{name}`"
    elif choices is not None and value not in choices:
        reason = f"setting `{name}` of wire `{NAME}` is one of {', '.join(choices)}, not {value!r:.40}"
    elif not isinstance(value, list | tuple if isinstance(default, tuple) else type(default)):
        reason = f"setting `{name}` of wire `{NAME}` cannot be {value!r:.40}"
    else:
        return
    raise BadConfig(ErrorInfo("config", reason, hint=f"it has: {', '.join(DEFAULTS)}", sent="no"))


def unsupported(what: str, rules: Rules, hint: str = "") -> Unsupported:
    """The refusal of something the format cannot say."""
    message = f"the format `{NAME}` cannot carry {what}; nothing was sent"
    info = ErrorInfo("request.unsupported", message, hint=hint, provider=rules.seal.provider, sent="no")
    return Unsupported(info)
