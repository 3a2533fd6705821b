"""What a call takes before it is made: tokens as expected, and the most it may cost.

An upper bound is exact or there is none: budgets hold what it says, and never let in more than there is. Where
nobody states how long an answer may be, they say themselves what is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import attrs

from jackfield.client.account import charge_of
from jackfield.client.binding import Binding
from jackfield.client.plan import Plan
from jackfield.policy.budgets.board import Most
from jackfield.policy.limits.pacing import Tokens
from jackfield.types import BatchRequest, Request, Usage

NANO = 1_000_000_000
EXPECTED = 1024  # tokens of an answer that nobody bounds

# Asking for these costs nothing anywhere. What a batch costs is told when its answers are fetched.
FREE = frozenset(
    {
        "batches.cancel",
        "batches.create",
        "batches.get",
        "batches.list",
        "count_tokens",
        "files.content",
        "files.delete",
        "files.get",
        "files.list",
        "files.upload",
        "models",
    }
)
# Budgets hold the money for a batch when it is made; that its answers are fetched costs nothing more.
_HELD = FREE - {"batches.create"} | {"batches.results"}


def tokens_of(binding: Binding, plan: Plan) -> Tokens:
    """The tokens a call is expected to take: those that go in, and as many as may come out."""
    request = plan.request
    if type(request) is not Request:
        return Tokens(_tokens(_texts(plan)))
    from jackfield.tokens.estimate import estimate

    asked = request.options.get("max_tokens")
    most = asked if isinstance(asked, int) else min(EXPECTED, binding.model.max_output or EXPECTED)
    return Tokens(estimate(request).likely, most)


def nano(amount: Decimal | None) -> int | None:
    """USD as whole nano-dollars, rounded up; ``None`` stays unknown."""
    return None if amount is None else int(-(-amount * NANO // 1))


def bound_of(binding: Binding, plan: Plan) -> int | None:
    """The most a call may cost, in nano-dollars; ``None`` where nobody can tell."""
    if type(plan.request) is Request:
        return nano(_of_request(binding, plan.request))
    if plan.operation in _HELD or _is_free(binding):
        return 0
    bound = _BOUNDS.get(plan.operation)
    return None if bound is None else nano(bound(binding, plan))


def most_of(binding: Binding, plan: Plan) -> Most:
    """The most a call may cost, as budgets want to know it: where nobody states how long an answer may be, they say.

    A window is no such statement: the few answers that fill one would keep all others out.
    """
    found = bound_of(binding, plan) if _is_bounded(binding, plan.request) else None
    return partial(assumed_of, binding, plan) if found is None else found


def _is_bounded(binding: Binding, request: Any) -> bool:
    """Whether somebody states how long the answers may be, if there are any."""
    if type(request) is Request:
        return binding.model.max_output is not None or request.options.get("max_tokens") is not None
    items = request.items if isinstance(request, BatchRequest) else ()
    return all(_is_bounded(binding.for_model(item.request.model), item.request) for item in items)


def assumed_of(binding: Binding, plan: Plan, tokens: int) -> int | None:
    """The most a call may cost if its answers have up to ``tokens`` each, where nobody states a bound.

    Media are taken for as many tokens as they may make, and the provider's own tools for unused. ``None`` is a call
    whose price is not known.
    """
    if type(plan.request) is Request:
        return nano(_of_request(binding, plan.request, tokens))
    return nano(_of_batch(binding, plan, tokens)) if plan.operation == "batches.create" else None


def _of_request(
    binding: Binding, request: Request, tokens: int | None = None, tier: str = ""
) -> Decimal | None:
    from jackfield.catalogue.quote import quote_of
    from jackfield.client.quotes import asked_of, assuming, moment

    asked = asked_of(binding, request)
    if tokens is not None:
        asked = assuming(asked, binding, request, tokens)
    return quote_of(binding.prices, attrs.evolve(asked, tier=tier) if tier else asked, moment(None)).high


def _is_free(binding: Binding) -> bool:
    return binding.prices.source == "local" and charge_of(binding, Usage()) == 0


def _texts(plan: Plan) -> tuple[str, ...]:
    """The texts an operation takes in, as far as it takes texts."""
    asked = plan.request
    if plan.operation == "embed":
        return tuple(asked.texts)
    if plan.operation == "moderate":
        return tuple(item for item in asked.inputs if isinstance(item, str))
    return (asked.query, *asked.documents) if plan.operation == "rerank" else ()


def _tokens(texts: tuple[str, ...], *, most: bool = False) -> int:
    from jackfield.tokens.estimate import estimate_text

    found = map(estimate_text, texts)
    return sum(one.high if most else one.likely for one in found)


def _of_texts(binding: Binding, plan: Plan) -> Decimal | None:
    """What texts cost that go in and are answered by no tokens."""
    texts = _texts(plan)
    if plan.operation == "moderate" and len(texts) < len(plan.request.inputs):
        return None  # what a picture takes is not known
    letters = {"characters_in": sum(map(len, texts))} if plan.operation == "embed" else {}
    return charge_of(binding, Usage(input=_tokens(texts, most=True), source="estimated", more=letters))


def _of_pictures(binding: Binding, plan: Plan) -> Decimal | None:
    """What pictures may cost at most, by their number, quality and size."""
    from jackfield.client.quotes import quote_drawing

    return quote_drawing(binding, plan).high


def _of_batch(binding: Binding, plan: Plan, tokens: int | None = None) -> Decimal | None:
    """All that the answers of a batch may cost together, at the rates of batches."""
    total = Decimal(0)
    for item in plan.request.items:
        most = _of_request(binding.for_model(item.request.model), item.request, tokens, "batch")
        if most is None:
            return None
        total += most
    return total


_BOUNDS: Mapping[str, Callable[[Binding, Any], Decimal | None]] = {
    "embed": _of_texts,
    "image": _of_pictures,
    "moderate": _of_texts,
    "batches.create": _of_batch,
}
