"""One honest API over every LLM provider.

    import jackfield

    answer = jackfield.complete("echo/echo-1", "Name three rivers.")
    print(answer.text, answer.usage, answer.charge)

Names are bound lazily (PEP 562): importing the package loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jackfield.catalogue import Charge, Cost, Quote, RatesBook
    from jackfield.catalogue.filters import Listed, ModelFilters, ProviderFacts
    from jackfield.client import AsyncClient, AsyncStream, Binding, Client, Stream
    from jackfield.client.default import (
        acomplete,
        acount_tokens,
        aembed,
        aimage,
        alist_models,
        amodels,
        amoderate,
        arerank,
        aspeak,
        astream,
        atranscribe,
        charge,
        cheapest,
        compare_costs,
        complete,
        count_tokens,
        embed,
        image,
        list_models,
        model,
        models,
        moderate,
        provider,
        providers,
        quote,
        rerank,
        speak,
        stream,
        transcribe,
    )
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
        LedgerFailed,
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
    from jackfield.options import (
        EmbedOptions,
        ImageOptions,
        OperationOptions,
        Options,
        RerankOptions,
        SpeechOptions,
        TranscriptionOptions,
    )
    from jackfield.profile import Capability, Model, Profile, Support
    from jackfield.registry import Registry
    from jackfield.schema import json_schema
    from jackfield.secret import Secret
    from jackfield.tools import arun_tools, run_tools, tool
    from jackfield.types import (
        Answered,
        Attempt,
        Audio,
        Batch,
        BatchCounts,
        BatchesRequest,
        BatchItem,
        BatchList,
        BatchRef,
        BatchRequest,
        BatchResult,
        BatchResults,
        CachePoint,
        Choice,
        Citation,
        Completion,
        Deleted,
        Document,
        Drawn,
        Embeddings,
        EmbedRequest,
        FileContent,
        FileList,
        FileRef,
        FilesRequest,
        FileUpload,
        Finish,
        HostedTool,
        Image,
        ImageRequest,
        Images,
        Message,
        ModelInfo,
        ModelList,
        ModelsRequest,
        Moderation,
        ModerationRequest,
        Notice,
        Opaque,
        Other,
        Output,
        Part,
        Ranked,
        Ranking,
        Reasoning,
        Refusal,
        Request,
        RerankRequest,
        Speech,
        SpeechRequest,
        Spoken,
        StoredFile,
        Text,
        Timeouts,
        TokenCount,
        TokenLogprob,
        Tool,
        ToolCall,
        ToolResult,
        Transcript,
        TranscriptionRequest,
        Usage,
        Verdict,
        Video,
    )
    from jackfield.types.resilience import Hedge

__version__ = "0.1.0"

# Module -> the public names it defines. ``__getattr__`` imports a module when one of its names is first used.
_HOMES = {
    "catalogue": "Charge Cost Quote RatesBook",
    "catalogue.filters": "Listed ModelFilters ProviderFacts",
    "client": "AsyncClient AsyncStream Binding Client Stream",
    "client.default": (
        "acomplete acount_tokens aembed aimage alist_models amodels amoderate arerank aspeak"
        " astream atranscribe charge cheapest compare_costs complete count_tokens embed image"
        " list_models model models moderate provider providers quote rerank speak stream transcribe"
    ),
    "config": "Settings",
    "errors": (
        "Affinity BadConfig Blocked BudgetExceeded ContextTooLong ErrorInfo InvalidRequest JackfieldError"
        " LedgerFailed LimitReached LocalLimit Malformed MissingCredentials ModelNotFound NotNow OutOfCredit Overloaded"
        " PluginFailed ProviderConflict RateLimited Refused RequestError SetupError StreamInterrupted TimedOut"
        " Unauthorized Unavailable UnknownProvider Unsupported"
    ),
    "events": (
        "Accumulator ArgumentsDelta Cited Event Failed Finished Logprobs Metered PartEnded PartStarted"
        " ReasoningDelta Started TextDelta Warned fold unfold"
    ),
    "hookspecs": "hookimpl",
    "options": "EmbedOptions ImageOptions OperationOptions Options RerankOptions SpeechOptions TranscriptionOptions",
    "profile": "Capability Model Profile Support",
    "registry": "Registry",
    "schema": "json_schema",
    "secret": "Secret",
    "tools": "arun_tools run_tools tool",
    "types": (
        "Answered Attempt Audio Batch BatchCounts BatchItem BatchList BatchRef BatchRequest BatchResult"
        " BatchResults BatchesRequest CachePoint Choice Citation Completion Deleted Document Drawn"
        " EmbedRequest Embeddings FileContent FileList FileRef FileUpload FilesRequest Finish HostedTool"
        " Image ImageRequest Images Message ModelInfo ModelList ModelsRequest Moderation"
        " ModerationRequest Notice Opaque Other Output Part Ranked Ranking Reasoning Refusal Request"
        " RerankRequest Speech SpeechRequest Spoken StoredFile Text Timeouts TokenCount TokenLogprob Tool"
        " ToolCall ToolResult Transcript TranscriptionRequest Usage Verdict Video"
    ),
    "types.resilience": "Hedge",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

# Literal, so that type checkers see what is public; a test holds it against the table above.
__all__ = [
    "Accumulator",
    "Affinity",
    "Answered",
    "ArgumentsDelta",
    "AsyncClient",
    "AsyncStream",
    "Attempt",
    "Audio",
    "BadConfig",
    "Batch",
    "BatchCounts",
    "BatchItem",
    "BatchList",
    "BatchRef",
    "BatchRequest",
    "BatchResult",
    "BatchResults",
    "BatchesRequest",
    "Binding",
    "Blocked",
    "BudgetExceeded",
    "CachePoint",
    "Capability",
    "Charge",
    "Choice",
    "Citation",
    "Cited",
    "Client",
    "Completion",
    "ContextTooLong",
    "Cost",
    "Deleted",
    "Document",
    "Drawn",
    "EmbedOptions",
    "EmbedRequest",
    "Embeddings",
    "ErrorInfo",
    "Event",
    "Failed",
    "FileContent",
    "FileList",
    "FileRef",
    "FileUpload",
    "FilesRequest",
    "Finish",
    "Finished",
    "Hedge",
    "HostedTool",
    "Image",
    "ImageOptions",
    "ImageRequest",
    "Images",
    "InvalidRequest",
    "JackfieldError",
    "LedgerFailed",
    "LimitReached",
    "Listed",
    "LocalLimit",
    "Logprobs",
    "Malformed",
    "Message",
    "Metered",
    "MissingCredentials",
    "Model",
    "ModelFilters",
    "ModelInfo",
    "ModelList",
    "ModelNotFound",
    "ModelsRequest",
    "Moderation",
    "ModerationRequest",
    "NotNow",
    "Notice",
    "Opaque",
    "OperationOptions",
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
    "ProviderFacts",
    "Quote",
    "Ranked",
    "Ranking",
    "RateLimited",
    "RatesBook",
    "Reasoning",
    "ReasoningDelta",
    "Refusal",
    "Refused",
    "Registry",
    "Request",
    "RequestError",
    "RerankOptions",
    "RerankRequest",
    "Secret",
    "Settings",
    "SetupError",
    "Speech",
    "SpeechOptions",
    "SpeechRequest",
    "Spoken",
    "Started",
    "StoredFile",
    "Stream",
    "StreamInterrupted",
    "Support",
    "Text",
    "TextDelta",
    "TimedOut",
    "Timeouts",
    "TokenCount",
    "TokenLogprob",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Transcript",
    "TranscriptionOptions",
    "TranscriptionRequest",
    "Unauthorized",
    "Unavailable",
    "UnknownProvider",
    "Unsupported",
    "Usage",
    "Verdict",
    "Video",
    "Warned",
    "acomplete",
    "acount_tokens",
    "aembed",
    "aimage",
    "alist_models",
    "amodels",
    "amoderate",
    "arerank",
    "arun_tools",
    "aspeak",
    "astream",
    "atranscribe",
    "charge",
    "cheapest",
    "compare_costs",
    "complete",
    "count_tokens",
    "embed",
    "fold",
    "hookimpl",
    "image",
    "json_schema",
    "list_models",
    "model",
    "models",
    "moderate",
    "provider",
    "providers",
    "quote",
    "rerank",
    "run_tools",
    "speak",
    "stream",
    "tool",
    "transcribe",
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
