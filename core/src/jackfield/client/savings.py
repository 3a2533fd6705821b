"""What could make a call cheaper, with an estimate of what it would save. Nothing is changed: these are suggestions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
from attrs import frozen

from jackfield.client.bounds import tokens_of
from jackfield.profile import Capability
from jackfield.tokens.estimate import estimate
from jackfield.types import Request, Usage

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan

Way: TypeAlias = Literal["batch", "off_peak", "trim", "cache"]

RECENT = 6  # turns that are left when older ones are not sent
LONG = 2_000  # tokens of older turns that are worth a thought
PREFIX = 1_024  # tokens of a beginning that providers keep


@frozen
class Saving:
    """One way to pay less: how much of ``of`` it would save, in USD, and what is to be done for it.

    ``at`` is the moment from which it would be cheaper, where it is a matter of time.
    """

    way: Way
    amount: Decimal
    of: Decimal
    how: str
    at: datetime | None = None


def savings_of(binding: Binding, plan: Plan, at: datetime) -> tuple[Saving, ...]:
    """The ways to pay less for a completion, the best first; none where its price is not known."""
    tokens = tokens_of(binding, plan)
    used = Usage(input=tokens.input, output=tokens.output, source="estimated")
    cost = _cost(binding, used, at)
    if not cost:
        return ()
    facts = _Facts(binding, plan.request, used, at, cost)
    found = (saving for look in _LOOKS for saving in look(facts))
    return tuple(sorted(found, key=lambda saving: -saving.amount))


@frozen
class _Facts:
    """One call that is not made yet, and what it would cost."""

    binding: Binding
    request: Request
    used: Usage
    at: datetime
    cost: Decimal

    def saving(self, way: Way, used: Usage, how: str, at: datetime | None = None) -> Iterator[Saving]:
        """The saving of another use, or moment, if there is one."""
        cost = _cost(self.binding, used, at or self.at)
        if cost is not None and cost < self.cost:
            yield Saving(way, self.cost - cost, self.cost, how, at)


def _cost(binding: Binding, used: Usage, at: datetime) -> Decimal | None:
    found: Decimal | None = binding.prices.charge(used, at)
    return None if found is None else Decimal(found)


def _batch(facts: _Facts) -> Iterator[Saving]:
    if facts.binding.supports(Capability.BATCH).usable:
        how = "ask for it in a batch (`batches.create`), if the answer has time"
        yield from facts.saving("batch", facts.used.in_tier("batch"), how)


def _off_peak(facts: _Facts) -> Iterator[Saving]:
    """The next hour at which it is cheaper, within a day."""
    hour = facts.at.replace(minute=0, second=0, microsecond=0)
    for step in range(1, 25):
        at = hour + timedelta(hours=step)
        found = list(facts.saving("off_peak", facts.used, f"ask after {at:%H:%M} UTC", at))
        if found:
            yield found[0]
            return


def _trim(facts: _Facts) -> Iterator[Saving]:
    """Older turns that are not sent again."""
    turns = [message for message in facts.request.messages if message.role != "system"]
    older = turns[:-RECENT]
    if not older:
        return
    tokens = estimate(attrs.evolve(facts.request, messages=tuple(older), tools=(), output=None)).likely
    if tokens >= LONG:
        used = attrs.evolve(facts.used, input=max(0, facts.used.input - tokens))
        yield from facts.saving("trim", used, f"leave out the {len(older)} oldest turns, or sum them up")


def _cache(facts: _Facts) -> Iterator[Saving]:
    """A beginning that is the same every time, and is read from the provider's cache from the second time on."""
    first = tuple(message for message in facts.request.messages if message.role == "system")
    same = estimate(attrs.evolve(facts.request, messages=first, output=None)).likely
    if same >= PREFIX and facts.binding.supports(Capability.PROMPT_CACHE).usable:
        used = attrs.evolve(facts.used, input=max(0, facts.used.input - same), cache_read=same)
        yield from facts.saving(
            "cache", used, f"keep the {same} tokens that begin it the same (`CachePoint`)"
        )


_LOOKS: tuple[Callable[[_Facts], Iterator[Saving]], ...] = (_batch, _off_peak, _trim, _cache)
