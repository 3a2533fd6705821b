"""Events become spans and metrics under the names others' dashboards know."""

from __future__ import annotations

import sys

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from jackfield.errors import BadConfig
from jackfield.telemetry import events, semconv
from jackfield.telemetry.instruments import ALIASES, FORBIDDEN, INSTRUMENTS
from jackfield.telemetry.otel import OtelObserver
from jackfield.telemetry.redaction import redacted


class Bench:
    """An observer that writes into memory."""

    def __init__(self, **facts):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = tracers.get_tracer("test")
        self.observer = OtelObserver(tracers, MeterProvider([self.reader]), **facts)

    def told(self, happenings):
        for event in happenings:
            self.observer.observe(event)
        return self

    @property
    def spans(self):
        return {
            span.name + str(span.attributes.get("jackfield.attempt", "")): span
            for span in self.exporter.get_finished_spans()
        }

    @property
    def metrics(self):
        data = self.reader.get_metrics_data()
        found = {}
        for each in data.resource_metrics[0].scope_metrics[0].metrics:
            points = [
                (dict(point.attributes), getattr(point, "sum", getattr(point, "value", None)))
                for point in each.data.data_points
            ]
            found[each.name] = points
        return found


@pytest.fixture(autouse=True)
def no_capture(monkeypatch):
    """Nothing is captured unless a test says so."""
    monkeypatch.delenv(semconv.CAPTURE, raising=False)


def test_a_call_is_one_span_and_each_attempt_another(call):
    """The call is INTERNAL, its attempts are CLIENT spans below it."""
    spans = Bench().told(call).spans

    top = spans["jackfield.call"]
    assert {"jackfield.call", "chat m1", "chat m2"} == set(spans)
    assert (SpanKind.INTERNAL, SpanKind.CLIENT) == (top.kind, spans["chat m1"].kind)
    assert {top.context.span_id} == {spans[name].parent.span_id for name in ("chat m1", "chat m2")}


def test_a_call_stands_below_the_callers_span(call):
    """Whatever span is current when a call begins is its parent."""
    bench = Bench()
    with bench.tracer.start_as_current_span("mine") as mine:
        bench.told(call)

    assert mine.get_span_context().span_id == bench.spans["jackfield.call"].parent.span_id


STANDARD = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "acme_ai",
    "gen_ai.request.model": "m",
    "gen_ai.request.temperature": 0,
    "gen_ai.request.max_tokens": 9,
    "gen_ai.request.stream": True,
    "gen_ai.response.model": "m-2",
    "gen_ai.response.id": "r1",
    "gen_ai.response.finish_reasons": ("stop",),
    "gen_ai.usage.input_tokens": 14,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "gen_ai.usage.reasoning.output_tokens": 2,
    "http.response.status_code": 200,
    "jackfield.attempt": 2,
    "jackfield.reason": "fallback",
    "jackfield.route": "cheap",
}


def test_attempts_carry_the_standard_attributes(call):
    """Those of the request, and those of the answer; totals include what was cached and reasoned."""
    assert STANDARD == dict(Bench().told(call).spans["chat m2"].attributes)


def test_a_failure_is_told_by_its_kind(call, canary):
    """Not by the provider's words."""
    span = Bench().told(call).spans["chat m1"]

    assert (StatusCode.ERROR, "server") == (span.status.status_code, span.attributes["error.type"])
    assert canary not in span.to_json()


def test_what_happens_during_a_call_is_an_event_of_its_span(call):
    """Decision, stand-in, streaming: by their names."""
    told = [event.name for event in Bench().told(call).spans["jackfield.call"].events]

    assert [
        "llm.routing.decision",
        "llm.fallback.used",
        "llm.streaming.started",
        "llm.streaming.completed",
    ] == told


def test_content_is_not_captured_by_default(call, canary):
    """Neither prompt nor answer, nor tags, nor options that hold names."""
    spans = Bench().told(call).exporter.get_finished_spans()

    assert not any(canary in span.to_json() for span in spans)


@pytest.mark.parametrize(
    ("mode", "attributes", "notes"), [("SPAN_ONLY", 3, 0), ("EVENT_ONLY", 0, 2), ("span_and_event", 3, 2)]
)
def test_content_is_captured_where_it_is_asked_for(call, canary, mode, attributes, notes):
    """In spans, in events, or both."""
    span = Bench(capture=mode).told(call).spans["jackfield.call"]

    assert attributes == sum(canary in str(value) for value in span.attributes.values())
    assert notes == sum(event.name == semconv.DETAILS_EVENT for event in span.events)


def test_captured_content_is_redacted(call):
    """Keys are taken out first."""
    text = Bench(capture="SPAN_AND_EVENT").told(call).spans["jackfield.call"].to_json()

    assert "[REDACTED_API_KEY]" in text
    assert "sk-aaaa" not in text


def test_the_environment_may_ask_for_content(monkeypatch):
    """By the variable others know; a slip is refused."""
    monkeypatch.setenv(semconv.CAPTURE, "span_only")
    assert Bench().observer.captures
    monkeypatch.setenv(semconv.CAPTURE, "all")
    with pytest.raises(BadConfig, match="NO_CONTENT, SPAN_ONLY"):
        Bench()


def test_the_standard_metrics(call):
    """Duration, tokens by type, time to the first chunk and per chunk."""
    found = Bench().told(call).metrics
    base = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme_ai", "gen_ai.request.model": "m"}
    answered = {**base, "gen_ai.response.model": "m-2"}

    assert [({**base, "error.type": "server"}, 0.2), (answered, 1.3)] == found[
        "gen_ai.client.operation.duration"
    ]
    assert [14, 7] == [value for _, value in found["gen_ai.client.token.usage"]]
    assert [(answered, 0.3)] == found["gen_ai.client.operation.time_to_first_chunk"]
    assert pytest.approx(0.1) == found["gen_ai.client.operation.time_per_output_chunk"][0][1]


def test_our_own_metrics_of_a_call(call):
    """Calls, attempts, money, our share of the time, what is under way."""
    found = Bench().told(call).metrics

    assert [({"route": "cheap", "outcome": "ok", "operation": "complete"}, 1)] == found["jackfield.calls"]
    assert [({"provider": "acme", "model": "m"}, 0.002)] == found["jackfield.charge.usd"]
    assert [({"operation": "complete"}, 0.0002)] == found["jackfield.call.overhead"]
    assert [({"provider": "acme"}, 0)] == found["jackfield.calls.active"]
    attempts = [
        ({"provider": "acme", "outcome": "failed", "reason": "first", "error.type": "server"}, 1),
        ({"provider": "acme", "outcome": "ok", "reason": "fallback"}, 1),
    ]
    assert attempts == found["jackfield.attempts"]


OTHERS = [
    (events.BreakerOpened("acme", "m", 15.0), "jackfield.breaker.state", 2),
    (events.BreakerHalfOpened("acme", "m"), "jackfield.breaker.state", 1),
    (events.BreakerClosed("acme", "m"), "jackfield.breaker.state", 0),
    (events.LimiterWaited("acme", "rpm", 0.5), "jackfield.limiter.wait", 0.5),
    (events.LimitSeen("acme", "tpm", 0.25), "jackfield.limit.remaining_ratio", 0.25),
    (events.BudgetSettled("team", 0.9), "jackfield.budget.spent_ratio", 0.9),
    (events.CacheAsked("exact", "hit", 2), "jackfield.cache.saved.usd", 2.0),
    (events.CacheAsked("exact", "miss"), "jackfield.cache.lookups", 1),
    (events.GuardFound("pii", "flagged"), "jackfield.guard.findings", 1),
]


@pytest.mark.parametrize(("event", "name", "value"), OTHERS)
def test_our_own_metrics_of_everything_else(event, name, value):
    """Breakers, limits, budgets, caches, guards."""
    assert [value] == [found for _, found in Bench().told([event]).metrics[name]]


def test_gauges_are_read_when_metrics_are_collected():
    """Not before, and each time anew: prices grow old while a process runs."""
    bench = Bench()
    ages = iter((86400.0, 172800.0))
    bench.observer.meters.watch("jackfield.price.age", lambda: [(next(ages), {"provider": "acme"})])

    assert [86400.0, 172800.0] == [bench.metrics["jackfield.price.age"][0][1] for _ in range(2)]


def test_aliases_are_given_where_they_are_asked_for(call):
    """The other names, from the same table; not unless asked for."""
    assert not set(ALIASES) & set(Bench().told(call).metrics)
    found = set(Bench(aliases=True).told([*call, OTHERS[0][0]]).metrics)
    assert set(ALIASES) <= found


def test_no_metric_has_an_unbounded_attribute(call):
    """No user, key, prompt or id."""
    found = Bench(aliases=True).told(call).metrics
    seen = {name for points in found.values() for attributes, _ in points for name in attributes}

    assert not seen & FORBIDDEN
    assert not {name for each in INSTRUMENTS.values() for name in each.attributes} & FORBIDDEN


def test_names_for_prometheus():
    """Units of time stand in the name, counters end in `_total`."""
    names = [
        INSTRUMENTS[name].prometheus
        for name in ("jackfield.charge.usd", "jackfield.call.overhead", "jackfield.breaker.state")
    ]

    assert [
        "jackfield_charge_usd_total",
        "jackfield_call_overhead_seconds",
        "jackfield_breaker_state",
    ] == names


def test_ends_without_a_beginning_are_passed_over(call):
    """An observer that comes late misses nothing it could tell."""
    assert {} == Bench().told([call[3], call[-1], call[4]]).spans


def test_spans_that_nobody_ends_are_ended(monkeypatch, call):
    """No more than so many are kept open."""
    monkeypatch.setattr("jackfield.telemetry.otel._MOST_OPEN", 2)

    bench = Bench().told([events.CallStarted(f"c{number}", "m") for number in range(5)])

    assert 3 == len(bench.exporter.get_finished_spans())


def test_without_the_package_the_hint_says_what_to_install(monkeypatch):
    """One line to paste."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    with pytest.raises(BadConfig, match=r"pip install 'jackfield\[otel\]'"):
        OtelObserver()


@pytest.mark.parametrize(
    "secret",
    [
        "AKIA" + "A1B2" * 4,
        "ghp_" + "a" * 36,
        "Bearer " + "t" * 20,
        "123-45-6789",
        "eyJhbGciOiJI.eyJzdWIiOiIx.abcdefghijk",
    ],
)
def test_credentials_are_redacted(secret):
    """By their shapes; words stay."""
    found = redacted(f"before {secret} after")

    assert secret not in found
    assert found.startswith("before ") and found.endswith(" after")
    assert "a function requires a key" == redacted("a function requires a key")


def test_long_content_is_cut():
    """Before any pattern is tried."""
    assert 65_536 == len(redacted("x" * 200_000))
