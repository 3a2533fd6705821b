"""What an answer has to be so that no better model is asked: declared by a route, decided without asking anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from jackfield.errors import JackfieldError
from jackfield.jsontext import loads
from jackfield.types import Completion
from jackfield.types.routes import AnswerCheck

_REASONS: Mapping[str, str] = {"length": "is cut short", "content_filter": "is filtered"}


def failing(check: AnswerCheck, answer: Completion) -> str:
    """Why an answer does not pass; empty if it does."""
    if answer.refusal is not None:
        return "is a refusal"
    reason = answer.finish.reason
    if reason not in check.finish:
        return _REASONS.get(reason, f"ended with `{reason}`")
    if answer.tool_calls:
        return ""  # what is said besides is no answer yet
    return next(filter(None, (test(check, answer.text) for test in _TESTS)), "")


def _length(check: AnswerCheck, text: str) -> str:
    count = len(text.strip())
    if count < check.min_characters:
        return f"has {count} characters, and at least {check.min_characters} are asked for"
    if check.max_characters is not None and count > check.max_characters:
        return f"has {count} characters, and at most {check.max_characters} are asked for"
    return ""


def _pattern(check: AnswerCheck, text: str) -> str:
    if not check.matches or _compiled(check.matches).search(text):
        return ""
    return f"does not match `{check.matches:.60}`"


def _excluded(check: AnswerCheck, text: str) -> str:
    folded = text.casefold() if check.excludes else ""
    found = next((phrase for phrase in check.excludes if phrase.casefold() in folded), "")
    return f"says `{found:.60}`" if found else ""


def _json(check: AnswerCheck, text: str) -> str:
    if not check.json:
        return ""
    try:
        loads(text.strip())
    except JackfieldError:
        return "is no JSON"
    return ""


_TESTS: tuple[Callable[[AnswerCheck, str], str], ...] = (_length, _pattern, _excluded, _json)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
