"""What a fault is, and the table that each module of this package adds its own to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from attrs import field, frozen

from jackfield_simulator.exchange import Exchange
from jackfield_simulator.records import ALL, form_of
from jackfield_simulator.steps import Steps


@frozen
class Case:
    """One request that a fault befalls.

    ``elsewhere`` is the address of another origin, ``pace`` the seconds between what drips.
    """

    exchange: Exchange
    here: str = ""
    elsewhere: str = ""
    pace: float = 1.0

    @property
    def form(self) -> str:
        """How the answer is framed."""
        return form_of(self.exchange)


Perform: TypeAlias = Callable[[Case], Steps]


@frozen
class Fault:
    """A fault by its name and its number in the catalogue.

    It befalls answers of ``forms`` over ``wires`` (of all, if none is named), or, at another ``moment``: ``token``
    the answers of token endpoints; ``accept`` connections on which nothing was asked yet; ``clock`` the time by which
    requests are judged. Faults at a ``door`` have an address of their own: they begin before there is a connection.
    Where the answer is not ``charged`` for, it is taken back from the bill. One that says something of its own says it
    in place of the answer of one ``operation`` alone.
    """

    name: str
    number: int
    says: str
    perform: Perform = field(repr=False)
    forms: frozenset[str] = ALL
    wires: frozenset[str] = frozenset()
    moment: str = "answer"
    charged: bool = True
    operation: str = ""

    def fits(self, exchange: Exchange) -> bool:
        """Whether this exchange can go wrong in this way."""
        if self.moment in ("door", "accept", "clock"):
            return False
        if (exchange.operation == "token") != (self.moment == "token"):
            return False
        if exchange.wire is None:
            return self.moment == "token"
        named = not self.wires or exchange.wire.name in self.wires
        if self.operation and self.operation != exchange.operation:
            return False
        return named and form_of(exchange) in self.forms


TABLE: dict[str, Fault] = {}


def fault(
    number: int,
    name: str,
    forms: Iterable[str] = ALL,
    *,
    wires: Iterable[str] = (),
    moment: str = "answer",
    charged: bool = True,
) -> Callable[[Perform], Perform]:
    """Enter a function into the table; the first line of its docstring is what people are told."""

    def enter(perform: Perform) -> Perform:
        line = (perform.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        says = line[:1].lower() + line[1:]
        add(Fault(name, number, says, perform, frozenset(forms), frozenset(wires), moment, charged))
        return perform

    return enter


def add(made: Fault) -> None:
    """Enter a fault into the table."""
    assert made.name not in TABLE, made.name
    TABLE[made.name] = made
