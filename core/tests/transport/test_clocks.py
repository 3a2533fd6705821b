"""Moments, and which clock ran out."""

from __future__ import annotations

import time

import pytest

from jackfield.transport.clocks import Clocks, Moment
from jackfield.transport.faults import Fault
from jackfield.types import Timeouts

TIMES = Timeouts(pool=1, connect=2, upload=3, headers=4, idle=5)


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
    moment = getattr(Clocks(TIMES, time.monotonic() + 99, whole=False), step)()

    assert moment.kind == kind
    assert moment.left() == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize("step", ["pool", "connect", "upload", "head", "body"])
def test_no_step_goes_beyond_the_deadline(step):
    """Then it is the deadline that ran out."""
    moment = getattr(Clocks(TIMES, time.monotonic() + 0.5, whole=False), step)()

    assert moment.kind == "deadline"


def test_the_head_of_a_whole_answer_has_the_deadline_only():
    """Answers that are not streamed begin late."""
    moment = Clocks(TIMES, time.monotonic() + 99, whole=True).head()

    assert moment.kind == "deadline"


def test_a_moment_that_has_passed_raises_its_kind():
    """Also when nothing was waited for."""
    with pytest.raises(Fault) as caught:
        Moment(time.monotonic() - 1, "deadline").left()

    assert caught.value.kind == "deadline"
