"""Bedrock as its profile and code describe it: where calls go, what they say, what failures mean."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import jackfield
from jackfield import (
    CachePoint,
    Capability,
    Document,
    HostedTool,
    Image,
    Message,
    Registry,
    Support,
    ToolCall,
    ToolResult,
)
from jackfield.types import Tool
from jackfield.wire import Headers, Reply

KEY = "bedrock-api-key-" + "x" * 20
KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "s" * 20}
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-2-lite-v1:0"
LLAMA = "meta.llama3-3-70b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-3-675b-instruct"
OSS = "openai.gpt-oss-120b-1:0"
HOME = {"region": "eu-central-1"}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


@pytest.fixture
def body(sent):
    return lambda model, prompt="hi", **options: sent(model, prompt, {"api_key": KEY, **HOME}, **options).body


# -- the package -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


def test_all_models_of_the_list_bind(profile, bound):
    """Ids with colons in them too; a model whose wire is not installed says so."""
    for model in profile.models:
        if model.wire in ("", "converse", *jackfield.wire.WIRES):
            assert model.id == bound(model.id, api_key=KEY, **HOME).model.id


@pytest.mark.parametrize("alias", ["amazon-bedrock", "aws-bedrock"])
def test_other_names_mean_it_too(alias):
    """As other libraries call it."""
    assert "bedrock" == Registry().resolve(f"{alias}/{HAIKU}").profile.id


def test_no_vendor_library_is_imported_before_a_call_needs_it():
    """Neither by the package nor by binding a model; both are quick."""
    code = (
        "import sys, time, jackfield, jackfield.plugin\n"
        "started = time.process_time()\n"
        "import jackfield_bedrock\n"
        "assert time.process_time() - started < 0.2\n"
        f"client = jackfield.Client({{'providers': {{'bedrock': {{**{HOME}, **{KEYS}}}}}}})\n"
        f"client.bind('bedrock/{HAIKU}')\n"
        "assert not [name for name in sys.modules if name.startswith(('boto', 'urllib3'))]\n"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


@pytest.mark.parametrize(
    ("model", "capability", "support"),
    [
        (HAIKU, Capability.PARALLEL_TOOLS, Support.FULL),
        (NOVA, Capability.PARALLEL_TOOLS, Support.UNSUPPORTED),
        ("amazon.titan-embed-text-v2:0", Capability.EMBEDDINGS, Support.FULL),
        (HAIKU, Capability.EMBEDDINGS, Support.UNSUPPORTED),
        ("us.deepseek.r1-v1:0", Capability.TOOLS, Support.UNSUPPORTED),
        (HAIKU, Capability.BATCH, Support.NOT_IMPLEMENTED),
    ],
)
def test_capabilities_follow_the_name_of_the_model(profile, model, capability, support):
    """Its family, as a rule."""
    assert support is profile.supports(capability, model)


# -- where calls go --------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_the_region_comes_from_the_environment(monkeypatch, sent, variable):
    """And is part of the host."""
    monkeypatch.setenv(variable, "ap-southeast-2")

    host = "https://bedrock-runtime.ap-southeast-2.amazonaws.com"
    assert f"{host}/model/amazon.nova-2-lite-v1%3A0/converse" == sent(NOVA, settings={"api_key": KEY}).url


@pytest.mark.parametrize(("name", "section"), [("", "default"), ("work", "profile work")])
def test_the_region_comes_from_the_profile(monkeypatch, sent, tmp_path, name, section):
    """Of the vendor's tools, without any of them."""
    (tmp_path / "config").write_text(f"[{section}]\nregion = sa-east-1\n")
    if name:
        monkeypatch.setenv("AWS_PROFILE", name)

    assert ".sa-east-1." in sent(NOVA, settings={"api_key": KEY}).url


def test_the_region_comes_from_an_arn(sent):
    """If nobody else names one; slashes and colons of the ARN are the model's own."""
    arn = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.x.y-v1:0"

    url = sent(arn, settings={"api_key": KEY}).url

    escaped = "arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Ainference-profile%2Fus.x.y-v1%3A0"
    assert f"https://bedrock-runtime.us-west-2.amazonaws.com/model/{escaped}/converse" == url


def test_without_a_region_nothing_is_sent(sent):
    """There is no usual one."""
    with pytest.raises(jackfield.BadConfig, match="AWS_REGION"):
        sent(NOVA, settings={"api_key": KEY})


@pytest.mark.parametrize("region", ["us-east-1.evil.test/", "nowhere", "us-east-1@x", "../x"])
def test_what_is_no_region_is_no_part_of_a_host(sent, region):
    """A region is a few words and a number."""
    with pytest.raises(jackfield.BadConfig, match="no region"):
        sent(NOVA, settings={"api_key": KEY, "region": region})


def test_an_address_of_ones_own_excludes_those_of_the_vendor(sent):
    """Nobody could say which was meant."""
    settings = {"api_key": KEY, **HOME, "base_url": "https://proxy.test/aws", "fips": "true"}

    with pytest.raises(jackfield.BadConfig, match="exclude"):
        sent(NOVA, settings=settings)


@pytest.mark.parametrize(
    ("wire", "url"),
    [
        ("chat_completions", "https://bedrock-mantle.eu-central-1.api.aws/v1/chat/completions"),
        ("messages", "https://bedrock-mantle.eu-central-1.api.aws/anthropic/v1/messages"),
        (
            "invoke",
            "https://bedrock-runtime.eu-central-1.amazonaws.com/model/openai.gpt-oss-120b-1%3A0/invoke",
        ),
    ],
)
def test_other_wires_have_other_places(sent, wire, url):
    """The shared formats a host of their own."""
    assert url == sent(OSS, settings={"api_key": KEY, **HOME, "wire": wire}).url


def test_an_api_that_is_none_is_refused(sent):
    """There are two."""
    with pytest.raises(jackfield.BadConfig, match="`converse` or `invoke`"):
        sent(NOVA, settings={"api_key": KEY, **HOME, "api": "else"})


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "effort", "fields"),
    [
        (HAIKU, "low", {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        (HAIKU, "none", {"thinking": {"type": "disabled"}}),
        (
            "us.anthropic.claude-opus-4-8",
            "max",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
        ),
        (NOVA, "xhigh", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}),
        (OSS, "minimal", {"reasoning_effort": "low"}),
        ("qwen.qwen3-32b-v1:0", "medium", {"reasoning_config": "high"}),
        ("us.openai.gpt-6", "low", {"reasoning": {"effort": "low"}}),
    ],
)
def test_each_maker_has_its_own_words_for_effort(body, model, effort, fields):
    """All among the model's own fields."""
    assert fields == body(model, reasoning=effort)["additionalModelRequestFields"]


def test_a_budget_stays_below_the_limit(body):
    """Which counts it too."""
    asked = body(HAIKU, reasoning="high", max_tokens=2000)

    assert 1999 == asked["additionalModelRequestFields"]["thinking"]["budget_tokens"]
    with pytest.raises(jackfield.InvalidRequest, match="max_tokens"):
        body(HAIKU, reasoning=4000, max_tokens=2000)


@pytest.mark.parametrize(("model", "value"), [(NOVA, 2000), (OSS, "none"), ("writer.palmyra-x5-v1:0", "low")])
def test_what_a_model_cannot_be_told_is_refused(body, model, value):
    """Before anything is sent."""
    with pytest.raises(jackfield.Unsupported, match="nothing was sent"):
        body(model, reasoning=value)


def test_options_stand_where_the_format_has_them(body):
    """Those it has no place for among the model's own fields."""
    asked = body(
        NOVA,
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=20,
        stop=["x"],
        service_tier="flex",
        metadata={"team": "a"},
    )

    config = {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]}
    assert config == asked["inferenceConfig"]
    assert {"inferenceConfig": {"topK": 20}} == asked["additionalModelRequestFields"]
    assert ({"type": "flex"}, {"team": "a"}) == (asked["serviceTier"], asked["requestMetadata"])


def test_fields_of_its_own_go_through_extra(body):
    """Guardrails, say; tables are merged."""
    extra = {"guardrailConfig": {"guardrailIdentifier": "g"}, "additionalModelRequestFields": {"a": 1}}

    asked = body(HAIKU, top_k=3, extra=extra)

    assert extra["guardrailConfig"] == asked["guardrailConfig"]
    assert {"top_k": 3, "a": 1} == asked["additionalModelRequestFields"]


@pytest.mark.parametrize("model", [HAIKU, MISTRAL, OSS])
def test_newer_models_know_schemas(body, model):
    """As text."""
    asked = body(model, into=SCHEMA)["outputConfig"]["textFormat"]

    assert SCHEMA == json.loads(asked["structure"]["jsonSchema"]["schema"])


def test_other_models_answer_by_a_tool(body):
    """That they must call."""
    config = body(NOVA, into=SCHEMA)["toolConfig"]

    assert {"tool": {"name": "structured_answer"}} == config["toolChoice"]
    assert {"json": SCHEMA} == config["tools"][0]["toolSpec"]["inputSchema"]


def test_tools_are_offered_with_the_end_of_what_may_be_cached(body):
    """The caller's and those that run over there."""
    tool = Tool("weather", "of a city", SCHEMA, cache=CachePoint("1h"))

    config = body(NOVA, tools=[tool, HostedTool("nova_grounding")], tool_choice="required")["toolConfig"]

    spec = {"name": "weather", "description": "of a city", "inputSchema": {"json": SCHEMA}}
    assert [
        {"toolSpec": spec},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"systemTool": {"name": "nova_grounding"}},
    ] == config["tools"]
    assert {"any": {}} == config["toolChoice"]


def test_no_tool_at_all_is_said_by_leaving_them_out(body, weather):
    """Where the conversation has used some that is refused."""
    turns = [
        Message("user", "hi"),
        Message("assistant", ToolCall("1", "weather")),
        Message("tool", ToolResult("1", "sun")),
    ]

    assert "toolConfig" not in body(HAIKU, tools=[weather], tool_choice="none")
    with pytest.raises(jackfield.Unsupported, match="cannot forbid"):
        body(HAIKU, turns, tools=[weather], tool_choice="none")


def test_one_call_at_a_time_is_for_models_that_understand(body, weather):
    """One maker's."""
    asked = body(HAIKU, tools=[weather], parallel_tool_calls=False)

    choice = {"type": "auto", "disable_parallel_tool_use": True}
    assert choice == asked["additionalModelRequestFields"]["tool_choice"]
    with pytest.raises(jackfield.Unsupported):
        body(NOVA, tools=[weather], parallel_tool_calls=False)


@pytest.mark.parametrize(
    ("model", "item"), [(HAIKU, {"text": "sun"}), (MISTRAL, {"json": {"result": "sun"}})]
)
def test_answers_of_tools_stand_first(body, model, item):
    """One maker wants them as JSON."""
    turns = [
        Message("user", "hi"),
        Message("assistant", ToolCall("1", "weather", '{"city":"Bern"}')),
        Message("user", "well?"),
        Message("tool", ToolResult("1", "sun", error=True)),
    ]

    _, turn, answer = body(model, turns)["messages"]

    assert {"toolUseId": "1", "name": "weather", "input": {"city": "Bern"}} == turn["content"][0]["toolUse"]
    result = {"toolUseId": "1", "content": [item], "status": "error"}
    assert [{"toolResult": result}, {"text": "well?"}] == answer["content"]


def test_documents_have_plain_names_that_differ(body):
    """All else is refused there."""
    parts = ["read", *(Document("application/pdf", data=b"%PDF", name="my report_1.pdf") for _ in range(2))]

    names = [
        b["document"]["name"] for b in body(HAIKU, [Message("user", parts)])["messages"][0]["content"][1:]
    ]

    assert ["my report-1", "my report-1-2"] == names


def test_media_are_bytes_or_lie_in_s3(body):
    """Other addresses nobody fetches."""
    stored = Image("image/jpeg", url="s3://bucket/kiwi.jpg")

    block = body(NOVA, [Message("user", stored)])["messages"][0]["content"][0]["image"]

    assert {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/kiwi.jpg"}}} == block
    with pytest.raises(jackfield.Unsupported, match="addresses"):
        body(NOVA, [Message("user", Image("image/jpeg", url="https://x.test/kiwi.jpg"))])
    with pytest.raises(jackfield.Unsupported, match="image/tiff"):
        body(NOVA, [Message("user", Image("image/tiff", data=b"II"))])


def test_a_conversation_without_turns_is_refused(body):
    """Instructions alone ask nothing."""
    with pytest.raises(jackfield.InvalidRequest, match="no turn"):
        body(NOVA, [Message("system", "be brief")])


@pytest.mark.parametrize("option", [{"seed": 1}, {"frequency_penalty": 1.0}, {"verbosity": "low"}])
def test_options_it_does_not_know_are_not_sent(sent, option):
    """The answer would differ; a seed is left out with a warning."""
    settings = {"api_key": KEY, **HOME}
    if "seed" in option:
        assert b"seed" not in sent(NOVA, settings=settings, **option).call.body
        return
    with pytest.raises(jackfield.Unsupported, match=next(iter(option))):
        sent(NOVA, settings=settings, **option)


# -- the makers' own formats -----------------------------------------------------------------------

INVOKED = {"api_key": KEY, **HOME, "api": "invoke"}
PROMPTS = [
    (
        "meta.llama3-70b-instruct-v1:0",
        "<|start_header_id|>system<|end_header_id|>\n\nbe brief<|eot_id|>",
        "prompt",
    ),
    ("meta.llama2-13b-chat-v1", "<s>[INST] <<SYS>>\nbe brief\n<</SYS>>\n\nhi [/INST]", "prompt"),
    ("us.meta.llama4-scout-17b-instruct-v1:0", "<|header_start|>user<|header_end|>\n\nhi<|eot|>", "prompt"),
    ("mistral.mixtral-8x7b-instruct-v0:1", "<s>[INST] be brief\nhi [/INST]", "prompt"),
    ("us.deepseek.r1-v1:0", "be brief<｜User｜>hi<｜Assistant｜><think>\n", "prompt"),
    ("amazon.titan-text-express-v1", "be brief\nUser: hi\nBot:", "inputText"),
]


@pytest.mark.parametrize(("model", "words", "field"), PROMPTS)
def test_prompts_are_in_the_words_of_their_makers(sent, model, words, field):
    """Each model was trained on others."""
    turns = [Message("system", "be brief"), Message("user", "hi")]

    assert words in sent(model, turns, INVOKED).body[field]


def test_earlier_turns_are_part_of_the_prompt(sent):
    """Or have a place of their own."""
    turns = [Message("user", "a"), Message("assistant", "b"), Message("user", "c")]

    assert "<s>[INST] a [/INST] b</s>[INST] c [/INST]" == sent(PROMPTS[3][0], turns, INVOKED).body["prompt"]
    asked = sent("cohere.command-r-v1:0", turns, INVOKED).body
    history = [{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}]
    assert {"message": "c", "chat_history": history} == asked


def test_a_prompt_in_the_models_words_stays_as_it_is(sent):
    """Whoever writes it knows."""
    prompt = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi"

    assert prompt == sent(LLAMA, prompt, INVOKED).body["prompt"]


@pytest.mark.parametrize("options", [{"top_k": 3}, {"tools": [Tool("t")]}])
def test_what_a_prompt_cannot_say_is_refused(sent, options):
    """With the way out."""
    with pytest.raises(jackfield.Unsupported) as caught:
        sent("amazon.titan-text-express-v1", "hi", INVOKED, **options)

    assert "nothing was sent" in str(caught.value)
    assert "api" in caught.value.hint


def test_guardrails_of_invocations_are_headers(sent):
    """For every maker."""
    extra = {"guardrailIdentifier": "g", "guardrailVersion": "1", "other": 1}

    for model in (HAIKU, NOVA, OSS, LLAMA):
        asked = sent(model, "hi", INVOKED, extra=extra)
        assert "g" == asked.headers["x-amzn-bedrock-guardrailidentifier"]
        assert ("guardrailIdentifier" in asked.body, asked.body["other"]) == (False, 1)


def test_claude_is_told_its_version_in_the_body(sent):
    """And its name in the path alone."""
    asked = sent(HAIKU, "hi", INVOKED, reasoning="low")

    assert "bedrock-2023-05-31" == asked.body["anthropic_version"]
    assert not {"model", "stream"} & asked.body.keys()
    assert asked.url.endswith(f"/model/{HAIKU.replace(':', '%3A')}/invoke")


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (403, "AccessDeniedException", "User: arn is not authorized to perform", jackfield.Unauthorized),
    (403, "AccessDeniedException", "You don't have access to the model with the id", jackfield.ModelNotFound),
    (
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
        jackfield.Unauthorized,
    ),
    (403, "UnrecognizedClientException", "The security token is invalid.", jackfield.Unauthorized),
    (400, "ValidationException", "Input is too long for requested model.", jackfield.ContextTooLong),
    (
        400,
        "ValidationException",
        "prompt is too long: 210000 tokens > 200000 maximum",
        jackfield.ContextTooLong,
    ),
    (
        400,
        "ValidationException",
        "Invocation with on-demand throughput isn’t supported.",
        jackfield.ModelNotFound,
    ),
    (400, "ValidationException", "1 validation error detected", jackfield.InvalidRequest),
    (
        404,
        "ResourceNotFoundException",
        "This model version has reached the end of its life.",
        jackfield.ModelNotFound,
    ),
    (429, "ThrottlingException", "Too many requests, please wait.", jackfield.RateLimited),
    (429, "ThrottlingException", "Too many tokens per day, please wait.", jackfield.RateLimited),
    (400, "ServiceQuotaExceededException", "quota", jackfield.RateLimited),
    (429, "ModelNotReadyException", "not ready", jackfield.Unavailable),
    (408, "ModelTimeoutException", "took too long", jackfield.Unavailable),
    (424, "ModelErrorException", "failed", jackfield.Unavailable),
    (500, "InternalServerException", "oops", jackfield.Unavailable),
    (503, "ServiceUnavailableException", "busy", jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "name", "words", "leaf"), FAILURES)
def test_exceptions_mean_what_their_names_or_words_say(bound, failure, status, name, words, leaf):
    """Whichever says more."""
    error = failure(
        bound(HAIKU, api_key=KEY, **HOME), status, {"message": words}, x_amzn_errortype=f"{name}:http://x/"
    )

    assert (leaf, name, status) == (type(error), error.code, error.status)
    assert words in str(error)


@pytest.mark.parametrize(
    ("name", "words", "retryable"),
    [
        ("ThrottlingException", "Too many requests", True),
        ("ThrottlingException", "Too many tokens per day", False),
        ("ServiceQuotaExceededException", "quota", False),
        ("ModelNotReadyException", "not ready", True),
        ("ModelTimeoutException", "took too long", True),
    ],
)
def test_only_what_clears_by_waiting_is_tried_again(bound, failure, name, words, retryable):
    """A day is too long."""
    error = failure(bound(HAIKU, api_key=KEY, **HOME), 429, {"message": words}, x_amzn_errortype=name)

    assert retryable is error.retryable


def test_a_page_of_a_proxy_is_no_answer(bound):
    """Its title is what is told."""
    binding = bound(HAIKU, api_key=KEY, **HOME)

    error = binding.wire.parse_error(
        Reply(502, Headers({"content-type": "text/html"}), b"<title>Bad</title>")
    )

    assert ("server", "Bad") == (error.kind, error.message)


def test_an_empty_refusal_still_has_a_name(bound):
    """In its header."""
    headers = Headers({"x-amzn-errortype": "ThrottlingException"})

    error = bound(HAIKU, api_key=KEY, **HOME).wire.parse_error(Reply(429, headers, b""))

    assert ("throttle", "ThrottlingException") == (error.kind, error.code)


# -- whole exchanges -------------------------------------------------------------------------------


def test_an_answer_with_its_figures(replayed):
    """What was cached is counted apart."""
    with replayed("completion", api_key=KEY, **HOME) as client:
        answer = client.complete(f"bedrock/{HAIKU}", "Name three rivers.", max_tokens=2000, reasoning="low")

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (10, 64, 25) == (answer.usage.input, answer.usage.cache_read, answer.usage.output)
    assert ("req-doc-1", f"bedrock/{HAIKU}") == (answer.request_id, answer.served_by)


def test_a_stream_with_a_call(replayed, weather):
    """In pieces, between frames of bytes."""
    with replayed("stream", api_key=KEY, **HOME) as client:
        stream = client.stream(f"bedrock/{NOVA}", "What is the weather in Bern?", tools=[weather])
        answer = stream.completion()

    assert [("call_doc_1", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert (230, 15, "tool_calls") == (answer.usage.input, answer.usage.output, answer.finish.reason)


def test_a_model_that_needs_a_region_says_so(replayed):
    """With what helps."""
    with replayed("error", api_key=KEY, **HOME) as client, pytest.raises(jackfield.ModelNotFound) as caught:
        client.complete("bedrock/anthropic.claude-haiku-4-5-20251001-v1:0", "hi")

    assert ("ValidationException", "req-doc-3") == (caught.value.code, caught.value.request_id)
    assert "us." in caught.value.hint
