"""Certificates are verified, and one context serves the whole process."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
import time
import traceback
from importlib import import_module

import pytest

from jackfield.errors import BadConfig, JackfieldError
from jackfield.transport.lines import Way
from jackfield.transport.tls import _fresh_context, shared_context
from jackfield.types import Timeouts

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
x509 = pytest.importorskip("cryptography.x509")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A fresh certificate for this machine, signed by itself."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [
        x509.DNSName("localhost"),
        x509.DNSName("provider.invalid"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    signed = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(
        key, hashes.SHA256()
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def secured(certificate, script):
    """A script behind TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def wrapped(talk):
        with context.wrap_socket(talk.sock, server_side=True) as talk.sock:
            script(talk)

    return wrapped


def https(server):
    return server.base.replace("http://127.0.0.1", "https://localhost")


def test_a_certificate_of_an_unknown_authority_is_refused(face, serve, ask, answers, certificate):
    """It is a setting to mend, nothing to try again; no request is sent."""
    server = serve(secured(certificate, answers(OK)))

    with pytest.raises(BadConfig) as caught:
        face.send(ask(https(server)))

    assert (caught.value.info.kind, caught.value.info.sent) == ("config.tls", "no")
    assert server.requests == []


def test_calls_go_through_tls_and_reuse_the_connection(face, serve, ask, answers, certificate):
    """With an authority the caller trusts."""
    server = serve(secured(certificate, answers(OK)))
    face.transport._way = Way(tls=lambda: ssl.create_default_context(cafile=certificate))

    bodies = [face.send(ask(https(server), b"x" * 300_000)).body for _ in range(3)]

    assert bodies == [b"ok"] * 3
    assert len(server.requests) == 3


def test_a_proxy_sees_a_tunnel_and_nothing_in_it(face, serve, ask, answers, certificate):
    """Neither key nor prompt; the provider's certificate is checked, not the proxy's word."""
    answer = secured(certificate, answers(OK))

    def tunnel(talk):
        talk.request()
        talk.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        answer(talk)

    proxy = serve(tunnel)
    trust = ssl.create_default_context(cafile=certificate)
    face.transport._way = Way(lambda: trust, proxy.base.replace("http://", "http://me:secret@"))

    reply = face.send(ask("https://provider.invalid"))

    asked = proxy.requests[0]
    assert (b"ok", b"CONNECT provider.invalid:443") == (reply.body, asked[:28])
    assert (True, False) == (b"Basic bWU6c2VjcmV0" in asked, b"sk-canary" in asked)


@pytest.mark.parametrize("status", [b"407 Authenticate", b"403 No", b"502 Bad"])
def test_a_proxy_that_grants_no_tunnel_is_no_answer_of_the_provider(face, serve, ask, answers, status):
    """The provider was not reached, and nothing shows the password."""
    proxy = serve(answers(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n"))
    face.transport._way = Way(proxy=proxy.base.replace("http://", "http://me:secret@"))

    with pytest.raises(JackfieldError) as caught:
        face.send(ask("https://provider.invalid"))

    info = caught.value.info
    assert ("transport.connect", "no", True) == (info.kind, info.sent, status[:3].decode() in info.message)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_a_handshake_that_is_never_answered_runs_out(face, serve, ask):
    """Connecting includes the handshake."""
    server = serve(lambda talk: talk.hold())

    with pytest.raises(Exception, match="in time") as caught:
        face.send(ask(https(server)), connect=0.15)

    assert caught.value.info.kind == "timeout.connect"


def test_a_cancelled_handshake_leaves_no_connection(serve, ask):
    """The server sees it close at once."""
    closed = threading.Event()

    def script(talk):
        while talk.sock.recv(65536):
            pass
        closed.set()

    server = serve(script)

    async def main():
        from jackfield.transport.http_x import AsyncHttpTransport

        transport = AsyncHttpTransport(import_module("httpx"))
        task = asyncio.create_task(transport.send(ask(https(server)), Timeouts(), time.monotonic() + 60))
        async with asyncio.timeout(60):
            while not server.connections:  # noqa: ASYNC110  # it is in another thread
                await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0.05)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
    assert closed.wait(30)


def test_there_is_one_context_and_it_verifies():
    """Making one costs 17 ms, so all connections share it."""
    context = shared_context()

    assert context is shared_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_machine_without_authorities_gets_those_that_come_along(monkeypatch):
    """Slim containers have none of their own."""
    nothing = ssl.DefaultVerifyPaths(None, None, "", "", "", "")
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)

    assert len(_fresh_context().get_ca_certs()) > 50
