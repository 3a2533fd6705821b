"""Proxies are used when asked for, and only then."""

from __future__ import annotations

import pytest

from jackfield.errors import BadConfig, JackfieldError
from jackfield.transport.faults import Fault
from jackfield.transport.lines import Way
from jackfield.transport.proxy import ENVIRONMENT, Origin, proxy_at, proxy_for, tunnelled

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
TARGET = "http://provider.invalid"  # only a proxy can know where that is


def relay(talk):
    """A proxy that is the provider, too: it grants a tunnel and answers in it."""
    while request := talk.request():
        talk.send(b"HTTP/1.1 200 Connected\r\n\r\n" if request.startswith(b"CONNECT") else OK)


def refusing(talk):
    while talk.request():
        talk.send(b"HTTP/1.1 407 Authenticate\r\ncontent-length: 0\r\n\r\n")


def test_a_proxy_that_is_set_is_used(face, serve, ask):
    """With its password, and without telling it the key where a tunnel is possible."""
    proxy = serve(relay)
    face.transport._way = Way(proxy=proxy.base.replace("http://", "http://me:secret@"))

    reply = face.send(ask(TARGET))

    assert reply.body == b"ok"
    assert b"proxy-authorization: basic bWU6c2VjcmV0".lower() in proxy.requests[0].lower()


def test_the_environment_is_asked_if_that_is_what_is_set(face, serve, ask, monkeypatch):
    """The usual variables."""
    proxy = serve(relay)
    monkeypatch.setenv("http_proxy", proxy.base)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    face.transport._way = Way(proxy=ENVIRONMENT)

    assert face.send(ask(TARGET)).body == b"ok"


def test_a_proxy_that_refuses_is_a_failed_connection(face, serve, ask):
    """The provider was not reached."""
    if face.kind == "async" and "aio" in type(face.transport).__module__:
        pytest.skip("for plain http this library asks the proxy for the page itself")
    face.transport._way = Way(proxy=serve(refusing).base)

    with pytest.raises(JackfieldError, match="407") as caught:
        face.send(ask(TARGET))

    assert (caught.value.info.kind, caught.value.info.sent) == ("transport.connect", "no")


def test_no_proxy_names_hosts_that_are_reached_directly(monkeypatch):
    """As everywhere."""
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "inside.example")

    found = [
        proxy_for(ENVIRONMENT, Origin("https", host, 443)) for host in ("inside.example", "outside.example")
    ]

    assert [proxy and proxy.host for proxy in found] == [None, "proxy"]


def test_this_machine_is_reached_directly(serve, face, ask, answers):
    """A model server here is no business of a proxy elsewhere."""
    proxy, server = serve(relay), serve(answers(OK))
    face.transport._way = Way(proxy=proxy.base)

    face.send(ask(server))

    assert (0, 1) == (proxy.connections, server.connections)


@pytest.mark.parametrize(
    "address", ["socks5://proxy:1080", "https://proxy", "http://", "http://proxy:none", "http://proxy:0"]
)
def test_other_kinds_of_proxies_are_refused(address):
    """Before anything is sent, and without showing a password in the address."""
    with pytest.raises(BadConfig):
        proxy_at(address)


def test_a_password_is_not_shown():
    """Nor is the address that holds it."""
    address = "http://me:secret@proxy:3128"

    assert "secret" not in repr(proxy_at(address)) + repr(Way(proxy=address))


@pytest.mark.parametrize("answer", [b"HTTP/1.1 502 No\r\n\r\n", b"hello\r\n\r\n", b"x" * 20_000])
def test_an_answer_that_is_no_tunnel_is_refused(answer):
    """Whatever it is."""
    with pytest.raises(Fault):
        tunnelled(answer)
