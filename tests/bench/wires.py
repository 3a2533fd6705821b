"""What each wire costs: the whole library path of a call and of a stream, without any transport.

Budgets are microseconds on the machine they were set on, which took 5.4 for decoding the reference answer:
every figure is a multiple of that decoding, measured in turns, so that it holds on any machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import TYPE_CHECKING

import samples
from samples import Sample

if TYPE_CHECKING:
    import httpx

UNIT = 5.4  # µs for `json.loads` of the reference answer, where the budgets were set
CHUNKS = 400  # short streams: what else the machine does disturbs fewer of them
CALL, CHUNK = 25.0, 4.0  # µs there: a call, and a chunk beyond the decoding of its JSON


class Opened:
    """A streamed answer that is here already; each read brings one event, as most servers send them."""

    def __init__(self, sample: Sample) -> None:
        from jackfield.wire import Headers

        self.status = 200
        self.headers = Headers({"content-type": sample.media_type, "x-request-id": "req_bench"})
        self.events = iter(sample.events)


class Null:
    """A transport that has the answers already."""

    def __init__(self, sample: Sample) -> None:
        from jackfield.wire import Headers, Reply

        headers = Headers({"content-type": "application/json", "x-request-id": "req_bench"})
        self._sample = sample
        self._reply = Reply(200, headers, samples.packed(sample.answer))

    def send(self, call: object, timeouts: object, deadline: float) -> object:
        """The whole answer."""
        return self._reply

    def open(self, call: object, timeouts: object, deadline: float) -> Opened:
        """The answer, to be read."""
        return Opened(self._sample)

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next event."""
        return next(opened.events, b"")

    def close_stream(self, opened: Opened) -> None:
        """Nothing is open."""


def null_transport(sample: Sample) -> tuple[Callable[[], object], Callable[[], int]]:
    """A completion, and a stream parsed to its text, whose transport has the answers already."""
    from jackfield import Client, TextDelta

    client = Client(sample.configured("http://null.example"), transport=Null(sample))  # type: ignore[arg-type]

    def stream() -> int:
        events = client.stream(sample.model, "Name three rivers.")
        return sum(len(event.text) for event in events if type(event) is TextDelta)

    return lambda: client.complete(sample.model, "Name three rivers."), stream


def timed(work: Callable[[], object], calls: int) -> float:
    """Microseconds a call by the clock of this thread: what else the machine does meanwhile does not count."""
    begun = time.thread_time()
    for _ in range(calls):
        work()
    return (time.thread_time() - begun) / calls * 1e6


def reference() -> object:
    """The measure of all budgets."""
    return json.loads(samples.REFERENCE)


def overhead(name: str, rounds: int) -> tuple[float, float]:
    """What a call costs, as a multiple of decoding the reference answer, and in microseconds."""
    complete, _ = null_transport(samples.sample(name))
    timed(complete, 200)
    pairs = [(timed(complete, 100), timed(reference, 100)) for _ in range(rounds)]
    return median(ours / floor for ours, floor in pairs), median(ours for ours, _ in pairs)


def chunk(name: str, rounds: int) -> tuple[float, float]:
    """What a chunk costs beyond decoding its JSON, as a multiple as above, and in microseconds."""
    sample = samples.sample(name, CHUNKS)
    _, stream = null_transport(sample)
    assert stream() == len("".join(f"word{number} " for number in range(CHUNKS))), f"{name} lost text"

    def decode() -> None:
        for payload in sample.payloads:
            json.loads(payload)

    found = []
    for _ in range(rounds):
        ours, floor, unit = (
            timed(work, calls) for work, calls in ((stream, 1), (decode, 1), (reference, 200))
        )
        beyond = (ours - floor) / len(sample.events)
        found.append((beyond / unit, beyond))
    return median(ratio for ratio, _ in found), median(beyond for _, beyond in found)


def raw_stream(sample: Sample, url: str) -> Callable[[], int]:
    """The HTTP library alone, with ``json``: the events of a stream by lines, or by length where it is binary."""
    import httpx

    client, address = httpx.Client(), url + sample.below + sample.path
    pieces = _frames if sample.media_type.startswith("application/vnd") else _lines

    def stream() -> int:
        count = 0
        with client.stream("POST", address, json={"stream": True}) as reply:
            for data in pieces(reply):
                json.loads(data)
                count += 1
        return count

    return stream


def _lines(reply: httpx.Response) -> Iterator[str]:
    for line in reply.iter_lines():
        if line.startswith("data: {"):
            yield line[6:]
        elif line.startswith("{"):
            yield line


def _frames(reply: httpx.Response) -> Iterator[bytes]:
    """The payloads of binary frames, unchecked."""
    data = b""
    for chunk in reply.iter_bytes():
        data, start = data + chunk, 0
        while len(data) - start >= 12:
            size, head = (int.from_bytes(data[at : at + 4], "big") for at in (start, start + 4))
            if len(data) - start < size:
                break
            yield data[start + 12 + head : start + size - 4]
            start += size
        data = data[start:]


def stream(sample: Sample, url: str) -> Callable[[], int]:
    """The same by this library, over the network of this machine."""
    from jackfield import Client, TextDelta

    client = Client({"transport": "auto", **sample.configured(url)})
    return lambda: sum(
        len(event.text) for event in client.stream(sample.model, "Go on.") if type(event) is TextDelta
    )
