"""The server by hand: HTTP/1.1 as any client speaks it, counted exactly."""

from __future__ import annotations

import asyncio
import json
import socket
from urllib.parse import urlsplit

import pytest
from jackfield_simulator.bill import Line
from jackfield_simulator.socket_server import LONGEST_WRITE, _Talk
from jackfield_simulator.steps import Send, Wait

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Aare Inn"}]}).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-1\r\n"


@pytest.fixture
def talk(served):
    """A raw connection: sends bytes, and reads what comes until the server closes or says ``until``."""

    def say(data, until=b"", pieces=1):
        place = urlsplit(served.server.url)
        with socket.create_connection((place.hostname, place.port), timeout=5) as sock:
            step = max(1, len(data) // pieces)
            for start in range(0, len(data), step):
                sock.sendall(data[start : start + step])
            heard = b""
            while not until or until not in heard:
                piece = sock.recv(65536)
                if not piece:
                    break
                heard += piece
            return heard

    return say


def asking(body=BODY, close=True, **more):
    """The bytes of a request."""
    lines = [b"content-length: %d" % len(body), *(b"connection: close",) * close]
    return HEAD + b"\r\n".join([*lines, b"", b""]) + body


def test_a_request_in_many_pieces_is_one_request(talk, served) -> None:
    """However it is cut."""
    before = served.server.requests

    heard = talk(asking(), pieces=50)

    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
    assert 1 == served.server.requests - before


def test_requests_in_one_piece_are_answered_in_order(talk) -> None:
    """As pipelined clients want it."""
    heard = talk(asking(close=False) + asking())

    assert 2 == heard.count(b"HTTP/1.1 200 OK")


def test_a_chunked_request_is_read(talk) -> None:
    """With extensions and trailers."""
    half = len(BODY) // 2
    chunks = b"%x;ext=1\r\n%b\r\n%x\r\n%b\r\n0\r\ntrailer: 1\r\n\r\n"
    body = chunks % (half, BODY[:half], len(BODY) - half, BODY[half:])

    heard = talk(HEAD + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n" + body)

    assert heard.startswith(b"HTTP/1.1 200 OK\r\n")


def test_who_asks_whether_to_go_on_is_told_to(talk) -> None:
    """Before the body."""
    head = HEAD + b"expect: 100-continue\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(BODY)

    assert talk(head + BODY).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-x\r\n\r\n",
        HEAD + b"content-length: many\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(talk, served, data) -> None:
    """And the connection with it; it is not counted."""
    before = served.server.requests

    assert talk(data).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert before == served.server.requests


def test_bytes_are_counted(talk, served) -> None:
    """Those of the bodies, each way."""
    body = talk(asking()).partition(b"\r\n\r\n")[2]
    line = list(served.app.bill)[-1]

    assert (len(BODY), len(body)) == (line.received, line.sent)


def test_a_header_asks_for_a_fault(talk) -> None:
    """For this request alone."""
    heard = talk(asking().replace(b"host: x", b"x-jackfield-fault: overloaded-529"))

    assert heard.startswith(b"HTTP/1.1 529 ")


def test_a_header_that_asks_for_what_cannot_be_is_told(talk) -> None:
    """With the name."""
    heard = talk(asking().replace(b"host: x", b"x-jackfield-fault: throtled"))

    assert heard.startswith(b"HTTP/1.1 400 ")
    assert b"throtled" in heard


def test_a_thousand_streams_at_once(served) -> None:
    """All are whole."""
    place = urlsplit(served.server.url)
    body = json.dumps({**json.loads(BODY), "stream": True}).encode()

    async def stream():
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(asking(body))
        heard = await reader.read()
        writer.close()
        return heard.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")

    async def all_of_them():
        return await asyncio.gather(*(stream() for _ in range(1000)))

    assert [True] * 1000 == asyncio.run(all_of_them())


class Sink:
    """A transport that notes what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    @property
    def transport(self):
        return self

    def set_write_buffer_limits(self, high, low):
        assert high > low

    def is_closing(self):
        return False

    def write(self, data):
        self.written.append(data)

    async def drain(self):
        await asyncio.sleep(0)


def written(steps, hurry) -> tuple[list[bytes], int]:
    """What a script writes, write by write, and how many bytes of it were booked."""
    sink, line = Sink(), Line(1, "", "", "")
    asyncio.run(_Talk(None, sink).perform(iter(steps), line, hurry=hurry))
    return sink.written, line.sent


def test_what_is_late_goes_out_with_what_is_late_besides() -> None:
    """The same bytes in fewer writes, booked to the byte; faults are never in a hurry."""
    steps = [Send(b"a", 1), *(step for _ in range(50) for step in (Wait(-1.0), Send(b"bc", 2)))]

    assert ([b"a", *[b"bc"] * 50], 101) == written(steps, hurry=False)
    assert ([b"a", b"bc" * 50], 101) == written(steps, hurry=True)


def test_what_is_in_time_goes_out_by_itself() -> None:
    """And what is late is cut where it gets long."""
    long = b"x" * LONGEST_WRITE
    steps = [Send(b"a"), Wait(0.3), Send(b"b"), Wait(-9.0), Send(long), Send(b"d")]

    assert [b"a", b"b", long, b"d"] == written(steps, hurry=True)[0]
