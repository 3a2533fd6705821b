"""Cohere as its profile and its wire describe it: addresses, models, requests, failures, whole exchanges."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

import jackfield
from jackfield import Capability, Document, Image, Message, Support, ToolCall, ToolResult
from jackfield.types import Usage

KEY = "x" * 40
COMMAND = "command-a-03-2025"
THINKS = "command-a-reasoning-08-2025"


@pytest.fixture
def body(sent):
    return lambda model=COMMAND, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert [] == unstated


def test_all_models_of_the_list_bind(profile, bound):
    """To the wire of this package."""
    assert {"cohere"} == {bound(model.id, api_key=KEY).wire.name for model in profile.models}


def test_a_package_that_is_imported_imports_no_client():
    """Nor does it take long: its wire is imported when a model is bound."""
    code = (
        "import sys, jackfield_cohere; print([m for m in sys.modules if m == 'cohere' or 'cohere.wire' in m])"
    )

    assert (
        "[]"
        == subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.strip()
    )


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        (COMMAND, Capability.REASONING, Support.UNSUPPORTED),
        (THINKS, Capability.REASONING, Support.FULL),
        ("command-a-vision-07-2025", Capability.IMAGES_IN, Support.FULL),
        (COMMAND, Capability.IMAGES_IN, Support.UNSUPPORTED),
        ("embed-v4.0", Capability.EMBEDDINGS, Support.FULL),
        ("embed-v4.0", Capability.CHAT, Support.UNSUPPORTED),
        ("rerank-v3.5", Capability.RERANK, Support.FULL),
        (COMMAND, Capability.RERANK, Support.UNSUPPORTED),
    ],
)
def test_capabilities_follow_the_name_of_the_model(profile, model, capability, support):
    """Its family, as a rule."""
    assert support is profile.supports(capability, model)


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["CO_API_KEY", "COHERE_API_KEY"])
def test_the_key_comes_from_the_environment(monkeypatch, sent, variable):
    """As a bearer token."""
    monkeypatch.setenv(variable, KEY)

    call = sent(COMMAND)

    assert (f"Bearer {KEY}", "https://api.cohere.com/v2/chat") == (call.headers["authorization"], call.url)


def test_address_and_name_can_be_set(monkeypatch, sent):
    """A private deployment, and what its logs call us."""
    monkeypatch.setenv("CO_API_URL", "https://cohere.internal.test")

    call = sent(COMMAND, settings={"api_key": KEY, "client_name": "acme"})

    assert ("https://cohere.internal.test/v2/chat", "acme") == (call.url, call.headers["x-client-name"])


# -- requests --------------------------------------------------------------------------------------


def test_options_have_names_of_their_own(body):
    """Some of one letter."""
    asked = body(max_tokens=9, temperature=0, top_p=0.5, top_k=3, stop=["x"], seed=1, frequency_penalty=1)

    expected = {"max_tokens": 9, "temperature": 0, "p": 0.5, "k": 3, "seed": 1, "frequency_penalty": 1}
    assert {**expected, "stop_sequences": ["x"]} == {
        name: value for name, value in asked.items() if name not in ("model", "messages", "stream")
    }


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"n": 2}, jackfield.InvalidRequest),
        ({"top_p": 1}, jackfield.InvalidRequest),
        ({"presence_penalty": -1}, jackfield.InvalidRequest),
        ({"top_logprobs": 2}, jackfield.Unsupported),
        ({"parallel_tool_calls": False}, jackfield.Unsupported),
        ({"verbosity": "low"}, jackfield.Unsupported),
        ({"reasoning": "low"}, jackfield.Unsupported),
    ],
)
def test_what_cannot_be_asked_is_refused_here(body, option, error):
    """Before anything is sent."""
    with pytest.raises(error, match=next(iter(option))):
        body(**option)


@pytest.mark.parametrize(
    ("reasoning", "thinking"),
    [
        ("none", {"type": "disabled"}),
        (0, {"type": "disabled"}),
        (500, {"type": "enabled", "token_budget": 500}),
        ("low", {"type": "enabled", "token_budget": 1024}),
        ("high", {"type": "enabled"}),
    ],
)
def test_thinking_is_bounded_by_tokens(body, reasoning, thinking):
    """A word stands for a bound, or for none."""
    assert thinking == body(THINKS, reasoning=reasoning)["thinking"]


def test_documents_are_answered_from(body):
    """Those of the caller join those in the provider's own form."""
    turn = Message("user", (Document("text/plain", data=b"The Aare.", name="d1"), "Where?"))

    asked = body(prompt=[turn], extra={"documents": ["bare"], "safety_mode": "STRICT"})

    assert [{"id": "d1", "data": {"text": "The Aare."}}, "bare"] == asked["documents"]
    assert ("STRICT", "Where?") == (asked["safety_mode"], asked["messages"][0]["content"])


def test_a_pdf_is_no_text(body):
    """The format has no other documents."""
    with pytest.raises(jackfield.Unsupported, match="no text"):
        body(prompt=[Message("user", (Document("application/pdf", data=b"%PDF"), "?"))])


def test_pictures_go_by_address_or_as_data(body):
    """With the detail that is asked for."""
    image = Image("image/png", data=b"1", detail="low")

    (turn,) = body("command-a-vision-07-2025", [Message("user", ("what?", image))])["messages"]

    assert {"url": "data:image/png;base64,MQ==", "detail": "low"} == turn["content"][1]["image_url"]


def test_a_tool_that_must_be_called_is_offered_alone(body, weather):
    """The format has no name for it."""

    def clock() -> str:
        """The time."""
        return "now"

    asked = body(tools=[weather, clock], tool_choice="clock")

    assert (["clock"], "REQUIRED") == ([t["function"]["name"] for t in asked["tools"]], asked["tool_choice"])
    assert "tool_choice" not in body(tools=[weather], tool_choice="auto")


def test_strict_tools_are_strict_together(body):
    """The format has one switch for all."""
    strict, loose = jackfield.Tool("a", strict=True), jackfield.Tool("b", strict=False)

    assert body(tools=[strict])["strict_tools"]
    with pytest.raises(jackfield.Unsupported, match="only some are strict"):
        body(tools=[strict, loose])


def test_results_of_tools_are_turns(body):
    """One each; a document in one can be cited."""
    call = ToolCall("c1", "weather", '{"city":"Bern"}')
    document = Document("text/plain", data=b"sun")
    turns = [Message("user", "hi"), Message("assistant", call), Message("tool", ToolResult("c1", document))]

    _, turn, result = body(prompt=turns)["messages"]

    function = {"name": "weather", "arguments": '{"city":"Bern"}'}
    assert [{"id": "c1", "type": "function", "function": function}] == turn["tool_calls"]
    assert [{"type": "document", "document": {"data": {"text": "sun"}}}] == result["content"]


def test_a_schema_goes_with_the_wish_for_json(body):
    """Under its own name."""
    form = body(into={"type": "object"})["response_format"]

    assert {"type": "json_object", "json_schema": {"type": "object"}} == form
    assert {"type": "json_object"} == body(into=dict)["response_format"]


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (400, "too many tokens: size limit exceeded", "TOO_MANY_TOKENS", jackfield.ContextTooLong),
    (
        400,
        "your request resulted in an invalid tool generation",
        "INVALID_TOOL_GENERATION",
        jackfield.Malformed,
    ),
    (400, "invalid request: 'p' must be below 1", None, jackfield.InvalidRequest),
    (401, "invalid api token", None, jackfield.Unauthorized),
    (402, "please add a payment method", None, jackfield.OutOfCredit),
    (404, "model 'x' not found", None, jackfield.ModelNotFound),
    (422, "unprocessable", None, jackfield.InvalidRequest),
    (429, "You are using a Trial key, limited to 20 API calls / minute", None, jackfield.RateLimited),
    (498, "invalid token", None, jackfield.Unauthorized),
    (499, "request cancelled", None, jackfield.Unavailable),
    (503, "overloaded", None, jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "message", "code", "leaf"), FAILURES)
def test_failures_mean_what_the_caller_can_do(bound, failure, status, message, code, leaf):
    """By code before status."""
    answer = {"id": "e1", "message": message, **({"error_type": code} if code else {})}

    error = failure(bound(COMMAND, api_key=KEY), status, answer)

    assert (leaf, code, "e1", "cohere") == (type(error), error.code, error.request_id, error.provider)


def test_the_table_of_errors_is_what_it_was_made_for(profile):
    """All of it is tried above."""
    tried = {str(fact) for status, _, code, _ in FAILURES for fact in (status, code)}

    assert set(profile.errors) <= tried


def test_a_page_of_a_proxy_is_told_by_its_title(bound):
    """Not by its markup."""
    reply = jackfield.wire.Reply(
        502, {"content-type": "text/html"}, b"<html><title>Bad gateway</title></html>"
    )

    error = bound(COMMAND, api_key=KEY).wire.parse_error(reply)

    assert ("server", "Bad gateway") == (error.kind, error.message)


# -- charges ---------------------------------------------------------------------------------------


class Cent:
    """A book in which all tokens cost a cent."""

    source = "test"

    def charge(self, usage: Usage, at: datetime) -> Decimal | None:
        return Decimal(usage.total_input + usage.total_output) / 100


def test_what_is_billed_is_charged():
    """It is less than what was used."""
    from jackfield_cohere.prices import BilledPrices
    from jackfield_cohere.usage import usage_of

    figures = {
        "billed_units": {"input_tokens": 10, "output_tokens": 2},
        "tokens": {"input_tokens": 500, "output_tokens": 3},
    }
    book, now = BilledPrices(Cent()), datetime.now(UTC)

    assert Decimal("0.12") == book.charge(usage_of(figures), now)
    assert book.charge(Usage(1, raw={}), now) is None


def test_prices_nobody_stated_stay_unknown(bound):
    """Of a model that no list of prices names."""
    assert "catalogue" == bound(COMMAND, api_key=KEY).prices.source
    assert "unknown" == bound("command-nobody-lists", api_key=KEY).prices.source


# -- whole exchanges -------------------------------------------------------------------------------


def test_an_answer_cites_its_documents(replayed):
    """By place in the text."""
    rivers = Document("text/plain", data=b"The Aare rises at the Grimsel.", name="rivers")
    with replayed("completion", api_key=KEY) as client:
        turns = [Message("system", "Be brief."), Message("user", (rivers, "Where does the Aare rise?"))]
        answer = client.complete(f"cohere/{COMMAND}", turns, max_tokens=50)

    (citation,) = answer.citations
    assert "At the Grimsel." == answer.text
    assert ("the Grimsel", "rivers") == (
        answer.text[citation.start : citation.end],
        citation.raw["sources"][0]["id"],
    )
    assert (220, 480, 18) == (answer.usage.input, answer.usage.cache_read, answer.usage.output)
    assert ("trace_doc_1", "stop") == (answer.request_id, answer.finish.reason)


def test_a_stream_plans_and_calls(replayed, weather):
    """The plan is reasoning, and goes back with the calls."""
    with replayed("stream", api_key=KEY) as client:
        options = {"tools": [weather], "tool_choice": "required"}
        stream = client.stream(f"cohere/{COMMAND}", "What is the weather in Bern?", **options)
        answer = stream.completion()

    (call,) = answer.tool_calls
    assert ("I will ask.", "weather_doc1", {"city": "Bern"}) == (answer.reasoning, call.id, call.arguments)
    assert ("tool_calls", 1500, 40) == (answer.finish.reason, answer.usage.input, answer.usage.output)


def test_a_month_that_is_used_up_is_not_waited_for(replayed):
    """Coming back soon is no use, another key may be."""
    with replayed("error", api_key=KEY) as client, pytest.raises(jackfield.RateLimited) as caught:
        client.complete(f"cohere/{COMMAND}", "hi")

    assert (False, "trace_doc_3") == (caught.value.retryable, caught.value.request_id)


def test_a_ranking_is_billed_by_the_search(replayed):
    """It comes with the documents."""
    with replayed("rerank", api_key=KEY) as client:
        answer = client.rerank("cohere/rerank-v3.5", "rivers", ["bread", "the Aare"], top_n=1)

    assert [("the Aare", 0.91)] == [(ranked.document, ranked.score) for ranked in answer.results]
    assert (1, "trace_doc_4", Decimal("0.002")) == (answer.usage.searches, answer.request_id, answer.charge)


def test_vectors_for_a_query(replayed):
    """As many numbers as are asked for."""
    with replayed("embedding", api_key=KEY) as client:
        answer = client.embed("cohere/embed-v4.0", ["Aare", "Inn"], input_type="query", dimensions=2)

    assert (((0.5, 0.75), (0.25, -0.5)), 4) == (answer.vectors, answer.usage.input)
