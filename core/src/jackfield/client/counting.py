"""Counting the tokens of a request: asked of the provider where it has an endpoint for that, else done here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jackfield.client.plan import plan_completion, require
from jackfield.options import OPERATIONS
from jackfield.profile import Capability

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan
    from jackfield.client.prompt import Prompt
    from jackfield.types import TokenCount

OPERATION = "count_tokens"


def plan_count(binding: Binding, prompt: Prompt, options: Mapping[str, Any]) -> Plan:
    """The plan for asking the provider what a completion would take in."""
    require(binding, OPERATIONS[OPERATION].capability)
    plan = plan_completion(binding, prompt, options, stream=False)
    plan.operation = OPERATION
    return plan


def asks(binding: Binding, online: bool | None) -> bool:
    """Whether the provider is asked: as the caller says, else where it has an endpoint."""
    if online is not None:
        return online
    return Capability.COUNT_TOKENS not in binding.refused and OPERATION in binding.wire.operations()


def counted_here(binding: Binding, prompt: Prompt, options: Mapping[str, Any]) -> TokenCount:
    """What a completion would take in, as far as it can be told without asking."""
    from jackfield.tokens import count
    from jackfield.types import TokenCount

    plan = plan_completion(binding, prompt, options, stream=False)
    counted = count(plan.request, binding.profile.counting(binding.model.id))
    low, tokens, high = counted.range
    return TokenCount(
        tokens,
        source=counted.source,
        by=counted.by,
        low=low,
        high=high,
        unknown=counted.unknown,
        model=binding.model.id,
        provider=binding.profile.id,
        warnings=plan.notices,
    )
