"""The vendor's own client, pointed at the server halves of our wires: what we write, it understands.

The server recomputes the signature of every call with the vendor's own signer, and refuses what does not match.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from jackfield import AsyncClient, Client
from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.events import Failed, PartStarted, Started, TextDelta, unfold
from jackfield.types import (
    Completion,
    Embeddings,
    Finish,
    ModelInfo,
    ModelList,
    Opaque,
    Ranked,
    Ranking,
    Reasoning,
    Text,
    TokenCount,
    ToolCall,
    Usage,
)
from jackfield.wire import Call, Dialect, Headers, Reply

boto3 = pytest.importorskip("boto3")
pytest.importorskip("jackfield_bedrock")

from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from jackfield_bedrock.converse import Converse  # noqa: E402
from jackfield_bedrock.invoke import invoke_class  # noqa: E402
from jackfield_bedrock.operations import operations_of  # noqa: E402

ACCESS, SECRET = "AKIDEXAMPLE", "not-a-real-secret"
NOVA, CLAUDE = "amazon.nova-lite-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
WORDS = "Aare, Limmat und Inn: größer als 😀."
USAGE = Usage(11, 2, 3, output=5)
CALLS = (ToolCall("call_1", "weather", '{"city":"Zürich"}'), ToolCall("call_2", "weather", "{}"))
SIGNED = Reasoning("Three.", Opaque("bedrock", "converse", {"signature": "c2lnbmVk"}))
TURNS = [{"role": "user", "content": [{"text": "Name three rivers."}]}]
DIALECT = Dialect(provider="bedrock")


def said(*parts, reason="stop"):
    return Completion(parts, Finish(reason), USAGE, "river-1")


class Server(ThreadingHTTPServer):
    """Serves what a test sets as ``answer``, to whoever signs."""

    daemon_threads = True
    answer: Any = None
    calls: list[Call]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:  # the library's name
        self.do_POST()

    def do_POST(self) -> None:  # the library's name
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = tuple(map(unquote, urlsplit(self.path).path.strip("/").split("/")))
        headers = Headers({name.lower(): value for name, value in self.headers.items()})
        call = Call(self.command, path, body, headers)
        self.server.calls.append(call)
        self._send(forbidden(self, call) or answered(self.server, call))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {**reply.headers, "x-amzn-requestid": "req-1"}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)


def forbidden(handler: Handler, call: Call) -> Reply | None:
    """The refusal of a call whose signature is not the one that the vendor's signer makes."""
    stated = call.headers.get("authorization", "")
    if stated == "Bearer bedrock-api-key-x":
        return None
    names = stated.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    signer = SigV4Auth(Credentials(ACCESS, SECRET), "bedrock", "us-east-1")
    url = f"http://{handler.headers['host']}{handler.path}"
    kept = {name: call.headers[name] for name in names if name in call.headers}
    request = AWSRequest(call.method, url, data=call.body, headers=kept)
    request.context["timestamp"] = call.headers.get("x-amz-date", "20000101T000000Z")
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if stated.endswith(f"Signature={signer.signature(text, request)}"):
        return None
    return Converse(DIALECT).write_error(
        ErrorInfo("auth", "The signature does not match.", code="InvalidSignatureException")
    )


def answered(server: Server, call: Call) -> Reply:
    model = call.path[1] if call.path[0] == "model" else ""
    operations = operations_of(DIALECT, model or "cohere.rerank-v3-5:0")
    for operation in operations.values():
        verbs = operation.exchanges[0]
        matches = verbs.path[-1] == call.path[-1] and verbs.name in ("count_tokens", "rerank", "models")
        if matches or ("embed" in model and verbs.name == "embed"):
            return verbs.write(server.answer(verbs.read(call)))
    wire = (Converse if call.path[-1].startswith("converse") else invoke_class(model))(DIALECT, model)
    try:
        request, stream = wire.read_completion(call)
        answer = server.answer(request)
    except JackfieldError as exc:
        return wire.write_error(exc.info)
    if not stream:
        return wire.write_completion(answer)
    writer = wire.stream_writer(model)
    events = unfold(answer) if isinstance(answer, Completion) else answer
    body = b"".join(map(writer.write, events)) + writer.end()
    return Reply(200, Headers({"content-type": wire.media_type}), body)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    """One server for all tests."""
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def server(running) -> Server:
    """That server, with the usual answer."""
    running.calls = []
    running.answer = lambda _: said(Text(WORDS))
    return running


def url(server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def made(server, service, **facts):
    settings = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
    keys = {"aws_access_key_id": ACCESS, "aws_secret_access_key": SECRET, **facts}
    session = boto3.session.Session(region_name="us-east-1")
    return session.client(service, endpoint_url=url(server), config=settings, **keys)


@pytest.fixture
def aws(server, monkeypatch, tmp_path):
    """The vendor's client, without any configuration of this machine's."""
    for name in ("AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    client = made(server, "bedrock-runtime")
    yield client
    client.close()


# -- converse --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [NOVA, ARN])
def test_converse(server, aws, model):
    """Text, why it stopped, figures; the model is read from the path, whatever is in it."""
    asked = []
    server.answer = lambda request: asked.append(request) or said(SIGNED, Text(WORDS))

    answer = aws.converse(modelId=model, messages=TURNS, inferenceConfig={"maxTokens": 9})

    reasoning, text = answer["output"]["message"]["content"]
    assert ("Three.", "c2lnbmVk") == tuple(reasoning["reasoningContent"]["reasoningText"].values())
    assert (WORDS, "end_turn") == (text["text"], answer["stopReason"])
    assert (11, 5, 2, 3, 21) == tuple(
        answer["usage"][f"{name}Tokens"]
        for name in ("input", "output", "cacheReadInput", "cacheWriteInput", "total")
    )
    assert (model, {"max_tokens": 9}) == (asked[0].model, dict(asked[0].options))


def test_converse_calls_tools(server, aws):
    """Two calls in one answer, whole."""
    server.answer = lambda _: said(*CALLS, reason="tool_calls")
    spec = {"name": "weather", "inputSchema": {"json": {"type": "object"}}}

    answer = aws.converse(modelId=NOVA, messages=TURNS, toolConfig={"tools": [{"toolSpec": spec}]})

    found = [block["toolUse"] for block in answer["output"]["message"]["content"]]
    assert [(c.id, c.name, c.arguments) for c in CALLS] == [
        (use["toolUseId"], use["name"], use["input"]) for use in found
    ]
    assert "tool_use" == answer["stopReason"]


def test_converse_stream(server, aws):
    """Text in pieces, calls, a signature, figures."""
    server.answer = lambda _: said(SIGNED, Text(WORDS), *CALLS, reason="tool_calls")

    events = list(aws.converse_stream(modelId=NOVA, messages=TURNS)["stream"])

    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert WORDS == "".join(delta.get("text", "") for delta in deltas)
    assert "c2lnbmVk" in [delta.get("reasoningContent", {}).get("signature") for delta in deltas]
    begun = [e["contentBlockStart"]["start"]["toolUse"] for e in events if "contentBlockStart" in e]
    assert ["call_1", "call_2"] == [start["toolUseId"] for start in begun]
    assert "tool_use" == next(e["messageStop"]["stopReason"] for e in events if "messageStop" in e)
    assert 21 == events[-1]["metadata"]["usage"]["totalTokens"]


ERRORS = [
    ("request.invalid", "ValidationException", 400),
    ("auth", "AccessDeniedException", 403),
    ("model.missing", "ResourceNotFoundException", 404),
    ("throttle", "ThrottlingException", 429),
    ("server", "InternalServerException", 500),
    ("server.overloaded", "ServiceUnavailableException", 503),
]


@pytest.mark.parametrize(("kind", "name", "status"), ERRORS)
def test_errors_are_of_their_class(server, aws, kind, name, status):
    """Each is the exception that the vendor's client knows."""

    def answer(_):
        raise ErrorInfo(kind, "as asked").to_exception()

    server.answer = answer

    with pytest.raises(getattr(aws.exceptions, name)) as caught:
        aws.converse(modelId=NOVA, messages=TURNS)

    assert ("as asked", status) == (
        caught.value.response["Error"]["Message"],
        caught.value.response["ResponseMetadata"]["HTTPStatusCode"],
    )


def test_a_stream_that_fails_raises(server, aws):
    """After what came before it."""
    failure = Failed(ErrorInfo("throttle", "slow down"))
    server.answer = lambda _: [Started(), PartStarted(0, Text("")), TextDelta(0, "a"), failure]
    stream = aws.converse_stream(modelId=NOVA, messages=TURNS)["stream"]

    with pytest.raises(Exception, match="slow down") as caught:
        list(stream)

    assert "throttlingException" == caught.value.response["Error"]["Code"]


def test_a_wrong_signature_is_refused(server, aws):
    """Else the tests here would prove nothing."""
    thief = made(server, "bedrock-runtime", aws_secret_access_key="another")

    with pytest.raises(Exception, match="does not match"):
        thief.converse(modelId=NOVA, messages=TURNS)

    thief.close()


# -- invoke ----------------------------------------------------------------------------------------

BODIES = {
    CLAUDE: {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "hi"}],
    },
    NOVA: {"schemaVersion": "messages-v1", "messages": TURNS},
    "meta.llama3-70b-instruct-v1:0": {"prompt": "hi"},
    "amazon.titan-text-express-v1": {"inputText": "hi"},
    "mistral.mixtral-8x7b-instruct-v0:1": {"prompt": "hi"},
    "cohere.command-text-v14": {"prompt": "hi"},
    "cohere.command-r-v1:0": {"message": "hi"},
    "us.deepseek.r1-v1:0": {"prompt": "hi"},
    "openai.gpt-oss-20b-1:0": {"messages": [{"role": "user", "content": "hi"}]},
    "ai21.jamba-1-5-mini-v1:0": {"messages": [{"role": "user", "content": "hi"}]},
}


@pytest.mark.parametrize("model", BODIES)
def test_invoke_model(server, aws, model):
    """Every maker's format holds the text, and the headers the figures."""
    answer = aws.invoke_model(modelId=model, body=json.dumps(BODIES[model]))

    assert WORDS in answer["body"].read().decode()
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert ("11", "5") == tuple(headers[f"x-amzn-bedrock-{way}-token-count"] for way in ("input", "output"))


@pytest.mark.parametrize("model", BODIES)
def test_invoke_model_with_response_stream(server, aws, model):
    """Chunks of every maker's format; the last tells the figures."""
    answer = aws.invoke_model_with_response_stream(modelId=model, body=json.dumps(BODIES[model]))

    chunks = [json.loads(event["chunk"]["bytes"]) for event in answer["body"]]
    assert all(word in json.dumps(chunks, ensure_ascii=False) for word in WORDS.split())
    assert "11" in json.dumps(chunks[-1])


# -- operations ------------------------------------------------------------------------------------


def test_operations(server, aws):
    """Vectors, counts, rankings and the list of models."""
    server.answer = lambda _: Embeddings(((0.5, 1.0),), usage=Usage(7))
    vectors = aws.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=b'{"inputText":"hi"}')
    assert [0.5, 1.0] == json.loads(vectors["body"].read())["embedding"]

    server.answer = lambda _: TokenCount(12)
    counted = aws.count_tokens(modelId=CLAUDE, input={"converse": {"messages": TURNS}})
    assert 12 == counted["inputTokens"]

    server.answer = lambda _: ModelList((ModelInfo(NOVA, "Nova Lite", owner="Amazon"),))
    control = made(server, "bedrock")
    assert [NOVA] == [m["modelId"] for m in control.list_foundation_models()["modelSummaries"]]
    control.close()


def test_rankings(server, aws):
    """By the client of agents."""
    server.answer = lambda request: Ranking((Ranked(1, 0.75), Ranked(0, 0.25)))
    agents = made(server, "bedrock-agent-runtime")
    arn = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
    config = {"modelConfiguration": {"modelArn": arn}}

    found = agents.rerank(
        queries=[{"type": "TEXT", "textQuery": {"text": "q"}}],
        sources=[
            {"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}}}
            for text in "ab"
        ],
        rerankingConfiguration={
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": config,
        },
    )

    assert [(1, 0.75), (0, 0.25)] == [(r["index"], r["relevanceScore"]) for r in found["results"]]
    agents.close()


# -- our client ------------------------------------------------------------------------------------

KEYS = {"access_key_id": ACCESS, "secret_access_key": SECRET, "region": "us-east-1"}


def client(server, **settings):
    own = {"base_url": url(server), **(settings or KEYS)}
    return Client({"max_retries": 0, "providers": {"bedrock": own}})


@pytest.mark.parametrize("model", [NOVA, ARN, CLAUDE])
@pytest.mark.parametrize("api", ["converse", "invoke"])
def test_our_client_signs_as_the_vendors_signer_does(server, api, model):
    """Whole and streamed, over loopback; colons and slashes of a model's name are its own."""
    with client(server, **KEYS, api=api) as ours:
        whole = ours.complete(f"bedrock/{model}", "Name three rivers.")
        streamed = ours.stream(f"bedrock/{model}", "Name three rivers.").completion()

    assert (WORDS, WORDS) == (whole.text, streamed.text)
    assert (USAGE.output, "req-1") == (streamed.usage.output, whole.request_id)
    assert [model, model] == [call.path[1] for call in server.calls]


def test_our_client_sends_an_api_key(server):
    """Instead of a signature."""
    with client(server, api_key="bedrock-api-key-x", region="us-east-1") as ours:
        assert WORDS == ours.complete(f"bedrock/{NOVA}", "hi").text


def test_our_client_asks_for_operations(server):
    """At the same address, where it is the user's own."""
    with client(server) as ours:
        server.answer = lambda _: Embeddings(((0.5, 1.0),), usage=Usage(7))
        vectors = ours.embed("bedrock/amazon.titan-embed-text-v2:0", ["a", "b"])
        server.answer = lambda _: Ranking((Ranked(1, 0.75), Ranked(0, 0.25)))
        ranking = ours.rerank("bedrock/cohere.rerank-v3-5:0", "q", ["a", "b"])

    assert (((0.5, 1.0), (0.5, 1.0)), 14) == (vectors.vectors, vectors.usage.input)
    assert [1, 0] == [ranked.index for ranked in ranking.results]


def test_our_asynchronous_client_signs_as_well(server):
    """What blocks is done aside, once for all who wait."""
    import asyncio

    async def ask():
        options = {"max_retries": 0, "providers": {"bedrock": {"base_url": url(server), **KEYS}}}
        async with AsyncClient(options) as ours:
            return await asyncio.gather(*(ours.complete(f"bedrock/{NOVA}", "hi") for _ in range(3)))

    assert [WORDS] * 3 == [answer.text for answer in asyncio.run(ask())]
