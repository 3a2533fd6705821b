"""Foreign exceptions get our kinds, and lose everything else."""

from __future__ import annotations

import socket
import ssl

import pytest

from jackfield.errors import KINDS
from jackfield.transport.faults import BODY, CONNECT, HEAD, KIND_OF, POOL, UPLOAD, WORDS, Fault, info_of, told


def test_every_kind_in_the_tables_exists_and_has_words():
    """Nothing is raised that a caller cannot look up."""
    assert set(KIND_OF.values()) <= set(KINDS)
    assert set(KIND_OF.values()) <= set(WORDS)
    assert set(WORDS) <= set(KINDS)


@pytest.mark.parametrize("stage", [POOL, CONNECT, UPLOAD, HEAD, BODY])
@pytest.mark.parametrize("kind", WORDS)
def test_every_kind_names_the_host(kind, stage):
    """And makes an exception."""
    info = info_of(kind, "api.example", stage)

    assert "api.example" in str(info.to_exception())


@pytest.mark.parametrize(
    ("failure", "stage", "kind", "sent"),
    [
        (ConnectionResetError(104, "reset"), CONNECT, "transport.connect", "no"),
        (ConnectionResetError(104, "reset"), HEAD, "transport.reset", "maybe"),
        (BrokenPipeError(32, "pipe"), UPLOAD, "transport.reset", "maybe"),
        (TimeoutError(), CONNECT, "timeout.connect", "no"),
        (TimeoutError(), UPLOAD, "timeout.upload", "maybe"),
        (TimeoutError(), HEAD, "timeout.headers", "maybe"),
        (TimeoutError(), BODY, "timeout.idle", "yes"),
        (socket.gaierror(-2, "unknown"), CONNECT, "transport.connect", "no"),
        (ssl.SSLCertVerificationError(1, "bad"), CONNECT, "config.tls", "no"),
        (ssl.SSLError(1, "alert"), CONNECT, "transport.connect", "no"),
        (Fault("deadline"), HEAD, "deadline", "maybe"),
    ],
)
def test_kinds_by_class_and_stage(failure, stage, kind, sent):
    """What a failure means depends on how far the exchange had come."""
    info = told(failure, "host", stage, whole=True)

    assert (info.kind, info.sent) == (kind, sent)


@pytest.mark.parametrize("module", ["httpx", "httpx2", "httpcore", "h11", "aiohttp"])
def test_every_exception_of_the_libraries_has_a_kind(module):
    """None escapes, not even from a future release: base classes are in the table."""
    library = pytest.importorskip(module)
    mapped = {
        "TransportError",
        "ProtocolError",
        "NetworkError",
        "TimeoutException",
        "ClientError",
        "DecodingError",
    }
    classes = [c for c in vars(library).values() if isinstance(c, type) and issubclass(c, Exception)]

    unknown = [
        c.__name__
        for c in classes
        if mapped & {base.__name__ for base in c.__mro__}
        and not {b.__name__ for b in c.__mro__} & set(KIND_OF)
    ]

    assert unknown == []


def test_the_text_of_a_foreign_exception_is_not_kept():
    """Libraries quote header values in it."""
    info = told(OSError(104, "header Bearer secret"), "host", HEAD, whole=True)

    assert "secret" not in repr(info)


def test_a_mistake_in_a_program_is_not_dressed_up():
    """It goes on as it is, without the frames it went through."""

    def broken():
        secret = "sk-canary"  # noqa: F841  # a local variable of the frame that must not be seen
        raise RuntimeError

    try:
        broken()
    except RuntimeError as failure:
        mistake = failure

    with pytest.raises(RuntimeError) as caught:
        told(mistake, "host", HEAD, whole=True)

    assert "broken" not in [entry.name for entry in caught.traceback]
