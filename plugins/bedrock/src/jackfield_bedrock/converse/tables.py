"""The words of the format and ours for them: every table that both halves read, each in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jackfield.types import FinishReason
from jackfield.wire.seal import Seal
from jackfield_bedrock.families import answers_by_tool, family_of

NAME = "converse"

DEFAULTS: Mapping[str, Any] = {
    "family": "",  # the maker of the model, where its id does not tell
    "reasoning_style": "auto",  # how an effort is said: by model, or a word of `reasoning.STYLES`
    "budgets": {},  # changes to the tokens an effort stands for
    "structured": "auto",  # how a schema is asked for: by model, or "native" or "tool"
    "tool_result": "auto",  # what a tool's answer is: by maker, or "text" or "json"
    "region": "",  # where the models of operations are, whose names need it
    "control_base": "",  # where models are listed; the address of completions if nothing is said
    "agents_base": "",  # where documents are ranked; the address of completions if nothing is said
}
"""The settings a dialect may change."""

# Our option -> the field it is written to. Those that take more than a name are rendered apart.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("inferenceConfig", "maxTokens"),
    "temperature": ("inferenceConfig", "temperature"),
    "top_p": ("inferenceConfig", "topP"),
    "stop": ("inferenceConfig", "stopSequences"),
    "service_tier": ("serviceTier", "type"),
    "metadata": ("requestMetadata",),
}
APART = frozenset({"top_k", "reasoning", "parallel_tool_calls"})
IMPLIED = frozenset({("n", 1), ("logprobs", False), ("top_logprobs", 0)})  # what holds without being said

OWN_FIELDS = "additionalModelRequestFields"

ANSWER_TOOL = "structured_answer"
"""The tool whose arguments are the answer, where a schema can be asked for in no other way."""

FINISHES: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "content_filter",
    "pause_turn": "pause",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}

STOP_REASONS: Mapping[str, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "content_filtered",
    "pause": "pause_turn",
    "error": "malformed_model_output",
}

# Media type -> the format's word for it. The first of several is what a word is read as.
FORMATS: Mapping[str, Mapping[str, str]] = {
    "image": {
        "image/png": "png",
        "image/jpeg": "jpeg",
        "image/jpg": "jpeg",
        "image/gif": "gif",
        "image/webp": "webp",
    },
    "document": {
        "application/pdf": "pdf",
        "text/csv": "csv",
        "application/msword": "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.ms-excel": "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "text/html": "html",
        "text/plain": "txt",
        "text/markdown": "md",
        "text/x-markdown": "md",
    },
    "video": {
        "video/mp4": "mp4",
        "video/x-matroska": "mkv",
        "video/quicktime": "mov",
        "video/webm": "webm",
        "video/x-flv": "flv",
        "video/mpeg": "mpeg",
        "video/x-ms-wmv": "wmv",
        "video/3gpp": "three_gp",
    },
    "audio": {
        "audio/mpeg": "mp3",
        "audio/mp3": "mp3",
        "audio/opus": "opus",
        "audio/wav": "wav",
        "audio/x-wav": "wav",
        "audio/aac": "aac",
        "audio/flac": "flac",
        "audio/mp4": "mp4",
        "audio/ogg": "ogg",
        "audio/webm": "webm",
        "audio/x-m4a": "m4a",
        "audio/pcm": "pcm",
    },
}

MEDIA_TYPES: Mapping[str, Mapping[str, str]] = {
    kind: {word: media for media, word in reversed(list(table.items()))} for kind, table in FORMATS.items()
}

# Location -> our kind, and our field -> theirs.
LOCATIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "web": ("url", {"url": "url"}),
    "documentChar": ("char", {"document": "documentIndex", "start": "start", "end": "end"}),
    "documentPage": ("page", {"document": "documentIndex", "start": "start", "end": "end"}),
    "documentChunk": ("block", {"document": "documentIndex", "start": "start", "end": "end"}),
    "searchResultLocation": (
        "search_result",
        {"document": "searchResultIndex", "start": "start", "end": "end"},
    ),
}


@frozen
class Rules:
    """What rendering and reading depend on besides the request."""

    seal: Seal
    settings: Mapping[str, Any] = field(factory=lambda: DEFAULTS)
    max_output: int | None = None

    def family(self, model: str) -> str:
        """The maker of ``model``."""
        return str(self.settings["family"] or family_of(model))

    def by_tool(self, model: str) -> bool:
        """Whether ``model`` gives structured answers by a tool."""
        stated = self.settings["structured"]
        return answers_by_tool(model) if stated == "auto" else stated == "tool"

    def results_are_json(self, model: str) -> bool:
        """Whether ``model`` wants the answers of tools as JSON."""
        stated = self.settings["tool_result"]
        # 2026-06: the models of this maker overlook text in a tool's answer.
        return self.family(model) == "mistral" if stated == "auto" else stated == "json"


def finish_reason(stop_reason: str | None) -> FinishReason:
    """Our word for a stop reason."""
    return FINISHES.get(stop_reason or "", "unknown")
