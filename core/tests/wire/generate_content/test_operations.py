"""What the generate content format carries besides completions: each asked, answered, and read by the other half."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import attrs
import pytest

from jackfield.errors import InvalidRequest, Malformed, Refused, Unavailable, Unsupported
from jackfield.types import (
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
    Completion,
    Embeddings,
    EmbedRequest,
    FileContent,
    FileList,
    FileRef,
    FilesRequest,
    FileUpload,
    Finish,
    Image,
    ImageRequest,
    Images,
    Message,
    ModelInfo,
    ModelList,
    ModelsRequest,
    Request,
    Speech,
    SpeechRequest,
    StoredFile,
    Text,
    TokenCount,
    TranscriptionRequest,
    Usage,
)
from jackfield.types.operations import Drawn
from jackfield.wire import Call, Dialect, Headers, Reply
from jackfield.wire.generate_content import GenerateContent
from jackfield.wire.generate_content.operations.files import Place

BASE = "https://x.test/v1"
THEN = datetime(2026, 11, 21, 12, tzinfo=UTC)


def wire(**settings):
    return GenerateContent(Dialect(provider="acme", base=BASE, settings=settings))


def asking(name, request, *replies, **settings):
    """The calls an operation makes where it gets these replies, and its answer."""
    steps = wire(**settings).operations()[name].ask(request)
    calls = [next(steps)]
    for reply in replies[:-1]:
        calls.append(steps.send(reply))  # noqa: PERF401  # it may end here, and the calls so far count
    with pytest.raises(StopIteration) as stop:
        steps.send(replies[-1])
    return calls, stop.value.value


def ok(body, **headers):
    return Reply(
        200,
        Headers({name.replace("_", "-"): value for name, value in headers.items()}),
        json.dumps(body).encode(),
    )


def answer(*parts, **more):
    return {
        "candidates": [{"content": {"parts": list(parts)}, "finishReason": "STOP", **more}],
        "modelVersion": "m",
    }


def bare(value):
    """An answer without what it was read from."""
    return attrs.evolve(value, raw=None)


def back(verbs, given):
    """What the client half reads of what the server half writes."""
    return bare(verbs.parse(verbs.write(given)))


# -- embeddings ------------------------------------------------------------------------------------


def test_many_texts_go_in_as_many_calls_as_it_takes():
    """A hundred at once; figures are unknown if any are."""
    replies = [ok({"embeddings": [{"values": [0.5]}] * count}) for count in (100, 1)]

    calls, found = asking("embed", EmbedRequest("m", ("a",) * 101), *replies)

    assert [f"{BASE}/models/m:batchEmbedContents"] * 2 == [call.url for call in calls]
    assert ([100, 1], 101, False) == (
        [len(json.loads(call.body)["requests"]) for call in calls],
        len(found.vectors),
        found.usage.known,
    )


def test_a_model_of_one_text_at_a_time_is_asked_for_each():
    """And its figures are added up."""
    reply = ok({"embedding": {"values": [1]}, "usageMetadata": {"promptTokenCount": 3}})

    calls, found = asking("embed", EmbedRequest("m", ("a", "b")), reply, reply, embed="single")

    assert ["a", "b"] == [json.loads(call.body)["content"]["parts"][0]["text"] for call in calls]
    assert (((1.0,), (1.0,)), 6) == (found.vectors, found.usage.input)


@pytest.mark.parametrize(
    ("settings", "kind", "text", "task"),
    [
        ({}, "query", "a", "RETRIEVAL_QUERY"),
        ({}, "clustering", "a", "CLUSTERING"),
        ({}, None, "a", None),
        ({"embed_task": "prompt"}, "question_answering", "task: question answering | query: a", None),
        ({"embed_task": "prompt"}, "document", "title: none | text: a", None),
        ({"embed_task": "prompt"}, "new_one", "a", None),
    ],
)
def test_what_a_vector_is_for_is_said(settings, kind, text, task):
    """In a field, or around the text."""
    options = {"dimensions": 4} | ({"input_type": kind} if kind else {})

    calls, _ = asking(
        "embed", EmbedRequest("m", ("a",), options), ok({"embeddings": [{"values": [1]}]}), **settings
    )

    (item,) = json.loads(calls[0].body)["requests"]
    assert (text, task, 4) == (
        item["content"]["parts"][0]["text"],
        item.get("taskType"),
        item["outputDimensionality"],
    )


@pytest.mark.parametrize(
    "body", [{}, {"embeddings": []}, {"embeddings": [{}]}, {"embeddings": [{"values": [1]}] * 2}, []]
)
def test_vectors_that_are_not_there_cannot_be_read(body):
    """Nor too many of them."""
    with pytest.raises(Malformed):
        asking("embed", EmbedRequest("m", ("a",)), ok(body))


@pytest.mark.parametrize("place", [0, 1])
def test_embeddings_are_read_and_written(place):
    """By either exchange."""
    verbs = wire().operations()["embed"].exchanges[place]
    request = EmbedRequest(
        "m", ("a",) * (2 - place), {"dimensions": 2, "input_type": "query"}, {"title": "t"}
    )
    given = Embeddings(((0.5, 1.0),) * (2 - place))

    assert request == verbs.read(verbs.render(request))
    assert given == back(verbs, given)


# -- counting and listing --------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["request", "plain"])
def test_tokens_are_counted(form):
    """Of all that would be sent."""
    request = Request("m", (Message("system", "s"), Message("user", "hi")))

    calls, found = asking(
        "count_tokens", request, ok({"totalTokens": 7, "cachedContentTokenCount": 2}), count=form
    )

    body = json.loads(calls[0].body)
    assert (f"{BASE}/models/m:countTokens", 7, 2) == (calls[0].url, found.tokens, found.cached)
    assert "s" == body.get("generateContentRequest", body)["systemInstruction"]["parts"][0]["text"]
    verbs = wire(count=form).operations()["count_tokens"].exchanges[0]
    assert (request, TokenCount(7)) == (verbs.read(calls[0]), back(verbs, TokenCount(7)))


def test_models_are_listed_page_by_page():
    """With what is said of each."""
    one = {"name": "models/a", "displayName": "A", "inputTokenLimit": 9, "outputTokenLimit": 3}
    replies = [ok({"models": [one], "nextPageToken": "p2"}), ok({"models": [{"name": "models/b"}]})]

    calls, found = asking("models", ModelsRequest(), *replies)

    assert ["models?pageSize=1000", "models?pageSize=1000&pageToken=p2"] == [
        call.url[len(BASE) + 1 :] for call in calls
    ]
    assert [("a", "A", 9, 3), ("b", None, None, None)] == [
        (info.id, info.name, info.context, info.max_output) for info in found.models
    ]
    verbs = wire().operations()["models"].exchanges[0]
    assert [("a", 9)] == [
        (info.id, info.context) for info in back(verbs, ModelList((ModelInfo("a", context=9),))).models
    ]


def test_a_list_without_an_end_is_refused():
    """It would go on for ever."""
    steps = wire().operations()["models"].ask(ModelsRequest())
    next(steps)

    with pytest.raises(Malformed, match="pages"):
        for _ in range(1001):
            steps.send(ok({"models": [], "nextPageToken": "again"}))


# -- files -----------------------------------------------------------------------------------------

FILE = {"name": "files/f1", "displayName": "n", "sizeBytes": "5", "mimeType": "text/plain", "state": "ACTIVE"}


@pytest.fixture
def uploaded():
    """Both calls of an upload, and what it answers with."""
    replies = (
        ok({}, x_goog_upload_url=f"{PLACE}?upload_id=a%2Fb&upload_protocol=resumable"),
        ok({"file": FILE}),
    )
    return asking("files.upload", FileUpload("n", b"hello", "text/plain"), *replies)


PLACE = "https://x.test/upload/v1/files"


def test_a_file_is_announced(uploaded):
    """Its name, its type and how long it is."""
    begin = uploaded[0][0]

    assert (PLACE, {"displayName": "n", "mimeType": "text/plain"}) == (
        begin.url,
        json.loads(begin.body)["file"],
    )
    names = ("protocol", "command", "header-content-length", "header-content-type")
    assert ("resumable", "start", "5", "text/plain") == tuple(
        begin.headers[f"x-goog-upload-{name}"] for name in names
    )


def test_and_sent_to_the_place_that_is_named(uploaded):
    """In one piece."""
    (_, finish), found = uploaded

    assert (f"{PLACE}?upload_id=a%2Fb&upload_protocol=resumable", b"hello") == (finish.url, finish.body)
    assert ("upload, finalize", "0") == tuple(
        finish.headers[f"x-goog-upload-{name}"] for name in ("command", "offset")
    )
    assert ("files/f1", "n", 5, "files/f1") == (found.id, found.name, found.size, found.document.file_id)


@pytest.mark.parametrize("place", ["https://evil.test/upload", "http://x.test/upload", "", "/upload"])
def test_bytes_and_key_go_to_no_other_host(place):
    """Whatever the answer says."""
    with pytest.raises(Malformed, match=r"another host|names no place"):
        asking("files.upload", FileUpload("n", b"hello"), ok({}, x_goog_upload_url=place), ok({}))


@pytest.mark.parametrize(
    ("name", "method", "url"),
    [
        ("files.get", "GET", f"{BASE}/files/f1"),
        ("files.delete", "DELETE", f"{BASE}/files/f1"),
        ("files.content", "GET", "https://x.test/download/v1/files/f1:download?alt=media"),
    ],
)
@pytest.mark.parametrize("given", ["f1", "files/f1"])
def test_a_file_is_found_by_its_name(name, method, url, given):
    """With or without the collection in front."""
    calls, _ = asking(name, FileRef(given), ok(FILE))

    assert (method, url, b"") == (calls[0].method, calls[0].url, calls[0].body)
    assert "content-type" not in calls[0].headers


def test_files_are_listed_as_far_as_wanted():
    """No more pages than it takes."""
    page = {"files": [FILE, FILE], "nextPageToken": "p"}

    calls, found = asking("files.list", FilesRequest({"limit": 3}), ok(page), ok(page))

    assert (2, 3) == (len(calls), len(found.files))


def test_files_are_read_and_written():
    """Each exchange by the other half."""
    operations = wire().operations()
    file = StoredFile("files/f1", "n", 5, "text/plain", status="ACTIVE", created=THEN, expires=THEN)
    begin, finish = operations["files.upload"].exchanges

    assert file == back(operations["files.get"].exchanges[0], file)
    assert [file] == [
        bare(one) for one in back(operations["files.list"].exchanges[0], FileList((file,))).files
    ]
    assert file == back(finish, file)
    assert Place("https://x.test/u") == begin.parse(begin.write(Place("https://x.test/u")))
    content = operations["files.content"].exchanges[0]
    assert FileContent(b"x", "text/plain") == content.parse(content.write(FileContent(b"x", "text/plain")))
    for name in ("files.get", "files.delete", "files.content"):
        verbs = operations[name].exchanges[0]
        assert FileRef("files/f1") == verbs.read(verbs.render(FileRef("f1")))


# -- batches ---------------------------------------------------------------------------------------


def operation(state, **more):
    stats = {"requestCount": "2", "successfulRequestCount": "1", "failedRequestCount": "1"}
    facts = {
        "model": "models/m",
        "createTime": "2026-11-21T12:00:00.123456789Z",
        "batchStats": stats,
        "state": state,
    }
    return {"name": "batches/b1", "metadata": facts, **more}


def test_a_batch_is_handed_in_inline():
    """Each request under the name of the caller's."""
    items = tuple(BatchItem(name, Request("m", (Message("user", name),))) for name in ("a", "b"))
    request = BatchRequest("m", items, {"name": "two", "window": "24h"})

    calls, found = asking("batches.create", request, ok(operation("BATCH_STATE_PENDING")))

    assert f"{BASE}/models/m:batchGenerateContent" == calls[0].url
    assert ("batches/b1", "queued", BatchCounts(2, 1, 1), "m") == (
        found.id,
        found.status,
        found.counts,
        found.model,
    )
    verbs = wire().operations()["batches.create"].exchanges[0]
    assert attrs.evolve(request, options={"name": "two"}) == verbs.read(calls[0])


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (BatchRequest("m", (BatchItem("a", Request("other", (Message("user", "x"),))),)), "for `other`"),
        (BatchRequest("m", (), {"window": "1h"}), "window"),
        (BatchRequest("m", (), {"metadata": {}}), "metadata"),
    ],
)
def test_what_no_batch_can_be_is_refused(request_, words):
    """Before anything is sent."""
    with pytest.raises((InvalidRequest, Unsupported), match=words):
        asking("batches.create", request_, ok({}))


@pytest.mark.parametrize(
    ("state", "status", "done"),
    [
        ("BATCH_STATE_RUNNING", "running", False),
        ("JOB_STATE_SUCCEEDED", "completed", True),
        ("BATCH_STATE_EXPIRED", "expired", True),
        ("BATCH_STATE_NEW", "unknown", False),
    ],
)
def test_a_state_has_a_word(state, status, done):
    """Whatever stands before it."""
    _, found = asking("batches.get", BatchRef("b1"), ok(operation(state)))

    assert (status, state, done) == (found.status, found.raw_status, found.done)


ENTRIES = [
    {"response": answer({"text": "A"}), "metadata": {"key": "a"}},
    {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}, "metadata": {"key": "b"}},
    {"response": {"promptFeedback": {"blockReason": "SAFETY"}}},
    {"response": {"candidates": [{"index": -1}]}},
]


@pytest.mark.parametrize("place", ["response", "metadata"])
def test_results_are_inline(place):
    """Completions, and why there is none."""
    output = {"inlinedResponses": {"inlinedResponses": ENTRIES}}
    body = operation("BATCH_STATE_SUCCEEDED")
    body = (
        {**body, "response": output}
        if place == "response"
        else body | {"metadata": {**body["metadata"], "output": output}}
    )

    _, found = asking("batches.results", BatchRef("batches/b1"), ok(body))

    assert ["a", "b", "2", "3"] == [result.id for result in found.results]
    assert "A" == found.by_id()["a"].completion.text
    assert ["throttle", "request.policy", "protocol.body"] == [
        result.error.kind for result in found.results[1:]
    ]


def test_results_may_be_in_a_file():
    """One a line."""
    lines = b"\n".join(json.dumps({"key": "k", **entry}).encode() for entry in ENTRIES[:1]) + b"\n"

    calls, found = asking(
        "batches.results",
        BatchRef("b1"),
        ok(operation("BATCH_STATE_SUCCEEDED", response={"responsesFile": "files/out"})),
        Reply(200, Headers(), lines),
    )

    assert "https://x.test/download/v1/files/out:download?alt=media" == calls[1].url
    assert [("a", "A")] == [(result.id, result.completion.text) for result in found.results]


def test_a_batch_that_is_not_done_has_no_results():
    """Not even none."""
    with pytest.raises(InvalidRequest, match="not done yet"):
        asking("batches.results", BatchRef("b1"), ok(operation("BATCH_STATE_RUNNING")))


def test_a_cancelled_batch_is_looked_at():
    """What cancels it says nothing."""
    calls, found = asking("batches.cancel", BatchRef("b1"), ok({}), ok(operation("BATCH_STATE_CANCELLED")))

    assert [f"{BASE}/batches/b1:cancel", f"{BASE}/batches/b1"] == [call.url for call in calls]
    assert "cancelled" == found.status


def test_batches_are_read_and_written():
    """Each exchange by the other half."""
    operations = wire().operations()
    batch = Batch(
        "batches/b1", "running", BatchCounts(2, 1, 0, 1), THEN, raw_status="BATCH_STATE_RUNNING", model="m"
    )
    get = operations["batches.get"].exchanges[0]
    results = operations["batches.results"].exchanges[0]
    done = BatchResults(
        (BatchResult("a", Completion((Text("A"),), Finish("stop", "STOP"), Usage(input=1), "m")),)
    )

    assert batch == back(get, batch)
    assert [batch] == [
        bare(one) for one in back(operations["batches.list"].exchanges[0], BatchList((batch,))).batches
    ]
    assert BatchRef("batches/b1") == get.read(get.render(BatchRef("b1")))
    assert [("a", "A")] == [(r.id, r.completion.text) for r in results.parse(results.write(done)).results]
    calls, found = asking("batches.list", BatchesRequest({"limit": 1}), ok({"operations": [operation("X")]}))
    assert ("1", 1) == (dict(calls[0].query)["pageSize"], len(found.batches))


# -- pictures and sound ----------------------------------------------------------------------------

PIXEL = {"inlineData": {"mimeType": "image/png", "data": "AQ=="}}


def test_a_picture_is_part_of_an_answer():
    """Asked for by modality, with its form."""
    request = ImageRequest(
        "m",
        "a cat",
        (Image("image/png", data=b"\2"),),
        options={"size": "2K", "aspect_ratio": "1:1", "seed": 3, "n": 1},
    )

    calls, found = asking("image", request, ok(answer({"text": "Here:"}, PIXEL)))

    config = json.loads(calls[0].body)["generationConfig"]
    assert (["TEXT", "IMAGE"], {"aspectRatio": "1:1", "imageSize": "2K"}, 3) == (
        config["responseModalities"],
        config["imageConfig"],
        config["seed"],
    )
    assert [b"\1"] == [image.data for image in found.images]
    verbs = wire().operations()["image"].exchanges[0]
    read = verbs.read(calls[0])
    assert ("a cat", request.images, "2K") == (read.prompt, read.images, read.options["size"])
    assert [b"\1"] == [image.data for image in back(verbs, Images(found.results)).images]


PREDICTED = {"bytesBase64Encoded": "AQ==", "mimeType": "image/jpeg", "prompt": "a small cat"}
FILTERED = {"raiFilteredReason": "why not"}


def test_a_picture_may_be_predicted():
    """What was filtered is missing."""
    told = {"n": 2, "negative_prompt": "dogs"}
    reply = ok({"predictions": [PREDICTED, FILTERED]})

    calls, found = asking("image", ImageRequest("m", "a cat", options=told), reply, images="predict")

    parameters = json.loads(calls[0].body)["parameters"]
    assert (f"{BASE}/models/m:predict", {"sampleCount": 2, "negativePrompt": "dogs"}) == (
        calls[0].url,
        parameters,
    )
    assert (Drawn(Image("image/jpeg", data=b"\1"), "a small cat"),) == found.results
    verbs = wire(images="predict").operations()["image"].exchanges[0]
    assert (told, found.results) == (verbs.read(calls[0]).options, back(verbs, found).results)


def test_pictures_that_were_all_filtered_are_a_refusal():
    """With the reason."""
    with pytest.raises(Refused, match="why not"):
        asking("image", ImageRequest("m", "x"), ok({"predictions": [FILTERED]}), images="predict")


@pytest.mark.parametrize("images", ["content", "predict"])
@pytest.mark.parametrize(
    "fields",
    [
        {"options": {"size": "1024x1024"}},
        {"options": {"quality": "high"}},
        {"mask": Image("image/png", data=b"1")},
    ],
)
def test_what_no_picture_can_be_told_is_refused(images, fields):
    """Before anything is sent."""
    with pytest.raises(Unsupported):
        asking("image", ImageRequest("m", "x", **fields), ok({}), images=images)


@pytest.mark.parametrize(
    ("reply", "leaf"),
    [
        (answer({"text": "I cannot"}), Malformed),
        (answer(finishReason="IMAGE_SAFETY"), Refused),
        ({"error": {"code": 503, "message": "no", "status": "UNAVAILABLE"}}, Unavailable),
    ],
)
@pytest.mark.parametrize("name", ["image", "speak"])
def test_an_answer_without_what_was_asked_for_is_a_failure(name, reply, leaf):
    """With its reason."""
    request = ImageRequest("m", "x") if name == "image" else SpeechRequest("m", "x")

    with pytest.raises(leaf):
        asking(name, request, ok(reply))


SAMPLES = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AAEAAQ=="}}


@pytest.mark.parametrize(("form", "head"), [("pcm", b"\0\1"), ("wav", b"RIFF")])
def test_a_text_is_spoken(form, head):
    """As samples, or with a head that makes them a file."""
    request = SpeechRequest(
        "m", "hi", "Kore", {"format": form, "instructions": "Whisper", "language": "de-CH"}
    )

    calls, found = asking("speak", request, ok(answer(SAMPLES)))

    body = json.loads(calls[0].body)
    speech = body["generationConfig"]["speechConfig"]
    assert ("Whisper: hi", ["AUDIO"]) == (
        body["contents"][0]["parts"][0]["text"],
        body["generationConfig"]["responseModalities"],
    )
    assert ("Kore", "de-CH") == (
        speech["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"],
        speech["languageCode"],
    )
    assert (head, 2 / 24000) == (found.audio[: len(head)], found.seconds)
    assert form == "pcm" or (b"WAVE", b"\0\1\0\1") == (found.audio[8:12], found.audio[44:])


def test_speech_is_read_and_written():
    """By the other half."""
    verbs = wire().operations()["speak"].exchanges[0]

    asked = verbs.read(verbs.render(SpeechRequest("m", "hi", "Kore", {"language": "de"})))

    assert SpeechRequest("m", "hi", "Kore", {"language": "de"}) == asked
    assert b"\0\1" == verbs.parse(verbs.write(Speech(b"\0\1"))).audio
    with pytest.raises(Unsupported, match="mp3"):
        verbs.render(SpeechRequest("m", "hi", options={"format": "mp3"}))


def test_speech_is_written_down():
    """By being asked to."""
    sound = Audio("audio/wav", data=b"RIFF")
    request = TranscriptionRequest("m", sound, {"language": "de", "prompt": "Names: Aare.", "temperature": 0})

    calls, found = asking("transcribe", request, ok(answer({"text": " Grüezi \n"})))

    words = json.loads(calls[0].body)["contents"][0]["parts"][0]["text"]
    assert ("Grüezi", True, True) == (found.text, "`de`" in words, words.endswith("Names: Aare."))
    verbs = wire().operations()["transcribe"].exchanges[0]
    assert (sound, "Grüezi") == (verbs.read(calls[0]).audio, verbs.parse(verbs.write(found)).text)
    with pytest.raises(Unsupported, match="timestamps"):
        asking("transcribe", TranscriptionRequest("m", sound, {"timestamps": "word"}), ok({}))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("embed", b"{}"),
        ("embed", b"no"),
        ("embed", b'{"requests":[{"content":{"parts":[{"inlineData":{}}]}}]}'),
        ("batches.create", b"{}"),
        ("batches.create", b"[]"),
        ("transcribe", b'{"contents":[{"parts":[{"text":"x"}]}]}'),
        ("count_tokens", b"{}"),
    ],
)
def test_what_is_no_request_is_refused(name, body):
    """In the format's own way."""
    verbs = wire().operations()[name].exchanges[0]

    with pytest.raises(InvalidRequest) as caught:
        verbs.read(Call("POST", ("models", "m:verb"), body))

    assert 400 == wire().write_error(caught.value.info).status
