"""Google's models at Google Cloud: where calls go, what is offered besides chat, and what failures mean."""

from __future__ import annotations

import json

import pytest

import jackfield
from jackfield import Message
from jackfield.types import UNKNOWN_USAGE, Embeddings, EmbedRequest, Request, Usage

MODEL = "gemini-3.5-flash"
TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


# -- where calls go --------------------------------------------------------------------------------


def test_calls_go_to_the_host_of_their_location(sent):
    """Under project, publisher and model."""
    call = sent("gemini-3.5-flash", settings=SETTINGS)

    assert (
        "https://aiplatform.googleapis.com/v1/projects/river-project/locations/global/publishers/google/models/gemini-3.5-flash:generateContent"
        == call.url
    )
    assert f"Bearer {TOKEN}" == call.headers["authorization"]


def test_the_project_of_the_credentials_is_good_enough(sent, account, written):
    """Where no other is set."""
    call = sent(MODEL, settings={"credentials": written(account)})

    assert "/projects/river-project/locations/global/" in call.url


@pytest.mark.parametrize("location", ["evil.test/", "Europe-West4", "", "a", "x.y"])
def test_a_location_is_part_of_a_hosts_name(bound, location):
    """And so nothing else."""
    with pytest.raises(jackfield.BadConfig, match="name of a region"):
        bound(MODEL, **SETTINGS, location=location)


def test_a_key_goes_without_a_project(monkeypatch, sent):
    """To the one host that takes it, whatever else is set."""
    monkeypatch.setenv("GOOGLE_VERTEX_API_KEY", "AQ.not-a-real-key")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "river-project")

    call = sent(MODEL)

    assert (
        f"https://aiplatform.googleapis.com/v1/publishers/google/models/{MODEL}:generateContent" == call.url
    )
    assert "AQ.not-a-real-key" == call.headers["x-goog-api-key"]
    assert "authorization" not in call.headers


@pytest.mark.parametrize(
    ("model", "tail"),
    [
        ("endpoints/123", "/endpoints/123:generateContent"),
        ("publishers/meta/models/river", "/publishers/meta/models/river:generateContent"),
        ("river@001", "/publishers/google/models/river%40001:generateContent"),
    ],
)
def test_models_elsewhere_are_named_by_their_path(bound, model, tail):
    """And read back from it."""
    wire = bound(model, **SETTINGS).wire
    request = Request(model, (Message("user", "hi"),))

    call = wire.render_completion(request, stream=False)

    assert call.url.endswith(f"/projects/river-project/locations/global{tail}")
    assert (request, False) == wire.read_completion(call)


# -- requests --------------------------------------------------------------------------------------


def test_metadata_travels_as_labels(sent):
    """On the bill they are found again."""
    assert {"team": "rivers"} == sent(MODEL, settings=SETTINGS, metadata={"team": "rivers"}).body["labels"]


@pytest.mark.parametrize(
    ("model", "reasoning", "config"),
    [
        (MODEL, "minimal", {"thinkingLevel": "minimal", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "minimal", {"thinkingLevel": "low", "includeThoughts": True}),
        ("gemini-2.5-pro", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
    ],
)
def test_how_much_to_think_is_said_as_the_model_takes_it(sent, model, reasoning, config):
    """In a word, or in tokens."""
    body = sent(model, settings=SETTINGS, reasoning=reasoning).body

    assert config == body["generationConfig"]["thinkingConfig"]


def test_newer_models_take_no_sampling_options(sent):
    """Told before anything is sent."""
    with pytest.raises(jackfield.Unsupported, match="temperature"):
        sent("gemini-3.8-flash", settings=SETTINGS, temperature=0.5)


def test_what_is_offered_besides_chat(bound):
    """No files, no batches."""
    offered = {"embed", "count_tokens", "image", "speak", "transcribe"}

    assert offered == bound(MODEL, **SETTINGS).wire.operations().keys()


# -- vectors ---------------------------------------------------------------------------------------


@pytest.fixture
def predict(bound):
    """The exchange of predictions."""
    wire = bound("text-embedding-005", **SETTINGS).wire
    return wire.operations()["embed"].predict


@pytest.mark.parametrize(
    "options", [{}, {"dimensions": 64}, {"input_type": "query"}, {"input_type": "fact_verification"}]
)
def test_what_is_asked_for_vectors_is_read(predict, options):
    """With fields of the vendor's own."""
    request = EmbedRequest("text-embedding-005", ("a", "b"), options, {"title": "t", "autoTruncate": False})

    call = predict.render(request)
    again = predict.read(call)

    assert ("text-embedding-005", ("a", "b")) == (again.model, again.texts)
    assert (request.options.keys(), request.extra) == (again.options.keys(), again.extra)
    assert json.loads(call.body) == json.loads(predict.render(again).body)


@pytest.mark.parametrize("usage", [Usage(5), UNKNOWN_USAGE])
def test_what_is_answered_with_vectors_is_read(predict, usage):
    """Whether there are figures or not."""
    answer = Embeddings(((0.5, 1.0), (0.25, 0.0)), usage=usage)

    again = predict.parse(predict.write(answer))

    assert (answer.vectors, usage.known, usage.input) == (again.vectors, again.usage.known, again.usage.input)


def test_some_models_take_one_text_a_call(bound):
    """So there are as many calls as texts."""
    embed = bound("gemini-embedding-001", **SETTINGS).wire.operations()["embed"]
    steps, calls = embed.ask(EmbedRequest("gemini-embedding-001", ("a", "b"))), []
    reply = None
    with pytest.raises(StopIteration) as stopped:
        while True:
            calls.append(steps.send(reply))
            reply = embed.predict.write(Embeddings(((float(len(calls)),),), usage=Usage(2)))

    assert [["a"], ["b"]] == [
        [one["content"] for one in json.loads(call.body)["instances"]] for call in calls
    ]
    assert (((1.0,), (2.0,)), 4) == (stopped.value.value.vectors, stopped.value.value.usage.input)


@pytest.mark.parametrize(
    "body", [{}, {"predictions": []}, {"predictions": [{}]}, {"predictions": [{"embeddings": 1}]}]
)
def test_an_answer_without_vectors_cannot_be_read(predict, body):
    """It is no empty answer."""
    with pytest.raises(jackfield.Malformed):
        predict.parse(jackfield.wire.Reply(200, {}, json.dumps(body).encode()))


def test_newest_models_are_told_in_words_what_a_vector_is_for(bound):
    """In the format's own way, one text a call."""
    embed = bound("gemini-embedding-2", **SETTINGS).wire.operations()["embed"]

    call = next(embed.ask(EmbedRequest("gemini-embedding-2", ("a", "b"), {"input_type": "query"})))

    assert call.url.endswith("/models/gemini-embedding-2:embedContent")
    assert {"content": {"parts": [{"text": "task: search result | query: a"}]}} == json.loads(call.body)


# -- whole exchanges -------------------------------------------------------------------------------


def test_thoughts_come_beside_the_answer(replayed):
    """And are counted apart from it."""
    options = {"system": "Be brief.", "max_tokens": 100, "reasoning": "low"}
    with replayed("completion", **SETTINGS) as client:
        answer = client.complete(f"vertex/{MODEL}", "Name three rivers.", **options)

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (9, 7, 21) == (answer.usage.input, answer.usage.output, answer.usage.reasoning)


def test_a_stream_that_calls(replayed, weather):
    """It ends with its bytes."""
    with replayed("stream", **SETTINGS) as client:
        answer = client.stream(
            f"vertex/{MODEL}", "What is the weather in Bern?", tools=[weather]
        ).completion()

    assert [("weather", {"city": "Bern"})] == [(call.name, call.arguments) for call in answer.tool_calls]
    assert ("I look it up.", 41, 12) == (answer.text, answer.usage.input, answer.usage.output)


def test_a_shared_quota_is_a_limited_rate(replayed):
    """Another try may fare better."""
    with replayed("error", **SETTINGS) as client, pytest.raises(jackfield.RateLimited) as caught:
        client.complete(f"vertex/{MODEL}", "hi")

    assert (429, "RESOURCE_EXHAUSTED", True) == (
        caught.value.status,
        caught.value.code,
        caught.value.retryable,
    )


def test_vectors_are_predicted(replayed):
    """In the order of the texts."""
    texts, options = ["Aare", "Inn"], {"dimensions": 2, "input_type": "query"}
    with replayed("predict", **SETTINGS, location="europe-west4") as client:
        found = client.embed("vertex/text-embedding-005", texts, **options)

    assert (((0.5, 1.0), (0.25, 0.0)), 5) == (found.vectors, found.usage.input)
