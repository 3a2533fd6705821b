"""One budget over time: what is settled and what is held never pass the limit together."""

from __future__ import annotations

from typing import NamedTuple

from jackfield.policy.budgets.periods import Period, period_at


class Held(NamedTuple):
    """An upper bound that is set aside for one attempt, until it is settled or expires."""

    amount: int
    expires: float
    sent: bool = False


class Budget:
    """Nano-dollars per period. It is not locked: ``Budgets`` is.

    ``settled + held <= limit + overrun`` at every instant; ``overrun`` is what attempts cost beyond what was
    reserved for them, which an exact upper bound keeps at 0. Once something is overrun nothing more is let in.
    """

    __slots__ = (
        "_alerted",
        "_holds",
        "_next_expiry",
        "held",
        "kind",
        "limit",
        "overrun",
        "period",
        "settled",
    )

    def __init__(self, limit: int, kind: str, now: float) -> None:
        self.limit = limit
        self.kind = kind
        self.period: Period = period_at(kind, now)
        self.settled = 0
        self.held = 0
        self.overrun = 0
        self._alerted = 0
        self._holds: dict[str, Held] = {}
        self._next_expiry = float("inf")

    @property
    def left(self) -> int:
        """What may still be reserved; below zero if more was spent than there was."""
        return self.limit - self.settled - self.held

    def tick(self, now: float) -> None:
        """Begin a new period if it is time, and end the holds that nobody ended."""
        if now >= self.period.end:
            self.period = period_at(self.kind, now)
            self.settled = self.overrun = self._alerted = 0  # what is held is for the new period to pay
        if now >= self._next_expiry:
            self._expire(now)

    def reserve(self, hold: str, amount: int, expires: float) -> bool:
        """Set ``amount`` aside if it is there. A hold that exists already stays as it is."""
        if hold in self._holds:
            return True
        if amount > (self.limit if self.kind == "request" else self.left):
            return False
        self.force(hold, amount, expires)
        return True

    def force(self, hold: str, amount: int, expires: float) -> None:
        """Set ``amount`` aside whether or not it is there: for budgets that only warn."""
        self._holds[hold] = Held(amount, expires)
        self.held += amount
        self._next_expiry = min(self._next_expiry, expires)

    def sent(self, hold: str) -> None:
        """The attempt may have cost something from here on: it does not expire to nothing."""
        found = self._holds.get(hold)
        if found is not None:
            self._holds[hold] = found._replace(sent=True)

    def settle(self, hold: str, actual: int | None) -> int:
        """Turn a hold into what it cost, ``None`` for what was reserved. Tells what it cost beyond that."""
        found = self._holds.pop(hold, None)
        if found is None:
            return 0
        spent = found.amount if actual is None else actual
        over = max(0, spent - found.amount)
        self.held -= found.amount
        if self.kind != "request":
            self.settled += spent
            self.overrun += over
        return over

    def release(self, hold: str) -> None:
        """Give a hold back: nothing was sent."""
        found = self._holds.pop(hold, None)
        if found is not None:
            self.held -= found.amount

    def alerts(self, *, refused: bool = False) -> tuple[int, ...]:
        """The shares in percent, of 90 and 100, that are newly spent; each is told once a period.

        A budget that had to refuse counts as spent: what is left of it is of no use.
        """
        spent = (
            100 if refused or self.settled >= self.limit else 90 if self.settled * 10 >= self.limit * 9 else 0
        )
        new = tuple(share for share in (90, 100) if self._alerted < share <= spent)
        self._alerted = max(self._alerted, spent)
        return new

    def idle(self) -> bool:
        """Whether nothing is spent nor held."""
        return not self.settled and not self._holds

    def _expire(self, now: float) -> None:
        for name, held in [*self._holds.items()]:
            if held.expires <= now:
                if held.sent:
                    self.settle(name, None)
                else:
                    self.release(name)
        self._next_expiry = min((held.expires for held in self._holds.values()), default=float("inf"))
