"""The words of the format and ours for them: every table that both halves read, each in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jackfield.types import FinishReason
from jackfield.wire.seal import Seal

NAME = "cohere"

DEFAULTS: Mapping[str, Any] = {
    "input_type": "search_document",  # of embeddings, where the caller names none: the format demands one
    "budgets": {},  # changes to BUDGETS
    "operations": {},  # operation -> where it is: ``path``, ``fields``, ``headers``
}
"""The settings a dialect may change."""

# Our option -> their field. Those that take more than a name are rendered apart.
OPTIONS: Mapping[str, str] = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "stop": "stop_sequences",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "logprobs": "logprobs",
}
APART = frozenset({"reasoning"})
IMPLIED = (("n", 1), ("top_logprobs", 0))  # what holds without being said

# An effort as a number of tokens to think with; 0 sets no bound. 2026-11: models think by default.
BUDGETS: Mapping[str, int] = {"minimal": 512, "low": 1024, "medium": 4096, "high": 0, "xhigh": 0, "max": 0}
UNBOUNDED = "high"

TOOL_CHOICES: Mapping[str, str] = {"required": "REQUIRED", "none": "NONE"}

FINISHES: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "error",
    "TIMEOUT": "error",
}

# Ours -> theirs; what the format has no word for ended as it should have.
FINISH_WORDS: Mapping[str, str] = {
    "stop": "COMPLETE",
    "length": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "error": "ERROR",
}

# What a text may be embedded for: our word -> theirs.
INPUT_TYPES: Mapping[str, str] = {"query": "search_query", "document": "search_document"}

# Codes of failures -> our kinds.
CODES: Mapping[str, str] = {
    "too_many_tokens": "request.context",
    "invalid_tool_generation": "protocol.body",
}

# Our kind -> the code it is reported with.
REPORTS: Mapping[str, str] = {
    "request.context": "TOO_MANY_TOKENS",
    "protocol.body": "INVALID_TOOL_GENERATION",
}

PLAN = "tool_plan"
THINKING = "thinking"


@frozen
class Rules:
    """What rendering and reading depend on besides the request."""

    seal: Seal
    settings: Mapping[str, Any] = field(factory=lambda: DEFAULTS)
