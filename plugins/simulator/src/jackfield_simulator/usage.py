"""How many tokens a text is, as good as can be told without anybody's vocabulary.

Vocabularies cut common English words into one token, longer ones into pieces of about five letters, other
scripts into one token for one or two characters. So does this, and always in the same way. It is no estimate as
core's: the words of a stream add up to the whole, and prose of so many tokens has exactly so many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    Document,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Usage,
    Video,
)

PER_MESSAGE = 3
PER_TOOL = 9
# What media take, roughly: a picture of middling size, a second of sound for each 16 kB, a page for each 3 kB.
IMAGE = 765
PER_AUDIO_TOKEN = 800
PER_DOCUMENT_TOKEN = 12
_SHORT = 1000  # characters; few longer texts are remembered

# What one token is: up to six letters, up to three digits, one of anything else.
_TOKEN = re.compile(r"[A-Za-z]{1,6}|\d{1,3}|[^\W\d_]|[^\w\s]|_")


def tokens_of(text: str) -> int:
    """The tokens of a text."""
    return _of_short(text) if len(text) <= _SHORT else _of_long(text)


def _counted(text: str) -> int:
    return _TOKEN.subn("", text)[1]


_of_short = lru_cache(maxsize=4096)(_counted)
_of_long = lru_cache(maxsize=8)(_counted)  # a prompt is counted several times while it is answered


def tokens_in(request: Request) -> Usage:
    """What a request takes in: its text fresh, its media apart."""
    text = image = audio = 0
    for message in request.messages:
        text += PER_MESSAGE
        for part in message.parts:
            image += IMAGE if isinstance(part, Image) else 0
            audio += _heard(part)
            text += _read(part)
    for tool in request.tools:
        text += PER_TOOL
        if isinstance(tool, Tool):
            text += (
                tokens_of(tool.name) + tokens_of(tool.description) + tokens_of(dump_text(dict(tool.schema)))
            )
    return Usage(input=text, input_image=image, input_audio=audio)


def tokens_out(parts: Iterable[Part]) -> tuple[int, int]:
    """What parts of an answer are: tokens that show, and tokens of reasoning."""
    shown = thought = 0
    for part in parts:
        if isinstance(part, Reasoning):
            thought += tokens_of(part.text)
        elif isinstance(part, Text | Refusal):
            shown += tokens_of(part.text)
        elif isinstance(part, ToolCall):
            shown += tokens_of(part.name) + tokens_of(part.json) + PER_TOOL
    return shown, thought


def usage_of(request: Request, parts: Iterable[Part], cached: Mapping[str, int] | None = None) -> Usage:
    """The usage of an answer."""
    taken = tokens_in(request)
    shown, thought = tokens_out(parts)
    read = min((cached or {}).get("cache_read", 0), taken.input)
    return Usage(
        input=taken.input - read,
        cache_read=read,
        input_image=taken.input_image,
        input_audio=taken.input_audio,
        output=shown,
        reasoning=thought,
    )


def last_text(messages: tuple[Message, ...]) -> str:
    """The text of the last turn; media are named, results of tools are quoted."""
    return " ".join(filter(None, map(_said, messages[-1].parts))) if messages else ""


def _said(part: Part) -> str:
    if isinstance(part, Text | ToolResult):
        return part.text
    kind = getattr(part, "media_type", None)
    return f"[{kind}]" if kind else ""


def _heard(part: Part) -> int:
    if not isinstance(part, Audio | Video):
        return 0
    return max(1, len(part.data or b"") // PER_AUDIO_TOKEN)


def _read(part: Part) -> int:
    if isinstance(part, Text | ToolResult | Reasoning):
        return tokens_of(part.text)
    if isinstance(part, ToolCall):
        return tokens_of(part.name) + tokens_of(part.json)
    return max(1, len(part.data or b"") // PER_DOCUMENT_TOKEN) if isinstance(part, Document) else 0
