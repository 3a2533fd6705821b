"""Gates of credentials: what closes them, for whom, and for how long."""

from __future__ import annotations

import pytest

from jackfield import ErrorInfo
from jackfield.policy.gates import LONGEST, Gate, GateStatus

NOW = 1000.0


def closed_for(gate, model="acme-2", now=NOW):
    """The seconds for which a gate is closed, and why; nothing if it is open."""
    refused = gate.admit(model, now)
    return None if refused is None else (refused.until - now, refused.kind)


def after(*errors, model="acme-2", now=NOW):
    """A gate that has seen some failures."""
    gate = Gate("acme", "key-1")
    for error in errors:
        gate.record(error, model, now)
    return gate


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ErrorInfo("auth"), 300),
        (ErrorInfo("auth.skew"), 300),
        (ErrorInfo("quota.money"), 600),
        (ErrorInfo("quota.money", retry_after=900.0), 900),
        (ErrorInfo("quota.money", retry_after=5.0), 600),
        (ErrorInfo("throttle", retry_after=7.5), 7.5),
        (ErrorInfo("throttle", resets=12.0), 12),
        (ErrorInfo("throttle", retry_after=2.0, resets=12.0), 2),
        (ErrorInfo("throttle"), 1),
        (ErrorInfo("quota.window", retry_after=86_400.0), 86_400),
        (ErrorInfo("quota.window", retry_after=1e9), LONGEST),
        (ErrorInfo("quota.window"), 600),
    ],
)
def test_a_failure_closes_it(error, seconds):
    """As long as is said, or as long as such a failure usually takes; to the tick."""
    gate = after(error)

    assert (seconds, error.kind) == closed_for(gate)
    assert closed_for(gate, now=NOW + seconds - 0.001)
    assert closed_for(gate, now=NOW + seconds) is None
    assert gate.open


@pytest.mark.parametrize("kind", ["server", "transport.connect", "request.invalid", "timeout.first_token"])
def test_other_failures_do_not(kind):
    """A provider that is down burns no keys."""
    assert after(ErrorInfo(kind, retry_after=30.0)).open


@pytest.mark.parametrize(
    ("kind", "others"), [("auth", True), ("quota.money", True), ("throttle", False), ("quota.window", False)]
)
def test_whom_it_concerns(kind, others):
    """A bad key is bad for every model; limits are counted for each."""
    gate = after(ErrorInfo(kind))

    assert closed_for(gate) is not None
    assert others == (closed_for(gate, "acme-3") is not None)


def test_throttles_that_say_nothing_close_it_longer_each_time():
    """Up to eight seconds; an answer in between begins anew."""
    gate = Gate()
    seconds = []
    for _ in range(5):
        gate.record(ErrorInfo("throttle"), "acme-2", NOW)
        seconds.append(closed_for(gate)[0])
    gate.reopen("acme-2")
    gate.record(ErrorInfo("throttle"), "acme-2", NOW + 100)

    assert [1, 2, 4, 8, 8] == seconds
    assert 1 == closed_for(gate, now=NOW + 100)[0]


def test_the_longer_of_two_counts():
    """A short throttle does not open what a long one closed, and of key and model the later one counts."""
    gate = after(ErrorInfo("throttle", retry_after=50.0), ErrorInfo("throttle", retry_after=5.0))
    assert (50, "throttle") == closed_for(gate)

    gate.record(ErrorInfo("auth"), "acme-2", NOW)

    assert (300, "auth") == closed_for(gate)


def test_status_tells_what_is_closed():
    """Provider, credential, model or all, why, until when; what is open again is not told."""
    gate = after(ErrorInfo("throttle", retry_after=5.0), ErrorInfo("auth"))

    expected = (
        GateStatus("acme", "key-1", "acme-2", "throttle", NOW + 5),
        GateStatus("acme", "key-1", "", "auth", NOW + 300),
    )
    assert expected == gate.status(NOW)
    assert expected[1:] == gate.status(NOW + 5)


def test_a_new_key_opens_it():
    """Whoever exchanges the key clears what is known of the old one, throttles included."""
    gate = after(ErrorInfo("auth"), ErrorInfo("throttle"))

    gate.clear()
    assert gate.open
    gate.record(ErrorInfo("throttle"), "acme-2", NOW)

    assert 1 == closed_for(gate)[0]


def test_nothing_closes_it_for_longer_than_a_month():
    """Whatever is said."""
    assert 2_592_000 == closed_for(after(ErrorInfo("auth", retry_after=1e12)))[0] == LONGEST
