"""Reasoning as a provider would tell it: whole, in summary or not at all, and with the seal its format wants."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import attrs

from jackfield.types import Completion, Opaque, Part, Reasoning, Text, ToolCall
from jackfield_simulator.ways import PLANNERS, SIGNED_TEXT, THOUGHTS, UNSIGNED


def sealed(completion: Completion, provider: str, wire: str, asked: Mapping[str, Any]) -> Completion:
    """The completion with the payloads that a format wants beside reasoning."""
    calls = any(isinstance(part, ToolCall) for part in completion.parts)
    plans = calls and PLANNERS.search(completion.model) is not None
    parts = tuple(
        _sealed(part, provider, wire, asked, plans)
        if isinstance(part, Reasoning) and part.opaque is None
        else part
        for part in completion.parts
    )
    return attrs.evolve(completion, parts=_signed(parts, provider, completion.model, wire))


def _signed(parts: tuple[Part, ...], provider: str, model: str, wire: str) -> tuple[Part, ...]:
    """The parts, of which one carries what was thought where a model that thinks says nothing of it."""
    if wire != "generate_content" or UNSIGNED.search(model):
        return parts
    kinds: tuple[type, ...] = (ToolCall, Text) if SIGNED_TEXT.search(model) else (ToolCall,)
    places = [place for kind in kinds for place, part in enumerate(parts) if isinstance(part, kind)]
    return tuple(
        attrs.evolve(part, opaque=Opaque(provider, wire, {"thoughtSignature": signature(model)}))
        if place in places[:1] and isinstance(part, ToolCall | Text) and part.opaque is None
        else part
        for place, part in enumerate(parts)
    )


def _sealed(part: Reasoning, provider: str, wire: str, asked: Mapping[str, Any], plans: bool) -> Part:
    if wire == "responses":
        return _item(part, provider, asked)
    payload: dict[str, Any] = {"signature": signature(part.text)}
    if wire == "generate_content":
        payload = {"thoughtSignature": signature(part.text)}
    elif wire == "cohere" and plans:
        payload = {"type": "tool_plan"}  # what is thought before a call is told as a plan
    return attrs.evolve(part, opaque=Opaque(provider, wire, payload))


def _item(part: Reasoning, provider: str, asked: Mapping[str, Any]) -> Part:
    """The item of a response that reasoning is."""
    way, text = THOUGHTS.get(provider, "summary"), part.text
    wish = asked.get("reasoning")
    if way == "asked" and not (isinstance(wish, Mapping) and wish.get("summary")):
        text = ""
    item: dict[str, Any] = {"type": "reasoning", "id": f"rs_{_digest(part.text).hex()[:32]}", "summary": []}
    if text and way == "full":
        item["content"] = [{"type": "reasoning_text", "text": text}]
    elif text:
        item["summary"] = [{"type": "summary_text", "text": text}]
    if "reasoning.encrypted_content" in (asked.get("include") or ()):
        item["encrypted_content"] = signature(part.text)
    return attrs.evolve(part, text=text, opaque=Opaque(provider, "responses", item))


def signature(text: str) -> str:
    """A seal that follows from what is thought."""
    return base64.b64encode(_digest(text) * 2).decode()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
