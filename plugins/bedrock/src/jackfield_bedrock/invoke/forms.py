"""The formats of models that are given one prompt, as tables: where is what, in questions and answers."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from attrs import field, frozen

Path: TypeAlias = tuple[str | int, ...]


@frozen
class Form:
    """One format. Paths lead from the body; ``0`` is the first item of a list."""

    prompt: str
    options: Mapping[str, tuple[str, ...]]
    text: Path
    finish: tuple[Path, ...]
    counts: tuple[Path, Path] = (("",), ("",))  # what went in, what came out
    chunk_text: Path = ()  # where a chunk has it; as in a whole answer, if nothing is said
    chunk_finish: tuple[Path, ...] = ()
    chunk_counts: tuple[Path, Path] = (("",), ("",))
    template: str = "plain"
    also: tuple[Path, ...] = ()  # where the text may be instead
    history: bool = False  # earlier turns have a place of their own
    stream_field: bool = False  # whether the body must say that a stream is wanted
    fixed: Mapping[str, Any] = field(factory=dict)


def _options(**names: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(path.split(".")) for name, path in names.items()}


_LLAMA = Form(
    "prompt",
    _options(max_tokens="max_gen_len", temperature="temperature", top_p="top_p"),
    ("generation",),
    (("stop_reason",),),
    (("prompt_token_count",), ("generation_token_count",)),
    chunk_counts=(("prompt_token_count",), ("generation_token_count",)),
    template="llama_3",
)


def _llama(template: str) -> Form:
    return Form(
        _LLAMA.prompt,
        _LLAMA.options,
        _LLAMA.text,
        _LLAMA.finish,
        _LLAMA.counts,
        chunk_counts=_LLAMA.chunk_counts,
        template=template,
    )


_TITAN = Form(
    "inputText",
    _options(
        max_tokens="textGenerationConfig.maxTokenCount",
        temperature="textGenerationConfig.temperature",
        top_p="textGenerationConfig.topP",
        stop="textGenerationConfig.stopSequences",
    ),
    ("results", 0, "outputText"),
    (("results", 0, "completionReason"),),
    (("inputTextTokenCount",), ("results", 0, "tokenCount")),
    chunk_text=("outputText",),
    chunk_finish=(("completionReason",),),
    chunk_counts=(("inputTextTokenCount",), ("totalOutputTextTokenCount",)),
)

_MISTRAL = Form(
    "prompt",
    _options(max_tokens="max_tokens", temperature="temperature", top_p="top_p", top_k="top_k", stop="stop"),
    ("outputs", 0, "text"),
    (("outputs", 0, "stop_reason"),),
    template="mistral",
)

_COHERE = _options(
    max_tokens="max_tokens", temperature="temperature", top_p="p", top_k="k", stop="stop_sequences"
)
_COMMAND = Form(
    "prompt",
    _COHERE,
    ("generations", 0, "text"),
    (("generations", 0, "finish_reason"),),
    chunk_text=("text",),
    chunk_finish=(("finish_reason",),),
    stream_field=True,
)
_COMMAND_R = Form(
    "message",
    {
        **_COHERE,
        **_options(seed="seed", frequency_penalty="frequency_penalty", presence_penalty="presence_penalty"),
    },
    ("text",),
    (("finish_reason",),),
    history=True,
)

_JURASSIC = Form(
    "prompt",
    _options(max_tokens="maxTokens", temperature="temperature", top_p="topP", stop="stopSequences"),
    ("completions", 0, "data", "text"),
    (("completions", 0, "finishReason", "reason"),),
)

_TEXT_OPTIONS = _options(max_tokens="max_tokens", temperature="temperature", top_p="top_p", stop="stop")
_TEXT_FINISH: tuple[Path, ...] = (
    ("choices", 0, "finish_reason"),
    ("choices", 0, "stop_reason"),
    ("stop_reason",),
    ("outputs", 0, "stop_reason"),
)
_TEXT_COUNTS: tuple[Path, Path] = (("usage", "prompt_tokens"), ("usage", "completion_tokens"))


_ELSEWHERE: tuple[Path, ...] = (
    ("choices", 0, "message", "content"),
    ("choices", 0, "delta", "content"),
    ("generation",),
    ("outputs", 0, "text"),
)


def _text(template: str) -> Form:
    text: Path = ("choices", 0, "text")
    return Form(
        "prompt",
        _TEXT_OPTIONS,
        text,
        _TEXT_FINISH,
        _TEXT_COUNTS,
        chunk_counts=_TEXT_COUNTS,
        template=template,
        also=_ELSEWHERE,
    )


# By the model's id without region; the first pattern that fits holds. ``None`` takes chat completions.
_FORMS: tuple[tuple[str, Form | None], ...] = (
    ("amazon.titan-*", _TITAN),
    ("meta.llama2*", _llama("llama_2")),
    ("meta.llama4*", _llama("llama_4")),
    ("meta.*", _LLAMA),
    ("mistral.mistral-7b*", _MISTRAL),
    ("mistral.mixtral*", _MISTRAL),
    ("mistral.mistral-large-2402*", _MISTRAL),
    ("mistral.mistral-small-2402*", _MISTRAL),
    ("mistral.*", None),
    ("cohere.command-r*", _COMMAND_R),
    ("cohere.*", _COMMAND),
    ("ai21.j2*", _JURASSIC),
    ("ai21.*", None),
    ("deepseek.r1*", _text("deepseek")),
    ("arn:*", _text("plain")),  # a user's own model: which format it has, its id does not tell
    ("*", None),
)


def form_of(model: str) -> Form | None:
    """The format of the model with this id, which has no region; ``None`` if it takes chat completions."""
    return next(form for pattern, form in _FORMS if fnmatchcase(model, pattern))
