"""Claude at Google Cloud: where calls go, what bodies hold, and what failures mean."""

from __future__ import annotations

import json

import pytest

import jackfield
from jackfield import Message
from jackfield.types import Request

MODEL = "claude-haiku-4-5"
ID = "claude-haiku-4-5@20251001"

TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


# -- where calls go --------------------------------------------------------------------------------


def test_calls_go_to_the_host_of_their_location(sent):
    """Under project, publisher and model."""
    call = sent("claude-haiku-4-5", settings=SETTINGS)

    assert (
        "https://aiplatform.googleapis.com/v1/projects/river-project/locations/global/publishers/anthropic/models/claude-haiku-4-5%4020251001:rawPredict"
        == call.url
    )
    assert f"Bearer {TOKEN}" == call.headers["authorization"]


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us", "https://aiplatform.us.rep.googleapis.com/v1/"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com/v1/"),
        ("europe-west1", "https://europe-west1-aiplatform.googleapis.com/v1/"),
    ],
)
def test_several_regions_have_a_host_of_their_own(monkeypatch, sent, location, host):
    """The vendor's variable says which."""
    monkeypatch.setenv("CLOUD_ML_REGION", location)

    assert sent(MODEL, settings=SETTINGS).url.startswith(
        f"{host}projects/river-project/locations/{location}/"
    )


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_rendered_is_read(bound, stream):
    """Though the body does not name the model."""
    wire = bound(MODEL, **SETTINGS).wire
    request = Request(ID, (Message("user", "hi"),), options={"max_tokens": 5})

    call = wire.render_completion(request, stream)

    assert (request, stream) == wire.read_completion(call)
    body = json.loads(call.body)
    assert ("vertex-2023-10-16", stream) == (body["anthropic_version"], body.get("stream", False))
    assert "model" not in body


def test_a_path_as_a_server_sees_it_is_read(bound):
    """In one piece, and escaped."""
    wire = bound(MODEL, **SETTINGS).wire
    call = wire.render_completion(Request(ID, (Message("user", "hi"),)), stream=True)
    call.path = tuple(call.url.removeprefix("https://").split("/")[1:])

    request, stream = wire.read_completion(call)

    assert (ID, True) == (request.model, stream)


def test_another_version_stays_what_it_is(bound):
    """It is a field of the provider's own."""
    wire, extra = bound(MODEL, **SETTINGS).wire, {"anthropic_version": "2026-10-21"}
    request = Request(ID, (Message("user", "hi"),), options={"max_tokens": 5}, extra=extra)

    assert request == wire.read_completion(wire.render_completion(request, stream=False))[0]


def test_nothing_is_fetched_from_addresses(sent):
    """Told before anything is sent, in answers of tools too."""
    picture = jackfield.Image("image/png", url="https://x.test/a.png")
    result = Message("tool", jackfield.ToolResult("c", [picture]))
    turns = [Message("user", "hi"), Message("assistant", jackfield.ToolCall("c", "f", "{}")), result]

    for prompt in ([picture], turns):
        with pytest.raises(jackfield.Unsupported, match="fetches nothing"):
            sent(MODEL, prompt, SETTINGS)


def test_betas_travel_as_a_header(sent):
    """One call may switch them on."""
    call = sent(MODEL, settings=SETTINGS, extra={"betas": ["a-1", "b-2"]})

    assert "a-1,b-2" == call.headers["anthropic-beta"]


def test_a_project_to_be_charged_is_a_header(sent):
    """Where it is not that of the credentials."""
    call = sent(MODEL, settings={**SETTINGS, "quota_project": "charged"})

    assert "charged" == call.headers["x-goog-user-project"]


def test_counting_is_all_there_is_besides(bound):
    """What is rendered is read."""
    operations = bound(MODEL, **SETTINGS).wire.operations()
    request = Request(ID, (Message("user", "hi"),), options={"max_tokens": 1})
    count = operations["count_tokens"]

    assert {"count_tokens"} == operations.keys()
    assert request == count.read(count.render(request))


# -- failures --------------------------------------------------------------------------------------


def test_a_models_own_failures_are_the_formats(bound, failure):
    """Its words tell them apart."""
    words = "prompt is too long: 210000 tokens > 200000 maximum"
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": words}}

    assert jackfield.ContextTooLong is type(failure(bound(MODEL, **SETTINGS), 400, body))


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion_is_read(replayed):
    """With its figures."""
    name, prompt = f"vertex-anthropic/{MODEL}", "Name three rivers."
    with replayed("completion", **SETTINGS) as client:
        answer = client.complete(name, prompt, system="Be brief.", max_tokens=100)

    assert ("Aare, Limmat, Inn.", "req_vrtx_doc_1") == (answer.text, answer.request_id)
    assert (15, 30, 11) == (answer.usage.input, answer.usage.cache_read, answer.usage.output)


def test_a_stream_that_calls(replayed, weather):
    """Events as the vendor sends them."""
    name, prompt = f"vertex-anthropic/{MODEL}", "What is the weather in Bern?"
    with replayed("stream", **SETTINGS) as client:
        answer = client.stream(name, prompt, tools=[weather], max_tokens=100).completion()

    assert [("toolu_vrtx_doc_1", {"city": "Bern"})] == [
        (call.id, call.arguments) for call in answer.tool_calls
    ]
    assert ("I look it up.", 420, 48) == (answer.text, answer.usage.input, answer.usage.output)


def test_a_quota_is_a_limited_rate(replayed):
    """Not an account without money."""
    with (
        replayed("error", **SETTINGS) as client,
        pytest.raises(jackfield.RateLimited, match="Quota exceeded"),
    ):
        client.complete(f"vertex-anthropic/{MODEL}", "hi", max_tokens=100)


def test_tokens_are_counted(replayed):
    """Of a request that is not sent."""
    with replayed("count", **SETTINGS) as client:
        assert 13 == client.count_tokens(f"vertex-anthropic/{MODEL}", "Name three rivers.").tokens
