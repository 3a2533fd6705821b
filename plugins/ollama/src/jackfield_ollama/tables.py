"""The words of the format and ours for them: every table that both halves read, each in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.types import FinishReason, Opaque, Usage
from jackfield.wire.facts import figure

NAME = "ollama"

DEFAULTS: Mapping[str, Any] = {
    "think_levels": (),  # patterns of models that are told in a word how much to think; others whether to
    "operations": {},  # operation -> where it is: ``path``, ``fields``, ``headers``
}
"""The settings a dialect may change."""

# Our option -> its name in the table ``options``.
OPTIONS: Mapping[str, str] = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}
BESIDE = frozenset({"logprobs", "top_logprobs"})  # those that stand beside the table, under our names
APART = frozenset({"reasoning"})

# An effort -> the level nearest to it; a model that has no levels just thinks.
LEVELS: Mapping[str, str] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
JUST = "medium"  # how much a model thinks that is only told to

FINISHES: Mapping[str, FinishReason] = {"stop": "stop", "length": "length", "load": "stop", "unload": "stop"}

FIGURES = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)


def mark(provider: str) -> Opaque:
    """The mark of what a model of this provider thought: it alone is told so again."""
    return Opaque(provider, NAME, {})


def is_marked(opaque: Opaque | None, provider: str) -> bool:
    """Whether something has that mark."""
    return opaque is not None and (opaque.provider, opaque.wire) == (provider, NAME)


def usage_of(body: Mapping[str, Any]) -> Usage:
    """What was used. A prompt that is in memory from the last turn is not evaluated, and counts nothing."""
    raw = {name: body[name] for name in FIGURES if name in body}
    read, written = raw.get("prompt_eval_count"), raw.get("eval_count")
    if read is None and written is None:
        return Usage(source="unknown", raw=raw)
    return Usage(figure(read), output=figure(written), raw=raw)
