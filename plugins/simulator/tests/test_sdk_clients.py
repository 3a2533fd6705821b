"""The vendors' own clients work against the simulator unmodified: whole, streamed, tools, and their own errors."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

openai = pytest.importorskip("openai")
anthropic = pytest.importorskip("anthropic")

PROMPT = "Name three rivers"
TURN = [{"role": "user", "content": PROMPT}]
WEATHER = [{"role": "user", "content": "What is the weather in Bern?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
# Model or key -> status: the failures every client has a class for.
FAILURES = {401: "wrong-key", 404: "no-such-model", 429: "status-429", 500: "status-500", 529: "status-529"}


def failing(status):
    """The key and the model that are answered with this status."""
    return ("wrong-key-0000", "any-model") if status == 401 else ("some-key-0000", FAILURES[status])


@pytest.fixture
def chat(simulator):
    with openai.OpenAI(
        base_url=simulator.base_url("openai"), api_key="any-key-0000", max_retries=0
    ) as client:
        yield client


@pytest.fixture
def claude(simulator):
    with anthropic.Anthropic(base_url=simulator.url, api_key="any-key-0000", max_retries=0) as client:
        yield client


# -- openai --------------------------------------------------------------------------------------------


def test_chat_completions(simulator, chat):
    """Text, usage and a request id, as they are billed."""
    answer = chat.chat.completions.create(model="gpt-x", messages=TURN)

    assert PROMPT == answer.choices[0].message.content
    assert answer._request_id == next(iter(simulator.bill)).request_id
    simulator.assert_billed(input=answer.usage.prompt_tokens, output=answer.usage.completion_tokens)


def test_chat_completions_streamed(simulator, chat):
    """The same words in pieces, then the usage that was asked for."""
    chunks = list(
        chat.chat.completions.create(
            model="gpt-x", messages=TURN, stream=True, stream_options={"include_usage": True}
        )
    )

    assert PROMPT == "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    simulator.assert_billed(input=chunks[-1].usage.prompt_tokens, output=chunks[-1].usage.completion_tokens)


def test_chat_completions_call_a_tool(chat):
    """The tool that the prompt is about is called with arguments that fit its schema."""
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}

    choice = chat.chat.completions.create(model="gpt-x", messages=WEATHER, tools=[tool]).choices[0]

    call = choice.message.tool_calls[0]
    assert ("tool_calls", "get_weather", ["city"]) == (
        choice.finish_reason,
        call.function.name,
        list(json.loads(call.function.arguments)),
    )


def test_a_schema_is_fulfilled(chat):
    """A JSON schema in the request gets an instance of it."""
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY, "strict": True}}

    answer = chat.chat.completions.create(model="gpt-x", messages=TURN, response_format=form)

    assert {"city": PROMPT} == json.loads(answer.choices[0].message.content)


def test_responses(chat):
    """Whole and streamed."""
    whole = chat.responses.create(model="gpt-x", input=PROMPT)
    events = list(chat.responses.create(model="gpt-x", input=PROMPT, stream=True))

    assert PROMPT == whole.output_text
    assert ("response.created", "response.completed") == (events[0].type, events[-1].type)
    assert PROMPT == events[-1].response.output_text


def test_the_other_operations_of_one_vendor(chat):
    """Vectors, judgements, pictures, sound, words heard, models."""
    vectors = chat.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=8)
    judged = chat.moderations.create(input="I will attack the bomb")
    drawn = chat.images.generate(model="gpt-image-1", prompt="a cat", size="1024x1024")
    spoken = chat.audio.speech.create(model="tts-1", voice="alloy", input="hello")
    heard = chat.audio.transcriptions.create(model="whisper-1", file=("a.mp3", spoken.read()))

    assert [8, 8] == [len(one.embedding) for one in vectors.data]
    assert judged.results[0].flagged
    assert drawn.data[0].b64_json.startswith("iVBOR")
    assert heard.text.endswith(".")
    assert len(chat.models.list().data) > 5


def test_files_and_batches(chat):
    """A batch goes up as a file, and its answers come down as one."""
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions"}
    data = json.dumps({**line, "body": {"model": "gpt-x", "messages": TURN}}).encode()
    file = chat.files.create(file=("batch.jsonl", data), purpose="batch")

    begun = chat.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    done = chat.batches.retrieve(begun.id)

    result = json.loads(chat.files.content(done.output_file_id).text)
    assert ("completed", "a", PROMPT) == (
        done.status,
        result["custom_id"],
        result["response"]["body"]["choices"][0]["message"]["content"],
    )
    assert [begun.id] == [one.id for one in chat.batches.list().data]
    assert chat.files.delete(file.id).deleted


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "AuthenticationError"),
        (404, "NotFoundError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (529, "InternalServerError"),
    ],
)
def test_failures_of_one_vendor(simulator, status, name):
    """Each is of the class that the client has for it."""
    key, model = failing(status)
    made = openai.OpenAI(base_url=simulator.base_url("openai"), api_key=key, max_retries=0)
    with made as client, pytest.raises(getattr(openai, name)) as caught:
        client.chat.completions.create(model=model, messages=TURN)

    assert (status, "req_sim") == (caught.value.status_code, caught.value.request_id[:7])
    simulator.assert_billed(input=0, output=0)


# -- anthropic -----------------------------------------------------------------------------------------


def test_messages(simulator, claude):
    """Text, usage, and the limits in headers of their own."""
    raw = claude.messages.with_raw_response.create(model="claude-x", max_tokens=64, messages=TURN)

    answer = raw.parse()
    assert (PROMPT, "end_turn") == (answer.content[0].text, answer.stop_reason)
    assert "10000" == raw.headers["anthropic-ratelimit-requests-limit"]
    simulator.assert_billed(input=answer.usage.input_tokens, output=answer.usage.output_tokens)


def test_messages_streamed(claude):
    """Thinking with its signature, then text."""
    thinking = {"type": "enabled", "budget_tokens": 1024}

    with claude.messages.stream(
        model="claude-x", max_tokens=2048, messages=TURN, thinking=thinking
    ) as stream:
        final = stream.get_final_message()

    assert ["thinking", "text"] == [block.type for block in final.content]
    assert final.content[0].signature
    assert PROMPT == final.content[1].text


def test_messages_call_a_tool(claude):
    """And stop for it."""
    tool = {"name": "get_weather", "input_schema": CITY}

    answer = claude.messages.create(model="claude-x", max_tokens=64, messages=WEATHER, tools=[tool])

    assert ("tool_use", "get_weather") == (answer.stop_reason, answer.content[-1].name)


def test_the_other_operations_of_another_vendor(claude):
    """Counts, models, batches."""
    counted = claude.messages.count_tokens(model="claude-x", messages=TURN)
    params = {"model": "claude-x", "max_tokens": 9, "messages": TURN}
    begun = claude.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    ended = claude.messages.batches.retrieve(begun.id)

    assert (6, "in_progress", "ended") == (
        counted.input_tokens,
        begun.processing_status,
        ended.processing_status,
    )
    assert [PROMPT] == [
        one.result.message.content[0].text for one in claude.messages.batches.results(begun.id)
    ]
    assert len(list(claude.models.list())) > 3


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "AuthenticationError"),
        (404, "NotFoundError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (529, "OverloadedError"),
    ],
)
def test_failures_of_another_vendor(simulator, status, name):
    """Each is of the class that the client has for it."""
    key, model = failing(status)
    kind = getattr(anthropic, name, None) or getattr(anthropic._exceptions, name)
    made = anthropic.Anthropic(base_url=simulator.url, api_key=key, max_retries=0)
    with made as client, pytest.raises(kind) as caught:
        client.messages.create(model=model, max_tokens=9, messages=TURN)

    assert status == caught.value.status_code


# -- google-genai --------------------------------------------------------------------------------------


@pytest.fixture
def genai(simulator):
    google = pytest.importorskip("google.genai")
    options = google.types.HttpOptions(base_url=simulator.url)
    with google.Client(api_key="any-key-0000", http_options=options) as client:
        yield client


def test_generate_content(simulator, genai):
    """Whole, streamed, with usage."""
    whole = genai.models.generate_content(model="gemini-x", contents=PROMPT)
    chunks = list(genai.models.generate_content_stream(model="gemini-x", contents=PROMPT))

    assert PROMPT == whole.text == "".join(chunk.text or "" for chunk in chunks)
    simulator.assert_billed(
        input=2 * whole.usage_metadata.prompt_token_count,
        output=2 * whole.usage_metadata.candidates_token_count,
    )


def test_generate_content_calls_a_tool(genai):
    """The function the prompt is about."""
    from google.genai import types

    declared = types.FunctionDeclaration(name="get_weather", parameters_json_schema=CITY)
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])

    answer = genai.models.generate_content(model="gemini-x", contents=WEATHER[0]["content"], config=config)

    assert ["get_weather"] == [call.name for call in answer.function_calls]


def test_the_other_operations_of_a_third_vendor(genai):
    """Vectors, counts, models, files in two steps, batches."""
    import io

    embedded = genai.models.embed_content(model="gemini-embedding-001", contents=["a", "b"])
    counted = genai.models.count_tokens(model="gemini-x", contents=PROMPT)
    file = genai.files.upload(file=io.BytesIO(b"hello"), config={"mime_type": "text/plain"})
    batch = genai.batches.create(
        model="gemini-x", src=[{"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}]
    )
    done = genai.batches.get(name=batch.name)

    assert (2, 6) == (len(embedded.embeddings), counted.total_tokens)
    assert "ACTIVE" == genai.files.get(name=file.name).state.name
    assert PROMPT == done.dest.inlined_responses[0].response.text
    assert len(list(genai.models.list())) > 3


@pytest.mark.parametrize("status", [401, 404, 429, 500, 529])
def test_failures_of_a_third_vendor(simulator, status):
    """Client and server errors are told apart."""
    google = pytest.importorskip("google.genai")
    key, model = failing(status)
    options = google.types.HttpOptions(
        base_url=simulator.url, retry_options=google.types.HttpRetryOptions(attempts=1)
    )
    kind = google.errors.ClientError if status < 500 else google.errors.ServerError
    with google.Client(api_key=key, http_options=options) as client, pytest.raises(kind) as caught:
        client.models.generate_content(model=model, contents=PROMPT)

    assert status == caught.value.code


# -- cohere --------------------------------------------------------------------------------------------


def made_cohere(simulator, key="any-key-0000"):
    cohere = pytest.importorskip("cohere")
    return cohere.ClientV2(api_key=key, base_url=simulator.base_url("cohere"))


def test_cohere(simulator):
    """Chat, streams, vectors, rankings."""
    with made_cohere(simulator) as client:
        whole = client.chat(model="command-a", messages=TURN)
        events = list(client.chat_stream(model="command-a", messages=TURN))
        vectors = client.embed(
            model="embed-v4", texts=["a"], input_type="search_query", embedding_types=["float"]
        )
        ranked = client.rerank(model="rerank-v3", query="rivers", documents=["hills", "three rivers"])

    deltas = [event.delta.message.content.text for event in events if event.type == "content-delta"]
    assert PROMPT == whole.message.content[0].text == "".join(deltas)
    assert (1, 1) == (len(vectors.embeddings.float_), ranked.results[0].index)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (401, "UnauthorizedError"),
        (404, "NotFoundError"),
        (429, "TooManyRequestsError"),
        (500, "InternalServerError"),
        (529, "core.ApiError"),
    ],
)
def test_failures_of_cohere(simulator, status, name):
    """Each is of the class that the client has for it."""
    cohere = pytest.importorskip("cohere")
    key, model = failing(status)
    kind = cohere.core.ApiError if "." in name else getattr(cohere, name)

    with made_cohere(simulator, key) as client, pytest.raises(kind) as caught:
        client.chat(model=model, messages=TURN, request_options={"max_retries": 0})

    assert status == caught.value.status_code


# -- mistralai -----------------------------------------------------------------------------------------


def made_mistral(simulator, key="any-key-0000"):
    client = pytest.importorskip("mistralai.client", reason="the client of this vendor is not installed")
    return client.Mistral(api_key=key, server_url=simulator.base_url("mistral").removesuffix("/v1"))


def test_mistral(simulator):
    """Chat, streams, vectors, models."""
    with made_mistral(simulator) as client:
        whole = client.chat.complete(model="mistral-small", messages=TURN)
        with client.chat.stream(model="mistral-small", messages=TURN) as stream:
            pieces = [event.data.choices[0].delta.content or "" for event in stream if event.data.choices]
        vectors = client.embeddings.create(model="mistral-embed", inputs=["a"])
        models = client.models.list()

    assert PROMPT == whole.choices[0].message.content == "".join(pieces)
    assert len(vectors.data[0].embedding) > 0
    assert len(models.data) > 3


@pytest.mark.parametrize("status", [401, 404, 429, 500, 529])
def test_failures_of_mistral(simulator, status):
    """The client's own error, with the status."""
    client = pytest.importorskip("mistralai.client")
    key, model = failing(status)

    with made_mistral(simulator, key) as mistral, pytest.raises(client.errors.SDKError) as caught:
        mistral.chat.complete(model=model, messages=TURN)

    assert status == caught.value.status_code


# -- boto3 ---------------------------------------------------------------------------------------------

NOVA = "amazon.nova-lite-v1:0"
SAID = [{"role": "user", "content": [{"text": PROMPT}]}]


def aws(simulator, service="bedrock-runtime", secret="simulated-secret-key", **keys):
    boto3 = pytest.importorskip("boto3")
    from botocore.config import Config

    found = {"aws_access_key_id": "AKIASIMULATED0000000", "aws_secret_access_key": secret, **keys}
    once = Config(retries={"total_max_attempts": 1})
    session = boto3.session.Session(region_name="us-east-1")
    return closing(session.client(service, endpoint_url=simulator.url, config=once, **found))


def test_converse(simulator):
    """Whole, and as frames; every signature is checked."""
    with aws(simulator) as client:
        whole = client.converse(modelId=NOVA, messages=SAID)
        events = list(client.converse_stream(modelId=NOVA, messages=SAID)["stream"])

    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert PROMPT == whole["output"]["message"]["content"][0]["text"] == "".join(deltas)
    assert whole["usage"] == events[-1]["metadata"]["usage"]


def test_invoke_model(simulator):
    """In the format of the model's maker."""
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 64, "messages": TURN})
    model = "us.anthropic.claude-haiku-4-5-20251001-v1:0"

    with aws(simulator) as client:
        whole = json.loads(client.invoke_model(modelId=model, body=body)["body"].read())
        events = client.invoke_model_with_response_stream(modelId=model, body=body)["body"]
        chunks = [json.loads(event["chunk"]["bytes"]) for event in events]

    assert PROMPT == whole["content"][0]["text"]
    assert "message_stop" == chunks[-1]["type"]


def test_a_role_is_assumed_and_its_keys_sign(simulator):
    """Temporary keys are good, with their session token alone."""
    with aws(simulator, "sts") as client:
        found = client.assume_role(RoleArn="arn:aws:iam::1:role/x", RoleSessionName="session")
    keys = found["Credentials"]
    names = {
        "aws_access_key_id": keys["AccessKeyId"],
        "secret": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }

    with aws(simulator, **names) as client:
        answer = client.converse(modelId=NOVA, messages=SAID)

    assert PROMPT == answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("model", "secret", "name"),
    [
        (NOVA, "stolen", "InvalidSignatureException"),
        ("no-such-model", "simulated-secret-key", "ValidationException"),
        ("status-404", "simulated-secret-key", "ResourceNotFoundException"),
        ("status-429", "simulated-secret-key", "ThrottlingException"),
        ("status-500", "simulated-secret-key", "InternalServerException"),
        ("status-503", "simulated-secret-key", "ServiceUnavailableException"),
    ],
)
def test_failures_of_aws(simulator, model, secret, name):
    """Each is the exception that the client knows by name."""
    from botocore.exceptions import ClientError

    with aws(simulator, secret=secret) as client, pytest.raises(ClientError) as caught:
        client.converse(modelId=model, messages=SAID)

    assert name == caught.value.response["Error"]["Code"]


# -- ollama --------------------------------------------------------------------------------------------


def test_ollama(simulator):
    """Chat, streams, vectors, models."""
    ollama = pytest.importorskip("ollama")
    with ollama.Client(host=simulator.base_url("ollama")) as client:
        whole = client.chat(model="llama3", messages=TURN)
        pieces = [chunk.message.content for chunk in client.chat(model="llama3", messages=TURN, stream=True)]
        vectors, models = client.embed(model="nomic-embed-text", input="a").embeddings, client.list().models

    assert PROMPT == whole.message.content == "".join(pieces)
    assert (1, True) == (len(vectors), len(models) > 0)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 529])
def test_failures_of_ollama(simulator, status):
    """The client's one error, with the status."""
    ollama = pytest.importorskip("ollama")
    key, model = failing(status)
    made = ollama.Client(host=simulator.base_url("ollama"), headers={"authorization": f"Bearer {key}"})

    with made as client, pytest.raises(ollama.ResponseError) as caught:
        client.chat(model=model, messages=TURN)

    assert status == caught.value.status_code
