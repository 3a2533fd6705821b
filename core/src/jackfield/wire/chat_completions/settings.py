"""What a dialect may change about this format, and what it then is."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from attrs import frozen

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.wire.chat_completions.forms import DOCUMENTS, EFFORTS, SOUNDS

DEFAULTS: Mapping[str, Any] = {
    "done": "optional",  # must a stream end with `[DONE]`, beside its finish reason?
    "usage_opt_in": True,  # ask for usage in streams with stream_options.include_usage
    "system_role": "system",
    "reasoning_replay": "none",  # the field in which reasoning goes back to the provider it came from
    "content_as_text": False,  # content of text alone is one string, never a list
    "null_content": "omit",  # what `content` is in a turn of tool calls alone
    "tool_media": "refuse",  # pictures in a tool's answer: nowhere, or in its content list
    "hosted_tools": (),  # kinds of hosted tools that go into `tools` as they are
    "web_search": False,  # whether the hosted tool `web_search` goes into web_search_options
    "embedding_encoding": "none",  # the encoding_format that is asked for
    "reasoning": "effort",  # the form in which an effort is asked for: see ``forms``
    "reasoning_stand_in": "",  # what stands for reasoning in a turn of calls that has none, where it must be there
    "documents": "file",  # the form of documents
    "audio": "object",  # the form of sound
    "cache_points": "omit",  # or marks on the items before them: `cache_control`
    "prefill": "",  # the field that marks a last turn of the model as the beginning of the answer
    "names": "all",  # whose names are said: of all turns, of those of a user, or none
    "call_id_length": 0,  # ids of calls are so many letters and digits; 0 takes any
    "whole_calls": False,  # what we serve: a streamed call is one delta, where clients do not join several
    "operations": {},  # operation -> where it is, and what its options are called: ``path``, ``fields``
}

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "done": ("required", "optional"),
    "system_role": ("system", "developer", "user"),
    "reasoning_replay": ("none", "reasoning_content", "reasoning", "reasoning_details", "content"),
    "null_content": ("omit", "null", "empty"),
    "tool_media": ("refuse", "inline"),
    "embedding_encoding": ("none", "float", "base64"),
    "reasoning": tuple(EFFORTS),
    "documents": tuple(DOCUMENTS),
    "audio": tuple(SOUNDS),
    "cache_points": ("omit", "cache_control"),
    "names": ("all", "user", "none"),
}


@frozen
class Settings:
    """The settings of one dialect, checked."""

    done: str
    usage_opt_in: bool
    system_role: str
    reasoning_replay: str
    content_as_text: bool
    null_content: str
    tool_media: str
    hosted_tools: frozenset[str]
    web_search: bool
    embedding_encoding: str
    reasoning: str
    reasoning_stand_in: str
    documents: str
    audio: str
    cache_points: str
    prefill: str
    names: str
    call_id_length: int
    whole_calls: bool
    operations: Mapping[str, Any]


def settings_of(given: Mapping[str, Any]) -> Settings:
    """The settings a dialect gives, over the defaults."""
    for name, value in given.items():
        _check(name, value)
    merged = {**DEFAULTS, **given}
    merged["hosted_tools"] = frozenset(merged["hosted_tools"])
    return Settings(**merged)


def _check(name: str, value: Any) -> None:
    if name not in DEFAULTS:
        near = get_close_matches(name, DEFAULTS, 1)
        raise _bad(
            f"wire `chat_completions` has no setting `{name}`", f"did you mean `{near[0]}`?" if near else ""
        )
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise _bad(
            f"setting `{name}` of wire `chat_completions` is one of {', '.join(choices)}, not {value!r:.40}"
        )
    expected = list | tuple if name == "hosted_tools" else type(DEFAULTS[name])
    if not isinstance(value, expected):
        raise _bad(f"setting `{name}` of wire `chat_completions` cannot be {value!r:.40}")


def _bad(message: str, hint: str = "") -> BadConfig:
    return BadConfig(ErrorInfo("config", message, hint=hint, sent="no"))
