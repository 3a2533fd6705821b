"""Proxies, for those who ask for them: a tunnel is opened, and what goes through it is as ever.

Nothing is read from the environment unless the setting says so: whoever can set a variable could see every
prompt otherwise. Servers on this machine are reached directly.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import field, frozen

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.transport.faults import Fault

ENVIRONMENT: Final = "environment"
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_ANSWER_CAP: Final = 16 * 1024


@frozen
class Origin:
    """Where a connection leads; connections are shared by all calls with an equal one."""

    scheme: str
    host: str
    port: int


@frozen
class Proxy:
    """A proxy: where it is, and what it wants to be told."""

    url: str = field(repr=False)
    host: str = ""
    port: int = 0
    secret: str = field(default="", repr=False)

    def request(self, origin: Origin) -> bytes:
        """The bytes that ask for a tunnel to ``origin``."""
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        place = f"{host}:{origin.port}"
        token = b64encode(self.secret.encode()).decode("ascii")
        secret = f"proxy-authorization: Basic {token}\r\n" if self.secret else ""
        return f"CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n{secret}\r\n".encode("ascii")


def proxy_at(address: str) -> Proxy:
    """The proxy ``address`` names; raises if it cannot be used."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme != "http" or not parts.hostname or not _is_port(parts):
        msg = "a proxy is given as http://host:port; other kinds are not supported"
        raise BadConfig(ErrorInfo("config", msg, sent="no"))
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return Proxy(parts.geturl(), parts.hostname, parts.port or 80, secret)


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def proxy_for(setting: str | None, origin: Origin) -> Proxy | None:
    """The proxy towards ``origin``: the one set, the one of the environment if that is what is set, or none."""
    if setting is None or origin.host in _HERE:
        return None
    if setting != ENVIRONMENT:
        return proxy_at(setting)
    from urllib.request import getproxies, proxy_bypass

    known = getproxies()
    address = known.get(origin.scheme) or known.get("all")
    return None if not address or proxy_bypass(origin.host) else proxy_at(address)


def tunnelled(answer: bytes) -> bool:
    """Whether the proxy's answer is complete; raises if it is a refusal."""
    if b"\r\n\r\n" not in answer:
        if len(answer) > _ANSWER_CAP:
            raise Fault("transport.connect", "its proxy does not speak HTTP")
        return False
    status = answer[9:12]
    if not answer.startswith(b"HTTP/1.") or not status.startswith(b"2"):
        raise refused(status.decode("ascii", "replace"))
    return True


def refused(status: str) -> Fault:
    """A proxy grants no tunnel."""
    return Fault("transport.connect", f"its proxy refuses ({status})")
