"""The words of the format: finish reasons, options, codes. Tables only."""

from __future__ import annotations

from collections.abc import Mapping

from jackfield.types import FinishReason

# Our option names to fields of the body. What is missing here the format cannot say.
OPTION_FIELDS: Mapping[str, str] = {
    "max_tokens": "max_completion_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
    "n": "n",
    "parallel_tool_calls": "parallel_tool_calls",
    "reasoning": "reasoning_effort",
    "verbosity": "verbosity",
    "user": "user",
    "metadata": "metadata",
    "service_tier": "service_tier",
    "store": "store",
}

FIELD_OPTIONS: Mapping[str, str] = {
    "max_tokens": "max_tokens",  # the older name, still what most clients send
    "random_seed": "seed",
    **{field: option for option, field in OPTION_FIELDS.items()},
}

# Finish reasons as they were seen, in lower case. The first four are the format's own.
FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "complete": "stop",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "sensitive": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "blacklist": "content_filter",
    "pause_turn": "pause",
    "error": "error",
    "abort": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
}

# What our reasons are called on the way out. The format has four words; official clients know no others.
FINISH_OUT: Mapping[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "pause": "stop",
    "error": "stop",
    "unknown": "stop",
}

# The fields reasoning comes in. A host that sends two of them sends the same text twice.
REASONING_FIELDS = ("reasoning_content", "reasoning")

# Codes of the format and of its family, in lower case with underscores. Vague ones give way to the status.
CODES: Mapping[str, str] = {
    code: kind
    for kind, codes in {
        "request.context": (
            "context_length_exceeded",
            "context_window_exceeded",
            "exceed_context_size_error",
            "too_many_prompt_tokens",
            "too_many_tokens",
            "tokens_limit_reached",
            "string_above_max_length",
        ),
        "quota.money": (
            "insufficient_quota",
            "insufficient_balance",
            "credit_balance_exhausted",
            "billing_hard_limit_reached",
            "billing_not_active",
            "payment_required",
            "enforced_spend_limit_reached",
        ),
        "auth": (
            "invalid_api_key",
            "incorrect_api_key",
            "api_key_invalid",
            "authentication_error",
            "invalid_authentication",
            "permission_error",
            "account_deactivated",
            "unsupported_country_region_territory",
        ),
        "model.missing": (
            "model_not_found",
            "model_not_available",
            "invalid_model",
            "deploymentnotfound",
            "unknown_model",
        ),
        "request.policy": (
            "content_filter",
            "content_policy_violation",
            "responsibleaipolicyviolation",
            "moderation_blocked",
        ),
        "server.overloaded": (
            "overloaded_error",
            "engine_overloaded",
            "engine_overloaded_error",
            "server_overloaded",
            "slow_down",
            "capacity_exceeded",
        ),
        "throttle": (
            "rate_limit_exceeded",
            "rate_limit_error",
            "rate_limited",
            "ratelimitreached",
            "too_many_requests",
            "resource_exhausted",
        ),
        "server": (
            "server_error",
            "api_error",
            "internal_error",
            "internal_server_error",
            "internalservererror",
        ),
        "request.invalid": (
            "invalid_request_error",
            "invalid_request",
            "badrequesterror",
            "bad_request",
            "invalid_value",
            "unsupported_value",
            "unsupported_parameter",
            "missing_required_parameter",
        ),
    }.items()
    for code in codes
}

# What a kind of failure is called on the way out, so that the other half reads the same kind again.
KIND_CODES: Mapping[str, tuple[str, str]] = {
    "auth": ("authentication_error", "invalid_api_key"),
    "auth.skew": ("authentication_error", "invalid_api_key"),
    "request.invalid": ("invalid_request_error", "invalid_request"),
    "request.context": ("invalid_request_error", "context_length_exceeded"),
    "request.policy": ("invalid_request_error", "content_policy_violation"),
    "model.missing": ("invalid_request_error", "model_not_found"),
    "quota.money": ("insufficient_quota", "insufficient_quota"),
    "throttle": ("rate_limit_error", "rate_limit_exceeded"),
    "quota.window": ("rate_limit_error", "rate_limit_exceeded"),
    "server.overloaded": ("server_error", "overloaded_error"),
}

AUDIO_FORMATS: Mapping[str, str] = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}

AUDIO_TYPES: Mapping[str, str] = {"wav": "audio/wav", "mp3": "audio/mpeg"}

# How files of sound begin: answers do not say what they hold.
AUDIO_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"RIFF", "audio/wav"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
