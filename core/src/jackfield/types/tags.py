"""Whose a call is: what it is put down to in the ledger, in budgets and in limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from jackfield.errors import ErrorInfo, InvalidRequest

NAMED = ("user", "key", "project", "department", "route", "tag")
KNOWN = ("account", "global", "model", "provider", "route")
"""What is known of a call, by the words budgets, limits and caches go by: no caller says it."""
LONGEST = 200  # characters of a value
MOST = 16  # further tags


@frozen
class Tags:
    """Whose a call is. ``more`` holds tags beyond those everybody has."""

    user: str | None = None
    key: str | None = None
    project: str | None = None
    department: str | None = None
    route: str | None = None
    tag: str | None = None
    more: Mapping[str, str] = field(factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Tags:
        """The tags of a mapping; what cannot be one is refused before anything is sent."""
        if not given:
            return NO_TAGS
        fault = fault_of(given)
        if fault:
            raise InvalidRequest(ErrorInfo("request.invalid", f"{fault}; nothing was sent", sent="no"))
        return cls.checked(given)

    @classmethod
    def checked(cls, given: Mapping[str, str]) -> Tags:
        """The tags of a mapping that has been checked."""
        if not given:
            return NO_TAGS
        named = {name: given[name] for name in NAMED if name in given}
        more = {name: value for name, value in given.items() if name not in NAMED}
        return cls(**named, more=more)

    def over(self, under: Tags) -> Tags:
        """These tags, and for what they do not say those of ``under``."""
        if under is NO_TAGS:
            return self
        named = {name: getattr(self, name) or getattr(under, name) for name in NAMED}
        return evolve(self, **named, more={**under.more, **self.more})


NO_TAGS = Tags()


def fault_of(given: object) -> str:
    """What is wrong with tags; empty if nothing is."""
    if not isinstance(given, Mapping):
        return f'`tags` must be a mapping, as in {{"project": "shop"}}, not {type(given).__name__}'
    if len(given) > MOST + len(NAMED):
        return f"there are {len(given)} tags; {MOST} of your own are the most"
    for name, value in given.items():
        if not isinstance(name, str) or not name or len(name) > LONGEST:
            return f"the name of a tag must be a text of up to {LONGEST} characters"
        if name in KNOWN:
            return f"the tag `{name}` is not yours to set, for it is known of every call: call it otherwise"
        if not isinstance(value, str) or not value or len(value) > LONGEST:
            return f"the tag `{name:.40}` must be a text of 1 to {LONGEST} characters"
        if not _storable(name) or not _storable(value):
            return "tags must be text that can be kept: no NUL, and no half of a character"
    return ""


def _storable(text: str) -> bool:
    """Whether databases keep it: they refuse NUL, and surrogates that stand alone."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
