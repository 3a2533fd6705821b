"""What is answered to a call, by whose wire, and what of it is billed."""

from __future__ import annotations

import json

import pytest
from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import asked

from jackfield.types import Request
from jackfield.wire import Reply

KEY = [("authorization", "Bearer some-key-0000"), ("content-type", "application/json")]
TURN = {"model": "gpt-x", "messages": [{"role": "user", "content": "Name three rivers"}]}


def ask(app, target, body=None, method="POST", headers=KEY):
    data = b"" if body is None else json.dumps(body).encode()
    return app.exchange(asked(method, target, headers, data, app.url))


def told(exchange):
    return json.loads(exchange.reply.body)


@pytest.fixture
def app():
    found = Simulated()
    found.url = "http://127.0.0.1:1"
    return found


PLACES = [
    ("/v1/chat/completions", "openai", "chat_completions", {}),
    ("/v1/responses", "openai", "responses", {}),
    ("/v1/messages", "anthropic", "messages", {"anthropic-version": "2023-06-01"}),
    ("/v1beta/models/gemini-x:generateContent", "gemini", "generate_content", {}),
    ("/v2/chat", "cohere", "cohere", {}),
    ("/api/chat", "ollama", "ollama", {}),
    ("/model/amazon.nova-lite-v1%3A0/converse", "bedrock", "converse", {}),
    ("/groq/openai/v1/chat/completions", "groq", "chat_completions", {}),
    ("/azure-openai/openai/v1/chat/completions", "azure-openai", "chat_completions", {}),
    ("/azure-openai/openai/deployments/d/embeddings", "azure-openai", "chat_completions", {}),
    (
        "/vertex/v1/projects/p/locations/l/publishers/google/models/g:generateContent",
        "vertex",
        "generate_content",
        {},
    ),
]


@pytest.mark.parametrize(("target", "provider", "wire", "headers"), PLACES)
def test_a_path_says_whose_client_it_is(app, target, provider, wire, headers):
    """Below a provider's prefix it is that provider; without one, path and headers tell."""
    route = app.router.route(asked("POST", target, [*KEY, *headers.items()], json.dumps(TURN).encode()))

    assert (provider, wire) == (route.provider, route.wire.name)


def test_the_same_question_has_the_same_answer(app):
    """Another seed has another."""
    prose = {"answer": "prose"}
    answers = [
        told(ask(Simulated({**prose, "seed": seed}), "/v1/chat/completions", TURN)) for seed in (1, 1, 2)
    ]

    first, again, other = (answer["choices"][0]["message"]["content"] for answer in answers)
    assert first == again
    assert first != other


def test_prose_has_as_many_tokens_as_are_asked_for(app):
    """And the usage says so."""
    app.load({"answer": "prose"})

    usage = told(ask(app, "/v1/chat/completions", {**TURN, "max_tokens": 123}))["usage"]

    assert 123 == usage["completion_tokens"]


def test_a_stream_is_billed_as_far_as_it_is_taken(app):
    """Who leaves after two pieces pays for what was in them."""
    exchange = ask(app, "/v1/chat/completions", {**TURN, "stream": True})

    taken = [next(exchange.reply.pieces) for _ in range(2)]
    exchange.reply.pieces.close()

    assert sum(piece.tokens for piece in taken) == exchange.line.output == 2
    assert app.scenario.prices.of(6, 2) == exchange.line.charge


def test_a_void_exchange_costs_nothing(app):
    """Neither on the bill nor of the account's money."""
    exchange = ask(app, "/v1/chat/completions", TURN)

    exchange.void()

    assert (0, 0) == (exchange.line.input, exchange.line.output)
    assert 0 == app.accounts.spent("some-key-0000").money


def test_a_path_that_nobody_has_is_told_so(app):
    """In a form that most clients read, and on the bill."""
    exchange = ask(app, "/v1/nowhere", TURN)

    assert (404, "unknown_url") == (exchange.reply.status, told(exchange)["error"]["code"])
    assert 404 == exchange.line.status


def test_a_body_that_cannot_be_read_is_refused(app):
    """In the format's own words."""
    exchange = app.exchange(asked("POST", "/v1/chat/completions", KEY, b"{", app.url))

    assert (400, "invalid_request_error") == (exchange.reply.status, told(exchange)["error"]["type"])


def test_latency_is_told_with_the_pieces():
    """The first waits for the model to think, the others for their tokens; the same seed waits the same."""
    scenario = {"latency": {"first_token": 0.5, "tokens_per_second": 10, "jitter": 0.1}}
    waits = []
    for _ in range(2):
        exchange = ask(Simulated(scenario), "/v1/chat/completions", {**TURN, "stream": True})
        waits.append([piece.pause for piece in exchange.reply.pieces])

    assert waits[0] == waits[1]
    assert 0.45 <= waits[0][0] <= 0.55
    assert all(0.09 <= wait <= 0.11 for wait in waits[0][1:3])


def test_several_answers_are_all_billed(app):
    """Two choices cost twice the tokens of one."""
    exchange = ask(app, "/v1/chat/completions", {**TURN, "n": 2})

    assert (2, 6) == (len(told(exchange)["choices"]), exchange.line.output)


def test_an_answer_is_cut_where_the_request_says(app):
    """By a stop sequence, or by the limit of tokens."""
    stopped = told(ask(app, "/v1/chat/completions", {**TURN, "stop": ["three"]}))["choices"][0]
    cut = told(ask(app, "/v1/chat/completions", {**TURN, "max_tokens": 2}))["choices"][0]

    assert ("Name ", "stop") == (stopped["message"]["content"], stopped["finish_reason"])
    assert ("Name three ", "length") == (cut["message"]["content"], cut["finish_reason"])


def test_documents_are_cited(app):
    """Those that were sent to be cited, by their words."""
    document = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "The Rhine is long."},
        "citations": {"enabled": True},
    }
    content = [document, {"type": "text", "text": "Which?"}]
    body = {"model": "m", "max_tokens": 99, "messages": [{"role": "user", "content": content}]}

    answer = told(ask(app, "/v1/messages", body, headers=[*KEY, ("anthropic-version", "2023-06-01")]))

    assert "The Rhine is long." == answer["content"][0]["citations"][0]["cited_text"]


def test_reasoning_is_shown_to_who_asks(app):
    """And counted apart."""
    answer = told(ask(app, "/deepseek/chat/completions", {**TURN, "reasoning_effort": "high"}))

    assert answer["choices"][0]["message"]["reasoning_content"]
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] > 5


def test_the_same_answer_is_complete_without_a_server(app):
    """``reply`` is the answer alone."""
    reply = app.reply(asked("POST", "/v1/chat/completions", KEY, json.dumps(TURN).encode()))

    assert isinstance(reply, Reply)
    assert isinstance(app.answers.completion(Request("m", ())).text, str)


def test_an_answer_that_was_begun_is_gone_on_with(app):
    """What is left of it, and all of it where it was begun otherwise."""
    turns = [*TURN["messages"], {"role": "assistant", "content": "Name"}]
    others = [*TURN["messages"], {"role": "assistant", "content": "Well,"}]
    texts = [
        told(ask(app, "/v1/chat/completions", {**TURN, "messages": messages}))["choices"][0]["message"][
            "content"
        ]
        for messages in (turns, others)
    ]

    assert [" three rivers", "Name three rivers"] == texts
