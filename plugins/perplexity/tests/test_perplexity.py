"""Perplexity as its profile describes it: searches, citations, prices of both, vectors of bytes."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import jackfield
from jackfield import Capability, Document, HostedTool, Message, Support, Tool
from jackfield.types import Embeddings, ModelsRequest
from jackfield.wire import Headers, Reply

KEY = f"pplx-{'a' * 48}"


@pytest.fixture
def body(sent):
    return lambda model="sonar", prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


def test_what_it_can_is_stated(unstated, profile):
    """Searching is what it is for."""
    assert not unstated
    assert Support.FULL is profile.supports(Capability.WEB_SEARCH, "sonar")


def test_its_models_bind(profile, bound):
    """For chat and for vectors."""
    ids = [model.id for model in profile.models]

    assert len(ids) >= 7
    assert ids == [bound(name, api_key=KEY).model.id for name in ids]


def test_options_of_the_search(body):
    """A tool for some, extra fields for the others."""
    tool = HostedTool("web_search", {"search_context_size": "high"})

    asked = body(
        tools=[tool], extra={"search_mode": "academic", "search_recency_filter": "week"}, max_tokens=5
    )

    assert {"search_context_size": "high"} == asked["web_search_options"]
    assert ("academic", "week", 5) == (
        asked["search_mode"],
        asked["search_recency_filter"],
        asked["max_tokens"],
    )


def test_a_schema_is_needed_for_json(body):
    """JSON alone is refused."""
    assert "json_schema" == body(into={"type": "object", "properties": {}})["response_format"]["type"]
    with pytest.raises(jackfield.Unsupported, match="JSON"):
        body(into=dict)


def test_functions_are_tools_as_elsewhere(body):
    """Whether several may be called is not asked."""
    assert "f" == body(tools=[Tool("f")], tool_choice="auto")["tools"][0]["function"]["name"]
    with pytest.raises(jackfield.Unsupported, match="parallel"):
        body(tools=[Tool("f")], parallel_tool_calls=True)


def test_documents_are_addresses_or_bare_base64(body):
    """Without what a data address begins with."""
    parts = [
        Document("application/pdf", url="https://h.example/a.pdf"),
        Document("application/pdf", data=b"%PDF"),
    ]

    content = body(prompt=[Message("user", parts)])["messages"][0]["content"]

    assert ["https://h.example/a.pdf", "JVBERg=="] == [item["file_url"]["url"] for item in content]


@pytest.mark.parametrize(
    ("status", "error", "leaf"),
    [
        (400, {"message": "x", "type": "too_many_prompt_tokens", "code": 400}, jackfield.ContextTooLong),
        (400, {"message": "x", "type": "invalid_message", "code": 400}, jackfield.InvalidRequest),
        (401, {"message": "x", "type": "invalid_api_key", "code": 401}, jackfield.Unauthorized),
        (429, {"message": "x", "type": "rate_limit", "code": 429}, jackfield.RateLimited),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, error, leaf):
    """By type, then by status."""
    assert leaf is type(failure(bound("sonar", api_key=KEY), status, {"error": error}))


def test_a_page_at_the_edge_is_a_bad_key(bound):
    """It comes as HTML."""
    page = Reply(
        401,
        Headers({"content-type": "text/html"}),
        b"<html><head><title>401 Authorization Required</title></head></html>",
    )

    error = bound("sonar", api_key=KEY).wire.parse_error(page).to_exception()

    assert (jackfield.Unauthorized, "401 Authorization Required") == (type(error), error.message)


def test_sources_are_citations(replayed):
    """With title and excerpt; the search is in the price."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(
            "perplexity/sonar",
            "Name three rivers.",
            max_tokens=300,
            tools=[HostedTool("web_search", {"search_context_size": "low"})],
            extra={"search_mode": "academic"},
        )

    assert [("Aare", "A river."), ("Inn", "Another.")] == [(one.title, one.quote) for one in answer.citations]
    assert (Decimal("0.00503"), 1, "req-doc-1") == (answer.charge, answer.usage.searches, answer.request_id)


def test_a_stream_says_everything_again_and_again(replayed):
    """The text, the sources and the price are taken once."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream("perplexity/sonar", "Name three rivers.").completion()

    assert ("Aare[1], Limmat, Inn[2].", 2) == (answer.text, len(answer.citations))
    assert (14, 10, Decimal("0.00502"), "stop") == (
        answer.usage.input, answer.usage.output, answer.charge, answer.finish.reason,
    )  # fmt: skip


def test_a_prompt_that_is_too_long(replayed):
    """It cannot succeed as it is."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.ContextTooLong, match="too long"):
        client.complete("perplexity/sonar", "Name three rivers.")


def test_vectors_are_bytes(replayed):
    """In the order of the texts."""
    with replayed("embedding", api_key=KEY) as client:
        found = client.embed("perplexity/pplx-embed-v1-0.6b", ["Aare", "Inn"], dimensions=4)

    assert ((-128, 127, -1, 0), (1, 2, 3, 4)) == found.vectors
    assert (4, Decimal("1.6E-8")) == (found.usage.total_input, found.charge)


def test_vectors_are_written_as_they_are_read(bound):
    """Cut to what a byte can hold."""
    embed = bound("pplx-embed-v1-4b", api_key=KEY).wire.operations()["embed"]

    assert ((-128.0, 127.0, 1.0),) == embed.parse(embed.write(Embeddings(((-200, 300, 1.4),)))).vectors


@pytest.mark.parametrize("vector", ["?", None, {}])
def test_vectors_that_are_none(bound, vector):
    """They are malformed."""
    embed = bound("pplx-embed-v1-4b", api_key=KEY).wire.operations()["embed"]
    body = json.dumps({"data": [{"index": 0, "embedding": vector}]}).encode()

    with pytest.raises(jackfield.Malformed):
        embed.parse(Reply(200, Headers({"content-type": "application/json"}), body))


def test_models_are_listed_below_a_version(bound):
    """Chat is not."""
    call = bound("sonar", api_key=KEY).wire.operations()["models"].render(ModelsRequest())

    assert "https://api.perplexity.ai/v1/models" == call.url
