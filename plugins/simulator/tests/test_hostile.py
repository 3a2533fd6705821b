"""What no well-behaved client sends: it is answered in the words of whom it was sent to, soon, and without a traceback."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from urllib.parse import urlsplit

import pytest
from jackfield_simulator.app import Simulated
from jackfield_simulator.asgi import Application
from jackfield_simulator.exchange import asked
from jackfield_simulator.usage import tokens_of

KEY = b"host: x\r\nauthorization: Bearer any-key-0000\r\n"
TURN = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
GEMINI = "/gemini/v1beta/models/gemini-2.5-flash:generateContent"
PATHS = (
    "/openai/v1/chat/completions",
    "/openai/v1/responses",
    "/anthropic/v1/messages",
    GEMINI,
    "/bedrock/model/amazon.nova-lite-v1:0/converse",
    "/cohere/v2/chat",
    "/ollama/api/chat",
)
BODIES = (
    b"",
    b"{nope",
    b"[]",
    b'"text"',
    b'{"model":"m"}',
    b'{"model":"m","messages":5,"contents":5,"input":5}',
    b'{"model":"m","messages":[null],"contents":[null],"input":[null]}',
    b'{"model":"m","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"model":"m\xff","messages":[]}',
)


@pytest.fixture(scope="module")
def app():
    """All providers, without a server."""
    return Simulated()


@pytest.fixture
def talk(simulator):
    """Sends bytes, and reads what comes until the server closes."""

    def say(data):
        place = urlsplit(simulator.url)
        with socket.create_connection((place.hostname, place.port), timeout=30) as sock:
            sock.sendall(data)
            return b"".join(iter(lambda: sock.recv(65536), b""))

    return say


def posted(app, path, body):
    """The answer to a body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = [("authorization", "Bearer any-key-0000"), ("content-type", "application/json")]
    return app.exchange(asked("POST", path, headers, data, "http://127.0.0.1:1")).reply


def request_of(line, *more, body=b""):
    """The bytes of a request."""
    return line + b" HTTP/1.1\r\n" + KEY + b"".join(one + b"\r\n" for one in more) + b"\r\n" + body


@pytest.mark.parametrize("path", PATHS)
def test_what_cannot_be_read_is_refused_by_every_wire(app, path, caplog):
    """As an invalid request, whatever it is."""
    caplog.set_level(logging.ERROR)

    statuses = {posted(app, path, body).status for body in BODIES}

    assert {400} == statuses
    assert not caplog.records


@pytest.mark.parametrize(
    "wish",
    [
        {"n": 100_000_000},
        {"n": -1},
        {"temperature": "hot"},
        {"temperature": True},
        {"max_tokens": 10**12},
        {"max_tokens": -3},
        {"top_p": 7},
    ],
)
def test_wishes_beyond_all_bounds_are_refused(app, wish):
    """A hundred million answers would be a day's work for the simulator, and nobody else gives them."""
    reply = posted(app, PATHS[0], {**TURN, **wish})

    assert 400 == reply.status
    assert f"`{next(iter(wish))}` must be" in json.loads(reply.body)["error"]["message"]


@pytest.mark.parametrize("schema", [{"$ref": "#/nowhere"}, {"$ref": "#"}, {"type": 5, "enum": 3}])
def test_a_schema_that_is_none_is_refused(app, schema):
    """Where it refers to nothing, to itself, or is of the wrong type."""
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    assert 400 == posted(app, PATHS[0], {**TURN, "response_format": form}).status


def test_content_that_is_no_text_is_refused(app):
    """Though its wire lets it pass."""
    body = {**TURN, "messages": [{"role": "user", "content": {"a": 1}}]}

    assert 400 == posted(app, "/ollama/api/chat", body).status


def test_too_many_texts_are_refused(app):
    """Two thousand may come at once."""
    body = {"model": "text-embedding-3-small", "input": ["x"] * 2049}

    assert 400 == posted(app, "/openai/v1/embeddings", body).status


def test_what_the_simulator_cannot_answer_is_a_failure_of_the_provider(app, monkeypatch, caplog):
    """In the provider's own form; the traceback is in the log."""
    monkeypatch.setattr(app.answers, "completion", lambda request, then: 1 / 0)

    reply = posted(app, "/anthropic/v1/messages", TURN)

    assert (500, "error") == (reply.status, json.loads(reply.body)["type"])
    assert caplog.records[0].exc_info


@pytest.mark.parametrize(
    ("path", "key"),
    [("/anthropic/v1/no", "type"), ("/gemini/v1beta/no", "error"), ("/cohere/v2/no", "message")],
)
def test_an_unknown_path_is_told_in_the_providers_form(app, path, key):
    """As any failure is."""
    reply = posted(app, path, TURN)

    assert 404 == reply.status
    assert key in json.loads(reply.body)
    assert b"no provider has POST" in reply.body


def test_another_method_is_told_which_are_allowed(app):
    """In the header for that, too."""
    reply = app.exchange(asked("GET", "/anthropic/v1/messages", [], b"", app.url)).reply

    assert (405, "POST") == (reply.status, reply.headers["allow"])


def test_a_websocket_is_refused_by_name(app):
    """Who asks for one learns that there are none."""
    call = asked("GET", "/openai/v1/realtime", [("upgrade", "websocket")], b"", app.url)

    reply = app.exchange(call).reply

    assert 404 == reply.status
    assert b"websocket" in reply.body


def test_who_asks_for_the_head_gets_no_body(talk):
    """So that the next answer on the connection is not taken for it."""
    heard = talk(request_of(b"HEAD /openai/v1/models") + request_of(b"HEAD /nowhere", b"connection: close"))

    heads = heard.split(b"\r\n\r\n")
    assert [b"HTTP/1.1 200 OK", b"HTTP/1.1 404 Not Found", b""] == [
        head.partition(b"\r\n")[0] for head in heads
    ]


def test_a_client_of_old_gets_a_stream_without_chunks(talk, simulator):
    """It ends with the connection."""
    body = json.dumps({**TURN, "stream": True}).encode()
    request = request_of(b"POST /v1/chat/completions", b"content-length: %d" % len(body), body=body)

    head, _, told = talk(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1)).partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head
    assert (b"data: {", b"data: [DONE]\n\n") == (told[:7], told[-14:])


@pytest.mark.parametrize(
    "more",
    [(b"content-length: 99999999999", b""), (b"transfer-encoding: chunked", b"fffffff\r\n")],
)
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(talk, simulator, more):
    """With the status for that, in the provider's form, and on the bill."""
    heard = talk(request_of(b"POST /anthropic/v1/messages", more[0], body=more[1]))

    assert heard.startswith(b"HTTP/1.1 413 ")
    assert b'{"type":"error"' in heard
    simulator.assert_requests(1, status=413, provider="anthropic")


@pytest.mark.parametrize("head", [b"GET /%s HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nx: %s\r\n"])
def test_a_head_beyond_the_limit_is_answered(talk, simulator, head):
    """Not by silence."""
    assert talk(head % (b"a" * 70_000) + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_what_is_no_number_is_no_length(talk):
    """Neither of a body nor of a chunk; no stack is shown."""
    for more in ((b"content-length: -5", b""), (b"transfer-encoding: chunked", b"-5\r\nhello\r\n")):
        heard = talk(request_of(b"POST /v1/chat/completions", more[0], body=more[1]))

        assert heard.startswith(b"HTTP/1.1 400 ")
        assert b"Traceback" not in heard


def test_long_texts_are_counted_as_short_ones_are():
    """By the same rule."""
    assert 5000 * tokens_of("internationalisation, 1234 äß. ") == tokens_of(
        "internationalisation, 1234 äß. " * 5000
    )


def test_an_asgi_server_is_told_that_there_are_no_websockets():
    """Rather than left without an answer."""
    sent = []

    async def send(message):
        sent.append(message["type"])

    asyncio.run(Application(Simulated())({"type": "websocket"}, None, send))

    assert ["websocket.close"] == sent
