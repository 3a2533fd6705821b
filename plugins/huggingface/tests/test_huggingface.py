"""Hugging Face as its profile and its codecs describe it: addresses, tasks, failures, whole exchanges."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jackfield_huggingface.wire import HuggingFaceWire

import jackfield
from jackfield import Audio, Image
from jackfield.types import (
    Drawn,
    Embeddings,
    EmbedRequest,
    ImageRequest,
    Images,
    ModelsRequest,
    Ranked,
    Ranking,
    RerankRequest,
    Spoken,
    Transcript,
    TranscriptionRequest,
)
from jackfield.wire import Dialect, Reply

KEY = f"hf_{'x' * 34}"
OSS = "openai/gpt-oss-120b:groq"
ENDPOINT = "https://id1.eu-west-1.aws.endpoints.huggingface.cloud"
ROUTER = HuggingFaceWire(
    Dialect(provider="huggingface", base="https://router.huggingface.co/v1")
).operations()
OWN = HuggingFaceWire(Dialect(provider="huggingface", base=f"{ENDPOINT}/v1")).operations()
MODELS = "https://router.huggingface.co/hf-inference/models"


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert [] == unstated


def test_all_models_of_the_list_bind(profile, bound):
    """With the host behind their names."""
    names = [model.id for model in profile.models]

    assert names == [bound(name, api_key=KEY).model.id for name in names]
    assert OSS in names


def test_the_package_loads_quickly_and_without_the_vendors_client():
    """Its wire is loaded when a model is bound."""
    code = (
        "import jackfield.plugin, sys, time; begun = time.process_time(); import jackfield_huggingface;"
        "print(time.process_time() - begun < 0.2, [m for m in sys.modules if 'huggingface' in m])"
    )

    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert "True ['jackfield_huggingface']" == told.strip()


# -- chat ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGINGFACE_API_KEY", "HUGGING_FACE_HUB_TOKEN"])
def test_the_token_comes_from_the_environment(monkeypatch, sent, variable):
    """The model goes with its host."""
    monkeypatch.setenv(variable, KEY)

    call = sent(OSS, settings={"bill_to": "acme"}, max_tokens=9)

    assert (f"Bearer {KEY}", "acme") == (call.headers["authorization"], call.headers["x-hf-bill-to"])
    assert "https://router.huggingface.co/v1/chat/completions" == call.url
    assert (OSS, 9) == (call.body["model"], call.body["max_tokens"])


@pytest.mark.parametrize("base", [ENDPOINT, f"{ENDPOINT}/", f"{ENDPOINT}/v1"])
def test_an_endpoint_is_named_by_its_root(monkeypatch, sent, base):
    """Chat is below it."""
    monkeypatch.setenv("HF_INFERENCE_ENDPOINT", base)

    assert f"{ENDPOINT}/v1/chat/completions" == sent("tgi", settings={"api_key": KEY}).url


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (
        400,
        {"error": {"message": "no host serves it", "code": "model_not_supported"}},
        jackfield.ModelNotFound,
    ),
    (401, {"error": "Invalid username or password."}, jackfield.Unauthorized),
    (402, {"error": "You have exceeded your monthly included credits"}, jackfield.OutOfCredit),
    (404, {"error": "Not Found"}, jackfield.ModelNotFound),
    (
        422,
        {"error": "Template error: template not found", "error_type": "template_error"},
        jackfield.InvalidRequest,
    ),
    (
        422,
        {"error": "`inputs` tokens + max_new_tokens", "error_type": "validation"},
        jackfield.InvalidRequest,
    ),
    (424, {"error": "Request failed during generation", "error_type": "generation"}, jackfield.Unavailable),
    (429, {"error": "Model is overloaded", "error_type": "overloaded"}, jackfield.Unavailable),
    (500, {"error": "Incomplete generation", "error_type": "incomplete_generation"}, jackfield.Malformed),
    (500, {"error": ["Error in `inputs`", "too short"]}, jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "body", "leaf"), FAILURES)
def test_failures_mean_what_the_caller_can_do(bound, failure, status, body, leaf):
    """By the type beside the words, or by the status."""
    error = failure(bound(OSS, api_key=KEY), status, body)

    assert (leaf, "huggingface") == (type(error), error.provider)


def test_the_table_of_errors_is_what_it_was_made_for(profile):
    """All of it is tried above."""
    assert all(any(code in json.dumps(body) for _, body, _ in FAILURES) for code in profile.errors)


@pytest.mark.parametrize(
    ("seconds", "wait"), [(20.5, 20.5), (0, 0.0), (-1, None), (1e9, None), ("x", None), (True, None)]
)
def test_a_model_that_is_being_loaded_says_for_how_long(bound, failure, seconds, wait):
    """If that makes sense."""
    body = {"error": "Model x is currently loading", "estimated_time": seconds}

    error = failure(bound(OSS, api_key=KEY), 503, body)

    assert (jackfield.Unavailable, True, wait) == (type(error), error.retryable, error.retry_after)
    assert 7 == failure(bound(OSS, api_key=KEY), 503, body, retry_after="7").retry_after


# -- tasks: where they go --------------------------------------------------------------------------


def test_tasks_go_to_the_hubs_own_servers():
    """By the model's name, in as many steps as it has."""
    audio = Audio("audio/wav", data=b"1")

    assert (
        f"{MODELS}/org/name/pipeline/feature-extraction"
        == ROUTER["embed"].render(EmbedRequest("org/name", ("a",))).url
    )
    assert f"{MODELS}/org/name" == ROUTER["image"].render(ImageRequest("org/name:hf-inference", "x")).url
    assert f"{MODELS}/whisper" == ROUTER["transcribe"].render(TranscriptionRequest("whisper", audio)).url
    assert "https://router.huggingface.co/v1/models" == ROUTER["models"].render(ModelsRequest()).url


def test_tasks_go_to_the_root_of_an_endpoint():
    """It serves one model."""
    assert ENDPOINT == OWN["embed"].render(EmbedRequest("any", ("a",))).url
    assert f"{ENDPOINT}/rerank" == OWN["rerank"].render(RerankRequest("any", "q", ("a",))).url


def test_other_hosts_do_no_tasks():
    """Though they may serve the model for chat."""
    with pytest.raises(jackfield.Unsupported, match="not `groq`"):
        ROUTER["embed"].render(EmbedRequest("org/name:groq", ("a",)))


@pytest.mark.parametrize("model", ["../secret", "org/..", ""])
def test_a_name_is_no_way_out_of_the_path(model):
    """Names come from callers."""
    with pytest.raises(jackfield.InvalidRequest):
        ROUTER["embed"].render(EmbedRequest(model, ("a",))).url.upper()


# -- tasks: what goes and comes --------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=9)
QUICK = settings(max_examples=30, deadline=None)


@QUICK
@given(
    st.lists(words, min_size=1, max_size=3).map(tuple),
    st.sampled_from([{}, {"input_type": "query", "dimensions": 2}]),
)
def test_vectors_are_asked_for(texts, options):
    """What is rendered reads back."""
    request = EmbedRequest("org/name", texts, options, {"normalize": True})

    assert request == ROUTER["embed"].read(ROUTER["embed"].render(request))


@QUICK
@given(words, st.lists(words, min_size=1, max_size=3).map(tuple), st.sampled_from([ROUTER, OWN]))
def test_rankings_are_asked_for(query, documents, at):
    """In either form."""
    request = RerankRequest("org/name" if at is ROUTER else "", query, documents)

    assert request == at["rerank"].read(at["rerank"].render(request))


@QUICK
@given(words, st.sampled_from([{}, {"seed": 1, "negative_prompt": "x"}, {"size": "64x32"}]), st.booleans())
def test_pictures_are_asked_for(prompt, options, own):
    """With parameters of both."""
    extra = {"parameters": {"guidance_scale": 2}} if own else {}
    request = ImageRequest("org/name", prompt, options=options, extra=extra)

    assert request == ROUTER["image"].read(ROUTER["image"].render(request))


@pytest.mark.parametrize("options", [{}, {"timestamps": "word"}, {"timestamps": "segment"}])
def test_transcripts_are_asked_for(options):
    """In JSON where there is more to say than the sound."""
    request = TranscriptionRequest("org/name", Audio("audio/wav", data=b"RIFF"), options)

    assert request == ROUTER["transcribe"].read(ROUTER["transcribe"].render(request))


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("image", ImageRequest("m", "x", (Image("image/png", data=b"1"),))),
        ("image", ImageRequest("m", "x", options={"n": 2})),
        ("image", ImageRequest("m", "x", options={"size": "large"})),
        ("image", ImageRequest("m", "x", options={"quality": "high"})),
        ("transcribe", TranscriptionRequest("m", Audio("audio/wav", url="https://x.test/a.wav"))),
        ("transcribe", TranscriptionRequest("m", Audio("audio/wav", data=b"1"), {"language": "en"})),
        ("rerank", RerankRequest("m", "q", ("a",), {"max_tokens_per_doc": 9})),
        ("embed", EmbedRequest("m", ("a",), {"user": "ada"})),
    ],
)
def test_what_cannot_be_asked_is_refused(name, request_):
    """Before anything is sent."""
    with pytest.raises(jackfield.JackfieldError, match="nothing was sent"):
        ROUTER[name].render(request_)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("embed", Embeddings(((0.5, 1.0), (0.25, 0.0)))),
        ("rerank", Ranking((Ranked(1, 0.9), Ranked(0, 0.1)))),
        ("image", Images((Drawn(Image("image/jpeg", data=b"\xff\xd8\xff")),))),
        ("transcribe", Transcript("hello", segments=(Spoken("hello", 0.0, 1.5),))),
    ],
)
def test_what_is_written_parses_back(name, answer):
    """In every form there is."""
    for verbs in ROUTER[name].exchanges:
        again = verbs.parse(verbs.write(answer))
        assert answer == again.__class__(**{**_fields(again), "raw": None})


def _fields(answer):
    return {attribute.name: getattr(answer, attribute.name) for attribute in answer.__attrs_attrs__}


def test_only_the_best_documents_come():
    """The formats have no word for how many."""
    steps = ROUTER["rerank"].ask(RerankRequest("org/name", "q", ("a", "b", "c"), {"top_n": 2}))
    next(steps)
    with pytest.raises(StopIteration) as done:
        steps.send(Reply(200, {}, b"[0.1,0.9,0.5]"))

    assert [(1, 0.9), (2, 0.5)] == [(ranked.index, ranked.score) for ranked in done.value.value.results]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("embed", b"{}"),
        ("embed", b"[]"),
        ("embed", b'["x"]'),
        ("embed", b"[[[0.5],[0.5]]]"),
        ("rerank", b"{}"),
        ("rerank", b'[{"index":0}]'),
        ("image", b""),
        ("image", b'{"images":[]}'),
        ("transcribe", b"[]"),
        ("transcribe", b'{"text":1}'),
        ("embed", b'{"error":"bad luck","error_type":"incomplete_generation"}'),
    ],
)
def test_what_is_no_answer_cannot_be_read(name, body):
    """And a failure that comes as a success is one."""
    with pytest.raises(jackfield.NotNow, match=r"cannot be read|bad luck"):
        ROUTER[name].parse(Reply(200, {"content-type": "application/json"}, body))


@pytest.mark.parametrize("name", ["embed", "rerank", "image"])
@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"inputs":1}', b'{"inputs":[]}'])
def test_what_is_no_request_is_refused(name, body):
    """By the server half."""
    with pytest.raises(jackfield.InvalidRequest):
        ROUTER[name].read(jackfield.wire.Call("POST", ("hf-inference", "models", "a", "b"), body))


# -- whole exchanges -------------------------------------------------------------------------------


def test_an_answer_over_the_router(replayed):
    """What `retry-after` says beside a success is passed over."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(f"huggingface/{OSS}", "Name three rivers.", max_tokens=300, reasoning="low")

    assert ("Aare, Limmat, Inn.", "Three are asked for.") == (answer.text, answer.reasoning)
    assert (74, 25, "req_doc_1", 1) == (
        answer.usage.input,
        answer.usage.output,
        answer.request_id,
        len(answer.attempts),
    )


def test_a_stream_of_an_endpoint(replayed):
    """It ends without a mark."""
    with replayed("stream", api_key=KEY, base_url=ENDPOINT) as client:
        answer = client.stream("huggingface/tgi", "Name a river.").completion()

    assert ("Aare", "stop", "eos_token") == (answer.text, answer.finish.reason, answer.finish.raw)
    assert (7, 2) == (answer.usage.input, answer.usage.output)


def test_a_model_that_is_being_loaded(replayed):
    """Is unavailable for a while, and there is a way to wait."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.Unavailable) as caught:
        client.complete("huggingface/org/name:hf-inference", "hi")

    assert (20.5, "req_doc_3") == (caught.value.retry_after, caught.value.request_id)
    assert "being loaded" in caught.value.hint


def test_vectors_over_the_router(replayed):
    """Their usage is not told."""
    with replayed("embedding", api_key=KEY) as client:
        answer = client.embed("huggingface/org/name", ["Aare", "Inn"])

    assert (((0.5, 0.75), (0.25, -0.5)), False, "req_doc_4") == (
        answer.vectors,
        answer.usage.known,
        answer.request_id,
    )


def test_a_ranking_at_an_endpoint(replayed):
    """The best, with its text."""
    with replayed("rerank", api_key=KEY, base_url=ENDPOINT) as client:
        answer = client.rerank("huggingface/any", "rivers", ["bread", "the Aare"], top_n=1)

    assert [("the Aare", 0.91)] == [(ranked.document, ranked.score) for ranked in answer.results]
