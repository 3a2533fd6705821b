"""The options of a call: one table of what may be set, its type, its bounds, and what it needs of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

from attrs import frozen

from jackfield.capability import Capability
from jackfield.types import HostedTool, Timeouts, Tool, ToolChoice

ToolLike: TypeAlias = Tool | HostedTool | Mapping[str, Any] | Callable[..., object]


class Options(TypedDict, total=False):
    """What ``complete`` and ``stream`` take besides model and prompt. ``None`` is the same as leaving it out."""

    system: str | None
    tools: Sequence[ToolLike] | None
    tool_choice: ToolChoice | None
    into: type | Mapping[str, Any] | None
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    stop: str | Sequence[str] | None
    seed: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    logprobs: bool | None
    top_logprobs: int | None
    n: int | None
    parallel_tool_calls: bool | None
    reasoning: str | int | None
    verbosity: str | None
    user: str | None
    metadata: Mapping[str, str] | None
    service_tier: str | None
    store: bool | None
    extra: Mapping[str, Any] | None
    timeout: float | Timeouts | None
    max_retries: int | None


class EmbedOptions(TypedDict, total=False):
    """What ``embed`` takes besides model and texts."""

    dimensions: int | None
    input_type: str | None
    user: str | None
    extra: Mapping[str, Any] | None
    timeout: float | Timeouts | None
    max_retries: int | None


@frozen
class OptionSpec:
    """One option of a request: its type, its bounds, the capability it needs, whether it shapes the answer.

    An option a model cannot honour is refused before a byte is sent if the answer would differ, and left
    out with a warning if not.
    """

    types: tuple[type, ...]
    minimum: float | None = None
    maximum: float | None = None
    capability: Capability | None = None
    shapes_answer: bool = True
    choices: tuple[str, ...] = ()


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

# Everything in ``Request.options``. The names are ours; each wire has a table of its own names for them.
OPTIONS: Mapping[str, OptionSpec] = {
    "max_tokens": OptionSpec((int,), 1),
    "temperature": OptionSpec((int, float), 0, 2),
    "top_p": OptionSpec((int, float), 0, 1),
    "top_k": OptionSpec((int,), 0),
    "stop": OptionSpec((tuple,)),
    "seed": OptionSpec((int,), shapes_answer=False),  # best effort wherever it exists
    "frequency_penalty": OptionSpec((int, float), -2, 2),
    "presence_penalty": OptionSpec((int, float), -2, 2),
    "logprobs": OptionSpec((bool,), capability=Capability.LOGPROBS),
    "top_logprobs": OptionSpec((int,), 0, 20, capability=Capability.LOGPROBS),
    "n": OptionSpec((int,), 1, 128),
    "parallel_tool_calls": OptionSpec((bool,), capability=Capability.PARALLEL_TOOLS),
    "reasoning": OptionSpec((str, int), 0, capability=Capability.REASONING, choices=EFFORTS),
    "verbosity": OptionSpec((str,), choices=("low", "medium", "high")),
    "user": OptionSpec((str,), shapes_answer=False),
    "metadata": OptionSpec((dict,), shapes_answer=False),
    "service_tier": OptionSpec((str,), shapes_answer=False),
    "store": OptionSpec((bool,), shapes_answer=False),
}

EMBED_OPTIONS: Mapping[str, OptionSpec] = {
    "dimensions": OptionSpec((int,), 1),
    "input_type": OptionSpec((str,)),
    "user": OptionSpec((str,), shapes_answer=False),
}
