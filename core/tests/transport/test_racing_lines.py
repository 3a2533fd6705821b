"""What becomes of the connections and the results of flows that are abandoned in a race."""

from __future__ import annotations

import threading

import pytest

from jackfield.flow import NOW, Abandoned, Close, LocalStream, Open, Sleep
from jackfield.transport.racing import Runner, checked
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers


class Line:
    """A connection that counts how often it was shut."""

    def __init__(self):
        self.watcher = None
        self.shut_times = 0

    def shut(self):
        self.shut_times += 1


def runner(act, spared):
    """A flow in a thread of its own, which does what ``act`` says."""

    def flow():
        return (yield Sleep(0))

    def run(flow, _):
        next(flow)
        return act()

    return Runner(flow(), run, threading.Condition(), spared.append)


def test_a_result_that_comes_after_all_is_let_go_of_by_who_brings_it():
    """Nobody waits for it, so its own thread closes it."""
    spared, gate, told = [], threading.Event(), threading.Event()

    def act():
        gate.wait(30)
        return "late"

    running = runner(act, spared)
    running._spare = lambda result: (spared.append(result), told.set())
    running.abandon()
    gate.set()

    assert told.wait(30)
    assert ["late"] == spared


def test_a_result_that_was_there_is_let_go_of_once():
    """By who abandons it."""
    spared = []
    running = runner(lambda: "early", spared)
    with running._ended:
        running._ended.wait_for(lambda: running.done, 30)
    running.abandon()

    assert ["early"] == spared


@pytest.mark.parametrize(("given_back", "times"), [(True, 0), (False, 1)])
def test_a_line_that_was_given_back_is_left_alone(given_back, times):
    """Another call may be on it by now."""
    gate, line = threading.Event(), Line()
    running = runner(lambda: gate.wait(30), [])
    running.line = line
    if given_back:
        running.let_go(line)
    running.abandon()
    gate.set()

    assert times == line.shut_times


class Wanted:
    """A runner that is abandoned when its flow asks for a certain effect."""

    def __init__(self):
        self.abandoned = threading.Event()


CALL = Call("GET", ("x",), b"", Headers(), base="https://example.org")


def acted(flow, at):
    """The effects that were performed, until the flow ends; it is abandoned at effects of one type."""
    wanted, done = Wanted(), []

    def act(effect):
        done.append(type(effect))
        if type(effect) is at:
            wanted.abandoned.set()
        return LocalStream(200, Headers(), ()) if type(effect) is Open else 1.0

    try:
        return done, checked(flow, wanted, act)
    except Abandoned:
        return done, "abandoned"


def test_an_answer_that_was_opened_too_late_is_closed():
    """The flow never hears of it."""

    def flow():
        yield Open(CALL, Timeouts(), 1.0)

    assert ([Open, Close], "abandoned") == acted(flow(), Open)


def test_nobody_is_abandoned_at_a_look_at_the_clock():
    """What was opened would stay open: the result is handed on, and let go of there."""

    def flow():
        yield NOW
        return "result"

    assert ([type(NOW)], "result") == acted(flow(), type(NOW))
