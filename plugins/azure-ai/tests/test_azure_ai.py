"""Azure AI Foundry as its package speaks it: surfaces, wires, keys, what is refused, what failures mean."""

from __future__ import annotations

import json

import pytest

import jackfield
from jackfield import Capability, Document, Registry, Support
from jackfield.wire import Headers, Reply

KEY = "0123456789abcdef" * 2
HOST = "https://res.services.ai.azure.com"
CLAUDE = "claude-opus-5-5"


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch):
    """No identity but what a test sets."""
    for name in ("AZURE_CLIENT_SECRET", "AZURE_AI_AD_TOKEN", "AZURE_AD_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ask(sent):
    """The call for a prompt, with settings besides endpoint and key."""

    def send(model="grok-4.7", prompt="hi", settings=None, **options):
        given = {"base_url": HOST, "api_key": KEY, **(settings or {})}
        return sent(model, prompt, given, **options)

    return send


@pytest.fixture
def here(bound):
    return lambda model="grok-4.7", **settings: bound(model, **{"base_url": HOST, "api_key": KEY, **settings})


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert [] == unstated


def test_all_models_of_the_list_bind(profile, here):
    """Each over the wire of its maker."""
    wires = {model.id: here(model.id).wire.name for model in profile.models}

    assert {"chat_completions", "messages", "responses"} == set(wires.values())
    assert ("messages", "chat_completions") == (wires[CLAUDE], wires["gpt-5.5"])


def test_an_alias_means_the_same():
    """As in `azure-foundry/prod`."""
    assert "azure-ai" == Registry().resolve("azure-foundry/prod").profile.id


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        ("prod", Capability.CHAT, Support.FULL),
        ("prod", Capability.TOOLS, Support.PARTIAL),
        ("grok-4.7", Capability.IMAGES_IN, Support.FULL),
        ("Phi-4", Capability.IMAGES_IN, Support.UNSUPPORTED),
        (CLAUDE, Capability.TOOL_CHOICE, Support.UNSUPPORTED),
        (CLAUDE, Capability.COUNT_TOKENS, Support.FULL),
        ("embed-v-4-0", Capability.CHAT, Support.UNSUPPORTED),
        ("cohere-rerank-v4.0-pro", Capability.RERANK, Support.FULL),
        ("MAI-Image-2.6", Capability.IMAGES_OUT, Support.FULL),
    ],
)
def test_models_differ_in_what_they_can(profile, model, capability, support):
    """A name that is not listed may be anything."""
    assert support is profile.supports(capability, model)


# -- surfaces --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "settings", "address", "headers"),
    [
        ("prod", {}, "/models/chat/completions?api-version=2024-05-01-preview", {"api-key"}),
        (
            "prod",
            {"api_version": "2025-04-01"},
            "/models/chat/completions?api-version=2025-04-01",
            {"api-key"},
        ),
        ("prod", {"api": "v1"}, "/openai/v1/chat/completions", {"api-key"}),
        ("prod", {"base_url": f"{HOST}/openai/v1/"}, "/openai/v1/chat/completions", {"api-key"}),
        (
            "prod",
            {"base_url": f"{HOST}/models"},
            "/models/chat/completions?api-version=2024-05-01-preview",
            {"api-key"},
        ),
        ("prod", {"api": "serverless"}, "/v1/chat/completions", {"authorization"}),
        ("prod", {"base_url": f"{HOST}/v1"}, "/v1/chat/completions", {"authorization"}),
        ("gpt-5.5", {"wire": "responses"}, "/openai/v1/responses", {"api-key"}),
        (CLAUDE, {}, "/anthropic/v1/messages", {"api-key", "x-api-key"}),
        (CLAUDE, {"base_url": f"{HOST}/anthropic/"}, "/anthropic/v1/messages", {"api-key", "x-api-key"}),
        ("claude-of-tomorrow", {"api": "v1"}, "/anthropic/v1/messages", {"api-key", "x-api-key"}),
        ("prod", {"wire": "messages"}, "/anthropic/v1/messages", {"api-key", "x-api-key"}),
        ("prod", {"azure_ad_token": "t" * 20, "api_key": None}, "/models/chat", {"authorization"}),
    ],
)
def test_the_surface_follows_from_model_and_settings(ask, model, settings, address, headers):
    """So does the header of the key."""
    call = ask(model, settings=settings)

    assert call.url.startswith(HOST + address)
    assert headers == {"api-key", "x-api-key", "authorization"} & call.headers.keys()


@pytest.mark.parametrize(
    ("variables", "host"),
    [
        ({"AZURE_AI_API_BASE": "https://a.test", "AZURE_AI_API_KEY": KEY}, "https://a.test/models"),
        ({"ANTHROPIC_FOUNDRY_RESOURCE": "res", "ANTHROPIC_FOUNDRY_API_KEY": KEY}, f"{HOST}/models"),
        (
            {"ANTHROPIC_FOUNDRY_BASE_URL": "https://b.test/anthropic", "AZURE_AI_API_KEY": KEY},
            "https://b.test/",
        ),
    ],
)
def test_endpoint_and_key_come_from_the_environment(monkeypatch, sent, variables, host):
    """Of either of the vendors' clients."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    call = sent("prod")

    assert call.url.startswith(host)
    assert KEY == call.headers["api-key"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api": "deployments"}, "`api` is one of models, v1, serverless, not `deployments`"),
        ({"base_url": None, "resource": "https://res.test"}, "`resource` is the name of a resource"),
        ({"base_url": None}, "`base_url` is not set"),
        ({"api": "serverless", "wire": "messages"}, "does not speak wire `messages`"),
        ({"wire": "generate_content"}, "does not speak wire `generate_content`"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, words):
    """Before anything is sent."""
    given = {"base_url": HOST, "api_key": KEY, **settings}
    given = {name: value for name, value in given.items() if value is not None}

    with pytest.raises(jackfield.BadConfig, match=words):
        jackfield.Client({"providers": {"azure-ai": given}}).bind("azure-ai/m")


def test_identities_sign_here_too(here):
    """With the package beside this one."""
    auth = here(credential="default", api_key=None).auth

    assert "<entra auth from credential `default`>" == repr(auth)


def test_headers_go_where_they_mean_something(ask):
    """Unknown fields are passed on where they would be refused; betas are of one wire alone."""
    settings = {"betas": "b-1"}
    chat, v1 = ask(settings=settings).headers, ask(settings={"api": "v1", **settings}).headers
    claude = ask(CLAUDE, settings=settings).headers

    assert ("pass-through", False, False) == (
        chat["extra-parameters"],
        "extra-parameters" in v1,
        "extra-parameters" in claude,
    )
    assert ("b-1", "2023-06-01") == (claude["anthropic-beta"], claude["anthropic-version"])
    assert {"anthropic-beta", "anthropic-version"}.isdisjoint(chat)


def test_a_model_goes_to_its_deployment(ask):
    """And keeps its wire and facts."""
    call = ask(CLAUDE, settings={"deployments": f"{CLAUDE}=opus"})

    assert ("opus", 128000) == (call.body["model"], ask(CLAUDE, max_tokens=128000).body["max_tokens"])


# -- operations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "places"),
    [
        (
            {},
            {
                "embed": "models/embeddings",
                "rerank": "providers/cohere/v2/rerank",
                "models": "openai/v1/models",
                "image": "openai/v1/images/generations",
            },
        ),
        ({"api": "serverless"}, {"embed": "v1/embeddings", "rerank": "v1/rerank"}),
        ({"wire": "messages"}, {"count_tokens": "anthropic/v1/messages/count_tokens"}),
        ({"wire": "responses"}, {"models": "openai/v1/models"}),
    ],
)
def test_operations_go_where_they_are(here, settings, places):
    """What is nowhere is not offered."""
    found = here("prod", **settings).wire.operations()

    assert places == {name: "/".join(one.exchanges[0].path) for name, one in found.items()}


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "field"),
    [("grok-4.7", "max_tokens"), ("prod", "max_tokens"), ("gpt-5.5", "max_completion_tokens")],
)
def test_the_limit_has_the_name_the_model_knows(ask, model, field):
    """Models of one maker know a newer one."""
    assert 5 == ask(model, max_tokens=5).body[field]


def test_several_texts_are_one(ask):
    """Models of text alone refuse lists."""
    assert "ab" == ask("Phi-4", ["a", "b"]).body["messages"][0]["content"]


def test_documents_go_to_models_that_read_them(ask):
    """Over the wire of their maker."""
    prompt = ["Sum up.", Document("application/pdf", data=b"%PDF")]

    assert "document" in json.dumps(ask(CLAUDE, prompt).body)
    with pytest.raises(jackfield.Unsupported):
        ask("Phi-4", prompt)


def test_options_of_one_wire_are_refused_on_another(ask):
    """Whoever wants them passes them on himself."""
    with pytest.raises(jackfield.Unsupported, match="top_k"):
        ask(top_k=3)
    assert 3 == ask(extra={"top_k": 3}).body["top_k"]


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (400, {"code": "content_filter"}, jackfield.Refused),
    (400, {"code": "unavailable_model"}, jackfield.ModelNotFound),
    (401, {"code": "401"}, jackfield.Unauthorized),
    (401, {"code": "PermissionDenied"}, jackfield.Unauthorized),
    (403, {"code": "AuthenticationTypeDisabled"}, jackfield.Unauthorized),
    (404, {"code": "unknown_model"}, jackfield.ModelNotFound),
    (404, {"code": "DeploymentNotFound"}, jackfield.ModelNotFound),
    (422, {"code": "Invalid input", "details": [{"loc": ["body"]}]}, jackfield.InvalidRequest),
    (424, {"code": "424"}, jackfield.Unavailable),
    (429, {"code": "RateLimitReached", "details": "later"}, jackfield.RateLimited),
]


@pytest.mark.parametrize(("status", "error", "leaf"), FAILURES)
def test_codes_mean_what_they_should(here, failure, status, error, leaf):
    """Words and numbers alike."""
    found = failure(here(), status, {"error": {"message": "no luck", **error}}, apim_request_id="r-1")

    assert (leaf, status, "r-1", "azure-ai") == (type(found), found.status, found.request_id, found.provider)


def test_the_table_of_errors_is_what_it_was_made_for(profile):
    """All of it is tried above."""
    assert set(profile.errors) <= {error["code"] for _, error, _ in FAILURES}


def test_text_from_the_front_is_a_failure_for_now(here):
    """Seen where a prompt was too long, which nothing in it says."""
    headers = Headers({"content-type": "text/plain", "apim-request-id": "r-1"})

    error = here().wire.parse_error(Reply(408, headers, b"upstream request timeout\nPlease check"))

    assert ("server.transient", "r-1", True) == (error.kind, error.request_id, error.retryable)
    assert "upstream request timeout" in error.message


# -- whole exchanges -------------------------------------------------------------------------------


def test_a_completion(replayed):
    """Of a partner's model, with figures of its maker's own."""
    with replayed("completion", base_url=HOST, api_key=KEY) as client:
        answer = client.complete("azure-ai/grok-4.7", "Name three rivers.", max_tokens=50)

    assert ("Aare, Limmat, Inn.", "apim-doc-1") == (answer.text, answer.request_id)
    assert (4, 128, 8) == (answer.usage.input, answer.usage.cache_read, answer.usage.output)


def test_a_stream(replayed, weather):
    """Reasoning first, then a call without an id."""
    with replayed("stream", base_url=HOST, api_key=KEY) as client:
        stream = client.stream("azure-ai/FW-Kimi-K3", "What is the weather in Bern?", tools=[weather])
        answer = stream.completion()

    assert ("Look it up.", "tool_calls", 15) == (answer.reasoning, answer.finish.reason, answer.usage.output)
    assert [("weather", {"city": "Bern"})] == [(call.name, call.arguments) for call in answer.tool_calls]


def test_a_message(replayed):
    """Over the wire of its maker."""
    with replayed("message", base_url=HOST, api_key=KEY) as client:
        answer = client.complete("azure-ai/claude-sonnet-5-5", "Name three rivers.", max_tokens=100)

    assert ("Aare, Limmat, Inn.", "stop", "apim-doc-3") == (
        answer.text,
        answer.finish.reason,
        answer.request_id,
    )


def test_a_ranking(replayed):
    """By a partner's path."""
    with replayed("rerank", base_url=HOST, api_key=KEY) as client:
        answer = client.rerank("azure-ai/cohere-rerank-v4.0-pro", "river?", ["a lake", "the Aare"])

    assert [1, 0] == [ranked.index for ranked in answer.results]
    assert 1 == answer.usage.searches


def test_a_limited_rate(replayed):
    """It may be the prompt that is too long: the hint says so."""
    with (
        replayed("error", base_url=HOST, api_key=KEY) as client,
        pytest.raises(jackfield.RateLimited) as caught,
    ):
        client.complete("azure-ai/grok-4.7", "Name three rivers.")

    assert (1, "apim-doc-5", "RateLimitReached") == (
        caught.value.retry_after,
        caught.value.request_id,
        caught.value.code,
    )
    assert "longer than its tokens per minute" in caught.value.hint


def test_tokens_are_counted_for_the_deployment(here):
    """Once, though a name may stand on both sides of the setting."""
    binding = here(CLAUDE, deployments=f"{CLAUDE}=opus, opus=other")
    request = jackfield.types.Request(CLAUDE, (jackfield.Message("user", "hi"),))

    call = next(binding.wire.operations()["count_tokens"].ask(request))

    assert ("opus", f"{HOST}/anthropic/v1/messages/count_tokens") == (
        json.loads(call.body)["model"],
        call.url,
    )
