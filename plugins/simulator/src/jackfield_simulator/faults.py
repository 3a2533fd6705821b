"""Which request goes wrong, and how: by name, by key, by chance, by script.

    faults.add("overloaded-529", times=2)                 the next two requests
    faults.add("stall", key="sk-slow")                    all requests of one key
    faults.add("throttled", probability=0.1)              one in ten
    faults.script(["failed", "cut-before-content", "ok"])  in this order, then no more

A request may ask for a fault itself, in the header ``x-jackfield-fault``. Faults wait for a request they fit: one
that breaks streams lets whole answers pass.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from attrs import define

from jackfield.errors import BadConfig, ErrorInfo, InvalidRequest
from jackfield_simulator.exchange import Exchange
from jackfield_simulator.faulty import (
    bodies,
    clocks,
    connections,
    contents,
    frames,
    refusals,
    streams,
    tokens,
)
from jackfield_simulator.faulty.base import TABLE, Fault
from jackfield_simulator.faulty.doors import DOORS

HEADER = "x-jackfield-fault"
OK = "ok"

FAULTS: Mapping[str, Fault] = dict(sorted(TABLE.items(), key=lambda item: (item[1].number, item[0])))
"""All faults by name, in the order of the catalogue."""

MODULES = (bodies, clocks, connections, contents, frames, refusals, streams, tokens)


def fault_named(name: str) -> Fault:
    """The fault of that name."""
    found = FAULTS.get(name)
    if found is None:
        near = sorted(known for known in FAULTS if name and known.startswith(name[:3]))
        hint = f"did you mean {' or '.join(near[:4])}?" if near else "`Faults.names` lists them"
        msg = f"there is no fault {name!r:.60}"
        raise BadConfig(ErrorInfo("config", msg, hint=hint))
    return found


def _injectable(name: str) -> Fault:
    found = fault_named(name)
    if found.moment == "door":
        msg = f"the fault `{name}` begins before there is a connection, so no request can have it"
        raise BadConfig(ErrorInfo("config", msg, hint=f"call the address that `door({name!r})` opens"))
    return found


# What a fault of a scenario, or of the control API, may say.
_EITHER: Mapping[str, type | tuple[type, ...]] = {"key": str, "match": str, "provider": str}
_TAKES: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "fault": {"fault": str, **_EITHER, "probability": (int, float), "times": int},
    "script": {"script": list, **_EITHER},
}


def _stated(table: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a fault, checked."""
    kind = "script" if "script" in table else "fault"
    takes = _TAKES[kind]
    wrong = [name for name, value in table.items() if not isinstance(value, takes.get(name, ()))]
    if (
        wrong
        or kind not in table
        or not (kind == "fault" or all(isinstance(one, str) for one in table["script"]))
    ):
        which = (
            f"`{wrong[0]:.40}` is none of these, or of another type"
            if wrong
            else f"`{kind}` is missing or odd"
        )
        msg = f"a fault takes `fault` or `script`, and with `{kind}` {', '.join([*takes][1:])}: {which}"
        raise BadConfig(ErrorInfo("config", msg))
    return dict(table)


@define
class Rule:
    """What befalls the requests that it is about: one fault again and again, or a script."""

    names: Sequence[str]
    key: str = ""
    match: str = ""
    probability: float = 1.0
    times: int | None = None
    scripted: bool = False
    at: int = 0  # how often it has befallen a request, or where in its script it is

    @property
    def next(self) -> str:
        """The name of what comes next; empty when there is nothing more."""
        if self.scripted:
            return self.names[self.at] if self.at < len(self.names) else ""
        return self.names[0] if self.times is None or self.at < self.times else ""

    def about(self, exchange: Exchange) -> bool:
        """Whether a request is one of those it is about."""
        if self.key and self.key != exchange.key:
            return False
        if not self.match:
            return True
        call = exchange.call
        words = (
            call.method,
            getattr(call, "target", ""),
            exchange.provider,
            exchange.operation,
            exchange.model,
        )
        return self.match in " ".join(words)


class Faults:
    """The rules in force; the first that fits a request holds. Shared by threads."""

    def __init__(self, *, seed: int = 0, pace: float = 1.0) -> None:
        self.pace = pace
        self._random = Random(seed)  # noqa: S311  # the same faults befall the same requests
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """What can go wrong, by name."""
        return list(FAULTS)

    def add(
        self,
        name: str,
        *,
        key: str = "",
        match: str = "",
        probability: float = 1.0,
        times: int | None = None,
    ) -> None:
        """Let requests go wrong: those of ``key``, those in whose method, path, provider and model ``match`` stands."""
        found = _injectable(name)
        if found.moment in ("accept", "clock") and (key or match):
            msg = f"the fault `{name}` befalls all: it is there before it is known who asks for what"
            raise BadConfig(ErrorInfo("config", msg, hint="leave `key` and `match` out"))
        if times is not None and times < 1:
            msg = f"`times` of `{name}` must be from 1, not {times!r:.20}"
            raise BadConfig(ErrorInfo("config", msg))
        if not 0 <= probability <= 1:
            msg = f"the probability of `{name}` must be from 0 to 1, not {probability!r:.20}"
            raise BadConfig(ErrorInfo("config", msg))
        self._put(Rule([name], key, match, probability, times))

    def script(self, names: Iterable[str], *, key: str = "", match: str = "") -> None:
        """Let requests go wrong in this order, one after the other; ``ok`` lets one pass."""
        listed = list(names)
        for name in listed:
            if name != OK:
                _injectable(name)
        self._put(Rule(listed, key, match, scripted=True))

    def configure(self, tables: Iterable[Mapping[str, Any]]) -> None:
        """Take rules from the tables of a scenario."""
        for table in tables:
            stated = _stated(table)
            stated["match"] = stated.pop("provider", stated.get("match", ""))
            if "script" in stated:
                self.script(stated.pop("script"), **stated)
            else:
                self.add(stated.pop("fault"), **stated)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._rules.clear()

    def _put(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def for_exchange(self, exchange: Exchange) -> Fault | None:
        """What befalls a request, if anything does."""
        asked = exchange.call.headers.get(HEADER)
        if asked is not None:
            return self._asked(asked, exchange)
        found = self._ruled(exchange)
        if found is None and exchange.fault:
            return self._asked(exchange.fault, exchange)  # a rule of the scenario wants it
        return found

    def _ruled(self, exchange: Exchange) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                name = rule.next if rule.about(exchange) else ""
                if name == OK:
                    if exchange.wire is None:
                        continue  # a token on the way: it is a request of a wire that is to pass
                    rule.at += 1
                    return None
                if name and FAULTS[name].fits(exchange) and self._drawn(rule):
                    rule.at += 1
                    return FAULTS[name]
        return None

    def for_connection(self) -> Fault | None:
        """What befalls a connection before anything is asked, if anything does."""
        return self._at("accept")

    def for_clock(self) -> Fault | None:
        """What befalls the server's clock while it judges a request, if anything does."""
        return self._at("clock")

    def _at(self, moment: str) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                found = FAULTS.get(rule.next)
                alone = not (rule.key or rule.match)
                if found is not None and found.moment == moment and alone and self._drawn(rule):
                    rule.at += 1
                    return found
        return None

    def _drawn(self, rule: Rule) -> bool:
        return rule.probability >= 1 or self._random.random() < rule.probability

    def _asked(self, name: str, exchange: Exchange) -> Fault | None:
        if name == OK:
            return None
        found = _injectable(name)
        if not found.fits(exchange):
            msg = f"the fault `{name}` cannot befall this request"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=f"it is: {found.says}"))
        return found


assert DOORS.keys() <= FAULTS.keys()
