"""Azure OpenAI as its package speaks it: places, versions, deployments, what is refused, what failures mean."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jackfield_azure_openai.surface import Resource
from jackfield_azure_openai.wire import AzureChat

import jackfield
from jackfield import Capability, Document, Image, Registry, Support
from jackfield.events import Failed, fold
from jackfield.wire import Call, Dialect

KEY = "0123456789abcdef" * 2
HOST = "https://res.openai.azure.com"
DATED = "2024-10-21"


@pytest.fixture
def ask(sent):
    """The call for a prompt, with settings besides endpoint and key."""

    def send(model="gpt-5.5", prompt="hi", settings=None, **options):
        given = {"base_url": HOST, "api_key": KEY, **(settings or {})}
        return sent(model, prompt, given, **options)

    return send


@pytest.fixture
def here(bound):
    return lambda model="gpt-5.5", **settings: bound(model, **{"base_url": HOST, "api_key": KEY, **settings})


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert [] == unstated


def test_all_models_of_the_list_bind(profile, here):
    """Over the main wire, or the only one that a model speaks."""
    assert {model.wire or "chat_completions" for model in profile.models} == {
        here(model.id).wire.name for model in profile.models
    }


def test_an_alias_means_the_same():
    """As in `azure/prod`."""
    assert "azure-openai" == Registry().resolve("azure/prod").profile.id


def test_what_ends_has_a_successor_that_is_listed(profile):
    """By the date the provider announced."""
    ending = [model for model in profile.models if model.deprecated is not None]

    assert ending
    assert {model.replacement for model in ending if model.replacement} <= {
        model.id for model in profile.models
    }


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        ("prod", Capability.CHAT, Support.FULL),
        ("prod", Capability.EMBEDDINGS, Support.PARTIAL),
        ("gpt-4.1", Capability.REASONING, Support.UNSUPPORTED),
        ("text-embedding-3-large", Capability.EMBEDDINGS, Support.FULL),
        ("text-embedding-3-large", Capability.CHAT, Support.UNSUPPORTED),
        ("gpt-image-2", Capability.IMAGES_OUT, Support.FULL),
        ("prod", Capability.RERANK, Support.UNSUPPORTED),
    ],
)
def test_a_name_that_is_not_listed_may_be_anything(profile, model, capability, support):
    """Deployments have names of their owner's."""
    assert support is profile.supports(capability, model)


def test_the_package_imports_nothing_heavy():
    """Neither the library for identities nor an HTTP client, until a call needs them."""
    code = (
        "import sys, time; import jackfield.plugin, jackfield.wire.chat_completions; started = time.process_time();"
        "import jackfield_azure_openai.wire, jackfield_azure_openai.credentials;"
        "print(time.process_time() - started < 0.2,"
        " [name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'requests')])"
    )

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "True []" == out.strip()


# -- places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "AZURE_API_BASE"])
@pytest.mark.parametrize("ending", ["", "/", "/openai", "/openai/v1", "/openai/v1/"])
def test_the_endpoint_may_be_copied_with_its_path(monkeypatch, sent, variable, ending):
    """It is the same resource."""
    monkeypatch.setenv(variable, HOST + ending)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)

    call = sent("gpt-5.5")

    assert f"{HOST}/openai/v1/chat/completions" == call.url
    assert KEY == call.headers["api-key"]
    assert "authorization" not in call.headers


def test_a_gateway_may_have_a_path_of_its_own(ask):
    """What comes after it is the provider's."""
    call = ask(settings={"base_url": "https://gate.corp.test/ai/east"})

    assert "https://gate.corp.test/ai/east/openai/v1/chat/completions" == call.url


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"api_version": DATED}, f"/openai/deployments/prod/chat/completions?api-version={DATED}"),
        (
            {"api": "deployments"},
            "/openai/deployments/prod/chat/completions?api-version=2025-02-01-preview",
        ),
        ({"api": "v1", "api_version": "preview"}, "/openai/v1/chat/completions?api-version=preview"),
        ({"api_version": "v1"}, "/openai/v1/chat/completions"),
        (
            {"api": "deployments", "wire": "responses"},
            "/openai/responses?api-version=2025-04-01-preview",
        ),
        (
            {"api_versions": f"chat={DATED}, responses=2025-03-01-preview"},
            f"/openai/deployments/prod/chat/completions?api-version={DATED}",
        ),
        ({"wire": "responses"}, "/openai/v1/responses"),
    ],
)
def test_the_surface_follows_from_the_settings(ask, settings, address):
    """A dated version is of the older one."""
    assert HOST + address == ask("prod", settings=settings).url


@pytest.mark.parametrize("variable", ["OPENAI_API_VERSION", "AZURE_API_VERSION"])
def test_the_version_may_come_from_the_environment(monkeypatch, ask, variable):
    """As the vendor's own client reads it."""
    monkeypatch.setenv(variable, DATED)

    assert f"{HOST}/openai/deployments/prod/chat/completions?api-version={DATED}" == ask("prod").url


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api": "v2"}, "`api` is `v1` or `deployments`, not `v2`"),
        ({"api": "v1", "api_version": DATED}, f"the v1 surface has no version `{DATED}`"),
        ({"base_url": f"{HOST}/openai/v1", "api_version": DATED}, "the v1 surface has no version"),
        ({"base_url": f"{HOST}/openai/deployments/prod"}, "the endpoint of `azure-openai` ends before"),
        ({"deployments": "gpt-5.5"}, "`deployments` is written as `name=value, name=value`"),
        ({"base_url": None}, "`base_url` is not set"),
        ({"wire": "messages"}, "does not speak wire `messages`"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(ask, settings, words):
    """Before anything is sent."""
    given = {name: value for name, value in {"base_url": HOST, **settings}.items() if value is not None}

    with pytest.raises(jackfield.BadConfig, match=words):
        jackfield.Client({"providers": {"azure-openai": {"api_key": KEY, **given}}}).bind("azure-openai/m")


@pytest.mark.parametrize("api", ["v1", "deployments"])
def test_a_model_goes_to_its_deployment(ask, api):
    """And keeps the facts of its own name."""
    call = ask(settings={"api": api, "deployments": "gpt-5.5=prod, gpt-4.1=old"})

    assert "prod" == call.body["model"]
    assert ("prod" in call.url) == (api == "deployments")
    with pytest.raises(jackfield.Unsupported, match="stop"):
        ask(settings={"deployments": "gpt-5.5=prod"}, stop="x")


def test_a_name_with_a_slash_is_one_segment(ask):
    """It cannot lead elsewhere."""
    assert f"{HOST}/openai/deployments/a%2Fb%3F/chat" in ask("a/b?", settings={"api": "deployments"}).url


# -- operations ------------------------------------------------------------------------------------


def test_operations_go_where_they_are(here):
    """Some to a deployment, some to the resource; what no resource has is not offered."""
    found = here(api="deployments").wire.operations()

    paths = {name: [verbs.path for verbs in one.exchanges] for name, one in found.items()}
    assert [("openai", "deployments", "{deployment}", "embeddings")] == paths["embed"]
    assert [("openai", "files", "{id}")] == paths["files.get"]
    assert {"rerank", "moderate", "batches.create"}.isdisjoint(paths)
    assert "batches.create" in here().wire.operations()


def test_a_list_of_models_has_its_version(here):
    """Though it has no model."""
    steps = here(api_version=DATED).wire.operations()["models"].ask(jackfield.types.ModelsRequest())

    assert f"{HOST}/openai/models?api-version={DATED}" == next(steps).url


def test_requests_of_a_batch_name_the_deployment(here):
    """Each line, and once."""
    request = jackfield.types.Request("gpt-5.5", (jackfield.Message("user", "hi"),))
    batch = jackfield.types.BatchRequest("gpt-5.5", (jackfield.types.BatchItem("a", request),))

    upload = next(here(deployments="gpt-5.5=x, x=y").wire.operations()["batches.create"].ask(batch))

    assert f"{HOST}/openai/v1/files" == upload.url
    assert b'"model":"x"' in upload.body


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "field"),
    [
        ("gpt-5.5", "max_completion_tokens"),
        ("prod", "max_completion_tokens"),
        ("deepseek-v3", "max_tokens"),
    ],
)
def test_the_limit_has_the_name_the_model_knows(ask, model, field):
    """Partners' models know the older one."""
    assert 5 == ask(model, max_tokens=5).body[field]


def test_documents_go_over_the_other_wire(ask):
    """Chat refuses them, so they are refused here."""
    prompt = ["Sum up.", Document("application/pdf", data=b"%PDF")]

    with pytest.raises(jackfield.Unsupported, match='set `wire = "responses"`'):
        ask(prompt=prompt)
    assert "input_file" in json.dumps(ask(prompt=prompt, settings={"wire": "responses"}).body)
    assert "image_url" in json.dumps(ask(prompt=["?", Image("image/png", data=b"x")]).body)


def test_a_request_that_cannot_be_read_is_refused(here):
    """As by the wire alone."""
    path = ("openai", "deployments", "prod", "chat", "completions")

    with pytest.raises(jackfield.InvalidRequest):
        here().wire.read_completion(Call("POST", path, b"{not json"))


@pytest.mark.parametrize("body", [{}, {"model": ""}])
def test_a_request_that_was_received_may_name_its_model_in_the_path(here, body):
    """As some clients leave it out of the body."""
    asked = json.dumps({**body, "messages": [{"role": "user", "content": "hi"}]}).encode()
    path = ("openai", "deployments", "prod", "chat", "completions")

    request, stream = here().wire.read_completion(Call("POST", path, asked))

    assert ("prod", False) == (request.model, stream)


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (400, {"code": "content_filter"}, jackfield.Refused),
    (400, {"code": "400", "innererror": {"code": "ResponsibleAIPolicyViolation"}}, jackfield.Refused),
    (400, {"code": "context_length_exceeded"}, jackfield.ContextTooLong),
    (400, {"code": "OperationNotSupported"}, jackfield.InvalidRequest),
    (400, {"code": "unavailable_model"}, jackfield.ModelNotFound),
    (401, {"code": "401"}, jackfield.Unauthorized),
    (401, {"code": "PermissionDenied"}, jackfield.Unauthorized),
    (403, {"code": "AuthenticationTypeDisabled"}, jackfield.Unauthorized),
    (404, {"code": "DeploymentNotFound"}, jackfield.ModelNotFound),
    (404, {"code": "404"}, jackfield.ModelNotFound),
    (
        422,
        {"code": "Invalid input", "details": [{"loc": "tool_choice"}], "status": 422},
        jackfield.InvalidRequest,
    ),
    (429, {"code": "RateLimitReached", "details": "later"}, jackfield.RateLimited),
    (429, {"code": "insufficient_quota"}, jackfield.OutOfCredit),
    (500, {"code": "InternalServerError"}, jackfield.Unavailable),
    (503, {"code": "ServiceUnavailable"}, jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "error", "leaf"), FAILURES)
def test_codes_mean_what_they_should(here, failure, status, error, leaf):
    """Whichever place they stand in."""
    found = failure(here(), status, {"error": {"message": "no luck", **error}}, apim_request_id="r-1")

    assert (leaf, status, "r-1") == (type(found), found.status, found.request_id)


def test_the_table_of_errors_is_what_it_was_made_for(profile):
    """All of it is tried above."""
    assert set(profile.errors) <= {error["code"] for _, error, _ in FAILURES}


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("DeploymentNotFound", "the name of a deployment"),
        ("401", "endpoint and key"),
        ("PermissionDenied", "a role"),
        ("content_filter", "which category"),
        ("RateLimitReached", "tokens per minute"),
    ],
)
def test_failures_say_what_may_be_done(here, failure, code, hint):
    """Where the provider does not."""
    assert hint in failure(here(), 400, {"error": {"message": "no", "code": code}}).hint


def test_a_wait_is_told_in_milliseconds_or_seconds(here, failure):
    """Whichever is there and not nothing."""
    body = {"error": {"message": "slow down", "code": "429"}}

    assert 0.25 == failure(here(), 429, body, retry_after_ms="250", retry_after="1").retry_after
    assert 1 == failure(here(), 429, body, retry_after_ms="0", retry_after="1").retry_after


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion(replayed):
    """With the findings of the filters in what came."""
    with replayed("completion", base_url=HOST, api_key=KEY) as client:
        answer = client.complete(
            "azure-openai/gpt-5.5", "Name three rivers.", max_tokens=300, reasoning="low"
        )

    assert ("Aare, Limmat, Inn.", "stop", "apim-doc-1") == (
        answer.text,
        answer.finish.reason,
        answer.request_id,
    )
    assert (10, 8, 64) == (answer.usage.input, answer.usage.output, answer.usage.reasoning)
    assert "hate" in answer.raw["prompt_filter_results"][0]["content_filter_results"]


def test_a_stream_that_begins_with_findings(replayed, weather):
    """They are no content."""
    with replayed("stream", base_url=HOST, api_key=KEY, api_version=DATED) as client:
        answer = client.stream(
            "azure-openai/prod", "What is the weather in Bern?", tools=[weather]
        ).completion()

    assert [("call_doc_1", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert ("tool_calls", 60, 15, "gpt-5.5-2026-04-01") == (
        answer.finish.reason,
        answer.usage.input,
        answer.usage.output,
        answer.model,
    )


def test_an_answer_the_filter_stopped(replayed):
    """It is an answer without words."""
    with replayed("filtered", base_url=HOST, api_key=KEY, api_version=DATED) as client:
        answer = client.complete("azure-openai/prod", "Say it.")

    assert ("", "content_filter") == (answer.text, answer.finish.reason)


def test_a_prompt_the_filter_refused(replayed):
    """Which category, is in what came."""
    with (
        replayed("error", base_url=HOST, api_key=KEY) as client,
        pytest.raises(jackfield.Refused) as caught,
    ):
        client.complete("azure-openai/gpt-5.5", "Say it.")

    inner = caught.value.raw["error"]["innererror"]["content_filter_result"]
    assert (True, "apim-doc-4") == (inner["violence"]["filtered"], caught.value.request_id)


def test_vectors_of_a_deployment(replayed):
    """On the older surface."""
    settings = {"deployments": "text-embedding-3-large=vectors", "api_version": DATED}
    with replayed("embedding", base_url=HOST, api_key=KEY, **settings) as client:
        answer = client.embed("azure-openai/text-embedding-3-large", ["river", "lake"])

    assert (((0.5, 1.0), (0.25, 0.0)), 4) == (answer.vectors, answer.usage.input)


# -- both ways -------------------------------------------------------------------------------------

NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=30).filter(
    lambda name: name not in (".", "..") and name.isprintable()
)


@pytest.mark.parametrize("classic", [False, True])
@settings(deadline=None)
@given(name=NAMES, words=st.text(min_size=1), bare=st.booleans())
def test_what_is_rendered_is_read_again(classic, name, words, bare):
    """Whatever a deployment is called, and also where the path alone names it."""
    wire = AzureChat(Dialect(provider="azure-openai"), Resource(classic))
    request = jackfield.types.Request(name, (jackfield.Message("user", words),))

    call = wire.render_completion(request, stream=True)
    if classic and bare:
        body = {field: value for field, value in json.loads(call.body).items() if field != "model"}
        call.body = json.dumps(body).encode()

    assert (request, True) == wire.read_completion(call)
    assert (5 if classic else 4) == urlsplit(call.url).path.count("/")


# -- streams ---------------------------------------------------------------------------------------


def streamed(binding, *records):
    """The events of a stream of these records."""
    decoder = binding.decoder()
    body = "".join(f"data: {json.dumps(record)}\n\n" for record in records) + "data: [DONE]\n\n"
    return [*decoder.feed(body.encode()), *decoder.end()]


def chunk(finish=None, **choice):
    return {"id": "c", "model": "m", "choices": [{"index": 0, "finish_reason": finish, **choice}]}


def test_findings_between_the_words_are_no_words(here):
    """Filters that run beside the model report later, in chunks without a delta."""
    offsets = {"check_offset": 0, "start_offset": 0, "end_offset": 2}
    late = chunk(content_filter_offsets=offsets, content_filter_results={"hate": {"filtered": False}})

    events = streamed(
        here(), chunk(delta={"content": "Aa"}), late, chunk("stop", delta={"content": "re"}), late
    )

    assert ("Aare", "stop") == (fold(events).text, fold(events).finish.reason)


@pytest.mark.parametrize("before", [[], [chunk(delta={"content": "Aa"})]])
def test_a_failure_inside_a_stream_is_one(here, before):
    """As the first record or a later one, though the status was that of a success."""
    error = {"error": {"code": "content_filter", "message": "declined", "status": 400}}

    last = streamed(here(), *before, error)[-1]

    assert isinstance(last, Failed)
    assert ("request.policy", "content_filter") == (last.error.kind, last.error.code)
