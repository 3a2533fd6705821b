"""Servers of one's own: where they are, whether they want a key, and what they are spared."""

from __future__ import annotations

import pytest

import jackfield
from jackfield import Capability, Message, Registry, Support, Text, ToolCall, ToolResult

SERVER = "http://gpu.test:8000"
ADDRESSES = [
    "OPENAI_COMPATIBLE_BASE_URL",
    "HOSTED_VLLM_API_BASE",
    "VLLM_API_BASE",
    "OPENAI_LIKE_API_BASE",
    "LM_STUDIO_API_BASE",
    "XINFERENCE_API_BASE",
    "LLAMAFILE_API_BASE",
]
KEYS = ["OPENAI_COMPATIBLE_API_KEY", "HOSTED_VLLM_API_KEY", "VLLM_API_KEY", "OPENAI_LIKE_API_KEY"]


@pytest.fixture
def ask(sent):
    """The call that goes to the server."""

    def to_server(prompt="hi", **options):
        return sent("qwen3-4b", prompt, {"base_url": SERVER}, **options)

    return to_server


# -- the profile -----------------------------------------------------------------------------------


def test_chat_is_stated_as_far_as_can_be(profile, unstated):
    """What depends on the server is partial: it is tried."""
    assert [] == unstated
    assert Support.PARTIAL is profile.supports(Capability.TOOLS, "any-model")


def test_every_name_is_a_model(profile, bound):
    """None is listed, so none is unknown."""
    binding = bound("org/any:4b@q4", base_url=SERVER)

    assert ((), "org/any:4b@q4", False) == (profile.models, binding.model.id, binding.model.listed)


@pytest.mark.parametrize(
    "alias", ["vllm", "lm-studio", "localai", "sglang", "tgi", "llamafile", "xinference"]
)
def test_servers_go_by_their_own_names(alias):
    """All are this provider."""
    assert "openai-compatible" == Registry().resolve(f"{alias}/any").profile.id


# -- where, and with what key ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (SERVER, f"{SERVER}/v1/chat/completions"),
        (f"{SERVER}/", f"{SERVER}/v1/chat/completions"),
        (f"{SERVER}/v1", f"{SERVER}/v1/chat/completions"),
        (f"{SERVER}/v1/", f"{SERVER}/v1/chat/completions"),
        (f"{SERVER}/engines/a/v3", f"{SERVER}/engines/a/v3/chat/completions"),
    ],
)
def test_an_address_may_leave_the_version_out(sent, base, url):
    """One with a path is taken as it is."""
    assert url == sent("qwen3-4b", settings={"base_url": base}).url


@pytest.mark.parametrize("variable", ADDRESSES)
def test_the_address_may_stand_in_the_environment(monkeypatch, sent, variable):
    """Under any of the names that are in use."""
    monkeypatch.setenv(variable, SERVER)

    assert f"{SERVER}/v1/chat/completions" == sent("qwen3-4b").url


def test_without_an_address_the_variables_are_named(bound):
    """There is no default to send a prompt to."""
    with pytest.raises(jackfield.BadConfig, match="`base_url` is not set") as caught:
        bound("qwen3-4b")

    assert all(variable in caught.value.hint for variable in ADDRESSES)


def test_an_address_may_stand_under_an_alias():
    """In the table of that name."""
    client = jackfield.Client({"providers": {"vllm": {"base_url": SERVER}}})

    assert f"{SERVER}/v1" == client.bind("vllm/qwen3-4b").wire.dialect.base


def test_without_a_key_none_is_sent(ask):
    """Not even an empty header."""
    assert "authorization" not in ask().headers


@pytest.mark.parametrize("variable", KEYS)
def test_a_key_is_sent_where_there_is_one(monkeypatch, ask, variable):
    """Short ones too: many servers check none, and people set anything."""
    monkeypatch.setenv(variable, "x")

    assert "Bearer x" == ask().headers["authorization"]


# -- requests --------------------------------------------------------------------------------------


def test_the_limit_of_tokens_has_the_older_name(ask):
    """The newer one is ignored or refused by many."""
    body = ask(max_tokens=5).body

    assert 5 == body["max_tokens"]
    assert "max_completion_tokens" not in body


def test_texts_are_one_string(ask):
    """Templates cannot read lists."""
    turns = [Message("system", (Text("a"), Text("b"))), Message("user", (Text("c"), Text("d")))]

    assert ["ab", "cd"] == [turn["content"] for turn in ask(turns).body["messages"]]


def test_a_turn_of_calls_alone_is_an_empty_string(ask):
    """Templates refuse null."""
    turns = [
        Message("user", "hi"),
        Message("assistant", ToolCall("c", "f")),
        Message("tool", ToolResult("c", "1")),
    ]

    assert "" == ask(turns).body["messages"][1]["content"]


def test_what_a_server_has_no_word_for_is_left_out_or_refused(ask):
    """Whether to keep the answer does not change it; how long it is does."""
    assert "store" not in ask(store=True).body
    with pytest.raises(jackfield.Unsupported, match="verbosity"):
        ask(verbosity="low")


def test_samplers_of_its_own_go_through_extra(ask):
    """And those with a name of ours by it."""
    body = ask(top_k=5, extra={"min_p": 0.1}).body

    assert (5, 0.1) == (body["top_k"], body["min_p"])


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "leaf"),
    [
        (400, {"error": {"message": "no", "type": "BadRequestError", "code": 400}}, jackfield.InvalidRequest),
        (401, {"error": "Unauthorized"}, jackfield.Unauthorized),
        (404, {"object": "error", "message": "no such model", "code": 404}, jackfield.ModelNotFound),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "must be 1"}]}, jackfield.InvalidRequest),
        (500, {"detail": "Internal Server Error"}, jackfield.Unavailable),
        (503, {}, jackfield.Unavailable),
    ],
)
def test_failures_are_read_in_every_shape(bound, failure, status, body, leaf):
    """Each server has one of its own."""
    error = failure(bound("qwen3-4b", base_url=SERVER), status, body)

    assert (leaf, status) == (type(error), error.status)


# -- whole exchanges -------------------------------------------------------------------------------


def test_reasoning_in_the_older_field_is_read(replayed):
    """And no key is needed."""
    with replayed("completion", base_url=SERVER) as client:
        answer = client.complete("vllm/qwen3-4b", "Name three rivers.", max_tokens=64)

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (12, 19, None) == (answer.usage.input, answer.usage.output, answer.charge)


def test_a_stream_may_end_without_a_mark(replayed, weather):
    """If it said why it finished."""
    with replayed("stream", base_url=f"{SERVER}/v1") as client:
        prompt = "What is the weather in Bern?"
        answer = client.stream("openai-compatible/qwen3-4b", prompt, tools=[weather]).completion()

    assert [("weather", {"city": "Bern"})] == [(call.name, call.arguments) for call in answer.tool_calls]
    assert ("tool_calls", 20) == (answer.finish.reason, answer.usage.output)


def test_a_prompt_too_long_is_told_by_its_words(replayed):
    """The code says nothing."""
    with replayed("error", base_url=SERVER) as client, pytest.raises(jackfield.ContextTooLong) as caught:
        client.complete("openai-compatible/qwen3-4b", "too much")

    assert "4096 tokens" in str(caught.value)
