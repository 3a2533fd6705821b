"""The words of the format and ours for them: every table that both halves read, each in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jackfield.types import FinishReason
from jackfield.wire.seal import Seal

NAME = "messages"

DEFAULTS: Mapping[str, Any] = {
    "default_max_tokens": 4096,  # the format demands a limit; this one is sent when nobody names another
    "extra_headers": {},  # fields of `extra` that travel as a header: field -> header
    "reasoning_style": "budget",  # how an effort is said: "budget" (tokens) or "adaptive" (a word)
    "reasoning_budget": True,  # whether a number of tokens may be said
    "reasoning_off": True,  # whether reasoning can be switched off
    "reasoning_display": "",  # sent with adaptive reasoning, where its text would be blank otherwise
    "budgets": {},  # changes to BUDGETS
    "efforts": {},  # changes to EFFORTS
    "structured": "native",  # how a schema is asked for: "native", or "tool" where the model knows no other way
    "model_in_body": True,  # whether the body names the model; where it does not, the path does
    "stream_in_body": True,  # whether the body says that a stream is wanted; where it does not, the path does
    "operations": {},  # operation -> where it is and what it is sent with: ``path``, ``fields``, ``headers``
    "fixed_fields": {},  # fields that every body holds with the same value, such as a version of the format
    "prefill": False,  # whether a last turn of the model is taken as the beginning of its answer
    "require_stop": True,  # whether a stream without `message_stop` is cut short even after a stop reason
}
"""The settings a dialect may change."""

BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 2048,
    "high": 4096,
    "xhigh": 8192,
    "max": 16384,
}
SMALLEST_BUDGET = 1024

EFFORTS: Mapping[str, str] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}

# Our option -> the field it is written to. Those that take more than a name are rendered apart.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_tokens",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "stop": ("stop_sequences",),
    "service_tier": ("service_tier",),
    "user": ("metadata", "user_id"),
}
APART = frozenset({"max_tokens", "reasoning", "parallel_tool_calls"})
IMPLIED = frozenset({("n", 1), ("logprobs", False), ("top_logprobs", 0)})  # what holds without being said

ROLES: Mapping[str, str] = {"user": "user", "tool": "user", "assistant": "assistant"}

TOOL_CHOICES: Mapping[str, str] = {"auto": "auto", "required": "any", "none": "none"}

ANSWER_TOOL = "structured_answer"
"""The tool whose arguments are the answer, where a schema can be asked for in no other way."""

FINISHES: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "pause",
    "compaction": "pause",
}

STOP_REASONS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "pause": "pause_turn",
}

# Location type -> our kind, and our field -> theirs.
CITATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "char_location": (
        "char",
        {
            "quote": "cited_text",
            "document": "document_index",
            "title": "document_title",
            "start": "start_char_index",
            "end": "end_char_index",
        },
    ),
    "page_location": (
        "page",
        {
            "quote": "cited_text",
            "document": "document_index",
            "title": "document_title",
            "start": "start_page_number",
            "end": "end_page_number",
        },
    ),
    "content_block_location": (
        "block",
        {
            "quote": "cited_text",
            "document": "document_index",
            "title": "document_title",
            "start": "start_block_index",
            "end": "end_block_index",
        },
    ),
    "search_result_location": (
        "search_result",
        {
            "quote": "cited_text",
            "url": "source",
            "title": "title",
            "document": "search_result_index",
            "start": "start_block_index",
            "end": "end_block_index",
        },
    ),
    "web_search_result_location": ("url", {"quote": "cited_text", "url": "url", "title": "title"}),
}

# Codes of failures -> our kinds. `invalid_request_error` is told apart by its text, with the shared table.
CODES: Mapping[str, str] = {
    "invalid_request_error": "request.invalid",
    "authentication_error": "auth",
    "permission_error": "auth",
    "billing_error": "quota.money",
    "not_found_error": "model.missing",
    "request_too_large": "request.context",  # too many bytes, but the remedy is the same: send less
    "conflict_error": "server.transient",
    "rate_limit_error": "throttle",
    "api_error": "server",
    "timeout_error": "server.transient",
    "overloaded_error": "server.overloaded",
    # finer codes, under `details`
    "enforced_spend_limit_reached": "quota.money",
}

# Our kind -> the code it is reported with; a kind that is not here goes by what it begins with.
REPORTS: Mapping[str, str] = {
    "request": "invalid_request_error",
    "request.context": "request_too_large",
    "auth": "authentication_error",
    "quota": "rate_limit_error",
    "quota.money": "billing_error",
    "model": "not_found_error",
    "throttle": "rate_limit_error",
    "local": "overloaded_error",
    "local.limit": "rate_limit_error",
    "local.budget": "billing_error",
    "local.guard": "permission_error",
    "server": "api_error",
    "server.overloaded": "overloaded_error",
    "timeout": "timeout_error",
    "deadline": "timeout_error",
}
REPORT_OTHERWISE = "api_error"

STATUSES: Mapping[str, int] = {"request.context": 413, "server": 500, "server.overloaded": 529}
"""Statuses that are the format's own; for all else the usual ones serve."""


@frozen
class Rules:
    """What rendering and reading depend on besides the request."""

    seal: Seal
    settings: Mapping[str, Any] = field(factory=lambda: DEFAULTS)
    max_output: int | None = None
    answers_by_tool: bool = False  # whether a schema is asked for by a tool that must be called

    def named(self, setting: str, words: Mapping[str, Any], word: str) -> Any:
        """What ``word`` means, by the table or by the setting that changes it."""
        return self.settings[setting].get(word) or words[word]


def finish_reason(stop_reason: str | None) -> FinishReason:
    """Our word for a stop reason."""
    return FINISHES.get(stop_reason or "", "unknown")
