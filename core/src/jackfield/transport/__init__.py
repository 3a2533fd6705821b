"""The only I/O of the library: two drivers, and the transports in their hands.

Nothing here is imported before a client first needs it, and the HTTP library last of all.
"""

from __future__ import annotations

from jackfield.transport.base import (
    ASYNC,
    SYNC,
    AsyncTransport,
    Transport,
    default_async_transport,
    default_transport,
)
from jackfield.transport.drivers import AsyncDriver, SyncDriver

__all__ = [
    "ASYNC",
    "SYNC",
    "AsyncDriver",
    "AsyncTransport",
    "SyncDriver",
    "Transport",
    "default_async_transport",
    "default_transport",
]
