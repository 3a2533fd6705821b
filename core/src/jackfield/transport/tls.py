"""The one TLS context of the process."""

from __future__ import annotations

import ssl
import threading

_lock = threading.Lock()
_shared: list[ssl.SSLContext] = []


def shared_context() -> ssl.SSLContext:
    """The context all connections share, made when the first is opened: making one takes 17 ms.

    It verifies certificates and host names against the authorities of this machine.
    """
    if not _shared:
        with _lock:
            if not _shared:
                _shared.append(_fresh_context())
    return _shared[0]


def _fresh_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.get_ca_certs() and not ssl.get_default_verify_paths().capath:
        context.load_verify_locations(_bundled_authorities())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _bundled_authorities() -> str:
    # a machine without authorities of its own: slim containers, some installers of Python
    import certifi

    return certifi.where()
