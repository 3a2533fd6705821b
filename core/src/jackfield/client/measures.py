"""What a use measures besides tokens, seen from what was asked and what came: prices may be by any of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import evolve

from jackfield.client.account import charge_of
from jackfield.client.binding import Binding
from jackfield.profile.rates import picture
from jackfield.types import Answered, BatchResult, BatchResults, Usage

_SIZE = re.compile(r"(\d+)\s*[x×]\s*(\d+)")


def measured(operation: str, request: Any, answer: Answered) -> Usage:
    """The usage of an answer, with the sizes that are plain from what was asked and what came."""
    measure = MEASURES.get(operation)
    usage = answer.usage
    if measure is None:
        return usage
    found = {name: value for name, value in measure(request, answer).items() if value}
    return evolve(usage, more={**found, **usage.more}) if found else usage


def _drawn(request: Any, answer: Any) -> Mapping[str, float]:
    count = len(answer.results)
    quality, stated = (_said(name, request, answer) for name in ("quality", "size"))
    size = _SIZE.fullmatch(stated)
    pixels = count * int(size[1]) * int(size[2]) if size else 0
    found = {"images_out": count, "images_in": len(request.images), "pixels_out": pixels}
    sized = picture(quality, f"{size[1]}x{size[2]}" if size else "")
    return {**found, sized: count} if sized else found


def _said(name: str, request: Any, answer: Any) -> str:
    """What came, where the answer tells; else what was asked for."""
    came = answer.raw.get(name) if isinstance(answer.raw, Mapping) else None
    return came if isinstance(came, str) else str(request.options.get(name) or "")


def _spoken(request: Any, answer: Any) -> Mapping[str, float]:
    return {"characters_in": len(request.text), "seconds_out": answer.seconds or 0}


def _heard(_: Any, answer: Any) -> Mapping[str, float]:
    told = answer.usage.raw.get("seconds")
    seconds = answer.seconds or (told if isinstance(told, int | float) and not isinstance(told, bool) else 0)
    return {"seconds_in": seconds}


def _embedded(request: Any, _: Any) -> Mapping[str, float]:
    return {"characters_in": sum(map(len, request.texts))}


MEASURES: Mapping[str, Callable[[Any, Any], Mapping[str, float]]] = {
    "image": _drawn,
    "speak": _spoken,
    "transcribe": _heard,
    "embed": _embedded,
}


def charged(binding: Binding, answer: Answered) -> Answered:
    """The answers of a batch with what each costs: at the rates of batches, by the model that gave it."""
    if not isinstance(answer, BatchResults):
        return answer
    return evolve(answer, results=tuple(_charged(binding, result) for result in answer.results))


def _charged(binding: Binding, result: BatchResult) -> BatchResult:
    completion = result.completion
    if completion is None:
        return result
    told = completion.usage.tier
    usage = completion.usage.in_tier("batch" if told in ("", "batch") else f"batch {told}")
    priced = binding.for_model(completion.model)
    return evolve(result, completion=evolve(completion, usage=usage, charge=charge_of(priced, usage)))
