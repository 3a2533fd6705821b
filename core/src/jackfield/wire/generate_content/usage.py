"""Figures of the format, and ours: theirs overlap, ours do not.

``promptTokenCount`` holds what came from a cache, but not what hosted tools put in; ``candidatesTokenCount``
holds no thoughts as a rule. Totals may be told apart by modality.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.types import UNKNOWN_USAGE, Usage
from jackfield.wire.facts import figure

COUNTED = frozenset({"promptTokenCount", "candidatesTokenCount", "totalTokenCount"})
_NOTHING: Mapping[str, int] = {}


def usage_of(raw: Mapping[str, Any], searches: int = 0) -> Usage:
    """The figures in disjoint buckets; unknown where there are none, as in the first records of some streams."""
    if COUNTED.isdisjoint(raw):
        return UNKNOWN_USAGE
    read, said = raw.get("promptTokenCount"), raw.get("candidatesTokenCount")
    if type(read) is int and type(said) is int and read > 0 and said > 0 and _TOLD_APART.isdisjoint(raw):
        if _is_text(raw.get("promptTokensDetails")):  # words alone: a third of the time of what follows
            used = Usage(read, 0, 0, 0, 0, 0, said, 0, 0, 0, searches, "reported", raw)
            return (
                used if _LANES.isdisjoint(raw) else used.in_tier(raw.get("serviceTier")).in_tier(_lane(raw))
            )
    prompt, tools = figure(raw.get("promptTokenCount")), figure(raw.get("toolUsePromptTokenCount"))
    cached = min(figure(raw.get("cachedContentTokenCount")), prompt)
    fresh = prompt + tools - cached
    audio, image = _input_media(raw, fresh)
    output, thoughts = figure(raw.get("candidatesTokenCount")), figure(raw.get("thoughtsTokenCount"))
    if thoughts and output >= thoughts and prompt + tools + output == figure(raw.get("totalTokenCount")):
        output -= thoughts  # seen where the candidates' figure holds the thoughts already (2026-11)
    spoken, drawn = _output_media(raw, output)
    used = Usage(
        input=fresh - audio - image,
        cache_read=cached,
        input_audio=audio,
        input_image=image,
        output=output - spoken - drawn,
        reasoning=thoughts,
        output_audio=spoken,
        output_image=drawn,
        searches=searches,
        raw=raw,
    )
    return used if _LANES.isdisjoint(raw) else used.in_tier(raw.get("serviceTier")).in_tier(_lane(raw))


# Where the format says how a request was served; the second by hosts of their own (2026-11).
_LANES = frozenset({"serviceTier", "trafficType"})


def _lane(raw: Mapping[str, Any]) -> str:
    return str(raw.get("trafficType") or "").lower().removeprefix("on_demand_")


_TOLD_APART = frozenset(
    {
        "toolUsePromptTokenCount",
        "toolUsePromptTokensDetails",
        "cachedContentTokenCount",
        "cacheTokensDetails",
        "thoughtsTokenCount",
        "candidatesTokensDetails",
    }
)


def _is_text(details: Any) -> bool:
    """Whether nothing but text was counted."""
    return type(details) is not list or (len(details) == 1 and _modality(details[0]) == "TEXT")


def _input_media(raw: Mapping[str, Any], fresh: int) -> tuple[int, int]:
    """The fresh tokens of sound and of pictures."""
    given = _by_modality(raw.get("promptTokensDetails"))
    tools = (
        _by_modality(raw["toolUsePromptTokensDetails"]) if "toolUsePromptTokensDetails" in raw else _NOTHING
    )
    if not given and not tools:
        return 0, 0
    cached = _by_modality(raw.get("cacheTokensDetails"))
    audio, image = (
        max(given.get(kind, 0) + tools.get(kind, 0) - cached.get(kind, 0), 0) for kind in ("AUDIO", "IMAGE")
    )
    audio = min(audio, fresh)
    return audio, min(image, fresh - audio)


def _output_media(raw: Mapping[str, Any], output: int) -> tuple[int, int]:
    details = _by_modality(raw["candidatesTokensDetails"]) if "candidatesTokensDetails" in raw else _NOTHING
    if not details:
        return 0, 0
    spoken = min(details.get("AUDIO", 0), output)
    return spoken, min(details.get("IMAGE", 0), output - spoken)


def _by_modality(details: Any) -> Mapping[str, int]:
    if _is_text(details):
        return _NOTHING
    found: dict[str, int] = {}
    for detail in details:
        if isinstance(detail, dict):
            kind = _modality(detail)
            found[kind] = found.get(kind, 0) + figure(detail.get("tokenCount"))
    return found


def _modality(detail: Any) -> str:
    return str(detail.get("modality")) if isinstance(detail, dict) else ""


def usage_fields(usage: Usage) -> dict[str, Any]:
    """Our figures as the format counts them."""
    if not usage.known:
        return {}
    prompt = usage.total_input
    visible = usage.total_output - usage.reasoning
    fields: dict[str, Any] = {"promptTokenCount": prompt, "candidatesTokenCount": visible}
    cached = usage.cache_read
    if cached:
        fields["cachedContentTokenCount"] = cached
    if usage.reasoning:
        fields["thoughtsTokenCount"] = usage.reasoning
    fields["totalTokenCount"] = prompt + visible + usage.reasoning
    text = prompt - usage.input_audio - usage.input_image
    fields["promptTokensDetails"] = _details(TEXT=text, AUDIO=usage.input_audio, IMAGE=usage.input_image)
    if usage.output_audio or usage.output_image:
        fields["candidatesTokensDetails"] = _details(
            TEXT=usage.output, AUDIO=usage.output_audio, IMAGE=usage.output_image
        )
    return fields


def _details(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": kind, "tokenCount": count} for kind, count in tokens.items() if count]
