"""What the kit asks and what is answered: one scripted exchange for each thing a provider may be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from jackfield.capability import Capability
from jackfield.client import Client
from jackfield.errors import Unsupported
from jackfield.types import (
    Audio,
    Batch,
    BatchCounts,
    BatchList,
    Completion,
    Deleted,
    Document,
    Drawn,
    Embeddings,
    FileContent,
    FileList,
    FileUpload,
    Finish,
    Image,
    Images,
    Media,
    ModelInfo,
    ModelList,
    Moderation,
    Ranked,
    Ranking,
    Reasoning,
    Speech,
    Spoken,
    StoredFile,
    Text,
    TokenCount,
    TokenLogprob,
    Tool,
    ToolCall,
    Transcript,
    Usage,
    Verdict,
    Video,
)

PROMPT = "Name three rivers."
WORDS = "Aare, Limmat, Inn."
SCRIPTS = "Grüezi – 你好, مرحبا, שלום, привет 👩‍🚀🌊"
USAGE = Usage(input=12, output=7)
CACHED = Usage(8, cache_read=4, output=4, reasoning=3)
PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
SOUND = b"RIFF$\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00"
PAPER = b"%PDF-1.4\n%%EOF"
WHEN = datetime(2026, 11, 21, tzinfo=UTC)

WEATHER = Tool(
    "weather",
    "The weather in a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
CLOCK = Tool("clock", "The time.", {"type": "object", "properties": {}})
SCHEMA = {
    "title": "river",
    "type": "object",
    "properties": {"name": {"type": "string"}, "length": {"type": "integer"}},
    "required": ["name", "length"],
    "additionalProperties": False,
}

# In the order they are tried: formats differ in what they have a place for.
MEDIA: Mapping[Capability, tuple[Media, ...]] = {
    Capability.IMAGES_IN: (Image("image/png", data=PIXEL),),
    Capability.AUDIO_IN: (Audio("audio/wav", data=SOUND),),
    Capability.DOCUMENTS_IN: (
        Document("application/pdf", data=PAPER, name="rivers.pdf"),
        Document("text/plain", data=b"The Aare is 288 km long.", name="rivers.txt"),
    ),
    Capability.VIDEO_IN: (Video("video/mp4", data=b"\x00\x00\x00\x18ftypmp42"),),
}


def said(*parts: Any, finish: str = "stop", usage: Usage = USAGE) -> Completion:
    """An answer of these parts; a text alone is one."""
    listed = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    reason: Any = finish
    return Completion(listed or (Text(WORDS),), Finish(reason, finish), usage, "model-1", id="kit-1")


ANSWER = said()
CALL = said(ToolCall("call_kit00001", "weather", '{"city":"Bern"}'), finish="tool_calls")
THOUGHT = said(Reasoning("Three are asked for."), WORDS, usage=Usage(input=12, output=7, reasoning=5))
LOGPROBS = (TokenLogprob("Aare", -0.25), TokenLogprob(",", -0.5))

_FILE = StoredFile("file-1", "rivers.txt", 5, purpose="user_data", status="processed", created=WHEN)
_BATCH = Batch("batch-1", "completed", BatchCounts(1, 1), WHEN, WHEN, WHEN)


@frozen
class Doing:
    """An operation: how a client is asked for it, what is answered, and what of the answer must come back."""

    capability: Capability
    ask: Callable[[Client, str], Any]  # client and name of the model
    answer: Any
    tell: Callable[[Any], Any]
    asked: Callable[[Any], Any] = field(default=lambda request: None)  # what must have arrived of the request
    expected: Any = None
    several: int = 1  # what may as well go in so many calls, one thing each


def _provider(name: str) -> str:
    return name.partition("/")[0]


def _last_step(kept: Any) -> str:
    """The id alone, of formats that write it like a path."""
    return str(kept.id).rpartition("/")[2]


def _transcribed(client: Client, name: str) -> Any:
    """Some must be told the language, others cannot be."""
    audio = Audio("audio/wav", data=SOUND, name="a.wav")
    try:
        return client.transcribe(name, audio, language="en")
    except Unsupported as exc:
        if "language" not in str(exc):
            raise
    return client.transcribe(name, audio)


DOINGS: Mapping[str, Doing] = {
    "embed": Doing(
        Capability.EMBEDDINGS,
        lambda client, name: client.embed(name, [PROMPT, WORDS]),
        Embeddings(((1.0, 0.0), (0.0, 1.0)), usage=Usage(3), model="model-1"),
        lambda answer: answer.vectors,
        lambda request: request.texts,
        (PROMPT, WORDS),
        several=2,
    ),
    "rerank": Doing(
        Capability.RERANK,
        lambda client, name: client.rerank(name, "rivers", ["Alps", "Aare"]),
        Ranking((Ranked(1, 0.75), Ranked(0, 0.25)), usage=Usage(7), model="model-1"),
        lambda answer: [(one.index, one.score) for one in answer.results],
        lambda request: (request.query, request.documents),
        ("rivers", ("Alps", "Aare")),
    ),
    "moderate": Doing(
        Capability.MODERATION,
        lambda client, name: client.moderate(name, PROMPT),
        Moderation((Verdict(True, {"hate": True}, {"hate": 0.5}),), "modr-1", model="model-1"),
        lambda answer: [verdict.flagged for verdict in answer.results],
        lambda request: request.inputs,
        (PROMPT,),
    ),
    "image": Doing(
        Capability.IMAGES_OUT,
        lambda client, name: client.image(name, "a river"),
        Images((Drawn(Image("image/png", data=PIXEL)),), WHEN),
        lambda answer: [drawn.image.data for drawn in answer.results],
        lambda request: request.prompt,
        "a river",
    ),
    "speak": Doing(
        Capability.SPEECH_OUT,
        lambda client, name: client.speak(name, PROMPT, "alloy"),
        Speech(SOUND, "audio/wav"),
        lambda answer: bool(answer.audio),
        lambda request: request.text,
        PROMPT,
    ),
    "transcribe": Doing(
        Capability.SPEECH_IN,
        _transcribed,
        Transcript(PROMPT, "en", 1.5, (Spoken(PROMPT, 0, 1.5),)),
        lambda answer: answer.text.strip(),
        lambda request: request.audio.data,
        SOUND,
    ),
    "count_tokens": Doing(
        Capability.COUNT_TOKENS,
        lambda client, name: client.count_tokens(name, PROMPT, online=True),
        TokenCount(12),
        lambda answer: answer.tokens,
        lambda request: request.messages[-1].text,
        PROMPT,
    ),
    "models": Doing(
        Capability.LIST_MODELS,
        lambda client, name: client.list_models(_provider(name)),
        ModelList((ModelInfo("model-1", "One", WHEN, "acme"),)),
        lambda answer: [model.id for model in answer.models],
    ),
    "files.upload": Doing(
        Capability.FILES,
        lambda client, name: client.files.upload(
            _provider(name), FileUpload("rivers.txt", b"rivers", "text/plain", "user_data")
        ),
        _FILE,
        _last_step,
    ),
    "files.get": Doing(
        Capability.FILES,
        lambda client, name: client.files.get(f"{_provider(name)}/file-1"),
        _FILE,
        _last_step,
        _last_step,
        "file-1",
    ),
    "files.content": Doing(
        Capability.FILES,
        lambda client, name: client.files.content(f"{_provider(name)}/file-1"),
        FileContent(b"rivers", "text/plain"),
        lambda answer: answer.data,
    ),
    "files.delete": Doing(
        Capability.FILES,
        lambda client, name: client.files.delete(f"{_provider(name)}/file-1"),
        Deleted("file-1"),
        _last_step,
    ),
    "files.list": Doing(
        Capability.FILES,
        lambda client, name: client.files.list(_provider(name)),
        FileList((_FILE,)),
        lambda answer: [_last_step(file) for file in answer.files],
    ),
    "batches.create": Doing(
        Capability.BATCH,
        lambda client, name: client.batches.create(name, {"first": PROMPT}),
        _BATCH,
        _last_step,
    ),
    "batches.get": Doing(
        Capability.BATCH,
        lambda client, name: client.batches.get(f"{_provider(name)}/batch-1"),
        _BATCH,
        _last_step,
    ),
    "batches.cancel": Doing(
        Capability.BATCH,
        lambda client, name: client.batches.cancel(f"{_provider(name)}/batch-1"),
        _BATCH,
        _last_step,
    ),
    "batches.list": Doing(
        Capability.BATCH,
        lambda client, name: client.batches.list(_provider(name)),
        BatchList((_BATCH,)),
        lambda answer: [_last_step(batch) for batch in answer.batches],
    ),
}

# What the other exchanges of an operation of several steps are answered with, by their names.
STEPS: Mapping[str, Any] = {"files.upload": _FILE, "files.get": _FILE, "batches.get": _BATCH}
