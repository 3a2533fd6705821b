"""Which of the scenario's rules a request meets; each counts how often it was used."""

from __future__ import annotations

import threading
from collections import Counter
from fnmatch import fnmatchcase

from attrs import frozen

from jackfield.types import Request, Tool
from jackfield_simulator.scenario import Rule, Then, When
from jackfield_simulator.usage import last_text


@frozen
class Occasion:
    """Who asks what of whom."""

    operation: str
    provider: str
    key: str
    model: str = ""
    request: Request | None = None


class Script:
    """The rules, the first that fits and is not used up answers."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = list(rules)
        self._used: Counter[int] = Counter()
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Another rule, ahead of those that are there."""
        with self._lock:
            self._rules.insert(0, rule)

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()
            self._used.clear()

    def then(self, occasion: Occasion) -> Then | None:
        """What is scripted for an occasion."""
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules:
                if (not rule.times or self._used[id(rule)] < rule.times) and meets(rule.when, occasion):
                    self._used[id(rule)] += 1
                    return rule.then
        return None


def meets(when: When, occasion: Occasion) -> bool:
    """Whether a rule is for an occasion."""
    named = (
        (when.operation, occasion.operation),
        (when.model, occasion.model),
        (when.provider, occasion.provider),
        (when.key, occasion.key),
    )
    if not all(not pattern or fnmatchcase(value, pattern) for pattern, value in named):
        return False
    request = occasion.request
    if request is None:
        return not (when.text or when.tool or when.turn)
    turns = sum(message.role == "user" for message in request.messages)
    tools = {tool.name for tool in request.tools if isinstance(tool, Tool)}
    return (
        when.text.lower() in last_text(request.messages).lower()
        and (not when.tool or when.tool in tools)
        and (not when.turn or when.turn == turns)
    )
