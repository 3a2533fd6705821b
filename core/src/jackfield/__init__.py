"""One honest API over every LLM provider.

    import jackfield

    answer = jackfield.complete("echo/echo-1", "Name three rivers.")
    print(answer.text, answer.usage, answer.charge)

Names are bound lazily (PEP 562): importing the package loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jackfield.client import AsyncClient, AsyncStream, Binding, Client, Stream
    from jackfield.client.default import acomplete, aembed, astream, complete, embed, stream
    from jackfield.config import Settings
    from jackfield.errors import (
        Affinity,
        BadConfig,
        Blocked,
        BudgetExceeded,
        ContextTooLong,
        ErrorInfo,
        InvalidRequest,
        JackfieldError,
        LimitReached,
        LocalLimit,
        Malformed,
        MissingCredentials,
        ModelNotFound,
        NotNow,
        OutOfCredit,
        Overloaded,
        PluginFailed,
        ProviderConflict,
        RateLimited,
        Refused,
        RequestError,
        SetupError,
        StreamInterrupted,
        TimedOut,
        Unauthorized,
        Unavailable,
        UnknownProvider,
        Unsupported,
    )
    from jackfield.events import (
        Accumulator,
        ArgumentsDelta,
        Cited,
        Event,
        Failed,
        Finished,
        Logprobs,
        Metered,
        PartEnded,
        PartStarted,
        ReasoningDelta,
        Started,
        TextDelta,
        Warned,
        fold,
        unfold,
    )
    from jackfield.hookspecs import hookimpl
    from jackfield.options import EmbedOptions, Options
    from jackfield.profile import Capability, Model, Profile, Support
    from jackfield.registry import Registry
    from jackfield.schema import json_schema
    from jackfield.secret import Secret
    from jackfield.tools import arun_tools, run_tools, tool
    from jackfield.types import (
        Attempt,
        Audio,
        CachePoint,
        Choice,
        Citation,
        Completion,
        Document,
        Embeddings,
        EmbedRequest,
        Finish,
        HostedTool,
        Image,
        Message,
        Notice,
        Opaque,
        Other,
        Output,
        Part,
        Reasoning,
        Refusal,
        Request,
        Text,
        Timeouts,
        TokenLogprob,
        Tool,
        ToolCall,
        ToolResult,
        Usage,
        Video,
    )

__version__ = "0.1.0"

# Module -> the public names it defines. ``__getattr__`` imports a module when one of its names is first used.
_HOMES = {
    "client": "AsyncClient AsyncStream Binding Client Stream",
    "client.default": "acomplete aembed astream complete embed stream",
    "config": "Settings",
    "errors": (
        "Affinity BadConfig Blocked BudgetExceeded ContextTooLong ErrorInfo InvalidRequest JackfieldError"
        " LimitReached LocalLimit Malformed MissingCredentials ModelNotFound NotNow OutOfCredit Overloaded"
        " PluginFailed ProviderConflict RateLimited Refused RequestError SetupError StreamInterrupted TimedOut"
        " Unauthorized Unavailable UnknownProvider Unsupported"
    ),
    "events": (
        "Accumulator ArgumentsDelta Cited Event Failed Finished Logprobs Metered PartEnded PartStarted"
        " ReasoningDelta Started TextDelta Warned fold unfold"
    ),
    "hookspecs": "hookimpl",
    "options": "EmbedOptions Options",
    "profile": "Capability Model Profile Support",
    "registry": "Registry",
    "schema": "json_schema",
    "secret": "Secret",
    "tools": "arun_tools run_tools tool",
    "types": (
        "Attempt Audio CachePoint Choice Citation Completion Document EmbedRequest Embeddings Finish HostedTool"
        " Image Message Notice Opaque Other Output Part Reasoning Refusal Request Text Timeouts TokenLogprob Tool"
        " ToolCall ToolResult Usage Video"
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

# Literal, so that type checkers see what is public; a test holds it against the table above.
__all__ = [
    "Accumulator",
    "Affinity",
    "ArgumentsDelta",
    "AsyncClient",
    "AsyncStream",
    "Attempt",
    "Audio",
    "BadConfig",
    "Binding",
    "Blocked",
    "BudgetExceeded",
    "CachePoint",
    "Capability",
    "Choice",
    "Citation",
    "Cited",
    "Client",
    "Completion",
    "ContextTooLong",
    "Document",
    "EmbedOptions",
    "EmbedRequest",
    "Embeddings",
    "ErrorInfo",
    "Event",
    "Failed",
    "Finish",
    "Finished",
    "HostedTool",
    "Image",
    "InvalidRequest",
    "JackfieldError",
    "LimitReached",
    "LocalLimit",
    "Logprobs",
    "Malformed",
    "Message",
    "Metered",
    "MissingCredentials",
    "Model",
    "ModelNotFound",
    "NotNow",
    "Notice",
    "Opaque",
    "Options",
    "Other",
    "OutOfCredit",
    "Output",
    "Overloaded",
    "Part",
    "PartEnded",
    "PartStarted",
    "PluginFailed",
    "Profile",
    "ProviderConflict",
    "RateLimited",
    "Reasoning",
    "ReasoningDelta",
    "Refusal",
    "Refused",
    "Registry",
    "Request",
    "RequestError",
    "Secret",
    "Settings",
    "SetupError",
    "Started",
    "Stream",
    "StreamInterrupted",
    "Support",
    "Text",
    "TextDelta",
    "TimedOut",
    "Timeouts",
    "TokenLogprob",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Unauthorized",
    "Unavailable",
    "UnknownProvider",
    "Unsupported",
    "Usage",
    "Video",
    "Warned",
    "acomplete",
    "aembed",
    "arun_tools",
    "astream",
    "complete",
    "embed",
    "fold",
    "hookimpl",
    "json_schema",
    "run_tools",
    "stream",
    "tool",
    "unfold",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        msg = f"module 'jackfield' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    value: object = getattr(import_module(f"jackfield.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
