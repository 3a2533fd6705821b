"""Events as OpenTelemetry spans and metrics. Needs `opentelemetry-api` (extra `otel`) and nothing else of it.

One INTERNAL span for each call, one CLIENT span for each attempt. Content is captured only where it is asked for,
and goes through a redactor first.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jackfield.errors import BadConfig, ErrorInfo
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
    CallStarted,
    FallbackUsed,
    GuardFound,
    Happening,
    LimiterWaited,
    LimitSeen,
    RouteDecided,
    StreamCompleted,
    StreamStarted,
    name_of,
)
from jackfield.telemetry.logs import facts_of
from jackfield.telemetry.meters import Meters
from jackfield.telemetry.redaction import redacted

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from jackfield.types import Message, Usage

SCOPE = "jackfield"
CALL_SPAN = "jackfield.call"
ATTEMPT, ROUTE, CALL_ID = "jackfield.attempt", "jackfield.route", "jackfield.call.id"
_MOST_OPEN = 10_000  # spans of calls that nobody ended; the oldest is ended then


def capture_mode(stated: str | None = None) -> str:
    """What is captured of content: what is stated, else what the environment says, else nothing."""
    mode = (stated or os.environ.get(semconv.CAPTURE) or semconv.CAPTURES[0]).upper()
    if mode not in semconv.CAPTURES:
        msg = f"content capture `{mode:.40}` is not one of {', '.join(semconv.CAPTURES)}"
        raise BadConfig(ErrorInfo("config", msg, hint=f"correct `{semconv.CAPTURE}`, or unset it"))
    return mode


class OtelObserver:
    """Makes spans and metrics of events.

    :param tracers: where spans go; the global provider if left out
    :param meters: where metrics go; the global provider if left out
    :param capture: one of ``semconv.CAPTURES``; the environment's word if left out
    :param aliases: also give metrics under the ``llm.*`` names
    :param redact: what content goes through before it is captured
    """

    def __init__(
        self,
        tracers: TracerProvider | None = None,
        meters: MeterProvider | None = None,
        *,
        capture: str | None = None,
        aliases: bool = False,
        redact: Callable[[str], str] = redacted,
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError:
            msg = "the observer `otel` needs the package `opentelemetry-api`"
            raise BadConfig(ErrorInfo("config", msg, hint="`pip install 'jackfield[otel]'`")) from None
        self._trace = trace
        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracers)
        self.meters = Meters(metrics.get_meter(SCOPE, meter_provider=meters), aliases=aliases)
        self._capture = capture_mode(capture)
        self._redact = redact
        self._calls: dict[str, Span] = {}
        self._attempts: dict[str, Span] = {}
        self._lock = threading.Lock()

    @property
    def captures(self) -> bool:
        """Whether content is wanted; whoever makes the events leaves it out otherwise."""
        return self._capture != semconv.CAPTURES[0]

    def observe(self, event: Happening) -> None:
        """Make of an event what it is made into."""
        make = _MAKERS.get(type(event))
        if make is not None:
            make(self, event)
        self.meters.count(event)

    # -- calls -----------------------------------------------------------------------------------

    def _call_started(self, event: CallStarted) -> None:
        attributes = {CALL_ID: event.call, semconv.OPERATION: _operation(event.operation)}
        attributes |= {ROUTE: event.route} if event.route else {}
        span = self._tracer.start_span(CALL_SPAN, kind=self._trace.SpanKind.INTERNAL, attributes=attributes)
        self._keep(self._calls, event.call, span)
        if event.messages and self._capture in semconv.CAPTURED_IN_SPANS:
            span.set_attributes(self._content_in(event.messages))
        if event.messages and self._capture in semconv.CAPTURED_IN_EVENTS:
            span.add_event(semconv.DETAILS_EVENT, self._content_in(event.messages))

    def _call_finished(self, event: CallFinished) -> None:
        span = self._calls.pop(event.call, None)
        if span is None:
            return
        facts: dict[str, Any] = {"jackfield.outcome": event.outcome, "jackfield.attempts": event.attempts}
        if event.served_by:
            facts["jackfield.served_by"] = event.served_by
        if event.charge is not None:
            facts["jackfield.charge.usd"] = float(event.charge)
        span.set_attributes(facts)
        if event.parts and self._capture in semconv.CAPTURED_IN_SPANS:
            span.set_attribute(semconv.OUTPUT_MESSAGES, self._content_out(event.parts))
        if event.parts and self._capture in semconv.CAPTURED_IN_EVENTS:
            span.add_event(semconv.DETAILS_EVENT, {semconv.OUTPUT_MESSAGES: self._content_out(event.parts)})
        self._end(span, event.error)

    # -- attempts --------------------------------------------------------------------------------

    def _attempt_started(self, event: AttemptStarted) -> None:
        parent = self._calls.get(event.call)
        context = None if parent is None else self._trace.set_span_in_context(parent)
        span = self._tracer.start_span(
            f"{_operation(event.operation)} {event.model}",
            context,
            kind=self._trace.SpanKind.CLIENT,
            attributes=_of_request(event),
        )
        self._keep(self._attempts, event.attempt, span)

    def _attempt_finished(self, event: AttemptFinished) -> None:
        span = self._attempts.pop(event.attempt, None)
        if span is None:
            return
        span.set_attributes(_of_response(event))
        self._end(span, event.error)

    def _end(self, span: Span, error: ErrorInfo | None) -> None:
        if error is not None:
            span.set_attribute(semconv.ERROR_TYPE, error.kind)
            # The provider's own words may hold anything: the kind tells enough.
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, error.kind))
        span.end()

    def _noted(self, event: Any) -> None:
        """Something that happened during a call: an event of its span."""
        span = self._calls.get(event.call)
        if span is not None:
            facts = {f"jackfield.{name}": value for name, value in facts_of(event).items() if name != "call"}
            span.add_event(name_of(event), {name: _plain(value) for name, value in facts.items()})

    def _keep(self, kept: dict[str, Span], key: str, span: Span) -> None:
        with self._lock:
            if len(kept) >= _MOST_OPEN:
                kept.pop(next(iter(kept))).end()
            kept[key] = span

    # -- content ---------------------------------------------------------------------------------

    def _content_in(self, messages: tuple[Message, ...]) -> dict[str, str]:
        told = [_turn(message.role, message.text) for message in messages if message.role != "system"]
        found = {semconv.INPUT_MESSAGES: self._redact(json.dumps(told, ensure_ascii=False))}
        system = [{"type": "text", "content": each.text} for each in messages if each.role == "system"]
        if system:
            found[semconv.SYSTEM_INSTRUCTIONS] = self._redact(json.dumps(system, ensure_ascii=False))
        return found

    def _content_out(self, parts: tuple[Any, ...]) -> str:
        text = "".join(getattr(part, "text", "") for part in parts)
        return self._redact(json.dumps([_turn("assistant", text)], ensure_ascii=False))


_MAKERS: Mapping[type, Callable[[OtelObserver, Any], None]] = {
    CallStarted: OtelObserver._call_started,
    CallFinished: OtelObserver._call_finished,
    AttemptStarted: OtelObserver._attempt_started,
    AttemptFinished: OtelObserver._attempt_finished,
    RouteDecided: OtelObserver._noted,
    FallbackUsed: OtelObserver._noted,
    StreamStarted: OtelObserver._noted,
    StreamCompleted: OtelObserver._noted,
}

# What only metrics are made of.
COUNTED = (
    BreakerOpened,
    BreakerHalfOpened,
    BreakerClosed,
    LimiterWaited,
    LimitSeen,
    BudgetSettled,
    CacheAsked,
    GuardFound,
)


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _operation(name: str) -> str:
    return semconv.OPERATIONS.get(name, name)


def _plain(value: object) -> str | bool | int | float:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _of_request(event: AttemptStarted) -> dict[str, Any]:
    """The attributes that samplers see, and the options."""
    found: dict[str, Any] = {
        semconv.OPERATION: _operation(event.operation),
        semconv.PROVIDER: event.otel_name or event.provider,
        semconv.REQUEST_MODEL: event.model,
        ATTEMPT: event.number,
        "jackfield.reason": event.reason,
    }
    stated = {
        semconv.SERVER_ADDRESS: event.host or None,
        semconv.SERVER_PORT: event.port,
        semconv.STREAM: True if event.stream else None,
        ROUTE: event.route or None,
    }
    stated |= {
        semconv.REQUEST[name]: event.options[name] for name in semconv.REQUEST if name in event.options
    }
    return found | {name: value for name, value in stated.items() if value is not None}


def _of_response(event: AttemptFinished) -> dict[str, Any]:
    found = {
        semconv.RESPONSE_ID: event.response_id,
        semconv.RESPONSE_MODEL: event.answered_by or None,
        semconv.FINISH_REASONS: (event.finish,) if event.finish else None,
        semconv.STATUS_CODE: event.status,
    }
    if event.usage is not None and event.usage.known:
        found |= _of_usage(event.usage)
    if event.cancelled:
        found["jackfield.cancelled"] = True
    return {name: value for name, value in found.items() if value is not None}


def _of_usage(usage: Usage) -> dict[str, Any]:
    """Totals include what was cached and what was reasoned; those are told apart only where there are any."""
    return {
        semconv.INPUT_TOKENS: usage.total_input,
        semconv.OUTPUT_TOKENS: usage.total_output,
        semconv.CACHE_READ_TOKENS: usage.cache_read or None,
        semconv.CACHE_WRITE_TOKENS: (usage.cache_write + usage.cache_write_1h) or None,
        semconv.REASONING_TOKENS: usage.reasoning or None,
    }
