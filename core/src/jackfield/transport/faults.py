"""What went wrong on the way, as an ``ErrorInfo``: the one place where foreign exceptions get our names.

Nothing of the foreign exception is kept, neither its text nor its frames: libraries quote header values in
their messages, and hold whole requests in the local variables of their tracebacks.
"""

from __future__ import annotations

import os
from typing import Final

from jackfield.errors import ErrorInfo, Likelihood

# How far an exchange has come. What a failure means depends on it.
POOL: Final = 0
CONNECT: Final = 1
UPLOAD: Final = 2
HEAD: Final = 3
BODY: Final = 4


class Fault(Exception):
    """A failure found by this package itself: its kind, and why in words that hold no value of a header."""

    def __init__(self, kind: str, why: str = "") -> None:
        super().__init__(kind, why)
        self.kind = kind
        self.why = why


# Class name -> kind. By name, so that no library has to be imported to be recognised; the names of several
# libraries stand side by side, and the nearest base class in the table decides.
KIND_OF: Final[dict[str, str]] = {
    # the standard library
    "SSLCertVerificationError": "config.tls",
    "gaierror": "transport.connect",
    "ConnectionRefusedError": "transport.connect",
    "TimeoutError": "timeout.idle",
    "UnicodeError": "config",
    "OSError": "transport.reset",
    # the HTTP/1.1 state machine, and the two libraries on top of it
    "RemoteProtocolError": "protocol",
    "LocalProtocolError": "request.invalid",
    "ProtocolError": "protocol",
    "ConnectTimeout": "timeout.connect",
    "ReadTimeout": "timeout.idle",
    "WriteTimeout": "timeout.upload",
    "PoolTimeout": "local.overload",
    "TimeoutException": "timeout.idle",
    "ConnectError": "transport.connect",
    "ProxyError": "transport.connect",
    "NetworkError": "transport.reset",
    "UnsupportedProtocol": "config",
    "InvalidURL": "config",
    "DecodingError": "protocol.body",
    "TransportError": "transport.reset",
    # the asynchronous library
    "ClientConnectorCertificateError": "config.tls",
    "ClientConnectorError": "transport.connect",
    "ConnectionTimeoutError": "timeout.connect",
    "ServerTimeoutError": "timeout.idle",
    "ClientConnectionError": "transport.reset",
    "ClientPayloadError": "stream.truncated",
    "ClientResponseError": "protocol",
    "HttpProcessingError": "protocol",
    "ClientError": "transport.reset",
}

# The same failure means something else before the first byte is out, or after the first byte is in.
AT_STAGE: Final[dict[tuple[str, int], str]] = {
    ("transport.reset", POOL): "transport.connect",
    ("transport.reset", CONNECT): "transport.connect",
    ("protocol", CONNECT): "transport.connect",
    ("protocol", BODY): "protocol.body",
    ("timeout.idle", CONNECT): "timeout.connect",
    ("timeout.idle", UPLOAD): "timeout.upload",
    ("timeout.idle", HEAD): "timeout.headers",
}

# Kind -> what to say, and what a caller can change.
WORDS: Final[dict[str, tuple[str, str]]] = {
    "config": ("the address of {host} cannot be used", "check base_url"),
    "config.tls": (
        "the certificate of {host} is not accepted",
        "check base_url and the clock of this machine; SSL_CERT_FILE names further authorities",
    ),
    "request.invalid": ("the request to {host} cannot be sent", ""),
    "local.overload": (
        "too many calls to {host} are under way in this process",
        "start fewer at once, or raise Timeouts.pool",
    ),
    "transport.connect": ("{host} cannot be reached", "check base_url and the network"),
    "transport.reset": ("{host} closed the connection before the answer was complete", ""),
    "stream.truncated": ("{host} closed the connection in the middle of the stream", ""),
    "protocol": ("{host} answered with something that is not HTTP/1.1", "check base_url"),
    "protocol.body": ("the answer of {host} cannot be read", ""),
    "timeout.connect": ("{host} did not accept the connection in time", "raise Timeouts.connect"),
    "timeout.upload": ("{host} stopped taking the request", "raise Timeouts.upload"),
    "timeout.headers": ("{host} did not begin to answer in time", "raise Timeouts.headers"),
    "timeout.first_token": ("{host} did not begin to answer in time", "raise Timeouts.first_token"),
    "timeout.idle": ("{host} fell silent in the middle of the answer", "raise Timeouts.idle"),
    "deadline": ("the time for the call to {host} ran out", "raise timeout"),
}

_SENT: Final[tuple[Likelihood, ...]] = ("no", "no", "maybe", "maybe", "yes")

_NEVER_SENT: Final = frozenset(
    ("config", "config.tls", "request.invalid", "local.overload", "transport.connect", "timeout.connect")
)


def kind_of(failure: BaseException, stage: int) -> str | None:
    """The kind of failure, or nothing for an exception that is none of the transport's: a mistake in a program."""
    if isinstance(failure, Fault):
        return failure.kind
    for base in type(failure).__mro__:
        kind = KIND_OF.get(base.__name__)
        if kind is not None:
            return AT_STAGE.get((kind, stage), kind)
    return None


def info_of(kind: str, host: str, stage: int, why: str = "") -> ErrorInfo:
    """The fact a caller is told; it names the host and nothing else of the call."""
    text, hint = WORDS[kind]
    message = text.format(host=host)
    sent = "no" if kind in _NEVER_SENT else _SENT[stage]
    return ErrorInfo(kind, f"{message}: {why}" if why else message, hint=hint, sent=sent)


def told(failure: Exception, host: str, stage: int, whole: bool) -> ErrorInfo:
    """The fact that ``failure`` stands for; what is not the transport's goes on, without a library's frames.

    ``whole`` says that the answer was to be read to its end: then one that is cut short is a lost connection.
    """
    info = fault_info(failure, host, stage)
    if info is None:
        failure.__context__ = None
        raise failure.with_traceback(None)
    return info_of("transport.reset", host, stage) if whole and info.kind == "stream.truncated" else info


def fault_info(failure: BaseException, host: str, stage: int) -> ErrorInfo | None:
    """The fact ``failure`` stands for; nothing if it is not the transport's."""
    kind = kind_of(failure, stage)
    return None if kind is None else info_of(kind, host, stage, _why(failure))


def _why(failure: BaseException) -> str:
    """Why, in words of this machine's own: never the exception's text, which may quote the request."""
    if isinstance(failure, Fault):
        return failure.why
    if type(failure).__name__ in ("gaierror", "ClientConnectorDNSError"):
        return "its name does not resolve"
    verdict = getattr(failure, "verify_message", "")
    number = getattr(failure, "errno", None)
    if verdict:
        return str(verdict)
    return (
        os.strerror(number).lower() if isinstance(number, int) and number > 0 and not _is_tls(failure) else ""
    )


def _is_tls(failure: BaseException) -> bool:
    # the errno of a TLS error is a code of that library, not of the operating system
    return any(base.__name__ == "SSLError" for base in type(failure).__mro__)
