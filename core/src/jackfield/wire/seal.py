"""What only the provider who made it can read back: marked as its own, and opened for nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from jackfield.types import Opaque


@frozen
class Seal:
    """Marks what only this provider can read back, over this wire, and opens only its own."""

    provider: str
    wire: str

    def close(self, data: Mapping[str, Any]) -> Opaque:
        """``data`` with the mark."""
        return Opaque(self.provider, self.wire, data)

    def keep(self, data: Mapping[str, Any]) -> Opaque | None:
        """``data`` with the mark, if there is any."""
        return Opaque(self.provider, self.wire, data) if data else None

    def open(self, opaque: Opaque | None) -> Mapping[str, Any] | None:
        """What was sealed; ``None`` for nothing and for what another provider or wire sealed."""
        if opaque is None or opaque.provider != self.provider or opaque.wire != self.wire:
            return None
        return opaque.data
