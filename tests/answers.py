"""One answer for each operation, as the loopback server gives them to whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jackfield.types import (
    Batch,
    BatchCounts,
    BatchesRequest,
    BatchList,
    BatchRef,
    BatchRequest,
    Completion,
    Drawn,
    Embeddings,
    EmbedRequest,
    FileList,
    FileRef,
    FilesRequest,
    FileUpload,
    Finish,
    Image,
    ImageRequest,
    Images,
    ModelInfo,
    ModelList,
    ModelsRequest,
    Moderation,
    ModerationRequest,
    Ranked,
    Ranking,
    Request,
    RerankRequest,
    Speech,
    SpeechRequest,
    Spoken,
    StoredFile,
    Text,
    TokenCount,
    Transcript,
    TranscriptionRequest,
    Usage,
    Verdict,
)
from jackfield.wire.operations.batches import Start

PIXEL = b"\x89PNG\r\n\x1a\npixel"
WHEN = datetime(2026, 11, 21, tzinfo=UTC)
FILE = StoredFile("file-1", "a.txt", 5, purpose="user_data", status="processed", created=WHEN)
BATCH = Batch("batch-1", "completed", BatchCounts(2, 2), WHEN, WHEN, WHEN)
ANSWER = Completion((Text("hello"),), Finish("stop", "stop"), Usage(2, output=1), "m", id="c1")

ANSWERS: dict[type, Any] = {
    ModelsRequest: ModelList((ModelInfo("m-1", "M", WHEN, "acme", 1000, 100),)),
    EmbedRequest: Embeddings(((0.5, 1.0),), usage=Usage(3), model="e"),
    RerankRequest: Ranking((Ranked(1, 0.9), Ranked(0, 0.1)), usage=Usage(7), model="r"),
    ModerationRequest: Moderation((Verdict(True, {"hate": True}, {"hate": 0.9}),), "modr-1", model="o"),
    ImageRequest: Images((Drawn(Image("image/png", data=PIXEL), "a cat, drawn"),), WHEN),
    SpeechRequest: Speech(b"sound", "audio/mpeg"),
    TranscriptionRequest: Transcript("hello there", "en", 1.5, (Spoken("hello there", 0, 1.5),)),
    FileUpload: FILE,
    FileRef: FILE,
    FilesRequest: FileList((FILE,)),
    Start: BATCH,
    BatchRequest: BATCH,
    BatchRef: BATCH,
    BatchesRequest: BatchList((BATCH,)),
    Request: TokenCount(12),
}
