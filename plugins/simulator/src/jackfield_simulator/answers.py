"""What the stand-in model says: the same to the same request, always.

In this order: what the scenario has scripted, a value that fits the schema that is asked for, a call of the
tool that the prompt is about, citations of what was sent along, else an echo, or as many words as are wanted.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo
from jackfield.jsontext import dump_text
from jackfield.types import (
    Audio,
    Choice,
    Citation,
    Completion,
    Document,
    Finish,
    FinishReason,
    HostedTool,
    Image,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    ToolResult,
)
from jackfield_simulator.media import picture
from jackfield_simulator.scenario import Scenario, Then
from jackfield_simulator.usage import last_text, tokens_of, usage_of

_RIVER = (
    "the river runs past old mills and under low bridges while small boats carry stones salt timber and news"
    " from one town to next every spring its water rises over meadows every autumn mist hides both banks"
    " people here count years by floods they name their children after islands and trust no map older than ice"
)
WORDS = tuple(_RIVER.split())
UNASKED = 40  # tokens of prose where nobody says how many
LONGEST = 32_768  # and the most, however many are asked for: models end by themselves
WORD = re.compile(r"\s*\S+\s*")
_NAMED = re.compile(r"[A-Za-z]{3,}")
_HABITUAL = frozenset({"get", "set", "fetch", "lookup", "find", "the", "for", "current", "tool", "function"})


class Answers:
    """The stand-in model of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def completion(self, request: Request, then: Then | None = None) -> Completion:
        """The answer to a request; ``then`` is what the scenario has scripted for it."""
        name = self._digest(request)
        parts = self._scripted(then, name) if then is not None else self._own(request, name)
        if not parts and not (then is not None and then.error):
            parts = (Text(self._said(request, name, then.tokens if then else 0)),)
        thoughts = () if then is not None and then.reasoning else self._thoughts(request, parts)
        parts, finish = _cut((*thoughts, *parts), request.options)
        if then is not None and then.finish:
            finish = Finish(_REASONS.get(then.finish, "stop"), then.finish)
        return Completion(
            parts,
            finish,
            usage_of(request, parts),
            request.model,
            id=f"sim-{name[:24]}",
            alternatives=self._alternatives(request, parts, finish),
            logprobs=_scores(request, parts),
        )

    def text(self, prompt: str, tokens: int = UNASKED) -> str:
        """Words that follow from a prompt."""
        return prose(tokens, f"{self.scenario.seed} {prompt}")

    def _digest(self, request: Request) -> str:
        """A name that follows from what is asked, and the seed."""
        return hashlib.sha256(f"{self.scenario.seed} {request!r}".encode()).hexdigest()

    def _own(self, request: Request, name: str) -> tuple[Part, ...]:
        """The parts that follow from the request."""
        if request.output is not None:
            schema = request.output.schema or {"type": "object"}
            return (Text(dump_text(sample(schema, last_text(request.messages) or "text"))),)
        media = tuple(_media(request))
        if media:
            return media
        calls = tuple(_calls(request, name))
        if calls:
            return calls
        cited = tuple(_cited(request))
        return (Text(self._said(request, name, 0), cited),) if cited else ()

    def _said(self, request: Request, name: str, tokens: int) -> str:
        before = request.messages[:-1]
        if before and request.messages[-1].role == "assistant":
            return self._rest(attrs.evolve(request, messages=before), last_text(request.messages), tokens)
        said = last_text(request.messages)
        if self.scenario.answer == "echo" and not tokens:
            return said or "There was nothing to answer."
        wanted = tokens or int(request.options.get("max_tokens") or UNASKED)
        return prose(min(wanted, LONGEST), name)

    def _rest(self, request: Request, begun: str, tokens: int) -> str:
        """What is left to say of an answer that was begun."""
        whole = self._said(request, self._digest(request), tokens)
        return whole.removeprefix(begun)

    def _thoughts(self, request: Request, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        wish = self.scenario.reasoning
        asked = request.options.get("reasoning", "none") not in ("none", 0, False, None)
        if wish == "never" or not (asked or wish == "always"):
            return ()
        subject = last_text(request.messages)[:80] or "this"
        return (Reasoning(f"I am asked about {subject}. I weigh what I know, and answer briefly."),)

    @staticmethod
    def _scripted(then: Then, name: str) -> tuple[Part, ...]:
        """The parts that the scenario states."""
        parts: list[Part] = []
        if then.reasoning:
            parts.append(Reasoning(then.reasoning))
        if then.refusal:
            parts.append(Refusal(then.refusal))
        text = dump_text(then.json) if then.json is not None else then.text
        if text is not None:
            parts.append(Text(text, tuple(_citation(one, text) for one in then.citations)))
        parts += (_call(one, place, name) for place, one in enumerate(then.calls))
        return tuple(parts)

    def _alternatives(self, request: Request, parts: tuple[Part, ...], finish: Finish) -> tuple[Choice, ...]:
        """Further answers, where several are asked for."""
        count = request.options.get("n", 1)
        return tuple(Choice(parts, finish) for _ in range(int(count) - 1)) if isinstance(count, int) else ()


_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "pause": "pause",
}


def _scores(request: Request, parts: tuple[Part, ...]) -> tuple[TokenLogprob, ...]:
    """The probabilities of the words, where they are asked for; others would have been less likely."""
    if not request.options.get("logprobs"):
        return ()
    count = request.options.get("top_logprobs") or 0
    words = [word for part in parts if isinstance(part, Text) for word in WORD.findall(part.text)]
    others = tuple((other, -2.5 - place) for place, other in enumerate(WORDS[: max(0, int(count) - 1)]))
    return tuple(TokenLogprob(word, -0.1, ((word, -0.1), *others) if count else ()) for word in words)


def sample(schema: Mapping[str, Any], said: str) -> Any:
    """A value that fits a schema."""
    from jackfield_echo.sample import sample as sampled  # a provider's package: not before it is needed

    try:
        return sampled(schema, said)
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as exc:
        msg = f"the schema cannot be read ({type(exc).__name__}: {exc!s:.80})"
    raise ErrorInfo("request.invalid", msg, status=400).to_exception()


def prose(tokens: int, seed: str) -> str:
    """Words of exactly so many tokens, that follow from the seed."""
    chance = random.Random(seed)  # noqa: S311  # the same words again are the point
    words: list[str] = []
    left = tokens
    while left > 0:
        word = chance.choice(WORDS)
        if tokens_of(word) <= left:
            words.append(word)
            left -= tokens_of(word)
    return " ".join(words)


def _calls(request: Request, name: str) -> Iterator[ToolCall]:
    """Calls of the tools that the last turn is about, or of the one that must be called; none after results."""
    if not (request.messages and request.tools):
        return
    last, choice = request.messages[-1], request.tool_choice
    results = any(isinstance(part, ToolResult) for part in last.parts)
    if last.role == "tool" or results or choice == "none":
        return
    tools = [tool for tool in request.tools if isinstance(tool, Tool)]
    if choice not in (None, "auto", "required"):
        chosen = [tool for tool in tools if tool.name == choice]
    else:
        words = {word.lower() for word in _NAMED.findall(last_text(request.messages))}
        chosen = [tool for tool in tools if words & _subjects(tool.name) or tool.name.lower() in words]
        chosen = chosen or (tools[:1] if choice == "required" else [])
    for place, tool in enumerate(chosen):
        arguments = sample(tool.schema, last_text(request.messages)[:40] or "text")
        yield ToolCall(f"call_{name[:20]}{place}", tool.name, dump_text(arguments))


def _media(request: Request) -> Iterator[Part]:
    """Sound or a picture, where the request says that it wants them."""
    config = request.extra.get("generationConfig")
    wanted = config.get("responseModalities") if isinstance(config, Mapping) else None
    said = last_text(request.messages)
    for kind in wanted if isinstance(wanted, list | tuple) else ():
        if kind == "AUDIO":
            yield Audio("audio/L16;codec=pcm;rate=24000", data=bytes(2 * 1200 * max(1, len(said))))
        elif kind == "IMAGE":
            yield Image("image/png", data=picture(said, 64, 64))


def _subjects(tool: str) -> set[str]:
    """The words of a tool's name that say what it is about."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", tool)
    return {word.lower() for word in _NAMED.findall(split)} - _HABITUAL


def _cited(request: Request) -> Iterator[Citation]:
    """Citations of the documents that were sent along to be cited, or of what a search would have found."""
    documents = [
        part
        for message in request.messages
        for part in message.parts
        if isinstance(part, Document) and part.citations
    ]
    for number, document in enumerate(documents):
        quote = (document.data or b"")[:60].decode("utf-8", "replace")
        yield Citation(
            "document",
            title=document.name or f"Document {number + 1}",
            quote=quote,
            start=0,
            end=len(quote),
            document=number,
        )
    if not documents and any(
        isinstance(tool, HostedTool) and "search" in tool.kind for tool in request.tools
    ):
        yield Citation("url", "https://example.com/simulated", "A simulated page", "as was found")


def _citation(stated: Mapping[str, Any], text: str) -> Citation:
    known = {one.name for one in attrs.fields(Citation)} - {"raw"}
    facts = {name: value for name, value in stated.items() if name in known}
    return Citation(**{"start": 0, "end": len(text), **facts})


def _call(stated: Mapping[str, Any], place: int, name: str) -> ToolCall:
    arguments = stated.get("arguments", {})
    json = arguments if isinstance(arguments, str) else dump_text(arguments)
    return ToolCall(str(stated.get("id", f"call_{name[:20]}{place}")), str(stated.get("name", "")), json)


def _cut(parts: tuple[Part, ...], options: Mapping[str, Any]) -> tuple[tuple[Part, ...], Finish]:
    """The parts up to a stop sequence or to the limit of tokens, and why they end there."""
    if any(isinstance(part, ToolCall) for part in parts):
        return parts, Finish("tool_calls")
    if any(isinstance(part, Refusal) for part in parts):
        return parts, Finish("content_filter")
    stops = options.get("stop") or ()
    limit = options.get("max_tokens")
    kept: list[Part] = []
    finish = Finish("stop")
    for part in parts:
        if isinstance(part, Text):
            text = _stopped(part.text, (stops,) if isinstance(stops, str) else stops)
            text, short = _limited(text, limit)
            part = part if text == part.text else Text(text, part.citations)
            finish = Finish("length") if short else finish
        kept.append(part)
    return tuple(kept), finish


def _stopped(text: str, stops: Any) -> str:
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def _limited(text: str, limit: Any) -> tuple[str, bool]:
    """The words that fit into a limit of tokens, and whether that was too little."""
    if not isinstance(limit, int) or tokens_of(text) <= limit:
        return text, False
    left, words = limit, []
    for word in WORD.findall(text):
        left -= tokens_of(word)
        if left < 0:
            break
        words.append(word)
    return "".join(words), True
