"""Events have one table of names, and observers one fence."""

from __future__ import annotations

import logging
from typing import get_args

import pytest

from jackfield.telemetry import NAMES, NOBODY, Fence, LogObserver, events, name_of
from jackfield.telemetry.logs import facts_of, level_of

REQUIRED = {
    "llm.routing.decision",
    "llm.circuit_breaker.opened",
    "llm.circuit_breaker.closed",
    "llm.fallback.used",
    "llm.streaming.started",
    "llm.streaming.completed",
}


def test_every_event_has_a_name():
    """One each, and the six that others rely on are among them."""
    assert set(get_args(events.Happening)) == set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)
    assert REQUIRED <= set(NAMES.values())


class Broken:
    def observe(self, event):
        raise RuntimeError(str(event))


class Kept:
    def __init__(self):
        self.events = []

    def observe(self, event):
        self.events.append(event)


def test_nothing_an_observer_raises_reaches_the_call(call, caplog, canary):
    """It is logged a few times, without the words; the others are told all the same."""
    kept = Kept()
    fence = Fence([Broken(), kept])
    with caplog.at_level(logging.WARNING, "jackfield.telemetry"):
        for event in call:
            fence.tell(event)

    assert call == kept.events
    assert 3 == len(caplog.records)
    assert canary not in caplog.text


def test_nobody_is_false():
    """So that no event is made for nobody."""
    assert (False, True) == (bool(NOBODY), bool(Fence([Kept()])))


def test_the_log_tells_without_content(call, caplog, canary):
    """Names and facts; no prompt, no answer, no option, no tag, no words of a provider."""
    with caplog.at_level(logging.DEBUG, "jackfield.events"):
        for event in call:
            LogObserver().observe(event)

    assert [name_of(event) for event in call] == [record.getMessage().split()[0] for record in caplog.records]
    assert canary not in caplog.text
    assert "input_tokens=14 output_tokens=7" in caplog.text
    assert "chosen=b/two" in caplog.text


def test_the_log_knows_what_matters(call):
    """Failures and what stands in are warnings, decisions information, the rest is for debugging."""
    levels = {name_of(event): logging.getLevelName(level_of(event)) for event in call}

    assert ("WARNING", "INFO", "DEBUG") == (
        levels["llm.fallback.used"],
        levels["llm.routing.decision"],
        levels["llm.streaming.started"],
    )
    assert logging.WARNING == level_of(events.BudgetSettled("team", 0.95))


def test_lines_of_the_log_are_one_line(caplog):
    """What a provider or a model's name may hold breaks no line and obeys no terminal."""
    with caplog.at_level(logging.DEBUG, "jackfield.events"):
        LogObserver().observe(events.BreakerClosed("acme", "a\nb\x1b[2J c"))

    assert 'target="a\ufffdb\ufffd[2J c"' in caplog.records[0].getMessage()


def test_a_silent_log_costs_nothing(call, monkeypatch):
    """Nothing is made where nobody listens."""
    logger = logging.getLogger("jackfield.test.silent")
    logger.setLevel(logging.CRITICAL)
    monkeypatch.setattr("jackfield.telemetry.logs.facts_of", pytest.fail)

    for event in call:
        LogObserver(logger).observe(event)


def test_facts_leave_out_what_says_nothing():
    """Empty values are no facts."""
    assert {"call": "c", "model": "m", "operation": "complete", "stream": False} == facts_of(
        events.CallStarted("c", "m")
    )
