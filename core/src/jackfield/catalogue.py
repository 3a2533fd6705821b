"""What a use of a model costs. Prices are dated data of the providers; an unknown price is ``None``, never 0."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from jackfield.types import Usage


class PriceBook(Protocol):
    """What the ``pricing`` hook answers with: the prices of one model."""

    source: str  # who answered, for provenance

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """What ``usage`` costs in USD at that moment; ``None`` when it cannot be known exactly."""


class UnknownPrices:
    """The book of a model whose prices nobody stated."""

    source = "unknown"

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """Nothing is known."""
        return None


class FreePrices:
    """The book of what runs locally: exactly 0."""

    source = "local"

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        """Nothing is owed, whatever was used."""
        return Decimal(0)
