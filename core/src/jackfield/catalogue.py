"""What a use of a model costs. Prices are dated data of the providers; an unknown price is ``None``, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from jackfield.types import Usage


class PriceBook(Protocol):
    """What the ``pricing`` hook answers with: the prices of one model.

    A book with ``needs_usage = False`` is asked even where the provider told nothing of tokens.
    """

    source: str  # who answered, for provenance

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """What ``usage`` costs in USD at that moment; ``None`` when it cannot be known exactly."""


class UnknownPrices:
    """The book of a model whose prices nobody stated."""

    source = "unknown"

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """Nothing is known."""
        return None


class ReportedPrices:
    """The book of a provider that says with every answer what it costs: a figure in the usage, in parts of a USD."""

    source = "reported"
    needs_usage = False

    def __init__(self, field: str, per_usd: int = 1) -> None:
        self._path = tuple(field.split("."))
        self._per_usd = per_usd

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """What the provider said; nothing if it said nothing."""
        found: Any = usage.raw
        for name in self._path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
            return None
        return Decimal(str(found)) / self._per_usd


class FreePrices:
    """The book of what runs locally: exactly 0."""

    source = "local"
    needs_usage = False

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """Nothing is owed, whatever was used."""
        return Decimal(0)
