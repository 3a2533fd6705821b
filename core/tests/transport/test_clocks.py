"""Moments, and which clock ran out."""

from __future__ import annotations

import pytest

from jackfield.transport.clocks import Clocks, Moment
from jackfield.transport.faults import Fault
from jackfield.types import Timeouts

TIMES = Timeouts(pool=1, connect=2, upload=3, headers=4, first_token=4, idle=5)
NOW = 1000.0


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """The time, which stands still until it is set."""
    found = [NOW]
    monkeypatch.setattr("jackfield.transport.clocks.monotonic", lambda: found[0])
    return found


@pytest.mark.parametrize(
    ("step", "seconds", "kind"),
    [
        ("pool", 1, "local.overload"),
        ("connect", 2, "timeout.connect"),
        ("upload", 3, "timeout.upload"),
        ("head", 4, "timeout.headers"),
        ("body", 5, "timeout.idle"),
    ],
)
def test_each_step_has_its_clock(step, seconds, kind):
    """Fixed when the step begins."""
    moment = getattr(Clocks(TIMES, NOW + 99, whole=False), step)()

    assert moment.kind == kind
    assert moment.left() == seconds


@pytest.mark.parametrize("step", ["pool", "connect", "upload", "head", "body"])
def test_no_step_goes_beyond_the_deadline(step):
    """Then it is the deadline that ran out."""
    moment = getattr(Clocks(TIMES, NOW + 0.5, whole=False), step)()

    assert moment.kind == "deadline"


def test_the_head_of_a_whole_answer_has_the_deadline_only():
    """Answers that are not streamed begin late."""
    moment = Clocks(TIMES, NOW + 99, whole=True).head()

    assert moment.kind == "deadline"


def test_a_moment_that_has_passed_raises_its_kind():
    """Also when nothing was waited for."""
    with pytest.raises(Fault) as caught:
        Moment(NOW - 1, "deadline").left()

    assert caught.value.kind == "deadline"


@pytest.mark.parametrize(
    ("step", "seconds", "kind"),
    [
        ("pool", 1, "local.overload"),
        ("connect", 2, "timeout.connect"),
        ("upload", 3, "timeout.upload"),
        ("head", 4, "timeout.headers"),
        ("body", 5, "timeout.idle"),
    ],
)
@pytest.mark.parametrize("tick", [-0.001, 0.0, 0.001])
def test_each_clock_rings_to_the_tick(now, step, seconds, kind, tick):
    """A tick before its moment there is a tick left; at it, and a tick after it, there is nothing."""
    moment = getattr(Clocks(TIMES, NOW + 99, whole=False), step)()

    now[0] += seconds + tick
    try:
        rung = f"{moment.left():.3f}"
    except Fault as fault:
        rung = fault.kind

    assert ("0.001" if tick < 0 else kind) == rung


def test_the_head_is_no_later_than_the_first_token():
    """Nothing can be said before the head is here."""
    moment = Clocks(Timeouts(headers=9, first_token=4), NOW + 99, whole=False).head()

    assert "timeout.first_token" == moment.kind
    assert moment.left() == 4


def test_a_stream_may_be_silent_as_long_as_its_model_may_think():
    """Its reader knows whether it thinks or talks, and keeps the shorter clock."""
    quiet = Clocks(Timeouts(idle=5, first_token=300), NOW + 999, whole=False).body()
    whole = Clocks(Timeouts(idle=5, first_token=300), NOW + 999, whole=True).body()

    assert [300, 5] == [moment.left() for moment in (quiet, whole)]


def test_the_last_byte_of_the_request_is_noted():
    """From there on the first token is counted."""
    clocks = Clocks(TIMES, NOW + 99, whole=False)
    assert 0 == clocks.asked

    clocks.head()

    assert clocks.asked == NOW
