"""Figures in both directions.

The format counts twice: ``tokens`` are what the model read and wrote, prompt templates included;
``billed_units`` are what is paid for. Usage is the former, as with every provider; the latter stay in
``raw``, and charges are made from them. Of ``tokens``, ``cached_tokens`` are a part of the input,
``reasoning_tokens`` a part of the output, while ``image_tokens`` come on top (2026-02: 4 billed tokens of
text and 518 of pictures beside 501 input tokens).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.types import UNKNOWN_USAGE, Usage
from jackfield.wire.facts import figure

BILLED = "billed_units"


def usage_of(raw: Any) -> Usage:
    """What was used, in disjoint buckets."""
    if not isinstance(raw, dict):
        return UNKNOWN_USAGE
    counted = raw.get("tokens") or raw.get(BILLED)
    if not isinstance(counted, dict):
        return UNKNOWN_USAGE
    read, written = figure(counted.get("input_tokens")), figure(counted.get("output_tokens"))
    cached = min(figure(raw.get("cached_tokens")), read) if "tokens" in raw else 0
    reasoning = min(figure(counted.get("reasoning_tokens")), written)
    pictures, searches = figure(counted.get("image_tokens")), _searches(raw.get(BILLED))
    return Usage(
        read - cached, cached, 0, 0, 0, pictures, written - reasoning, reasoning, searches=searches, raw=raw
    )


def meta_usage(meta: Any) -> Usage:
    """What an operation other than chat used: it tells what is billed, and that alone."""
    billed = meta.get(BILLED) if isinstance(meta, dict) else None
    return usage_of({BILLED: billed}) if isinstance(billed, dict) else UNKNOWN_USAGE


def billed_usage(usage: Usage) -> Usage | None:
    """What is billed of a usage, in the same buckets; ``None`` where that is not known."""
    billed = usage.raw.get(BILLED)
    return usage_of({BILLED: billed}) if isinstance(billed, dict) else None


def _searches(billed: Any) -> int:
    return figure(billed.get("search_units")) if isinstance(billed, dict) else 0


def usage_fields(usage: Usage) -> dict[str, Any]:
    """The figures as the format has them."""
    images = usage.input_image
    read = usage.total_input - images
    tokens = {"input_tokens": read, "output_tokens": usage.total_output}
    if images:
        tokens["image_tokens"] = images
    if usage.reasoning:
        tokens["reasoning_tokens"] = usage.reasoning
    return {BILLED: billed_fields(usage), "tokens": tokens, "cached_tokens": usage.cache_read}


def billed_fields(usage: Usage) -> Mapping[str, Any]:
    """The billed units: those the provider told, or all that was used."""
    told = usage.raw.get(BILLED)
    if isinstance(told, dict):
        return told
    fields = {"input_tokens": usage.total_input, "output_tokens": usage.total_output}
    return {**fields, "search_units": usage.searches} if usage.searches else fields
