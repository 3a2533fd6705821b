"""What the simulator would have charged: every request it saw, with bytes and tokens, exactly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count

from attrs import define, field


@define
class Line:
    """One request on the bill. Servers and faults add to it while they answer."""

    number: int
    key: str
    method: str
    path: str
    provider: str = ""
    operation: str = ""
    model: str = ""
    status: int = 0
    stream: bool = False
    received: int = 0  # bytes of the body
    sent: int = 0  # bytes of the body of the answer
    input: int = 0  # tokens
    output: int = 0
    charge: Decimal = Decimal(0)  # in US dollars, by the prices of the scenario
    fault: str = ""
    asked: str = field(default="", repr=False)  # the last words, for people
    answered: str = field(default="", repr=False)
    request_id: str = ""


@define
class Totals:
    """A bill in one line."""

    requests: int = 0
    failed: int = 0
    received: int = 0
    sent: int = 0
    input: int = 0
    output: int = 0
    charge: Decimal = Decimal(0)


class Bill:
    """All lines, in the order the requests came in. It may be read while requests are answered."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._numbers = count(1)
        self._lock = threading.Lock()

    def open(self, key: str, method: str, path: str, received: int) -> Line:
        """A new line for a request that came in."""
        with self._lock:
            line = Line(next(self._numbers), key, method, path, received=received)
            self._lines.append(line)
        return line

    def __iter__(self) -> Iterator[Line]:
        return iter(tuple(self._lines))

    def __len__(self) -> int:
        return len(self._lines)

    def where(self, wanted: Callable[[Line], bool]) -> list[Line]:
        """The lines that are wanted."""
        return [line for line in self if wanted(line)]

    def totals(self, key: str | None = None) -> Totals:
        """The sums, of all keys or of one."""
        totals = Totals()
        for line in self:
            if key is None or line.key == key:
                totals.requests += 1
                totals.failed += line.status >= 400
                totals.received += line.received
                totals.sent += line.sent
                totals.input += line.input
                totals.output += line.output
                totals.charge += line.charge
        return totals

    def clear(self) -> None:
        """Begin anew; numbers go on."""
        with self._lock:
            self._lines.clear()
