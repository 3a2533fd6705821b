"""Names of hosts are looked up against the clock."""

from __future__ import annotations

import socket
import threading

import pytest

from jackfield.errors import TimedOut, Unavailable
from jackfield.transport.clocks import Moment
from jackfield.transport.lookup import addresses

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
NEVER = Moment(float("inf"), "deadline")


@pytest.fixture
def resolver(monkeypatch):
    """A resolver that is silent until it is let go, and the names it was asked for."""
    free, asked, known = threading.Event(), [], socket.getaddrinfo

    def look_up(host, *rest, **more):
        if host not in ("slow.invalid", b"slow.invalid"):
            return known(host, *rest, **more)
        if socket.AI_NUMERICHOST not in rest:
            asked.append(host)
            free.wait(30)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield asked
    free.set()


def test_a_resolver_that_is_silent_is_not_waited_for(face, ask, resolver):
    """The clock of connecting holds, and nothing was sent."""
    with pytest.raises(TimedOut) as caught:
        face.send(ask("https://slow.invalid"), connect=0.5)

    assert ("timeout.connect", "no") == (caught.value.info.kind, caught.value.info.sent)
    assert ["slow.invalid"] == [str(host) for host in resolver]


def test_an_unknown_name_is_told(face, ask):
    """It is a failed connection."""
    with pytest.raises(Unavailable, match="its name does not resolve") as caught:
        face.send(ask("https://unknown.invalid"))

    assert "transport.connect" == caught.value.info.kind


def test_numbers_are_not_looked_up(monkeypatch):
    """No thread is started for an address that is known."""
    monkeypatch.setattr(threading.Thread, "start", None)

    assert [("127.0.0.1", 80)] == [place for *_, place in addresses("127.0.0.1", 80, NEVER)]


def test_what_is_no_name_fails_where_it_is_asked(monkeypatch):
    """Whatever the resolver raises is raised here, not lost in a thread."""
    with pytest.raises(UnicodeError):
        addresses(f"{'a' * 70}.invalid", 80, NEVER)
