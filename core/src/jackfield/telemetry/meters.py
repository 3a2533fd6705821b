"""Events as metrics: which instrument counts what of which event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from jackfield.telemetry import semconv
from jackfield.telemetry.events import (
    AttemptFinished,
    AttemptStarted,
    BreakerClosed,
    BreakerHalfOpened,
    BreakerOpened,
    BudgetSettled,
    CacheAsked,
    CallFinished,
    GuardFound,
    Happening,
    LimiterWaited,
    LimitSeen,
)
from jackfield.telemetry.instruments import ALIASES, INSTRUMENTS

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

Reading: TypeAlias = tuple[float, Mapping[str, str]]
"""A figure, and the attributes it has."""

_CLOSED, _HALF_OPEN, _OPEN = 0, 1, 2

# Standard instruments, all histograms: unit and buckets.
_STANDARD: Mapping[str, tuple[str, tuple[float, ...]]] = {
    semconv.OPERATION_DURATION: ("s", semconv.SECONDS_BUCKETS),
    semconv.TOKEN_USAGE: ("{token}", semconv.TOKEN_BUCKETS),
    semconv.TIME_TO_FIRST_CHUNK: ("s", semconv.SECONDS_BUCKETS),
    semconv.TIME_PER_OUTPUT_CHUNK: ("s", semconv.SECONDS_BUCKETS),
}


class Meters:
    """Every instrument, and what each event adds to them."""

    def __init__(self, meter: Meter, *, aliases: bool = False) -> None:
        self._meter = meter
        self._record: dict[str, list[Callable[..., None]]] = {}
        for name, (unit, buckets) in _STANDARD.items():
            self._add(name, _histogram(meter, name, unit, buckets).record)
        for name, instrument in INSTRUMENTS.items():
            if instrument.kind != "observable gauge":
                self._add(name, _KINDS[instrument.kind](meter, name, instrument.unit))
        if aliases:
            self._add_aliases(meter)

    def _add(self, name: str, record: Callable[..., None]) -> None:
        self._record.setdefault(name, []).append(record)

    def _add_aliases(self, meter: Meter) -> None:
        for alias, name in ALIASES.items():
            if name in _STANDARD:
                self._add(name, _histogram(meter, alias, *_STANDARD[name]).record)
            else:
                self._add(name, _KINDS[INSTRUMENTS[name].kind](meter, alias, INSTRUMENTS[name].unit))

    def tell(self, name: str, value: float, **attributes: Any) -> None:
        """Add a value to an instrument; attributes without a value are left out."""
        known = {key: each for key, each in attributes.items() if each not in (None, "")}
        self._tell(name, value, known)

    def _tell(self, name: str, value: float, attributes: Mapping[str, Any]) -> None:
        for record in self._record[name]:
            record(value, attributes)

    def count(self, event: Happening) -> None:
        """Add an event to the instruments it concerns."""
        counter = _COUNTERS.get(type(event))
        if counter is not None:
            counter(self, event)

    def watch(self, name: str, read: Callable[[], Iterable[Reading]]) -> None:
        """Have a gauge read whenever metrics are collected: its figures change, or take too long for a start."""
        from opentelemetry.metrics import Observation

        def observed(_options: object) -> list[Observation]:
            return [Observation(value, dict(attributes)) for value, attributes in read()]

        self._meter.create_observable_gauge(name, [observed], INSTRUMENTS[name].unit)

    # -- one for each kind of event --------------------------------------------------------------

    def _attempt_started(self, event: AttemptStarted) -> None:
        self.tell("jackfield.calls.active", 1, provider=event.provider)

    def _attempt_finished(self, event: AttemptFinished) -> None:
        self.tell("jackfield.calls.active", -1, provider=event.provider)
        kind = None if event.error is None else event.error.kind
        outcome = "cancelled" if event.cancelled else "ok" if kind is None else "failed"
        self._tell(
            "jackfield.attempts",
            1,
            _known(provider=event.provider, outcome=outcome, reason=event.reason) | _error(kind),
        )
        if event.charge is not None:
            self.tell("jackfield.charge.usd", float(event.charge), provider=event.provider, model=event.model)
        self._standard(event, _standard_attributes(event))

    def _standard(self, event: AttemptFinished, base: dict[str, Any]) -> None:
        """What the standard asks for."""
        kind = None if event.error is None else event.error.kind
        self._tell(semconv.OPERATION_DURATION, event.seconds, base | _error(kind))
        if event.usage is not None and event.usage.known:
            tokens = {"input": event.usage.total_input, "output": event.usage.total_output}
            for side, number in tokens.items():
                self._tell(semconv.TOKEN_USAGE, number, {**base, semconv.TOKEN_TYPE: side})
        if event.first_token is not None:
            self._tell(semconv.TIME_TO_FIRST_CHUNK, event.first_token, base)
            if event.chunks > 1:
                spent = (event.seconds - event.first_token) / (event.chunks - 1)
                self._tell(semconv.TIME_PER_OUTPUT_CHUNK, spent, base)

    def _call_finished(self, event: CallFinished) -> None:
        self.tell("jackfield.calls", 1, route=event.route, outcome=event.outcome, operation=event.operation)
        if event.overhead is not None:
            self.tell("jackfield.call.overhead", event.overhead, operation=event.operation)

    def _opened(self, event: BreakerOpened) -> None:
        self.tell("jackfield.breaker.state", _OPEN, provider=event.provider, target=event.target)

    def _half_opened(self, event: BreakerHalfOpened) -> None:
        self.tell("jackfield.breaker.state", _HALF_OPEN, provider=event.provider, target=event.target)

    def _closed(self, event: BreakerClosed) -> None:
        self.tell("jackfield.breaker.state", _CLOSED, provider=event.provider, target=event.target)

    def _waited(self, event: LimiterWaited) -> None:
        self.tell("jackfield.limiter.wait", event.seconds, provider=event.provider, kind=event.kind)

    def _seen(self, event: LimitSeen) -> None:
        self.tell(
            "jackfield.limit.remaining_ratio", event.remaining, provider=event.provider, kind=event.kind
        )

    def _settled(self, event: BudgetSettled) -> None:
        self.tell("jackfield.budget.spent_ratio", event.spent, budget=event.budget)

    def _asked(self, event: CacheAsked) -> None:
        self.tell("jackfield.cache.lookups", 1, cache=event.cache, result=event.result)
        if event.saved is not None:
            self.tell("jackfield.cache.saved.usd", float(event.saved), cache=event.cache)

    def _found(self, event: GuardFound) -> None:
        self.tell("jackfield.guard.findings", 1, guard=event.guard, action=event.action)


_COUNTERS: Mapping[type, Callable[[Meters, Any], None]] = {
    AttemptStarted: Meters._attempt_started,
    AttemptFinished: Meters._attempt_finished,
    CallFinished: Meters._call_finished,
    BreakerOpened: Meters._opened,
    BreakerHalfOpened: Meters._half_opened,
    BreakerClosed: Meters._closed,
    LimiterWaited: Meters._waited,
    LimitSeen: Meters._seen,
    BudgetSettled: Meters._settled,
    CacheAsked: Meters._asked,
    GuardFound: Meters._found,
}


def _standard_attributes(event: AttemptFinished) -> dict[str, Any]:
    return {
        semconv.OPERATION: semconv.OPERATIONS.get(event.operation, event.operation),
        semconv.PROVIDER: event.otel_name or event.provider,
        semconv.REQUEST_MODEL: event.model,
        **({semconv.RESPONSE_MODEL: event.answered_by} if event.answered_by else {}),
    }


def _known(**attributes: Any) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value}


def _error(kind: str | None) -> dict[str, str]:
    return {} if kind is None else {semconv.ERROR_TYPE: kind}


def _histogram(meter: Meter, name: str, unit: str, buckets: tuple[float, ...]) -> Any:
    return meter.create_histogram(name, unit, explicit_bucket_boundaries_advisory=buckets)


_KINDS: Mapping[str, Callable[[Meter, str, str], Callable[..., None]]] = {
    "counter": lambda meter, name, unit: meter.create_counter(name, unit).add,
    "up-down": lambda meter, name, unit: meter.create_up_down_counter(name, unit).add,
    "histogram": lambda meter, name, unit: _histogram(meter, name, unit, semconv.SECONDS_BUCKETS).record,
    "gauge": lambda meter, name, unit: meter.create_gauge(name, unit).set,
}
