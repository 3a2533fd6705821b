"""From what a caller asked to what will be sent: options checked, impossible requests refused, the rest planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, get_args

from attrs import define

from jackfield.client.binding import Binding
from jackfield.client.losses import foreign, losses
from jackfield.client.prompt import Prompt, conversation
from jackfield.client.requests import Maker
from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, Unsupported
from jackfield.options import OPERATIONS, OPTIONS, OptionSpec
from jackfield.profile import Capability, Support
from jackfield.schema import json_schema
from jackfield.tools import as_tool
from jackfield.types import (
    NO_TAGS,
    Audio,
    CachePoint,
    Document,
    HostedTool,
    Image,
    Message,
    Notice,
    Other,
    Output,
    Part,
    Reasoning,
    Refusal,
    Request,
    Role,
    Tags,
    Text,
    Timeouts,
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from jackfield.types.requests import LONGEST

Lane: TypeAlias = Literal["high", "normal", "low"]


@define
class Plan:
    """A checked request, and how it is to be carried out."""

    request: Any
    timeouts: Timeouts
    max_retries: int
    notices: tuple[Notice, ...] = ()
    operation: str = "complete"
    tags: Tags = NO_TAGS
    stream: bool = False
    lane: Lane = "normal"  # where the call waits, if it has to


# What each kind of part needs of a model; text, reasoning and tool turns need nothing special.
_NEEDS: Mapping[type, Capability] = {
    Image: Capability.IMAGES_IN,
    Audio: Capability.AUDIO_IN,
    Document: Capability.DOCUMENTS_IN,
    Video: Capability.VIDEO_IN,
}

_PLAIN_PARTS = frozenset({Text, Reasoning, Refusal, ToolCall, ToolResult, CachePoint, Other})
_ROLES = frozenset(get_args(Role))

_WORDS: Mapping[Capability, str] = {
    Capability.IMAGES_IN: "take images",
    Capability.AUDIO_IN: "take audio",
    Capability.DOCUMENTS_IN: "take documents",
    Capability.VIDEO_IN: "take video",
    Capability.TOOLS: "call tools",
    Capability.PARALLEL_TOOLS: "be told whether to call tools in parallel",
    Capability.TOOL_CHOICE: "be told which tool to call",
    Capability.JSON_MODE: "be held to JSON",
    Capability.JSON_SCHEMA: "be held to a schema",
    Capability.STREAMING: "stream",
    Capability.CHAT: "chat",
    Capability.EMBEDDINGS: "make embeddings",
    Capability.RERANK: "rerank documents",
    Capability.MODERATION: "moderate",
    Capability.IMAGES_OUT: "make images",
    Capability.SPEECH_OUT: "speak",
    Capability.SPEECH_IN: "transcribe",
    Capability.COUNT_TOKENS: "count tokens",
    Capability.LIST_MODELS: "list its models",
    Capability.BATCH: "answer batches",
    Capability.FILES: "keep files",
    Capability.LOGPROBS: "give log probabilities",
    Capability.REASONING: "be told how much to reason",
    Capability.SYSTEM_PROMPT: "take a system prompt",
}


def plan_completion(binding: Binding, prompt: Prompt, options: Mapping[str, Any], stream: bool) -> Plan:
    """The plan for a completion; refuses what the model cannot do before anything is sent."""
    if not options:  # the usual call: nothing to check but the prompt
        if type(prompt) is str and prompt:  # and of words alone, nothing but whether the model chats
            require(binding, Capability.CHAT)
            if stream:
                require(binding, Capability.STREAMING)
            asked = Request(binding.model.id, (Message("user", prompt),))
            return Plan(asked, binding.timeouts, binding.max_retries, tags=binding.tags, stream=stream)
        messages = conversation(prompt)
        notices = _check_parts(binding, messages, stream)
        request = Request(binding.model.id, messages)
        notices += _lost(binding, request) if len(messages) > 1 else ()
        return Plan(
            request, binding.timeouts, binding.max_retries, tuple(notices), tags=binding.tags, stream=stream
        )
    given = {name: value for name, value in options.items() if value is not None}
    messages = conversation(prompt, given.pop("system", None))
    tools = _tools(given.pop("tools", ()))
    choice = given.pop("tool_choice", None)
    output = _output(given.pop("into", None))
    extra = _extra(given.pop("extra", {}))
    timeouts, max_retries = _limits(binding, given)
    tags = _tags(binding, given)
    chosen, notices = _checked(binding, given, OPTIONS)
    notices += _check_parts(binding, messages, stream)
    _check_tools(binding, tools, choice)
    _check_output(binding, output)
    request = Request(binding.model.id, messages, tools, choice, output, chosen, extra)
    notices += _lost(binding, request)
    return Plan(request, timeouts, max_retries, tuple(notices), tags=tags, stream=stream)


def _lost(binding: Binding, request: Request) -> tuple[Notice, ...]:
    """What will not arrive of a conversation that was begun with another provider."""
    if not foreign(binding, request.messages):
        return ()
    return losses(binding, request)


def plan_operation(binding: Binding, operation: str, make: Maker, options: Mapping[str, Any]) -> Plan:
    """The plan for an operation beside completions."""
    spec = OPERATIONS[operation]
    require(binding, spec.capability)
    given = {name: value for name, value in options.items() if value is not None}
    extra = _extra(given.pop("extra", {}))
    timeouts, max_retries = _limits(binding, given)
    tags = _tags(binding, given)
    chosen, notices = _checked(binding, given, spec.options)
    request = make(binding.model.id, chosen, extra)
    return Plan(request, timeouts, max_retries, tuple(notices), operation, tags)


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _invalid(f"`{name}` must be a list, not {type(value).__name__}", f"write {name}=[…]")
    return tuple(value)


def _all_texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _tools(value: Any) -> tuple[Tool | HostedTool, ...]:
    tools = tuple(map(as_tool, _listed("tools", value)))
    names = [found.name for found in tools if isinstance(found, Tool)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _invalid(f"two tools have the name `{twice}`")
    return tools


RESERVED = frozenset({"model", "messages", "stream", "input"})


def _extra(value: Any) -> Mapping[str, Any]:
    """The provider's own fields; those that would ask for something else than was planned are refused."""
    if not isinstance(value, Mapping) or not _all_texts(value):
        raise _invalid("`extra` must be a mapping of the provider's own fields")
    taken = sorted(RESERVED & set(value))
    if taken:
        raise _invalid(f"`extra` cannot set `{taken[0]}`, which the call itself says")
    return value


def _limits(binding: Binding, given: dict[str, Any]) -> tuple[Timeouts, int]:
    timeout = given.pop("timeout", None)
    if timeout is None:
        timeouts = binding.timeouts
    elif isinstance(timeout, Timeouts):
        timeouts = timeout.allowing(binding.model.first_token)
    else:
        timeouts = binding.timeouts.evolve(total=_positive("timeout", timeout))
    retries = given.pop("max_retries", None)
    return timeouts, binding.max_retries if retries is None else int(_not_negative("max_retries", retries))


def _tags(binding: Binding, given: dict[str, Any]) -> Tags:
    """Whose the call is: what it says itself, and for the rest what the settings say."""
    return Tags.of(given.pop("tags", None)).over(binding.tags)


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        raise _invalid(f"option `{name}` must be a number above 0 and up to a year, not {value!r:.40}")
    return float(value)


def _not_negative(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _invalid(f"option `{name}` must be a whole number from 0, not {value!r:.40}")
    return value


# -- options -------------------------------------------------------------------------------------


def _checked(
    binding: Binding, given: dict[str, Any], table: Mapping[str, OptionSpec]
) -> tuple[dict[str, Any], list[Notice]]:
    """The options that are sent, and notices for those that are not."""
    chosen: dict[str, Any] = {}
    notices: list[Notice] = []
    for name, value in given.items():
        spec = table.get(name)
        if spec is None:
            raise unknown_option(name, table)
        if name == "stop":
            value = (value,) if isinstance(value, str) else _listed("stop", value)
        _check_value(name, value, spec, binding)
        left_out = _left_out(binding, name, value, spec)
        if left_out is None:
            chosen[name] = value
        else:
            notices.append(left_out)
    return chosen, notices


def unknown_option(name: str, table: Iterable[str]) -> JackfieldError:
    """The refusal of an option that is none of those there are."""
    near = get_close_matches(name, table, 1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    hint += f"a field of the provider's own goes into extra={{{name!r}: …}}"
    return _invalid(f"there is no option `{name}`", hint)


def _check_value(name: str, value: Any, spec: OptionSpec, binding: Binding) -> None:
    is_flag = isinstance(value, bool) and bool not in spec.types
    if is_flag or not isinstance(value, spec.types):
        kinds = " or ".join(kind.__name__ for kind in spec.types)
        raise _invalid(f"option `{name}` must be {kinds}, not {type(value).__name__}")
    contents = value.items() if isinstance(value, dict) else [value] if isinstance(value, tuple) else ()
    if not all(item and _all_texts(item) and all(item) for item in contents):
        raise _invalid(f"option `{name}` must hold texts, and none of them empty")
    if spec.choices and isinstance(value, str) and value not in spec.choices:
        raise _invalid(f"option `{name}` must be one of {', '.join(spec.choices)}, not {value!r:.40}")
    if isinstance(value, int | float):
        rule = binding.rules.get(name)
        low = spec.minimum if rule is None or rule.minimum is None else rule.minimum
        high = spec.maximum if rule is None or rule.maximum is None else rule.maximum
        if name == "max_tokens" and binding.model.max_output is not None:
            high = binding.model.max_output
        if not ((low is None or value >= low) and (high is None or value <= high)):
            bounds = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
            raise _invalid(f"option `{name}` must be {bounds} for `{binding.name}`, not {value!s:.40}")


def _left_out(binding: Binding, name: str, value: Any, spec: OptionSpec) -> Notice | None:
    """A notice if this option is not to be sent; ``Unsupported`` if the answer would differ without it."""
    rule = binding.rules.get(name)
    refused = rule is not None and not rule.support.usable
    if not refused and spec.capability is not None:
        refused = spec.capability in binding.refused and not _asks_for_nothing(name, value)
    if not refused:
        return None
    note = f": {rule.note}" if rule is not None and rule.note else ""
    if spec.shapes_answer and not (rule is not None and rule.ignored):
        msg = f"`{binding.name}` does not take option `{name}`{note}; nothing was sent"
        raise Unsupported(_local("request.unsupported", msg, f"leave `{name}` out, or choose another model"))
    return Notice("option_ignored", f"`{binding.name}` does not take option `{name}`{note}; it was left out")


def _asks_for_nothing(name: str, value: Any) -> bool:
    """Whether an option only says that a capability is not wanted."""
    return value is False or value == "none" or (name in ("reasoning", "top_logprobs") and value == 0)


# -- capabilities --------------------------------------------------------------------------------


def require(binding: Binding, capability: Capability) -> None:
    """Refuse what the model is known not to do."""
    if capability not in binding.refused:
        return
    missing = binding.supports(capability) is Support.NOT_IMPLEMENTED
    why = "not implemented yet" if missing else "declared unsupported"
    msg = f"`{binding.name}` cannot {_WORDS.get(capability, capability)} ({why}); nothing was sent"
    raise Unsupported(_local("request.unsupported", msg, _alternatives(binding, capability)))


def _alternatives(binding: Binding, capability: Capability) -> str:
    profile = binding.profile
    able = [model.id for model in profile.able(capability)]
    if able:
        return "these can: " + ", ".join(f"`{profile.id}/{model}`" for model in able[:3])
    return f"`jackfield models --capability {capability}` lists models that can"


def _check_parts(binding: Binding, messages: tuple[Message, ...], stream: bool) -> list[Notice]:
    """Refuse what the model cannot read; tell of cache points it has no cache for."""
    notices: list[Notice] = []
    require(binding, Capability.CHAT)
    if stream:
        require(binding, Capability.STREAMING)
    for message in messages:
        if message.role not in _ROLES:
            raise _invalid(f"`{message.role!s:.40}` is no role: there are {', '.join(sorted(_ROLES))}")
        if message.role == "system":
            require(binding, Capability.SYSTEM_PROMPT)
        for part in message.parts:
            if type(part) is CachePoint and not notices:
                notices += _cache_notices(binding)
            elif type(part) is not Text:
                _check_part(binding, part)
    return notices


def _check_part(binding: Binding, part: Part) -> None:
    needed = _NEEDS.get(type(part))
    if needed is not None:
        require(binding, needed)
    elif type(part) not in _PLAIN_PARTS:
        raise _invalid(f"`{type(part).__name__}` is no part of a message")
    elif type(part) is ToolResult:
        for inner in part.parts:
            if type(inner) in _NEEDS:
                require(binding, _NEEDS[type(inner)])


def _check_tools(binding: Binding, tools: tuple[Tool | HostedTool, ...], choice: str | None) -> None:
    if tools:
        require(binding, Capability.TOOLS)
    if choice is None:
        return
    if not tools and choice != "none":
        raise _invalid(f"tool_choice `{choice!s:.40}` needs tools to choose from", "pass tools=[…]")
    names = [found.name if isinstance(found, Tool) else found.kind for found in tools]
    if choice not in ("auto", "none", "required") and choice not in names:
        raise _invalid(f"tool_choice `{choice}` is none of the tools: {', '.join(names) or 'there are none'}")
    if choice != "auto":
        require(binding, Capability.TOOL_CHOICE)


def _output(into: Any) -> Output | None:
    if into is None or isinstance(into, Output):
        return into
    if into is dict:
        return Output(target=dict)
    if isinstance(into, Mapping):
        return Output(dict(into), str(into.get("title", "answer")))
    return Output(json_schema(into, all_required=True), getattr(into, "__name__", "answer"), target=into)


def _check_output(binding: Binding, output: Output | None) -> None:
    if output is not None:
        require(binding, Capability.JSON_MODE if output.schema is None else Capability.JSON_SCHEMA)


def _cache_notices(binding: Binding) -> list[Notice]:
    if Capability.PROMPT_CACHE not in binding.refused:
        return []
    return [Notice("cache_ignored", f"`{binding.name}` has no prompt cache; cache points were left out")]


def _local(kind: str, message: str, hint: str = "") -> ErrorInfo:
    return ErrorInfo(kind, message, hint=hint, sent="no")


def _invalid(message: str, hint: str = "") -> InvalidRequest:
    return InvalidRequest(_local("request.invalid", f"{message}; nothing was sent", hint))
