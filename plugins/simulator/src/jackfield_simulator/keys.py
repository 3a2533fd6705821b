"""Keys that look like a provider's own: clients check the shape of theirs before they send one."""

from __future__ import annotations

import re

from jackfield.profile import Profile

KEY = "simulated-key"


def shaped(profile: Profile) -> str:
    """A key that looks like one of the provider's."""
    return made_to_fit(profile.auth.key_pattern) or KEY


_STEP = re.compile(r"\(([^()]*)\)|\[([^\]]+)\]|(\.)|\\?(.)")
_REPEAT = re.compile(r"\{(\d+)(?:,\d*)?\}|([+*?])|")


def made_to_fit(pattern: str) -> str:
    """A text that fits a simple pattern: letters as they stand, choices, ranges, repetitions."""
    made, at = "", 0
    while found := _STEP.match(pattern, at):
        times = _REPEAT.match(pattern, found.end())
        assert times is not None  # it may be empty
        choice, letters, anything, letter = found.groups()
        unit = made_to_fit(choice.rpartition("|")[2]) if choice else letter
        if letters or anything:
            unit = "0" if anything or re.match(f"[{letters}]", "0") else letters[0]
        made += unit * (int(times[1]) if times[1] else 24 if anything and times[2] else 1)
        at = times.end()
    return made if re.fullmatch(pattern, made) else ""
