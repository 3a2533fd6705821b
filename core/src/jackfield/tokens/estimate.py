"""A guess at the number of tokens, from the kinds of characters a text is made of; fast enough for every call.

Tokenizers differ, but they agree on the order of things: a Latin letter is a quarter of a token, a digit or a Han
character nearly one, an emoji several. The weights are fitted to a current tokenizer with a vocabulary of
130,000 and checked against what providers counted; docs/models.md has the table of errors, made by a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from jackfield.profile.counting import USUAL, Counting
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
    Video,
)

_Fixed: TypeAlias = tuple[int, int, int]  # what does not depend on words: at least, mostly, at most


class Estimate(NamedTuple):
    """How many tokens something is thought to be: at least, probably, at most."""

    low: int
    likely: int
    high: int


# -- text ----------------------------------------------------------------------------------------

# One letter for each kind of character, by the first byte it has in UTF-8, and the tokens one of it makes.
_KINDS: Sequence[tuple[int, int, str, float]] = (
    (0x00, 0x1F, "n", 0.8),  # line breaks, and what else controls
    (0x20, 0x20, "w", 0.02),  # a space belongs to the word behind it
    (0x21, 0x7F, "p", 0.5),  # punctuation; the ranges below take out of it
    (0x30, 0x39, "d", 0.85),
    (0x41, 0x5A, "A", 0.5),
    (0x61, 0x7A, "a", 0.235),
    (0x80, 0xBF, ".", 0.0),  # inside of a character that was counted
    (0xC0, 0xCD, "l", 1.2),  # Latin with marks
    (0xCE, 0xCF, "g", 0.5),  # Greek
    (0xD0, 0xD3, "c", 0.42),  # Cyrillic
    (0xD4, 0xD7, "h", 0.53),  # Armenian, Hebrew
    (0xD8, 0xDF, "r", 0.42),  # Arabic and its neighbours
    (0xE0, 0xE0, "i", 0.54),  # the scripts of India, Thai
    (0xE1, 0xE1, "v", 0.42),  # Vietnamese, Georgian, Khmer
    (0xE2, 0xE2, "q", 1.5),  # dashes, quotes, arrows
    (0xE3, 0xE3, "k", 0.76),  # kana
    (0xE4, 0xE9, "z", 0.95),  # Han
    (0xEA, 0xED, "o", 0.75),  # Hangul
    (0xEE, 0xEF, "e", 0.8),  # full width
    (0xF0, 0xFF, "m", 3.6),  # emoji, and what is rare
)
_TABLE = bytearray(256)
for _first, _last, _kind, _ in _KINDS:
    _TABLE[_first : _last + 1] = _kind.encode() * (_last + 1 - _first)
_TO_KINDS = bytes(_TABLE)
_WEIGHTS = {kind: weight for _, _, kind, weight in _KINDS if weight}
_PLAIN = tuple((kind.encode(), _WEIGHTS[kind]) for kind in "awpAdn")
_PARTS = 200  # a token has so many parts, so that the weights are whole numbers
_TO_PARTS = bytes(
    round(_WEIGHTS.get(chr(kind), 0) * _PARTS) if at < 0x80 else 0 for at, kind in enumerate(_TABLE)
)
_SHORT_TEXT = 200
_OTHER = tuple((kind.encode(), weight) for kind, weight in _WEIGHTS.items() if kind not in "awpAdn")

# How far real providers were from the guess: plain text, other scripts, what a provider writes anew for its model.
_LOW, _HIGH = (0.7, 0.5, 0.3), (1.55, 1.6, 2.0)


def _weighed(text: str) -> tuple[float, float]:
    """The tokens of the plain characters of a text, and those of all others."""
    if text.isascii():
        return _plain(text.encode()), 0.0
    data = text.encode("utf-8", "surrogatepass")
    kinds = data.translate(_TO_KINDS)
    return _plain(data), sum([kinds.count(kind) * weight for kind, weight in _OTHER])


def _plain(data: bytes) -> float:
    if len(data) < _SHORT_TEXT:  # adding up costs less than six searches
        return sum(data.translate(_TO_PARTS)) / _PARTS
    kinds = data.translate(_TO_KINDS)
    return sum([kinds.count(kind) * weight for kind, weight in _PLAIN])


def estimate_text(text: str, counting: Counting = USUAL) -> Estimate:
    """The tokens of a text."""
    plain, other = _weighed(text)
    return _ranged((plain, other, 0.0), counting.scale, (0, 0, 0))


def likely_tokens(text: str) -> int:
    """The tokens a text probably has: the middle figure alone, for what is asked at every call."""
    plain, other = _weighed(text)
    return round(plain + other)


def _ranged(kinds: tuple[float, float, float], scale: float, fixed: _Fixed) -> Estimate:
    """The three figures of so many plain, other and rewritten tokens, and what stands around them."""
    plain, other, told = kinds
    low = (plain * _LOW[0] + other * _LOW[1] + told * _LOW[2]) * scale + fixed[0]
    high = (plain * _HIGH[0] + other * _HIGH[1] + told * _HIGH[2]) * scale + fixed[2]
    return Estimate(int(low), round((plain + other + told) * scale + fixed[1]), int(high) + 1)


# -- requests ------------------------------------------------------------------------------------


# What stands around what is sent, where nobody states it: at least, mostly, at most.
_PROMPT = (0, 4, 80)
_TURN = (0, 4, 8)
_TOOLS = (0, 60, 800)  # what a provider tells its model about calling tools at all
_TOOL = (0, 12, 40)
_FORM = (0, 0, 300)  # what it tells of the form of an answer

# What media make where nobody states a rule. Nothing is known of their contents.
_MEDIA: Mapping[type, _Fixed] = {
    Image: (64, 1_000, 5_000),
    Audio: (16, 1_000, 20_000),
    Video: (64, 5_000, 100_000),
    Document: (64, 5_000, 100_000),
}
_SHORT = (0, 8, 88)  # around a prompt of one turn
_new = tuple.__new__


def estimate(request: Request, counting: Counting = USUAL) -> Estimate:
    """The tokens a request takes in: its turns, tools and media, and what the provider writes around them."""
    messages = request.messages
    if counting is USUAL and len(messages) == 1 and not request.tools and request.output is None:
        parts = messages[0].parts
        if len(parts) == 1 and type(parts[0]) is Text:  # the usual prompt
            text = parts[0].text
            if text.isascii():
                plain = _plain(text.encode())
                bounds = (
                    int(plain * _LOW[0]),
                    round(plain) + _SHORT[1],
                    int(plain * _HIGH[0]) + _SHORT[2] + 1,
                )
                return _new(Estimate, bounds)
            return _ranged((*_weighed(text), 0.0), 1.0, _SHORT)
    return _whole(request, counting)


def _whole(request: Request, counting: Counting) -> Estimate:
    plain, other = _sum(_words(request.messages))
    told = sum(_sum(_told(request)))
    return _ranged((plain, other, told), counting.scale, around(request, counting))


def texts(request: Request) -> Iterable[str]:
    """All words a request consists of, as they are sent."""
    yield from _words(request.messages)
    yield from _told(request)


def around(request: Request, counting: Counting = USUAL) -> _Fixed:
    """The tokens that stand around the words: at least, mostly, at most."""
    low, likely, high = map(sum, zip(*_around(request, counting), strict=True))
    return low, likely, high


def media(request: Request, counting: Counting = USUAL) -> tuple[str, ...]:
    """The kinds of media in a request whose tokens nobody states."""
    kinds = {type(part) for part in _parts(request.messages) if type(part) in _MEDIA and not _is_text(part)}
    stated = {Image} if counting.image is not None else set()
    return tuple(sorted(kind.__name__.lower() for kind in kinds - stated))


def _sum(texts: Iterable[str]) -> tuple[float, float]:
    plain = other = 0.0
    for text in texts:
        more, others = _weighed(text)
        plain += more
        other += others
    return plain, other


def _stated(usual: _Fixed, figure: int | None) -> _Fixed:
    """A figure that is stated is exact within a quarter."""
    return usual if figure is None else (figure * 3 // 4, figure, figure * 5 // 4 + 1)


def _around(request: Request, counting: Counting) -> Iterable[_Fixed]:
    yield _stated(_PROMPT, counting.prompt)
    yield from [_stated(_TURN, counting.turn)] * len(request.messages)
    if request.tools:
        yield _stated(_TOOLS, counting.tools)
        yield from [_stated(_TOOL, counting.tool)] * len(request.tools)
    if request.output is not None:
        yield _FORM
    for part in _parts(request.messages):
        if type(part) in _MEDIA and not _is_text(part):
            yield _stated(_MEDIA[type(part)], counting.image if type(part) is Image else None)


def _is_text(part: Part) -> bool:
    return isinstance(part, Document) and part.data is not None and part.media_type.startswith("text/")


def _parts(messages: Iterable[Message]) -> Iterable[Part]:
    for message in messages:
        for part in message.parts:
            yield part
            if type(part) is ToolResult:
                yield from part.parts


def _words(messages: Iterable[Message]) -> Iterable[str]:
    for part in _parts(messages):
        if isinstance(part, Text | Reasoning | Refusal):
            yield part.text
        elif isinstance(part, ToolCall):
            yield f"{part.id} {part.name} {part.json}"
        elif isinstance(part, Document) and part.data is not None and _is_text(part):
            yield part.data.decode("utf-8", "replace")


def _told(request: Request) -> Iterable[str]:
    """What is told of tools and of the form of the answer."""
    import json

    for tool in request.tools:
        if isinstance(tool, Tool):
            yield f"{tool.name} {tool.description} {json.dumps(dict(tool.schema), default=str)}"
        else:
            yield tool.kind
    if request.output is not None and request.output.schema is not None:
        yield json.dumps(dict(request.output.schema), default=str)
