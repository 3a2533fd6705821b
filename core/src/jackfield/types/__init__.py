"""The values a caller sends and receives: messages of ordered parts, requests, completions, usage.

Everything here is frozen, does no I/O and knows no wire format. Properties are derived, never stored.
"""

from __future__ import annotations

from jackfield.types.answers import (
    UNFINISHED,
    UNKNOWN_USAGE,
    Attempt,
    Choice,
    Completion,
    Embeddings,
    Finish,
    FinishReason,
    Notice,
    TokenLogprob,
    Usage,
    UsageSource,
)
from jackfield.types.parts import (
    Audio,
    CachePoint,
    Citation,
    Document,
    Image,
    Media,
    Opaque,
    Other,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
    parts_of,
)
from jackfield.types.requests import (
    EmbedRequest,
    HostedTool,
    Message,
    Output,
    Request,
    Role,
    Timeouts,
    Tool,
    ToolChoice,
)

__all__ = [
    "Attempt",
    "Audio",
    "CachePoint",
    "Choice",
    "Citation",
    "Completion",
    "Document",
    "EmbedRequest",
    "Embeddings",
    "Finish",
    "FinishReason",
    "HostedTool",
    "Image",
    "Media",
    "Message",
    "Notice",
    "Opaque",
    "Other",
    "Output",
    "Part",
    "Reasoning",
    "Refusal",
    "Request",
    "Role",
    "Text",
    "Timeouts",
    "TokenLogprob",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolResult",
    "UNFINISHED",
    "UNKNOWN_USAGE",
    "Usage",
    "UsageSource",
    "Video",
    "parts_of",
]

for _name in __all__:  # tracebacks and reprs show the public name
    _value = globals()[_name]
    if isinstance(_value, type) and _value.__module__.startswith(__name__):
        _value.__module__ = "jackfield"
