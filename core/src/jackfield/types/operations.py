"""What is asked and answered besides completions: one neutral pair of types per operation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import field, frozen

from jackfield.types.answers import Answered, Completion
from jackfield.types.parts import Audio, Document, Image, Opaque
from jackfield.types.requests import Request

if TYPE_CHECKING:
    from jackfield.errors import ErrorInfo


# -- rerank ------------------------------------------------------------------------------------------


@frozen
class RerankRequest:
    """Documents to put in order of how well they answer a query. Options: ``top_n``, ``max_tokens_per_doc``."""

    model: str
    query: str
    documents: tuple[str, ...]
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Ranked:
    """One document's place: its index among those asked about, and how relevant it is."""

    index: int
    score: float
    document: str | None = None


@frozen
class Ranking(Answered):
    """Documents, the most relevant first."""

    results: tuple[Ranked, ...]


# -- moderation --------------------------------------------------------------------------------------


@frozen
class ModerationRequest:
    """Texts and images to be judged."""

    model: str
    inputs: tuple[str | Image, ...]
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Verdict:
    """What one input was found to be: the categories in the provider's words."""

    flagged: bool
    categories: Mapping[str, bool] = field(factory=dict)
    scores: Mapping[str, float] = field(factory=dict)


@frozen
class Moderation(Answered):
    """Verdicts in the order of the inputs."""

    results: tuple[Verdict, ...]
    id: str = ""

    @property
    def flagged(self) -> bool:
        """Whether anything was."""
        return any(verdict.flagged for verdict in self.results)


# -- images ------------------------------------------------------------------------------------------


@frozen
class ImageRequest:
    """A picture to be made, or ``images`` to be changed.

    Options: ``n``, ``size`` ("1024x1024"), ``aspect_ratio``, ``quality``, ``style``, ``background``,
    ``format`` (png, jpeg, webp), ``negative_prompt``, ``seed``, ``user``.
    """

    model: str
    prompt: str
    images: tuple[Image, ...] = ()
    mask: Image | None = None
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Drawn:
    """One picture, with the prompt it was really made from where the provider tells."""

    image: Image
    prompt: str | None = None


@frozen
class Images(Answered):
    """Pictures."""

    results: tuple[Drawn, ...]
    created: datetime | None = None

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures alone."""
        return tuple(drawn.image for drawn in self.results)


# -- speech ------------------------------------------------------------------------------------------


@frozen
class SpeechRequest:
    """A text to be spoken. Options: ``format`` (mp3, wav, opus, ...), ``speed``, ``instructions``, ``language``."""

    model: str
    text: str
    voice: str = ""
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Speech(Answered):
    """Spoken text."""

    audio: bytes = field(repr=lambda data: f"<{len(data)} bytes>")
    media_type: str = ""
    seconds: float | None = None


@frozen
class TranscriptionRequest:
    """Speech to be written down.

    Options: ``language``, ``prompt``, ``temperature``, ``timestamps`` ("segment" or "word"), ``diarize``,
    ``translate`` (into English).
    """

    model: str
    audio: Audio
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Spoken:
    """A stretch of a transcript: when it was said, and by whom where that is known."""

    text: str
    start: float
    end: float
    speaker: str | None = None


@frozen
class Transcript(Answered):
    """What was said."""

    text: str
    language: str | None = None
    seconds: float | None = None
    segments: tuple[Spoken, ...] = ()
    words: tuple[Spoken, ...] = ()

    def __str__(self) -> str:
        return self.text


# -- counting and listing ----------------------------------------------------------------------------


@frozen
class TokenCount(Answered):
    """How many tokens a request would take in, and who counted: the ``provider``, its ``tokenizer``, or an ``estimate``.

    ``error`` is how far off the figure may be, as a part of it. ``unknown`` names the kinds of media in the
    request whose tokens nobody states; they are counted in, but no bound holds for them.
    """

    tokens: int
    cached: int = 0
    source: Literal["provider", "tokenizer", "estimate"] = "provider"
    by: str = ""
    low: int | None = None  # at least; ``None`` where ``tokens`` is exact
    high: int | None = None
    unknown: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """How far off it may be, as a part of it: 0.25 is a quarter more or less."""
        if self.low is None or self.high is None:
            return 0.0
        return round(max(self.high - self.tokens, self.tokens - self.low) / max(self.tokens, 1), 3)


@frozen
class ModelsRequest:
    """Which models a provider offers to this key."""

    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class ModelInfo:
    """What the provider says of one model; what it does not say is ``None``."""

    id: str
    name: str | None = None
    created: datetime | None = None
    owner: str | None = None
    context: int | None = None
    max_output: int | None = None
    raw: Any = field(default=None, repr=False)


@frozen
class ModelList(Answered):
    """The models a provider offers."""

    models: tuple[ModelInfo, ...]


# -- files -------------------------------------------------------------------------------------------


@frozen
class FileUpload:
    """A file for the provider to keep."""

    name: str
    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")
    media_type: str = "application/octet-stream"
    purpose: str = ""
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class FileRef:
    """A file the provider keeps, by its id; ``account`` is whose it is, where a provider has several keys."""

    id: str
    account: str = field(default="", eq=False)


@frozen
class FilesRequest:
    """Which files the provider keeps. Options: ``purpose``, ``limit``."""

    options: Mapping[str, Any] = field(factory=dict)


@frozen
class StoredFile(Answered):
    """What the provider says of a file it keeps."""

    id: str
    name: str = ""
    size: int | None = None
    media_type: str = ""
    purpose: str = ""
    status: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    account: str = field(default="", eq=False, repr=False)  # whose key it came with, if there are several

    @property
    def document(self) -> Document:
        """The file as a part of a message."""
        return Document(
            self.media_type or Document.default_media_type,
            file_id=self.id,
            name=self.name or None,
            opaque=Opaque("", "", {}, self.account) if self.account else None,
        )


@frozen
class FileList(Answered):
    """Files the provider keeps."""

    files: tuple[StoredFile, ...]


@frozen
class FileContent(Answered):
    """The bytes of a file."""

    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")
    media_type: str = ""


@frozen
class Deleted(Answered):
    """Something the provider no longer keeps."""

    id: str


# -- batches -----------------------------------------------------------------------------------------

BatchStatus: TypeAlias = Literal[
    "queued", "running", "cancelling", "completed", "failed", "expired", "cancelled", "unknown"
]
FINAL: frozenset[str] = frozenset({"completed", "failed", "expired", "cancelled"})


@frozen
class BatchItem:
    """One request of a batch, under a name of the caller's."""

    id: str
    request: Request


@frozen
class BatchRequest:
    """Requests to be answered in the provider's own time. Options: ``window`` ("24h"), ``metadata``, ``name``."""

    model: str
    items: tuple[BatchItem, ...]
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class BatchRef:
    """A batch, by its id. ``raw`` is what the provider last said of it, where that is at hand."""

    id: str
    raw: Any = field(default=None, repr=False, eq=False)
    account: str = field(default="", repr=False, eq=False)


@frozen
class BatchesRequest:
    """Which batches there are. Options: ``limit``."""

    options: Mapping[str, Any] = field(factory=dict)


@frozen
class BatchCounts:
    """How many requests of a batch are where."""

    total: int = 0
    completed: int = 0
    failed: int = 0
    running: int = 0


@frozen
class Batch(Answered):
    """A batch as the provider sees it."""

    id: str
    status: BatchStatus = "unknown"
    counts: BatchCounts = BatchCounts()
    created: datetime | None = None
    ended: datetime | None = None
    expires: datetime | None = None
    raw_status: str = ""
    errors: tuple[ErrorInfo, ...] = ()
    account: str = field(default="", eq=False, repr=False)  # whose key it came with, if there are several

    @property
    def done(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL


@frozen
class BatchResult:
    """The answer to one request of a batch: a completion, or why there is none."""

    id: str
    completion: Completion | None = None
    error: ErrorInfo | None = None


@frozen
class BatchResults(Answered):
    """The answers of a batch, in the provider's order."""

    results: tuple[BatchResult, ...]

    def by_id(self) -> dict[str, BatchResult]:
        """The answers by the names of their requests."""
        return {result.id: result for result in self.results}


@frozen
class BatchList(Answered):
    """Batches."""

    batches: tuple[Batch, ...]
