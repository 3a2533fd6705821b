"""An amount of money that knows who says so. Loaded when it is first needed: ``decimal`` takes its time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Self


class Charge(Decimal):
    """An amount of USD that knows who says so; in all else it is the ``Decimal``.

    ``source`` is ``reported`` where the provider told what it charges, ``catalogue`` where its listed prices
    were applied, ``local`` where nothing is owed, else the name of whoever answered the ``pricing`` hook.
    ``reported`` and ``computed`` are the two figures where there are any; they need not agree.
    """

    __slots__ = ("computed", "reported", "source")

    source: str
    reported: Decimal | None
    computed: Decimal | None

    def __new__(
        cls,
        amount: Decimal | int | str,
        source: str = "stated",
        reported: Decimal | None = None,
        computed: Decimal | None = None,
    ) -> Self:
        """The amount, with where it is from."""
        made = super().__new__(cls, amount)
        made.source = source
        made.reported = reported
        made.computed = computed
        return made

    @property
    def difference(self) -> Decimal | None:
        """By how much the provider's own figure is above ours; ``None`` unless both are known."""
        if self.reported is None or self.computed is None:
            return None
        return self.reported - self.computed

    def __str__(self) -> str:
        return format(self, "f")  # people read amounts, not exponents

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.source, self.reported, self.computed)
