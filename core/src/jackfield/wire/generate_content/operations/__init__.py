"""What the format can carry besides completions: each operation in a module of its own.

A host that has some of them elsewhere, or not at all, says so in its own ``operations``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.wire.generate_content.operations.batches import (
    CancelBatch,
    CreateBatch,
    GetBatch,
    ListBatches,
    Results,
)
from jackfield.wire.generate_content.operations.count import CountTokens
from jackfield.wire.generate_content.operations.embed import Embed
from jackfield.wire.generate_content.operations.files import Content, DeleteFile, GetFile, ListFiles, Upload
from jackfield.wire.generate_content.operations.image import Draw
from jackfield.wire.generate_content.operations.models import Models
from jackfield.wire.generate_content.operations.speak import Speak, Transcribe

if TYPE_CHECKING:
    from jackfield.wire.generate_content.wire import GenerateContent
    from jackfield.wire.operation import Operations

__all__ = [
    "CancelBatch",
    "Content",
    "CountTokens",
    "CreateBatch",
    "DeleteFile",
    "Draw",
    "Embed",
    "GetBatch",
    "GetFile",
    "ListBatches",
    "ListFiles",
    "Models",
    "Results",
    "Speak",
    "Transcribe",
    "Upload",
    "operations_of",
]


def operations_of(wire: GenerateContent) -> Operations:
    """All of them, in the dialect of ``wire``."""
    return {
        "embed": Embed(wire),
        "count_tokens": CountTokens(wire),
        "models": Models(wire),
        "image": Draw(wire),
        "speak": Speak(wire),
        "transcribe": Transcribe(wire),
        "files.upload": Upload(wire),
        "files.get": GetFile(wire),
        "files.content": Content(wire),
        "files.delete": DeleteFile(wire),
        "files.list": ListFiles(wire),
        "batches.create": CreateBatch(wire),
        "batches.get": GetBatch(wire),
        "batches.results": Results(wire),
        "batches.cancel": CancelBatch(wire),
        "batches.list": ListBatches(wire),
    }
