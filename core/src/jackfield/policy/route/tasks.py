"""What kind of task a request is: told by the caller, by the system prompt, by phrases, by length, in this order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from attrs import frozen

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.policy.route.phrases import COMPLEXITIES, DOMAINS, LANGUAGES, STRONG, STYLES, SYSTEM, WEAK
from jackfield.types.quick import quick
from jackfield.types.recent import Recent
from jackfield.types.routes import TASKS

GENERAL = "General"
LONG = "LongFormGeneration"
LONG_FROM = 1000  # characters

HIGH_QUALITY = frozenset({"Planning", "Analysis", "IntentDetection", LONG})
SPEED = frozenset({"Validation", "Classification"})

# What a task typically takes, in tokens.
TYPICAL_TOKENS: Mapping[str, int] = {
    "Validation": 500,
    "Classification": 500,
    "Summarization": 1000,
    "IntentDetection": 1000,
    GENERAL: 1500,
    "CodeGeneration": 2000,
    "Analysis": 2000,
    "Translation": 2000,
    "Planning": 3000,
    LONG: 5000,
}

# How sure each way of telling is. Whoever says it is believed; what is only not contradicted is a guess.
EXPLICIT, FROM_SYSTEM, PLAIN, CONTESTED, IN_PASSING, FAR_OFF, BY_LENGTH, UNCLEAR, DEFAULT = (
    1.0,
    0.9,
    0.95,
    0.85,
    0.75,
    0.7,
    0.7,
    0.6,
    0.5,
)

_ZONE = 600  # characters from either end: instructions stand there, what they are about stands between
_CACHED = 1000
_SIGNAL_CHARACTERS = 2000
_READ = 2000  # of a very long prompt, from either end
_WORD = re.compile(r"[a-z]+")
_WORDS = re.compile(r"\w+")
_CUTS = bytes(code if chr(code).isalnum() or code == ord("_") else 32 for code in range(256))  # of ASCII


@quick
@frozen
class Detection:
    """A task, how sure it is, and what told it."""

    task: str
    confidence: float
    why: str


@frozen
class Signals:
    """What else a prompt tells of itself."""

    domain: str = ""
    style: str = ""
    complexity: str = "simple"


class Rank(NamedTuple):
    """Which of two phrases at one place counts: a subject says more than a length, and words more than a gap."""

    length: bool
    gap: bool
    shortness: int
    task: str
    phrase: str


Hit: TypeAlias = tuple[int, Rank]
"""Where a phrase was found, and which: what is said first counts, so the least of several does."""


class _Phrase:
    """A phrase: words that have to occur, and the whole of it as a pattern, compiled when they do."""

    __slots__ = ("_body", "_pattern", "needs", "piece", "rank")

    def __init__(self, task: str, words: str, needs: Sequence[str], body: str) -> None:
        self.rank = Rank(task == LONG, "..." in words, -len(words), task, words)
        self.needs = frozenset(needs)
        self.piece = max(needs, key=len)
        self._body = body
        self._pattern: re.Pattern[str] | None = None

    def search(self, text: str) -> int:
        """The first place where it stands; -1 if there is none.

        That no word goes on before it is looked up afterwards: a pattern that begins with it is tried at every
        letter, and takes ten times as long as one that begins with the phrase's own (2026-11).
        """
        if self._pattern is None:
            self._pattern = re.compile(rf"{self._body}(?![\w-])")
        found = self._pattern.search(text)
        while found is not None:
            at = found.start()
            if not at or not ((before := text[at - 1]).isalnum() or before in "_-"):
                return at
            found = self._pattern.search(text, at + 1)
        return -1


def task_named(name: str) -> str:
    """The task of that name, however it is spelt."""
    wanted = re.sub(r"[^a-z]", "", name.lower())
    for task in TASKS:
        if task.lower() == wanted or (task == LONG and wanted == "longform"):
            return task
    from difflib import get_close_matches

    near = get_close_matches(wanted, [task.lower() for task in TASKS], 1)
    close = next((task for task in TASKS if near and task.lower() == near[0]), "")
    hint = f"did you mean `{close}`?" if close else "there are " + ", ".join(TASKS)
    msg = f"there is no task `{name:.40}`; nothing was sent"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))


class Detector:
    """Tells tasks. Answers are kept; one detector may serve all threads."""

    def __init__(
        self,
        phrases: Mapping[str, Iterable[str]] | None = None,
        system_words: Mapping[str, Iterable[str]] | None = None,
        entries: int = _CACHED,
    ) -> None:
        self._strong = _by_piece([*_compiled(phrases or {}), *_compiled(STRONG), *_languages()])
        self._weak = _by_piece(_compiled(WEAK))
        self._system = _by_piece([*_compiled(system_words or {}), *_compiled(SYSTEM)])
        # Keys are hashes, so that no prompt is kept.
        self._kept: Recent[tuple[int, int, int], Detection] = Recent(max(1, entries // 2))
        self._signals: Recent[tuple[int, int], Signals] = Recent(max(1, entries // 2))

    def detect(self, prompt: str, system: str = "", explicit: str | None = None) -> Detection:
        """The task of a request."""
        if explicit is not None:
            return Detection(task_named(explicit), EXPLICIT, "stated by the caller")
        key = (hash(prompt), len(prompt), hash(system))
        found = self._kept.get(key)
        if found is None:
            found = self._kept.recall(key, partial(self._detected, prompt, system))
        return found

    def signals(self, prompt: str) -> Signals:
        """Domain, style and complexity of a prompt."""
        key = (hash(prompt), len(prompt))
        found = self._signals.get(key)
        return self._signals.recall(key, partial(_signals, prompt)) if found is None else found

    def _detected(self, prompt: str, system: str) -> Detection:
        if system:
            told = _ends(system.lower())
            hits = _hits(self._system, told, _words(told))
            if hits:
                _, stated = min(hits)
                return Detection(stated.task, FROM_SYSTEM, f"`{stated.phrase}` in the system prompt")
        lowered = _ends(prompt.lower())
        words = _words(lowered)
        by_phrase = self._by_strong(lowered, words) or self._by_weak(lowered, words)
        if by_phrase is not None and by_phrase.confidence > UNCLEAR:
            return by_phrase
        if len(prompt) > LONG_FROM:
            return Detection(LONG, BY_LENGTH, f"more than {LONG_FROM} characters")
        return by_phrase or Detection(GENERAL, DEFAULT, "nothing tells of another task")

    def _by_strong(self, text: str, words: frozenset[str]) -> Detection | None:
        hits = _hits(self._strong, text, words)
        if not hits:
            return None
        near = hits if len(text) <= _ZONE else [hit for hit in hits if _in_zone(hit, text)]
        _, first = min(near or hits)
        if not near:
            return Detection(first.task, FAR_OFF, f"`{first.phrase}` amid the prompt")
        sure = CONTESTED if _contested(near) else PLAIN
        return Detection(first.task, sure, f"`{first.phrase}` in the prompt")

    def _by_weak(self, text: str, words: frozenset[str]) -> Detection | None:
        near = [hit for hit in _hits(self._weak, text, words) if _in_zone(hit, text)]
        if not near:
            return None
        _, first = min(near)
        sure = UNCLEAR if _contested(near) else IN_PASSING
        return Detection(first.task, sure, f"`{first.phrase}` in passing")


def _contested(hits: Sequence[Hit]) -> bool:
    return len(hits) > 1 and len({rank.task for _, rank in hits}) > 1


def _in_zone(hit: Hit, text: str) -> bool:
    return hit[0] < _ZONE or hit[0] > len(text) - _ZONE


def _ends(text: str) -> str:
    """The text, or both ends of one so long that reading it all would delay the call."""
    return text if len(text) <= 2 * _READ else f"{text[:_READ]}\n{text[-_READ:]}"


def _by_piece(phrases: Iterable[_Phrase]) -> Mapping[str, list[_Phrase]]:
    found: dict[str, list[_Phrase]] = {}
    for phrase in phrases:
        found.setdefault(phrase.piece, []).append(phrase)
    return found


def _words(text: str) -> frozenset[str]:
    # The same either way; cutting at what is no letter takes a third of the time of looking for letters (2026-11).
    if text.isascii():
        return frozenset(text.encode().translate(_CUTS).decode().split())
    return frozenset(_WORDS.findall(text))


def _hits(phrases: Mapping[str, list[_Phrase]], text: str, words: frozenset[str]) -> list[Hit]:
    """The first place of every phrase that occurs; only those are looked for of which all words occur."""
    return [
        (at, phrase.rank)
        for piece in phrases.keys() & words
        for phrase in phrases[piece]
        if phrase.needs <= words and (at := phrase.search(text)) >= 0
    ]


def _compiled(table: Mapping[str, Iterable[str]]) -> Iterator[_Phrase]:
    for task, phrases in table.items():
        for words in phrases:
            lowered = words.lower()
            pieces = [piece.strip() for piece in lowered.split("...")]
            gap = r"\s+(?:[\w'’/+#.,-]+\s+){0,4}?"
            body = gap.join(r"\s+".join(map(re.escape, piece.split())) for piece in pieces)
            yield _Phrase(task, words, _WORDS.findall(lowered), body)


def _languages() -> Iterator[_Phrase]:
    """``into German``, ``from Dutch to Swedish``, ``say … in Turkish``; one phrase a language."""
    for name in LANGUAGES:
        into = rf"(?:in)?to\s+(?:\w+\s+)?{name}|from\s+\w+\s+to\s+{name}"
        told = rf"(?:{into}|(?:say|put|render)\b[^\n]{{1,60}}\s+in\s+{name})"
        yield _Phrase("Translation", f"into {name.title()}", [name], told)


def _signals(prompt: str) -> Signals:
    words = frozenset(_WORD.findall(prompt[:_SIGNAL_CHARACTERS].lower()))
    return Signals(_most(DOMAINS, words), _most(STYLES, words), _first(COMPLEXITIES, words))


def _most(table: Mapping[str, frozenset[str]], words: frozenset[str]) -> str:
    """The name whose words occur most; none if no word of any does."""
    counts = {name: len(known & words) for name, known in table.items()}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else ""


def _first(table: Mapping[str, frozenset[str]], words: frozenset[str]) -> str:
    return next((name for name, known in table.items() if known & words), "simple")
