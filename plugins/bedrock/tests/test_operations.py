"""Operations besides completions: how many calls they take, where these go, what the answers mean."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from jackfield_bedrock.operations import operations_of

import jackfield
from jackfield.types import EmbedRequest, Image, ImageRequest, ModelsRequest, RerankRequest
from jackfield.wire import Dialect, Headers, Reply

PLACES = {
    "region": "cn-north-1",
    "control_base": "https://control.test",
    "agents_base": "https://agents.test",
}
DIALECT = Dialect(provider="bedrock", base="https://runtime.test", settings=PLACES)
TITAN, COHERE = "amazon.titan-embed-text-v2:0", "us.cohere.embed-v4:0"
PNG = b"\x89PNG"


def replied(body, **headers):
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Reply(200, Headers({"content-type": "application/json", **named}), json.dumps(body).encode())


def asked(name, model, request, *replies):
    """The calls of an operation, and its answer."""
    steps = operations_of(DIALECT, model)[name].ask(request)
    calls = [next(steps)]
    left = iter(replies)
    try:
        while (reply := next(left, None)) is not None:
            calls.append(steps.send(reply))
    except StopIteration as stop:
        return calls, stop.value
    raise AssertionError(calls)


# -- vectors ---------------------------------------------------------------------------------------


def test_most_models_take_one_text_at_a_time():
    """The answers are put together, and so are the figures."""
    replies = [replied({"embedding": [n], "inputTextTokenCount": 2}) for n in (0.5, 0.25)]

    calls, answer = asked("embed", TITAN, EmbedRequest(TITAN, ("a", "b"), {"dimensions": 256}), *replies)

    assert [{"inputText": text, "dimensions": 256} for text in "ab"] == [json.loads(c.body) for c in calls]
    assert (((0.5,), (0.25,)), 4) == (answer.vectors, answer.usage.input)


@pytest.mark.parametrize("embeddings", [[[0.5], [0.25]], {"float": [[0.5], [0.25]]}])
def test_some_take_many(embeddings):
    """Up to 96; what they are for must be said."""
    reply = replied({"embeddings": embeddings}, x_amzn_bedrock_input_token_count="4")

    (call,), answer = asked("embed", COHERE, EmbedRequest(COHERE, ("a", "b")), reply)

    assert {"texts": ["a", "b"], "input_type": "search_document"} == json.loads(call.body)
    assert (((0.5,), (0.25,)), 4) == (answer.vectors, answer.usage.input)


def test_a_hundred_texts_are_two_calls():
    """Of 96 and 4."""
    texts = tuple(map(str, range(100)))
    replies = [replied({"embeddings": [[0.0]] * size}) for size in (96, 4)]

    calls, answer = asked("embed", COHERE, EmbedRequest(COHERE, texts), *replies)

    assert ([96, 4], 100) == ([len(json.loads(c.body)["texts"]) for c in calls], len(answer.vectors))
    assert not answer.usage.known


def test_options_a_model_has_not_are_refused():
    """Before anything is sent."""
    model = "amazon.titan-embed-text-v1"

    with pytest.raises(jackfield.Unsupported, match="dimensions"):
        asked("embed", model, EmbedRequest(model, ("a",), {"dimensions": 256}))


@pytest.mark.parametrize("body", [{}, {"embeddings": 1}, [1]])
def test_an_answer_without_vectors_cannot_be_read(body):
    """Whatever it holds."""
    with pytest.raises(jackfield.Malformed):
        asked("embed", TITAN, EmbedRequest(TITAN, ("a",)), replied(body))


def test_an_error_in_disguise_is_one():
    """Under the status of a success."""
    with pytest.raises(jackfield.ContextTooLong):
        asked("embed", TITAN, EmbedRequest(TITAN, ("a",)), replied({"message": "Input is too long"}))


# -- rankings --------------------------------------------------------------------------------------


def test_rankings_come_in_pages():
    """From the host of agents, by a model's ARN in the partition of the region."""
    first = {"results": [{"index": 0, "relevanceScore": 0.25}], "nextToken": "more"}
    second = {"results": [{"index": 1, "relevanceScore": 0.75}]}
    request = RerankRequest("amazon.rerank-v1:0", "q", ("a", "b"), {"top_n": 2})

    calls, answer = asked("rerank", request.model, request, replied(first), replied(second))

    assert ["https://agents.test/rerank"] * 2 == [call.url for call in calls]
    config = json.loads(calls[0].body)["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    arn = "arn:aws-cn:bedrock:cn-north-1::foundation-model/amazon.rerank-v1:0"
    assert {"modelConfiguration": {"modelArn": arn}, "numberOfResults": 2} == config
    assert "more" == json.loads(calls[1].body)["nextToken"]
    assert [(1, 0.75), (0, 0.25)] == [(ranked.index, ranked.score) for ranked in answer.results]


# -- models ----------------------------------------------------------------------------------------

MODELS = replied({"modelSummaries": [{"modelId": "a.b", "modelName": "B", "providerName": "A"}]})


def test_models_are_listed_by_the_control_plane():
    """By id, name and maker; what narrows the list is in the query."""
    (call,), answer = asked("models", "", ModelsRequest({"byProvider": "A"}), MODELS)

    assert "https://control.test/foundation-models?byProvider=A" == call.url
    assert [("a.b", "B", "A")] == [(model.id, model.name, model.owner) for model in answer.models]


def test_profiles_are_listed_on_demand():
    """In pages."""
    pages = [
        {"inferenceProfileSummaries": [{"inferenceProfileId": "us.a.b"}], "nextToken": "more"},
        {"inferenceProfileSummaries": [{"inferenceProfileId": "eu.a.b"}]},
    ]

    calls, answer = asked(
        "models", "", ModelsRequest({"inference_profiles": True}), MODELS, *map(replied, pages)
    )

    assert ["a.b", "us.a.b", "eu.a.b"] == [model.id for model in answer.models]
    assert "https://control.test/inference-profiles?maxResults=1000&nextToken=more" == calls[2].url


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "task"),
    [
        ({}, "TEXT_IMAGE"),
        ({"images": (Image("image/png", data=PNG),)}, "IMAGE_VARIATION"),
        ({"images": (Image("image/png", data=PNG),), "mask": Image("image/png", data=PNG)}, "INPAINTING"),
    ],
)
def test_pictures_are_made_or_changed(fields, task):
    """By tasks of their own."""
    model = "amazon.nova-canvas-v1:0"
    reply = replied({"images": [b64encode(PNG).decode()]})

    (call,), answer = asked("image", model, ImageRequest(model, "a river", **fields), reply)

    assert task == json.loads(call.body)["taskType"]
    assert [("image/png", PNG)] == [(image.media_type, image.data) for image in answer.images]


@pytest.mark.parametrize(
    "body",
    [{"images": [], "error": "blocked"}, {"images": None, "finish_reasons": ["Filter reason: prompt"]}],
)
def test_a_picture_that_a_filter_withheld_is_a_refusal(body):
    """In the words of the filter."""
    model = "stability.sd3-5-large-v1:0"

    with pytest.raises(jackfield.Refused):
        asked("image", model, ImageRequest(model, "a river"), replied(body))


@pytest.mark.parametrize("options", [{"size": "big"}, {"style": "vivid"}])
def test_what_a_picture_cannot_be_told_is_refused(options):
    """Before anything is sent."""
    model = "amazon.nova-canvas-v1:0"

    with pytest.raises(jackfield.Unsupported):
        asked("image", model, ImageRequest(model, "a river", options=options))
