"""Every operation, both ways: what one half writes the other reads as it was meant."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jackfield.types import (
    Audio,
    Batch,
    BatchCounts,
    BatchesRequest,
    BatchItem,
    BatchList,
    BatchRef,
    BatchRequest,
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
    Message,
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
from jackfield.wire import Dialect, wire_named
from jackfield.wire.operation import exchange_for
from jackfield.wire.operations.batches import Start

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CHAT = wire_named("chat_completions")(Dialect(provider="acme", base="https://acme.test/v1"))
MESSAGES = wire_named("messages")(Dialect(provider="acme", base="https://acme.test"))

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=20)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)
BYTES = st.binary(min_size=1, max_size=60)
MOMENTS = st.integers(1, 4_000_000_000).map(lambda value: datetime.fromtimestamp(value, UTC))
SCORES = st.floats(0, 1)
TOKENS = st.integers(1, 10**6)

PICTURES = st.builds(Image, st.sampled_from(["image/png", "image/jpeg"]), data=BYTES, name=NAMES)
ADDRESSES = NAMES.map(lambda name: Image.from_url(f"https://acme.test/{name}.png"))
SOUNDS = st.builds(Audio, st.sampled_from(["audio/mpeg", "audio/wav"]), data=BYTES, name=NAMES)
CHATS = st.builds(Request, NAMES, WORDS.map(lambda text: (Message("user", text),)))
SPANS = st.builds(Spoken, WORDS, SCORES, SCORES, st.none() | NAMES)
STATES = st.sampled_from(["completed", "failed", "cancelled", "expired"])


def some(values, most=4):
    return st.lists(values, min_size=1, max_size=most).map(tuple)


def options(**table):
    return st.fixed_dictionaries({}, optional=table)


COUNTS = st.builds(lambda done, failed: BatchCounts(done + failed, done, failed), TOKENS, TOKENS)
FILES = st.builds(
    StoredFile,
    NAMES,
    NAMES,
    TOKENS,
    purpose=NAMES,
    status=NAMES,
    created=MOMENTS,
    expires=st.none() | MOMENTS,
)
BATCHES = st.builds(Batch, NAMES, STATES, COUNTS, MOMENTS, MOMENTS, st.none() | MOMENTS)
MODELS = st.builds(ModelInfo, NAMES, WORDS, MOMENTS, NAMES, TOKENS, TOKENS)

REQUESTS = {
    "embed": st.builds(EmbedRequest, NAMES, some(WORDS), options(dimensions=TOKENS, user=NAMES)),
    "rerank": st.builds(RerankRequest, NAMES, WORDS, some(WORDS), options(top_n=TOKENS)),
    "moderate": st.builds(ModerationRequest, NAMES, some(WORDS | ADDRESSES)),
    "image": st.builds(ImageRequest, NAMES, WORDS, options=options(n=TOKENS, size=NAMES, format=NAMES)),
    "speak": st.builds(SpeechRequest, NAMES, WORDS, NAMES, options(speed=SCORES, format=NAMES)),
    "transcribe": st.builds(
        TranscriptionRequest,
        NAMES,
        SOUNDS,
        options(language=NAMES, prompt=NAMES, temperature=SCORES)
        | options(timestamps=st.sampled_from(["word", "segment"]))
        | st.just({"diarize": True})
        | st.just({"translate": True}),
    ),
    "models": st.just(ModelsRequest()),
    "files.upload": st.builds(FileUpload, NAMES, BYTES, st.just("application/pdf"), NAMES),
    "files.get": st.builds(FileRef, NAMES),
    "files.content": st.builds(FileRef, NAMES),
    "files.delete": st.builds(FileRef, NAMES),
    "files.list": st.builds(FilesRequest, options(purpose=NAMES, limit=TOKENS)),
    "batches.get": st.builds(BatchRef, NAMES),
    "batches.cancel": st.builds(BatchRef, NAMES),
    "batches.list": st.builds(BatchesRequest, options(limit=TOKENS)),
}

ANSWERS = {
    "embed": st.builds(Embeddings, some(some(SCORES)), usage=st.builds(Usage, TOKENS), model=NAMES),
    "rerank": st.lists(st.builds(Ranked, TOKENS, SCORES, st.none() | WORDS), max_size=4).map(
        lambda found: Ranking(tuple(sorted(found, key=lambda one: -one.score)), usage=Usage(3), model="m")
    ),
    "moderate": st.builds(
        Moderation,
        some(st.builds(Verdict, st.booleans(), options(hate=st.booleans()), options(hate=SCORES))),
        NAMES,
        model=NAMES,
    ),
    "image": st.builds(
        Images,
        some(st.builds(Drawn, BYTES.map(lambda data: Image("image/webp", data=data)), st.none() | WORDS)),
        MOMENTS,
        usage=st.builds(Usage, TOKENS, input_image=TOKENS, output_image=TOKENS),
    ),
    "speak": st.builds(Speech, BYTES, st.just("audio/mpeg")),
    "transcribe": st.builds(
        Transcript,
        WORDS,
        st.none() | NAMES,
        st.none() | SCORES,
        some(SPANS),
        st.just(()),
        usage=st.builds(Usage, TOKENS, input_audio=TOKENS, output=TOKENS),
    ),
    "models": st.builds(ModelList, some(MODELS)),
    "files.upload": FILES,
    "files.get": FILES,
    "files.content": st.builds(FileContent, BYTES, st.just("application/pdf")),
    "files.delete": st.builds(Deleted, NAMES),
    "files.list": st.builds(FileList, some(FILES)),
    "batches.create": BATCHES,
    "batches.get": BATCHES,
    "batches.cancel": BATCHES,
    "batches.list": st.builds(BatchList, some(BATCHES)),
}

OTHERS = {
    "count_tokens": st.builds(TokenCount, TOKENS),
    "batches.create": BATCHES,
    "batches.get": BATCHES,
    "batches.cancel": BATCHES,
}


def bare(answer):
    """An answer without what the provider sent, and without what it was told of each part."""
    if attrs.has(type(answer)):
        known = {field.name: getattr(answer, field.name) for field in attrs.fields(type(answer))}
        return (
            type(answer),
            {name: bare(value) for name, value in known.items() if not name.startswith("raw")},
        )
    return tuple(map(bare, answer)) if isinstance(answer, tuple) else answer


@pytest.mark.parametrize("name", REQUESTS)
@QUICK
@given(data=st.data())
def test_a_request_is_read_as_it_was_rendered(name, data):
    """Found by its method and path, as a server finds it."""
    request = data.draw(REQUESTS[name])
    call = next(CHAT.operations()[name].ask(request))

    exchange = exchange_for(CHAT.operations(), call)

    assert exchange is not None
    assert (name, request) == (exchange.name, exchange.read(call))


@pytest.mark.parametrize("name", ANSWERS)
@QUICK
@given(data=st.data())
def test_an_answer_is_parsed_as_it_was_written(name, data):
    """All that the format can carry of it."""
    answer = data.draw(ANSWERS[name])
    exchange = CHAT.operations()[name].exchanges[0]

    assert bare(answer) == bare(exchange.parse(exchange.write(answer)))


@pytest.mark.parametrize("name", OTHERS)
@QUICK
@given(data=st.data())
def test_the_messages_family_is_read_as_it_writes(name, data):
    """Its counts and batches have forms of their own."""
    answer = data.draw(OTHERS[name])
    exchange = MESSAGES.operations()[name].exchanges[0]

    parsed = exchange.parse(exchange.write(answer))

    assert answer.tokens == parsed.tokens if name == "count_tokens" else answer.id == parsed.id


@QUICK
@given(
    st.builds(ImageRequest, NAMES, WORDS, some(PICTURES), st.none() | PICTURES, options(n=TOKENS, size=NAMES))
)
def test_pictures_to_be_changed_go_as_a_form(request):
    """To a path of their own."""
    call = next(CHAT.operations()["image"].ask(request))

    exchange = exchange_for(CHAT.operations(), call)

    assert ("images", "edits") == call.path
    assert exchange is not None
    assert request == exchange.read(call)


@QUICK
@given(some(st.builds(BatchItem, NAMES, CHATS)))
def test_a_batch_carries_its_requests(items):
    """In one body, where the format has it so."""
    request = BatchRequest(items[0].request.model, items)
    call = next(MESSAGES.operations()["batches.create"].ask(request))

    exchange = exchange_for(MESSAGES.operations(), call)

    assert exchange is not None
    read = exchange.read(call)
    assert [(one.id, one.request.messages) for one in items] == [
        (one.id, one.request.messages) for one in read.items
    ]


@QUICK
@given(st.builds(Start, NAMES, NAMES, options(metadata=st.dictionaries(NAMES, NAMES, min_size=1))))
def test_a_batch_begins_with_a_file(start):
    """That is up already."""
    exchange = CHAT.operations()["batches.create"].exchanges[0]

    read = exchange.read(exchange.render(start))

    assert (start.file, start.endpoint) == (read.file, read.endpoint)
    assert start.options.get("metadata") == read.options.get("metadata")
