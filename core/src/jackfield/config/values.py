"""Checks of single values that settings have in common: bounds, and words of which there are few."""

from __future__ import annotations

from typing import Any

from jackfield.profile.schema import Check, Problems, number, suggestion, text, texts


def between(low: float, high: float, check: Check = number) -> Check:
    """A number within bounds."""

    def check_bounds(raw: object, path: str, problems: Problems) -> Any:
        before = len(problems)
        value = check(raw, path, problems)
        if len(problems) == before and not low <= value <= high:
            problems.append(f"{path}: must be between {low:g} and {high:g}, not {value:g}")
        return value

    return check_bounds


def whole(raw: object, path: str, problems: Problems) -> int:
    """A whole number, which may be negative."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    problems.append(f"{path}: must be a whole number")
    return 0


def one_of(*known: str) -> Check:
    """One of a few words, however their parts are joined; a slip is answered with what may be meant."""

    def check_word(raw: object, path: str, problems: Problems) -> str:
        word = text(raw, path, problems).replace("_", "-")
        if isinstance(raw, str) and word not in known:
            told = ", ".join(f"`{name}`" for name in known)
            problems.append(f"{path}: `{raw}` is not one of {told}{suggestion(word, known)}")
        return word

    return check_word


def several_of(*known: str) -> Check:
    """Some of a few words."""

    def check_words(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
        words = texts(raw, path, problems)
        for word in words:
            if word not in known:
                told = ", ".join(f"`{name}`" for name in known)
                problems.append(f"{path}: `{word}` is not one of {told}{suggestion(word, known)}")
        return words

    return check_words
