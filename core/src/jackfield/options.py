"""The options of a call: one table of what may be set, its type, its bounds, and what it needs of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypedDict

from attrs import field, frozen

from jackfield.capability import Capability
from jackfield.types import HostedTool, Timeouts, Tool, ToolChoice
from jackfield.types.resilience import Hedge
from jackfield.types.routes import OnInterrupt

ToolLike: TypeAlias = Tool | HostedTool | Mapping[str, Any] | Callable[..., object]


class RoutingOptions(TypedDict, total=False):
    """How a call wants to be routed. None of it is sent."""

    task: str | None
    preset: str | None
    max_cost: float | None
    min_quality: float | None
    priority: int | str | None
    prefer_speed: bool | None
    minimise_cost: bool | None
    max_latency_ms: float | None
    region: str | Sequence[str] | None
    compliance: str | Sequence[str] | None
    needs: str | Sequence[str] | None
    format: str | None
    size: int | str | None
    estimated_tokens: int | None


class Options(RoutingOptions, total=False):
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
    tags: Mapping[str, str] | None
    timeout: float | Timeouts | None
    max_retries: int | None
    hedge: Hedge | float | bool | None
    cache: bool | None
    on_interrupt: OnInterrupt | None


class OperationOptions(TypedDict, total=False):
    """What every operation beside completions takes."""

    extra: Mapping[str, Any] | None
    tags: Mapping[str, str] | None
    timeout: float | Timeouts | None
    max_retries: int | None


class EmbedOptions(OperationOptions, total=False):
    """What ``embed`` takes besides model and texts."""

    dimensions: int | None
    input_type: str | None
    user: str | None


class RerankOptions(OperationOptions, total=False):
    """What ``rerank`` takes besides model, query and documents."""

    top_n: int | None
    max_tokens_per_doc: int | None


class ImageOptions(OperationOptions, total=False):
    """What ``image`` takes besides model, prompt and pictures."""

    n: int | None
    size: str | None
    aspect_ratio: str | None
    quality: str | None
    style: str | None
    background: str | None
    format: str | None
    negative_prompt: str | None
    seed: int | None
    user: str | None


class SpeechOptions(OperationOptions, total=False):
    """What ``speak`` takes besides model, text and voice."""

    format: str | None
    speed: float | None
    instructions: str | None
    language: str | None


class TranscriptionOptions(OperationOptions, total=False):
    """What ``transcribe`` takes besides model and audio."""

    language: str | None
    prompt: str | None
    temperature: float | None
    timestamps: str | None
    diarize: bool | None
    translate: bool | None


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

RERANK_OPTIONS: Mapping[str, OptionSpec] = {
    "top_n": OptionSpec((int,), 1),
    "max_tokens_per_doc": OptionSpec((int,), 1),
}

IMAGE_OPTIONS: Mapping[str, OptionSpec] = {
    "n": OptionSpec((int,), 1, 128),
    "size": OptionSpec((str,)),
    "aspect_ratio": OptionSpec((str,)),
    "quality": OptionSpec((str,)),
    "style": OptionSpec((str,)),
    "background": OptionSpec((str,)),
    "format": OptionSpec((str,)),
    "negative_prompt": OptionSpec((str,)),
    "seed": OptionSpec((int,), shapes_answer=False),
    "user": OptionSpec((str,), shapes_answer=False),
}

SPEECH_OPTIONS: Mapping[str, OptionSpec] = {
    "format": OptionSpec((str,)),
    "speed": OptionSpec((int, float), 0.25, 4),
    "instructions": OptionSpec((str,)),
    "language": OptionSpec((str,)),
}

TRANSCRIPTION_OPTIONS: Mapping[str, OptionSpec] = {
    "language": OptionSpec((str,)),
    "prompt": OptionSpec((str,)),
    "temperature": OptionSpec((int, float), 0, 1),
    "timestamps": OptionSpec((str,), choices=("segment", "word")),
    "diarize": OptionSpec((bool,)),
    "translate": OptionSpec((bool,)),
}


@frozen
class OperationSpec:
    """What an operation needs of a model, and the options it takes."""

    capability: Capability
    options: Mapping[str, OptionSpec] = field(factory=dict)


OPERATIONS: Mapping[str, OperationSpec] = {
    "embed": OperationSpec(Capability.EMBEDDINGS, EMBED_OPTIONS),
    "rerank": OperationSpec(Capability.RERANK, RERANK_OPTIONS),
    "moderate": OperationSpec(Capability.MODERATION),
    "image": OperationSpec(Capability.IMAGES_OUT, IMAGE_OPTIONS),
    "speak": OperationSpec(Capability.SPEECH_OUT, SPEECH_OPTIONS),
    "transcribe": OperationSpec(Capability.SPEECH_IN, TRANSCRIPTION_OPTIONS),
    "count_tokens": OperationSpec(Capability.COUNT_TOKENS, OPTIONS),
    "models": OperationSpec(Capability.LIST_MODELS),
    "batches.create": OperationSpec(Capability.BATCH, OPTIONS),
    "batches.get": OperationSpec(Capability.BATCH),
    "batches.results": OperationSpec(Capability.BATCH),
    "batches.cancel": OperationSpec(Capability.BATCH),
    "batches.list": OperationSpec(Capability.BATCH),
    "files.upload": OperationSpec(Capability.FILES),
    "files.get": OperationSpec(Capability.FILES),
    "files.content": OperationSpec(Capability.FILES),
    "files.delete": OperationSpec(Capability.FILES),
    "files.list": OperationSpec(Capability.FILES),
}
