"""Operations beside completions, as the chat completions family has them; other families take what fits.

Each is a codec with the four verbs, in a module of its own. A provider that deviates in a path or in names
says so in ``[dialect.operations.NAME]``; one that deviates in form subclasses a codec in its package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.wire.base import Wire
from jackfield.wire.operation import Operations
from jackfield.wire.operations.batches import CancelBatch, CreateBatch, GetBatch, ListBatches, Results
from jackfield.wire.operations.codec import Codec
from jackfield.wire.operations.embed import Embed
from jackfield.wire.operations.files import Content, Delete, GetFile, ListFiles, Upload
from jackfield.wire.operations.image import MakeImage
from jackfield.wire.operations.models import Models
from jackfield.wire.operations.moderate import Moderate
from jackfield.wire.operations.rerank import Rerank
from jackfield.wire.operations.speak import Speak
from jackfield.wire.operations.transcribe import Transcribe

CODECS: tuple[type[Codec[Any, Any]], ...] = (
    Models,
    Embed,
    Rerank,
    Moderate,
    MakeImage,
    Speak,
    Transcribe,
    Upload,
    GetFile,
    Content,
    Delete,
    ListFiles,
    GetBatch,
    CancelBatch,
    ListBatches,
)


def operations_of(wire: Wire) -> Operations:
    """All of them, in the dialect of ``wire``; a batch carries what ``wire`` says."""
    found: dict[str, Any] = {codec.name: codec(wire.dialect) for codec in CODECS}
    batches: Mapping[str, Any] = {"batches.create": CreateBatch(wire), "batches.results": Results(wire)}
    return {**found, **batches}
