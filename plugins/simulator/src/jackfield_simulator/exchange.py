"""One exchange as values: what was asked, and what is answered. No socket, no clock.

A server, whichever it is, makes an ``Asked`` from bytes, gives it to ``Simulated.exchange`` and writes what
comes back: a ``Reply``, or a ``Streamed`` whose pieces say how long to wait before each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote

from attrs import define, field

from jackfield.types import Request
from jackfield.wire import Call, Headers, Reply, Wire
from jackfield_simulator.bill import Line

if TYPE_CHECKING:
    from jackfield_simulator.app import Simulated


@define
class Asked(Call):
    """A call as it came in: its path decoded, and the target as it stood in the request line."""

    target: str = ""


class Piece(NamedTuple):
    """A piece of a stream: seconds to wait before it, its bytes, and how many tokens of the answer it carries.

    What carries tokens is content: before the first such piece nothing of the answer was seen.
    """

    pause: float
    data: bytes
    tokens: int = 0


@define
class Streamed:
    """An answer that is written as it comes. Its pieces can be walked once; walking them is what is billed."""

    headers: Headers
    pieces: Iterator[Piece] = field(repr=False)
    status: int = 200

    @property
    def chunks(self) -> Iterator[bytes]:
        """The bytes alone, for who does not wait."""
        return (piece.data for piece in self.pieces if piece.data)


@define
class Exchange:
    """What was asked, by whom, over which wire, and what is answered.

    ``wire`` is ``None`` where none has the path: for token endpoints, pages and what is nowhere. ``line`` is
    the entry of the bill, ``pause`` the seconds before the first byte of the answer.
    """

    call: Call
    key: str
    reply: Reply | Streamed
    line: Line
    provider: str = ""
    operation: str = ""
    model: str = ""
    wire: Wire | None = None
    request: Request | None = None
    pause: float = 0.0
    fault: str = ""  # what the scenario's rule wants to happen to it, by name
    charged: int = 0  # tokens of the answer that were taken from the account
    app: Simulated | None = field(default=None, repr=False, eq=False)

    def void(self) -> None:
        """Take back what it was charged and answered: it is refused after all."""
        self.line.answered = ""
        if self.app is not None:
            self.app.void(self)

    def settle(self, output: int) -> None:
        """Charge for so many tokens of the answer instead: a fault lets no more of it out."""
        if self.app is not None:
            self.app.settle(self, output)

    @property
    def streamed(self) -> bool:
        """Whether the answer comes in pieces."""
        return isinstance(self.reply, Streamed)


def asked(
    method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"", base: str = ""
) -> Asked:
    """The call that a request line, headers and a body are; ``base`` is the address it came to."""
    path, _, query = target.partition("?")
    segments = tuple(unquote(segment) for segment in path.split("/") if segment)
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    named = Headers({name.lower(): value for name, value in headers})
    return Asked(method, segments, body, named, pairs, base, target)
