"""Certificates made on the spot: good ones, expired ones, those of other hosts, and those signed by themselves.

They need the library ``cryptography`` (the extra ``tls``). Nothing of them outlives the process.
"""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jackfield.errors import BadConfig, ErrorInfo

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

DAY = timedelta(days=1)


class Signer(NamedTuple):
    """Who signs certificates."""

    certificate: Certificate
    key: EllipticCurvePrivateKey


def _need() -> None:
    from importlib.util import find_spec

    if find_spec("cryptography") is None:
        msg = "certificates cannot be made: `cryptography` is not installed"
        raise BadConfig(ErrorInfo("config", msg, hint="pip install 'jackfield-simulator[tls]'"))


def _made(host: str, days: tuple[int, int], signer: Signer | None, *, authority: bool = False) -> Signer:
    """A certificate for ``host``, good from and until so many days from now."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    issuer = name if signer is None else signer.certificate.subject
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + days[0] * DAY).not_valid_after(now + days[1] * DAY)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
    return Signer(builder.sign(key if signer is None else signer.key, hashes.SHA256()), key)


@lru_cache(maxsize=1)
def authority() -> Signer:
    """The authority that signs here; clients that are to accept ``good`` certificates must trust it."""
    _need()
    return _made("simulator authority", (-1, 365), None, authority=True)


def authority_pem() -> str:
    """The authority's certificate, for a client's list of those it trusts."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return authority().certificate.public_bytes(Encoding.PEM).decode()


def _of_kind(kind: str) -> Signer:
    if kind == "own":
        return _made("localhost", (-1, 30), None)
    if kind == "expired":
        return _made("localhost", (-30, -1), authority())
    return _made("localhost" if kind == "good" else "elsewhere.example", (-1, 30), authority())


@lru_cache(maxsize=8)
def context_for(kind: str) -> ssl.SSLContext:
    """What a server shows: ``good``, ``expired``, ``stranger`` or ``own``."""
    _need()
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = _of_kind(kind)
    private = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the standard library takes keys from files alone
        path = Path(folder) / "both.pem"
        path.touch(0o600)
        path.write_bytes(private + made.certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(path)
    return context
