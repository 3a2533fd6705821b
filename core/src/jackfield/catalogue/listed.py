"""A model as the catalogue lists it: what is known of it, with the price that holds today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from jackfield.capability import Capability, Support
from jackfield.catalogue.index import ListedPrice, Shelf

if TYPE_CHECKING:
    from decimal import Decimal

Status: TypeAlias = Literal["current", "deprecated", "retired"]
STATUSES: tuple[Status, ...] = ("current", "deprecated", "retired")


class Listed:
    """One model: its facts are read from the catalogue's table when they are asked for."""

    __slots__ = ("row", "shelf")

    def __init__(self, shelf: Shelf, row: int) -> None:
        self.shelf = shelf
        self.row = row

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.shelf.provider

    @property
    def id(self) -> str:
        """The provider's own name of the model."""
        return self.shelf.ids[self.row]

    @property
    def name(self) -> str:
        """Provider and model, as callers write them."""
        return f"{self.shelf.provider}/{self.shelf.ids[self.row]}"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of it."""
        return tuple(self.shelf.said("aliases", self.row) or ())

    @property
    def mode(self) -> str:
        """What it is made for."""
        return self.shelf.said("mode", self.row) or "chat"

    @property
    def context(self) -> int | None:
        """How many tokens it can look at."""
        return self.shelf.context[self.row]

    @property
    def max_output(self) -> int | None:
        """How many tokens it can answer with."""
        return self.shelf.max_output[self.row]

    @property
    def dimensions(self) -> int | None:
        """How long its vectors are."""
        found: int | None = self.shelf.said("dimensions", self.row)
        return found

    @property
    def deprecated(self) -> date | None:
        """The day it is switched off."""
        day = self.shelf.said("deprecated", self.row)
        return None if day is None else date.fromisoformat(day)

    @property
    def replacement(self) -> str | None:
        """What to use instead."""
        found: str | None = self.shelf.said("replacement", self.row)
        return found

    @property
    def note(self) -> str:
        """What else is worth knowing."""
        return self.shelf.said("note", self.row) or ""

    @property
    def origin(self) -> str:
        """Where this was read: ``bundled`` with the provider, ``cached`` or ``read`` from its files, or told ``live``."""
        return self.shelf.said("origin", self.row) or self.shelf.origin

    @property
    def regions(self) -> tuple[str, ...]:
        """Where the provider can be told to serve from."""
        return tuple(self.shelf.facts["regions"])

    @property
    def compliance(self) -> tuple[str, ...]:
        """What the provider is stated to comply with."""
        return tuple(self.shelf.facts["compliance"])

    @property
    def price_in(self) -> Decimal | None:
        """USD per million tokens that go in, today."""
        return self.price().input

    @property
    def price_out(self) -> Decimal | None:
        """USD per million tokens that come out, today."""
        return self.price().output

    def price(self, at: date | None = None) -> ListedPrice:
        """The usual price of text on that day, today if none is named."""
        day = at or date.today()  # noqa: DTZ011  # prices change by the day
        return price_on(self.shelf, self.row, day.isoformat())

    def status(self, today: date | None = None) -> Status:
        """``deprecated`` once a day is named on which it is switched off, ``retired`` after that day."""
        day = self.deprecated
        if day is None:
            return "current"
        return "retired" if day <= (today or date.today()) else "deprecated"  # noqa: DTZ011

    def supports(self, capability: Capability) -> Support:
        """How far it supports a capability."""
        return self.shelf.support(capability, self.row)

    def can(self, capability: Capability) -> bool:
        """Whether it is stated to have a capability, in whole or in part."""
        return self.supports(capability) in (Support.FULL, Support.PARTIAL)

    def form(self) -> dict[str, Any]:
        """What is known of it, for JSON."""
        price = self.price()
        return {
            "name": self.name,
            "provider": self.provider,
            "model": self.id,
            "aliases": list(self.aliases),
            "mode": self.mode,
            "context": self.context,
            "max_output": self.max_output,
            "dimensions": self.dimensions,
            "capabilities": {found.value: self.supports(found).value for found in Capability},
            "status": self.status(),
            "deprecated": self.shelf.said("deprecated", self.row),
            "replacement": self.replacement,
            "note": self.note,
            "regions": list(self.regions),
            "compliance": list(self.compliance),
            "price": price_form(price),
            "origin": self.origin,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listed) and self.name == other.name and self.form() == other.form()

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Listed {self.name}>"


def price_on(shelf: Shelf, row: int, day: str) -> ListedPrice:
    """The price of a model that holds on a day; dates in ISO form order as text does."""
    text = shelf.prices[row]
    if not text:
        return UNPRICED
    from decimal import Decimal

    for period in text.split(";"):
        since, until, into, out, said, conflicts = period.split("|")
        if since <= day and (not until or day < until):
            source, checked = shelf.sources[int(said)]
            figures = [Decimal(figure) if figure else None for figure in (into, out)]
            return ListedPrice(
                figures[0], figures[1], source, checked, since, until or None, tuple(conflicts.split())
            )
    return UNPRICED


UNPRICED = ListedPrice(None, None)


def price_form(price: ListedPrice) -> Mapping[str, Any] | None:
    """A price for JSON: figures as text, so that none is rounded."""
    if price.input is None and price.output is None:
        return None
    return {
        "input": None if price.input is None else str(price.input),
        "output": None if price.output is None else str(price.output),
        "unit": "USD per million tokens",
        "source": price.source,
        "checked": price.checked,
        "since": price.since,
        "until": price.until,
        "conflicts": list(price.conflicts),
    }
