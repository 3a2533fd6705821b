"""Our own instruments: one table, from which exporters and documentation are made.

The unit stands in the name where it is no unit of time or bytes, since exporters drop units in braces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from attrs import frozen

from jackfield.telemetry.semconv import ERROR_TYPE, OPERATION_DURATION, TOKEN_USAGE

Kind: TypeAlias = Literal["counter", "histogram", "up-down", "gauge", "observable gauge"]
"""An observable gauge is read when metrics are collected."""


@frozen
class Instrument:
    """One instrument: its name, its kind, its unit, the attributes it may carry, and what it tells."""

    name: str
    kind: Kind
    attributes: tuple[str, ...]
    unit: str = ""
    says: str = ""

    @property
    def prometheus(self) -> str:
        """The name it has there."""
        ending = {"s": "_seconds"}.get(self.unit, "") + ("_total" if self.kind == "counter" else "")
        return self.name.replace(".", "_") + ending


_ALL = (
    Instrument("jackfield.charge.usd", "counter", ("provider", "model", "route", "tag"), "", "USD charged"),
    Instrument("jackfield.calls", "counter", ("route", "outcome", "operation"), "", "calls that ended"),
    Instrument(
        "jackfield.attempts", "counter", ("provider", "outcome", ERROR_TYPE, "reason"), "", "requests sent"
    ),
    Instrument("jackfield.call.overhead", "histogram", ("operation",), "s", "our own share of a call"),
    Instrument("jackfield.calls.active", "up-down", ("provider",), "", "attempts under way"),
    Instrument(
        "jackfield.breaker.state", "gauge", ("provider", "target"), "", "0 closed, 1 half-open, 2 open"
    ),
    Instrument("jackfield.limiter.wait", "histogram", ("provider", "kind"), "s", "waited for a limit"),
    Instrument(
        "jackfield.limit.remaining_ratio", "gauge", ("provider", "kind"), "", "what a provider says is left"
    ),
    Instrument("jackfield.budget.spent_ratio", "gauge", ("budget",), "", "spent of a budget"),
    Instrument("jackfield.cache.lookups", "counter", ("cache", "result"), "", "looks into a cache"),
    Instrument("jackfield.cache.saved.usd", "counter", ("cache",), "", "USD a cache has saved"),
    Instrument("jackfield.guard.findings", "counter", ("guard", "action"), "", "what guards found"),
    Instrument("jackfield.price.age", "observable gauge", ("provider",), "s", "since prices were checked"),
    Instrument(
        "jackfield.plugin.info", "observable gauge", ("dist", "version", "spec", "level"), "", "always 1"
    ),
    Instrument("jackfield.memory.used_ratio", "gauge", (), "", "memory in use, of a gateway"),
)
INSTRUMENTS: Mapping[str, Instrument] = {instrument.name: instrument for instrument in _ALL}

# Other names for what is told anyway, given only where they are asked for: alias -> instrument.
ALIASES: Mapping[str, str] = {
    "llm.circuit_breaker.state": "jackfield.breaker.state",
    "llm.provider.errors": "jackfield.attempts",
    "llm.requests.total": "jackfield.calls",
    "llm.requests.cost": "jackfield.charge.usd",
    "llm.cost.tokens": "jackfield.charge.usd",
    "llm.provider.latency": OPERATION_DURATION,
    "llm.requests.duration": OPERATION_DURATION,
    "llm.requests.tokens": TOKEN_USAGE,
    "llm.streaming.tokens": TOKEN_USAGE,
    "llm.routing.decision": "jackfield.calls",
}

# Never an attribute: they have no bound, or they are somebody's business.
FORBIDDEN = frozenset({"user", "key", "prompt", "request_id", "message"})
