"""What goes wrong before there is a connection: nobody listens, no name, no answer, the wrong certificate."""

from __future__ import annotations

import ssl

import pytest

from jackfield import Timeouts
from jackfield.transport.lines import Way

MODES = ("sync", "sync stream", "async", "async stream")


@pytest.fixture
def door(served):
    """Opens an address that is faulty."""
    return lambda name: served.run(served.server.door(name))


@pytest.fixture
def trusting(fresh):
    """A client that trusts the simulator's authority."""
    pytest.importorskip("cryptography")
    from jackfield_simulator.certificates import authority_pem

    def make(base):
        context = ssl.create_default_context(cadata=authority_pem())
        made = fresh("chat_completions", base=base)
        for client in (made.client, made.async_client):
            client.driver.transport._way = Way(tls=lambda: context)
        return made

    return make


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("refuse", "transport.connect"),
        ("unresolvable", "transport.connect"),
        ("black-hole", "timeout.connect"),
    ],
)
def test_whoever_cannot_be_reached_is_tried_again(fresh, door, name, kind, mode) -> None:
    """Three times, with waits between; nothing was sent, so nothing was charged."""
    clocks = Timeouts(connect=0.2 if kind == "timeout.connect" else 60.0)
    outcome = fresh("chat_completions", base=door(name))(mode, timeout=clocks)

    assert (f"{kind} 0", 2) == (str(outcome), len(outcome.waits))
    assert ("no", "no") == (outcome.error.sent, outcome.error.billed)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["tls-expired", "tls-wrong-host", "tls-self-signed"])
def test_a_bad_certificate_is_a_setting_to_mend(trusting, door, name, mode) -> None:
    """It is refused at once, and no request is sent."""
    outcome = trusting(door(name))(mode)

    assert ("config.tls 0", []) == (str(outcome), outcome.waits)


@pytest.mark.parametrize("mode", MODES)
def test_a_good_certificate_is_accepted(trusting, door, mode) -> None:
    """So that it is the fault that is refused, not the authority."""
    assert "ok 1" == str(trusting(door("tls"))(mode))
