"""One HTTP/1.1 connection without its socket: requests to bytes, bytes to a head and a body."""

from __future__ import annotations

from typing import Final

import h11

from jackfield.transport.caps import HEAD_CAP, checked_head
from jackfield.transport.faults import BODY, HEAD, UPLOAD, Fault
from jackfield.wire.call import Headers

PIECE: Final = 64 * 1024
_FLOOD: Final = 2 * HEAD_CAP + PIECE


class Head:
    """The head of an answer, checked."""

    __slots__ = ("headers", "pairs", "status")

    def __init__(self, status: int, pairs: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        self.pairs = pairs
        self.headers: Headers = checked_head(pairs)


class Exchange:
    """The state of a connection, kept by the HTTP/1.1 state machine."""

    __slots__ = ("_http", "_seen", "complete", "eof", "stage")

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_CAP + 4096)
        self._seen = 0
        self.stage = UPLOAD
        self.complete = False
        self.eof = False

    def render(self, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
        """The bytes of the request."""
        self.stage = UPLOAD
        self._seen = 0
        head = self._http.send(h11.Request(method=method, target=target, headers=headers)) or b""
        data = (self._http.send(h11.Data(data=body)) or b"") if body else b""
        return head + data + (self._http.send(h11.EndOfMessage()) or b"")

    def feed(self, data: bytes) -> None:
        """Take bytes of the answer; empty means that the server closed."""
        self.eof = not data
        if self.stage == HEAD:
            self._seen += len(data)
        self._http.receive_data(data)

    def head(self) -> Head | None:
        """The head of the answer; nothing as long as it is not complete. Interim answers are passed over."""
        while True:
            event = self._next()
            if event is h11.NEED_DATA:
                self._limit()
                return None
            if isinstance(event, h11.Response):
                self.stage = BODY
                return Head(event.status_code, list(event.headers))
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise Fault("transport.reset" if self.eof else "protocol")

    def body(self) -> bytes:
        """All bytes of the body that are here; empty if there are none yet, or if it is ``complete``."""
        pieces = []
        while not self.complete:
            event = self._next()
            if event is h11.NEED_DATA:
                break
            if isinstance(event, h11.Data):
                pieces.append(event.data)
            else:
                self.complete = True
        if len(pieces) == 1:
            return bytes(pieces[0])
        return b"".join(pieces)

    def recycle(self) -> bool:
        """Whether the connection can carry another exchange; it is made ready for it."""
        http = self._http
        if (
            self.eof
            or http.our_state is not h11.DONE
            or http.their_state is not h11.DONE
            or http.trailing_data[0]
        ):
            return False
        http.start_next_cycle()
        self.complete = False
        return True

    def _limit(self) -> None:
        # One head is limited by the state machine; interim answers without end are what it lets through. Bytes
        # count only while no head is complete: what came along with the body is no flood.
        if self._seen > _FLOOD:
            raise Fault("protocol", "its headers do not end")

    def _next(self) -> object:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError:
            kind = self._broken()
        raise Fault(kind)

    def _broken(self) -> str:
        if self.eof:
            return "stream.truncated" if self.stage == BODY else "transport.reset"
        return "protocol.body" if self.stage == BODY else "protocol"
