"""What is answered to all that is no completion: vectors, rankings, pictures, sound, files, batches, lists."""

from __future__ import annotations

import hashlib
import math
import re
import struct
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from attrs import define, field, frozen

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.profile import Profile
from jackfield.types import (
    Batch,
    BatchCounts,
    BatchesRequest,
    BatchItem,
    BatchList,
    BatchRef,
    BatchRequest,
    BatchResult,
    BatchResults,
    Completion,
    Deleted,
    Drawn,
    Embeddings,
    EmbedRequest,
    FileContent,
    FileList,
    FileRef,
    FilesRequest,
    FileUpload,
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
    TokenCount,
    Transcript,
    TranscriptionRequest,
    Usage,
    Verdict,
)
from jackfield.wire import Call, Wire
from jackfield.wire.operation import fits
from jackfield.wire.operations.batches import Start, items_of, lines_of_results
from jackfield_simulator.answers import prose
from jackfield_simulator.media import SILENCE, picture, sound
from jackfield_simulator.usage import tokens_in, tokens_of
from jackfield_simulator.ways import KEEP_REQUESTS, TELL_DOCUMENTS

DIMENSIONS = 256
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HARM = re.compile(r"\b(kill|bomb|attack|murder|hate|weapon|suicide)\w*", re.IGNORECASE)
CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
PER_SECOND = 16_000  # bytes of sound
LONGEST_SPEECH = 10_000  # frames, one for each letter
MOST_TEXTS = 2048  # of one request for vectors


@frozen
class Asking:
    """Who asks over what, for answers that depend on it."""

    name: str  # of the exchange
    call: Call
    wires: tuple[Wire, ...]
    profile: Profile | None = None
    models: tuple[str, ...] = ()

    @property
    def provider(self) -> str:
        """Who is asked."""
        return self.profile.id if self.profile is not None else ""


@define
class _Kept:
    """A batch with its answers."""

    batch: Batch
    results: BatchResults
    looked: int = 0


@define
class Things:
    """All that is kept between calls, and all that is made up on the spot."""

    complete: Callable[[Request], Completion]
    files: dict[str, tuple[StoredFile, bytes]] = field(factory=dict)
    batches: dict[str, _Kept] = field(factory=dict)
    _counted: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def answer(self, request: Any, asking: Asking) -> Any:
        """The answer to a request."""
        if isinstance(request, FileRef):
            return self._file(request, asking.name)
        if isinstance(request, BatchRef):
            return self._batch(request, asking)
        make = _MAKERS.get(type(request))
        if make is None:
            make = _UNNAMED.get(asking.name)
        if make is None:
            words = f"the simulator has no answer to `{asking.name}`"
            raise InvalidRequest(ErrorInfo("request.invalid", words, status=501, sent="no"))
        return make(self, request, asking)

    def _number(self) -> int:
        with self._lock:
            self._counted += 1
            return self._counted

    # -- made up -----------------------------------------------------------------------------------

    def _vectors(self, request: EmbedRequest, asking: Asking) -> Embeddings:
        if len(request.texts) > MOST_TEXTS:
            words = f"{len(request.texts)} texts are too many for one request; {MOST_TEXTS} may come at once"
            raise ErrorInfo("request.invalid", words, status=400).to_exception()
        listed = asking.profile.model(request.model).dimensions if asking.profile is not None else None
        size = int(request.options.get("dimensions") or listed or DIMENSIONS)
        used = Usage(input=sum(map(tokens_of, request.texts)))
        return Embeddings(
            tuple(vector(text, size) for text in request.texts), usage=used, model=request.model
        )

    def _ranking(self, request: RerankRequest, asking: Asking) -> Ranking:
        told = asking.provider in TELL_DOCUMENTS or request.extra.get("return_documents") is True
        ranked = (
            Ranked(at, relevance(request.query, text), text if told else None)
            for at, text in enumerate(request.documents)
        )
        scored = sorted(ranked, key=lambda one: -one.score)
        used = Usage(input=tokens_of(request.query) + sum(map(tokens_of, request.documents)))
        top = int(request.options.get("top_n") or len(scored))
        return Ranking(tuple(scored[:top]), usage=used, model=request.model)

    def _moderation(self, request: ModerationRequest, asking: Asking) -> Moderation:
        verdicts = tuple(map(verdict, request.inputs))
        return Moderation(verdicts, f"modr-{self._number()}", model=request.model or "moderation-simulated")

    def _images(self, request: ImageRequest, asking: Asking) -> Images:
        sides = str(request.options.get("size") or "64x64").partition("x")
        width, height = (min(int(side), 4096) if side.isdigit() else 64 for side in sides[::2])
        count = int(request.options.get("n") or 1)
        drawn = (picture(f"{request.prompt} {number}", width, height) for number in range(count))
        results = tuple(Drawn(Image("image/png", data=data), request.prompt) for data in drawn)
        used = Usage(input=tokens_of(request.prompt), output_image=count * 256)
        return Images(results, BEGAN, usage=used, model=request.model)

    def _speech(self, request: SpeechRequest, asking: Asking) -> Speech:
        wanted = str(request.options.get("format") or "mp3")
        frames = min(max(1, len(request.text)), LONGEST_SPEECH)
        if wanted == "mp3":
            return Speech(SILENCE * frames, "audio/mpeg", model=request.model)
        return Speech(sound(frames * 400), "audio/wav", frames / 20, model=request.model)

    def _transcript(self, request: TranscriptionRequest, asking: Asking) -> Transcript:
        data = request.audio.data or b""
        seconds = round(max(1.0, len(data) / PER_SECOND), 2)
        text = prose(12, hashlib.sha256(data).hexdigest()).capitalize() + "."
        words = text.split()
        step = seconds / len(words)
        spoken = tuple(Spoken(word, step * at, step * (at + 1)) for at, word in enumerate(words))
        wanted = str(request.options.get("timestamps", ""))
        used = Usage(input_audio=math.ceil(seconds * 10), output=tokens_of(text))
        whole = (Spoken(text, 0.0, seconds),)
        return Transcript(
            text,
            str(request.options.get("language") or "en"),
            seconds,
            whole,
            spoken if wanted == "word" else (),
            usage=used,
            model=request.model,
        )

    def _count(self, request: Request, asking: Asking) -> TokenCount:
        return TokenCount(tokens_in(request).total_input, model=request.model)

    def _models(self, request: ModelsRequest, asking: Asking) -> ModelList:
        known = asking.profile.models if asking.profile is not None else ()
        named = (
            asking.models or tuple(model.id for model in known if not model.deprecated) or ("simulated-1",)
        )
        facts = {model.id: model for model in known}
        return ModelList(tuple(_info(name, facts.get(name), asking.profile) for name in named))

    # -- files -------------------------------------------------------------------------------------

    def keep(self, upload: FileUpload) -> StoredFile:
        """Keep a file."""
        name = f"file-sim{self._number():08d}"
        file = StoredFile(
            name,
            upload.name,
            len(upload.data),
            media_type=upload.media_type,
            purpose=upload.purpose,
            status="processed",
            created=BEGAN,
        )
        self.files[name] = (file, upload.data)
        return file

    def _upload(self, request: FileUpload, asking: Asking) -> Any:
        """Keep what came, or say where the bytes are to go."""
        if asking.name != "files.upload.begin":
            return self.keep(request)
        from jackfield.wire.generate_content.operations.files import Place

        path = "/".join(str(step) for step in asking.call.path)
        return Place(f"{asking.call.base}/{path}?upload_id={self._number()}")

    def _finish(self, request: Any, asking: Asking) -> StoredFile:
        file = self.keep(request.file)
        active = attrs.evolve(file, status="ACTIVE")
        self.files[file.id] = (active, request.file.data)
        return active

    def _file(self, request: FileRef, name: str) -> Any:
        wanted = request.id.rpartition("/")[2]
        if wanted not in self.files:
            raise missing("file", request.id)
        file, data = self.files[wanted]
        if name == "files.content":
            return FileContent(data, file.media_type)
        if name == "files.delete":
            del self.files[wanted]
            return Deleted(wanted)
        return file

    def _all_files(self, request: FilesRequest, asking: Asking) -> FileList:
        purpose, limit = request.options.get("purpose"), request.options.get("limit")
        found = [file for file, _ in tuple(self.files.values()) if purpose in (None, file.purpose)]
        return FileList(tuple(found[:limit]))

    # -- batches -----------------------------------------------------------------------------------

    def _started(self, request: Start, asking: Asking) -> Batch:
        """A batch of a file that is up already."""
        if request.file not in self.files:
            raise missing("file", request.file)
        tail = tuple(step for step in request.endpoint.split("/") if step)
        wire = next((one for one in asking.wires if fits(one.routes["complete"], tail)), asking.wires[0])
        items = items_of(wire, self.files[request.file][1])
        facts = {
            "endpoint": request.endpoint,
            "input_file_id": request.file,
            "completion_window": request.options.get("window", "24h"),
            "metadata": request.options.get("metadata"),
        }
        return self._begun(items, wire, facts)

    def _asked(self, request: BatchRequest, asking: Asking) -> Batch:
        """A batch whose requests came with it."""
        facts: dict[str, Any] = {"model": request.model}
        if asking.provider in KEEP_REQUESTS:
            lines = b"\n".join(item.id.encode() for item in request.items)
            facts["input_files"] = [self.keep(FileUpload("requests.jsonl", lines, purpose="batch")).id]
        return self._begun(request.items, asking.wires[0], facts)

    def _begun(self, items: tuple[BatchItem, ...], wire: Wire, facts: Mapping[str, Any]) -> Batch:
        results = tuple(BatchResult(item.id, self.complete(item.request)) for item in items)
        lines = lines_of_results(wire, results)
        output = self.keep(FileUpload("results.jsonl", lines, "application/jsonl", "batch_output"))
        name = f"batch_sim{self._number():08d}"
        raw = {"name": f"batches/{name}", **facts, "output_file_id": output.id, "output_file": output.id}
        counts = BatchCounts(len(items), len(items))
        done = Batch(
            name, "completed", counts, BEGAN, BEGAN + timedelta(minutes=1), BEGAN + timedelta(days=1), raw=raw
        )
        model = items[0].request.model if items else ""
        self.batches[name] = _Kept(attrs.evolve(done, model=model), BatchResults(results, raw=raw))
        early = {key: value for key, value in raw.items() if not key.startswith("output_file")}
        running = BatchCounts(len(items), running=len(items))
        return attrs.evolve(done, status="queued", counts=running, ended=None, raw=early, model=model)

    def _batch(self, request: BatchRef, asking: Asking) -> Any:
        wanted = request.id.rpartition("/")[2]
        kept = self.batches.get(wanted)
        if kept is None:
            raise missing("batch", request.id)
        if asking.name == "batches.cancel":
            kept.batch = attrs.evolve(kept.batch, status="cancelled")
        if asking.name == "batches.results":
            return kept.results
        return kept.batch

    def _all_batches(self, request: BatchesRequest, asking: Asking) -> BatchList:
        limit = request.options.get("limit")
        return BatchList(tuple(kept.batch for kept in tuple(self.batches.values()))[:limit])


Maker = Callable[[Things, Any, Asking], Any]

_MAKERS: Mapping[type, Maker] = {
    EmbedRequest: Things._vectors,
    RerankRequest: Things._ranking,
    ModerationRequest: Things._moderation,
    ImageRequest: Things._images,
    SpeechRequest: Things._speech,
    TranscriptionRequest: Things._transcript,
    Request: Things._count,
    ModelsRequest: Things._models,
    FileUpload: Things._upload,
    FilesRequest: Things._all_files,
    Start: Things._started,
    BatchRequest: Things._asked,
    BatchesRequest: Things._all_batches,
}
# Exchanges whose requests are a format's own.
_UNNAMED: Mapping[str, Maker] = {"files.upload": Things._finish}


def missing(what: str, name: str) -> Exception:
    """The refusal of what is not there."""
    words = f"No such {what}: {name!r:.100}"
    return ErrorInfo("model.missing", words, status=404, code="not_found").to_exception()


def vector(text: str, size: int) -> tuple[float, ...]:
    """A vector of length 1 that depends on nothing but the text."""
    bits = hashlib.shake_128(text.encode()).digest(2 * size)
    raw = [number / 32768.0 for number in struct.unpack(f"<{size}h", bits)]
    length = math.sqrt(sum(number * number for number in raw)) or 1.0
    return tuple(round(number / length, 8) for number in raw)


def relevance(query: str, document: str) -> float:
    """The share of the query's words that a document has, and a little that tells equals apart."""
    asked = {word.lower() for word in re.findall(r"\w+", query)}
    found = {word.lower() for word in re.findall(r"\w+", document)}
    share = len(asked & found) / len(asked) if asked else 0.0
    grain = hashlib.sha256(document.encode()).digest()[0] / 255
    return round(0.02 + 0.9 * share + 0.05 * grain, 6)


def verdict(given: str | Image) -> Verdict:
    """What a text is found to be: violent, if it has a word of that kind."""
    flagged = isinstance(given, str) and HARM.search(given) is not None
    scores = {name: 0.93 if flagged and name == "violence" else 0.0001 for name in CATEGORIES}
    return Verdict(flagged, {name: score > 0.5 for name, score in scores.items()}, scores)


def _info(name: str, model: Any, profile: Profile | None) -> ModelInfo:
    owner = profile.id if profile is not None else "simulator"
    if model is None:
        return ModelInfo(name, created=BEGAN, owner=owner)
    return ModelInfo(name, name, BEGAN, owner, model.context, model.max_output)
