"""Mistral as its profile and wire describe it: other names for options, thoughts in the content, batches as jobs."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

import jackfield
from jackfield import Audio, Capability, Document, Image, Message, Support, Text, ToolCall, ToolResult
from jackfield.types import (
    Batch,
    BatchCounts,
    BatchesRequest,
    BatchItem,
    BatchList,
    BatchRef,
    BatchRequest,
    EmbedRequest,
    Opaque,
    Reasoning,
    Request,
    Speech,
    SpeechRequest,
    Transcript,
    TranscriptionRequest,
)
from jackfield.wire import Headers, Reply

KEY = "k" * 32
SMALL = "mistral-small-2603"
HI = (Message("user", "hi"),)


@pytest.fixture
def body(sent):
    return lambda prompt="hi", model=SMALL, **options: sent(model, prompt, {"api_key": KEY}, **options).body


@pytest.fixture
def wire(bound):
    return bound(SMALL, api_key=KEY).wire


@pytest.fixture
def operation(wire):
    return lambda name: wire.operations()[name]


def answer(body):
    return Reply(200, Headers({"content-type": "application/json"}), json.dumps(body).encode())


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


def test_all_models_of_the_list_bind(profile, bound):
    """Embeddings and speech, too."""
    ids = [model.id for model in profile.models]

    assert ids == [bound(name, api_key=KEY).model.id for name in ids]


def test_importing_the_package_imports_no_wire():
    """It costs next to nothing to have it installed."""
    code = (
        "import sys, time, jackfield.plugin; begun = time.process_time(); import jackfield_mistral; "
        "print(time.process_time() - begun < 0.2, [name for name in sys.modules if 'jackfield_mistral.' in name])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "True []" == done.stdout.strip()


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        (SMALL, Capability.REASONING, Support.FULL),
        ("ministral-8b-2512", Capability.REASONING, Support.UNSUPPORTED),
        ("codestral-2508", Capability.IMAGES_IN, Support.UNSUPPORTED),
        ("voxtral-small-2507", Capability.AUDIO_IN, Support.FULL),
        (SMALL, Capability.AUDIO_IN, Support.UNSUPPORTED),
        ("mistral-embed", Capability.CHAT, Support.UNSUPPORTED),
        ("mistral-embed", Capability.EMBEDDINGS, Support.FULL),
        ("mistral-moderation-latest", Capability.MODERATION, Support.FULL),
    ],
)
def test_models_differ_in_what_they_can(profile, model, capability, support):
    """By name, or by a pattern of names."""
    assert support is profile.supports(capability, model)


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["MISTRAL_BASE_URL", "MISTRAL_API_BASE"])
def test_a_region_is_an_address(monkeypatch, sent, variable):
    """With or without the version at its end."""
    monkeypatch.setenv(variable, "https://api.eu.mistral.ai")

    assert "https://api.eu.mistral.ai/v1/chat/completions" == sent(SMALL, settings={"api_key": KEY}).url


def test_options_have_names_of_their_own(body):
    """Those it does not know are left out with a word, or refused."""
    asked = body(max_tokens=9, seed=7, user="ada")

    assert {"model", "messages", "max_tokens", "random_seed"} == asked.keys()
    with pytest.raises(jackfield.Unsupported, match="verbosity"):
        body(verbosity="low")


def test_a_call_is_demanded_with_another_word(body, weather):
    """`any` is what it was first called."""
    assert "any" == body(tools=[weather], tool_choice="required")["tool_choice"]


def test_streams_tell_figures_without_being_asked(wire):
    """Being asked is refused."""
    assert "stream_options" not in json.loads(wire.render_completion(Request(SMALL, HI), stream=True).body)


def test_documents_and_sound_have_forms_of_their_own(body):
    """An address that may hold the bytes, and bytes alone."""
    parts = [
        Document("application/pdf", data=b"%PDF", name="a.pdf"),
        Document("application/pdf", file_id="f1"),
    ]
    sound = Audio("audio/mpeg", data=b"ID3")

    first, second = body([Message("user", parts)])["messages"][0]["content"]
    spoken = body([Message("user", [sound])], model="voxtral-small-2507")["messages"][0]["content"]

    encoded = base64.b64encode(b"%PDF").decode()
    assert {
        "type": "document_url",
        "document_url": f"data:application/pdf;base64,{encoded}",
        "document_name": "a.pdf",
    } == first
    assert {"type": "file", "file_id": "f1"} == second
    assert [{"type": "input_audio", "input_audio": base64.b64encode(b"ID3").decode()}] == spoken


def test_ids_of_other_providers_become_such_as_it_takes(body):
    """The same for call and result; its own stay."""
    calls = [ToolCall("toolu_01NhvFVfr4KFy5", "f"), ToolCall("aB3dE6gH9", "g")]
    turns = [*HI, Message("assistant", calls), Message("tool", [ToolResult(call.id, "ok") for call in calls])]

    _, turn, *results = body(turns)["messages"]

    ids = [call["id"] for call in turn["tool_calls"]]
    assert ids == [result["tool_call_id"] for result in results]
    assert ("aB3dE6gH9", 9, True) == (ids[1], len(ids[0]), ids[0].isalnum())


def test_the_model_may_be_made_to_go_on(body):
    """A last turn of the model is marked as the beginning of the answer."""
    turns = [*HI, Message("assistant", "Once upon a")]

    assert {"role": "assistant", "content": "Once upon a", "prefix": True} == body(turns)["messages"][1]


def test_names_of_speakers_are_left_out(body):
    """Fields it does not know are refused."""
    assert {"role", "content"} == body([Message("user", "hi", name="ada")])["messages"][0].keys()


def test_its_own_thoughts_alone_go_back(body):
    """As items of the content, before the text."""
    item = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True}
    own = Reasoning("hm", Opaque("mistral", "chat_completions", {"content": [item]}))
    foreign = Reasoning("hm", Opaque("acme", "chat_completions", {"content": [item]}))

    first, second = (
        body([*HI, Message("assistant", [part, Text("ho")]), *HI])["messages"][1]["content"]
        for part in (own, foreign)
    )

    assert ([item, {"type": "text", "text": "ho"}], "ho") == (first, second)


def test_what_it_renders_it_reads(wire):
    """Ids fit, and the rest has a word of ours."""
    item = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    own = Reasoning("hm", Opaque("mistral", "chat_completions", {"content": [item]}))
    asked = (
        Message(
            "user",
            (
                Text("see"),
                Document("application/pdf", data=b"%PDF", name="a.pdf"),
                Image("image/png", data=b"x"),
            ),
        ),
        Message("assistant", (own, Text("ho"), ToolCall("aB3dE6gH9", "f", "{}"))),
        Message("tool", (ToolResult("aB3dE6gH9", "ok"),)),
    )
    request = Request(SMALL, asked, options={"max_tokens": 5, "seed": 3})

    assert (request, True) == wire.read_completion(wire.render_completion(request, stream=True))


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "leaf"),
    [
        (
            400,
            {"message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
            jackfield.ModelNotFound,
        ),
        (
            400,
            {"message": "no", "type": "invalid_request_invalid_args", "code": "3051"},
            jackfield.InvalidRequest,
        ),
        (
            400,
            {"message": "too large for model with 131072 maximum context length", "code": "3051x"},
            jackfield.ContextTooLong,
        ),
        (401, {"detail": "Invalid API Key"}, jackfield.Unauthorized),
        (404, {"message": "no Route matched with those values", "request_id": "r"}, jackfield.ModelNotFound),
        (422, {"detail": [{"loc": ["body", "user"], "msg": "extra", "type": "x"}]}, jackfield.InvalidRequest),
        (
            429,
            {"object": "error", "message": "slow", "type": "rate_limited", "code": "1300"},
            jackfield.RateLimited,
        ),
        (
            429,
            {"message": "x", "type": "service_tier_capacity_exceeded", "code": "3505"},
            jackfield.Unavailable,
        ),
        (500, {"message": "x"}, jackfield.Unavailable),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, body, leaf):
    """By code, then by status."""
    assert leaf is type(failure(bound(SMALL, api_key=KEY), status, body))


# -- whole exchanges -------------------------------------------------------------------------------


def test_thoughts_come_in_the_content(replayed):
    """And go back with the turn."""
    with replayed("completion", api_key=KEY) as client:
        found = client.complete(
            f"mistral/{SMALL}",
            "Name three rivers.",
            max_tokens=300,
            seed=7,
            reasoning="high",
            extra={"safe_prompt": True},
        )

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (found.reasoning, found.text)
    assert (14, 16, 30) == (found.usage.input, found.usage.cache_read, found.usage.output)
    assert ("0190-doc-1", "thinking") == (found.request_id, found.parts[0].opaque.data["content"][0]["type"])


def test_two_calls_under_one_index_are_two(replayed, weather):
    """Whole in one delta, one of them with an object for arguments."""
    with replayed("stream", api_key=KEY) as client:
        stream = client.stream(
            f"mistral/{SMALL}", "What is the weather in Bern?", tools=[weather], tool_choice="required"
        )
        found = stream.completion()

    assert [("aB3dE6gH9", {"city": "Bern"}), ("bC4eF7hI0", {"city": "Thun"})] == [
        (call.id, call.arguments) for call in found.tool_calls
    ]
    assert (26, 64, "tool_calls") == (found.usage.input, found.usage.cache_read, found.finish.reason)


def test_a_model_that_is_not_there(replayed):
    """Though the status says that the request is at fault."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.ModelNotFound) as caught:
        client.complete("mistral/mistral-tiny-9999", "Name three rivers.")

    assert ("invalid_model", "0190-doc-3") == (caught.value.code, caught.value.request_id)


# -- operations ------------------------------------------------------------------------------------


def test_vectors_may_be_shorter(operation):
    """The length has a name of its own."""
    call = operation("embed").render(EmbedRequest("codestral-embed-2505", ("a",), {"dimensions": 8}))

    assert {"model": "codestral-embed-2505", "input": ["a"], "output_dimension": 8} == json.loads(call.body)


@pytest.mark.parametrize(
    ("sound", "kind"), [(b"ID3..", "audio/mpeg"), (b"RIFF..", "audio/wav"), (b"..", "audio/pcm")]
)
def test_speech_is_a_text_of_base64(operation, sound, kind):
    """Both ways; what it is, its first bytes tell."""
    speak = operation("speak")

    assert Speech(sound, kind) == speak.parse(speak.write(Speech(sound, kind)))


@pytest.mark.parametrize("body", [{}, {"audio_data": ""}, {"audio_data": "?"}, {"audio_data": 5}])
def test_speech_that_is_none_is_malformed(operation, body):
    """An answer without sound is no success."""
    with pytest.raises(jackfield.Malformed):
        operation("speak").parse(answer(body))


def test_speech_is_asked_for_in_a_format(operation):
    """By the name it has here; speed cannot be set."""
    call = operation("speak").render(SpeechRequest("voxtral-mini-tts-2603", "hi", "ada", {"format": "wav"}))

    assert {
        "model": "voxtral-mini-tts-2603",
        "input": "hi",
        "voice": "ada",
        "response_format": "wav",
    } == json.loads(call.body)
    with pytest.raises(jackfield.Unsupported, match="speed"):
        operation("speak").render(SpeechRequest("m", "hi", "ada", {"speed": 2}))


def test_transcripts_with_times_and_speakers(operation):
    """Asked for without another format of the answer."""
    options = {"timestamps": "segment", "diarize": True, "language": "en"}
    transcribe = operation("transcribe")

    call = transcribe.render(
        TranscriptionRequest("voxtral-mini-latest", Audio("audio/wav", data=b"RIFF"), options)
    )
    read = json.loads(transcribe.write(Transcript("hi")).body)

    for field, value in (("timestamp_granularities", "segment"), ("diarize", "true"), ("language", "en")):
        assert f'name="{field}"\r\n\r\n{value}\r\n'.encode() in call.body
    assert b"response_format" not in call.body
    assert {"text": "hi", "language": None, "segments": [], "model": ""} == read


def test_a_file_is_for_reading_unless_something_else_is_said(operation):
    """`user_data` is no word here."""
    call = operation("files.upload").render(jackfield.types.FileUpload("a.pdf", b"%PDF", "application/pdf"))

    assert b'name="purpose"\r\n\r\nocr\r\n' in call.body


JOB = BatchRequest(SMALL, (BatchItem("a", Request(SMALL, HI)),), {"window": "12h", "metadata": {"k": "v"}})


def test_a_batch_is_a_job_with_its_requests(operation):
    """The model is said once; it is read as it was rendered."""
    create = operation("batches.create")
    call = create.render(JOB)

    body = json.loads(call.body)

    assert "https://api.mistral.ai/v1/batch/jobs" == call.url
    assert (SMALL, 12, {"k": "v"}) == (body["model"], body["timeout_hours"], body["metadata"])
    assert [{"custom_id": "a", "body": {"messages": [{"role": "user", "content": "hi"}]}}] == body["requests"]
    assert JOB == create.read(call)


@pytest.mark.parametrize(
    "job",
    [
        BatchRequest(SMALL, (BatchItem("a", Request(SMALL, HI)), BatchItem("b", Request("other", HI)))),
        BatchRequest(SMALL, (BatchItem("a", Request(SMALL, HI)),), {"window": "soon"}),
    ],
)
def test_a_batch_that_cannot_be_is_refused(operation, job):
    """Two models, or a window that is no number of hours."""
    with pytest.raises(jackfield.Unsupported, match="nothing was sent"):
        operation("batches.create").render(job)


@pytest.mark.parametrize("name", ["batches.get", "batches.cancel", "batches.create"])
def test_a_job_is_written_as_it_is_parsed(operation, name):
    """Its figures have names of their own."""
    job = Batch("job-1", "running", BatchCounts(5, 3, 1, 1), raw_status="RUNNING")

    found = operation(name).parse(operation(name).write(job))

    assert (job.id, job.status, job.counts) == (found.id, found.status, found.counts)


def test_jobs_are_listed(operation):
    """By pages of some length; none is a list, too."""
    listing = operation("batches.list")

    call = listing.render(BatchesRequest({"limit": 5}))
    found = listing.parse(listing.write(BatchList((Batch("job-1", "queued"),))))

    assert ("https://api.mistral.ai/v1/batch/jobs?page_size=5", BatchesRequest({"limit": 5})) == (
        call.url,
        listing.read(call),
    )
    assert ["job-1"] == [job.id for job in found.batches]
    assert () == listing.parse(answer({"object": "list", "total": 0})).batches


def done(steps, *replies):
    """What a flow of calls ends with."""
    calls = [next(steps)]
    try:
        for reply in replies:
            calls.append(steps.send(reply))  # noqa: PERF401  # the last one stops
    except StopIteration as stopped:
        return stopped.value, calls
    pytest.fail("there is more to come")


COMPLETION = {"id": "c", "object": "chat.completion", "model": SMALL, "choices": [{"index": 0, "message": {"role": "assistant", "content": "4"}, "finish_reason": "stop"}]}  # fmt: skip
LINE = {"id": "o", "custom_id": "a", "response": {"status_code": 200, "body": COMPLETION}}


def test_answers_may_be_in_the_job(operation):
    """No file is fetched then."""
    job = {"id": "job-1", "status": "SUCCESS", "outputs": [LINE], "output_file": None}

    found, calls = done(operation("batches.results").ask(BatchRef("job-1")), answer(job))

    assert "4" == found.by_id()["a"].completion.text
    assert ["https://api.mistral.ai/v1/batch/jobs/job-1?inline=true"] == [call.url for call in calls]


def test_answers_may_be_in_files(operation):
    """Those that failed in one of their own."""
    job = {"id": "job-1", "status": "SUCCESS", "outputs": None, "output_file": "f1", "error_file": "f2"}
    failed = {
        "custom_id": "b",
        "response": {"status_code": 429, "body": {"message": "slow", "type": "rate_limited", "code": "1300"}},
    }
    files = [Reply(200, Headers(), json.dumps(line).encode() + b"\n") for line in (LINE, failed)]

    found, calls = done(operation("batches.results").ask(BatchRef("job-1")), answer(job), *files)

    assert ("4", "throttle") == (found.by_id()["a"].completion.text, found.by_id()["b"].error.kind)
    assert ["f1", "f2"] == [call.path[1] for call in calls[1:]]


def test_a_job_that_runs_has_no_answers(operation):
    """Ask again later."""
    steps = operation("batches.results").ask(BatchRef("job-1"))
    next(steps)

    with pytest.raises(jackfield.InvalidRequest, match="no results yet"):
        steps.send(answer({"id": "job-1", "status": "RUNNING"}))


def test_a_batch_is_begun(replayed):
    """Through the client, as any other call."""
    with replayed("batch", api_key=KEY) as client:
        job = client.batches.create(
            f"mistral/{SMALL}", {"a": "Name three rivers."}, window="12h", max_tokens=20
        )

    assert ("job-doc-1", "queued", 1) == (job.id, job.status, job.counts.total)
