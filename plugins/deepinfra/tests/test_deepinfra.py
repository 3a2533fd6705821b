"""DeepInfra as its profile and wire describe it: tools it chooses itself, estimated prices, rankings of its own."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import jackfield
from jackfield import Capability, Message, Support, Text, Tool, ToolCall, ToolResult
from jackfield.types import Ranked, Ranking, RerankRequest, Usage
from jackfield.wire import Headers, Reply

KEY = "a" * 16 + "b" * 16
QWEN = "Qwen/Qwen3.8-27B"


@pytest.fixture
def body(sent):
    return lambda model=QWEN, prompt="hi", **options: sent(model, prompt, {"api_key": KEY}, **options).body


@pytest.fixture
def rerank(bound):
    return bound("Qwen/Qwen3-Reranker-8B", api_key=KEY).wire.operations()["rerank"]


def test_nothing_of_chat_is_unstated(unstated):
    """The rest is stated, too."""
    assert len(unstated) == 0


def test_listed_models_bind(profile, bound):
    """Those of other makers, too."""
    assert "anthropic/claude-sonnet-5" in {bound(model.id, api_key=KEY).model.id for model in profile.models}
    assert Support.UNSUPPORTED is profile.supports(Capability.IMAGES_IN, "zai-org/GLM-5.2")


def test_it_chooses_tools_itself(body):
    """It cannot be told to."""
    tools = [Tool("f")]

    assert "tool_choice" not in body(tools=tools)
    with pytest.raises(jackfield.Unsupported, match="which tool"):
        body(tools=tools, tool_choice="required")


def test_what_a_tool_answers_is_a_text(body):
    """Several are one."""
    result = Message("tool", ToolResult("call_1", [Text("a"), Text("b")]))

    assert (
        "ab"
        == body(prompt=[Message("user", "?"), Message("assistant", ToolCall("call_1", "f")), result])[
            "messages"
        ][2]["content"]
    )


def test_models_of_others_take_no_sampling(body):
    """It is refused here."""
    assert 0 == body(temperature=0)["temperature"]
    with pytest.raises(jackfield.Unsupported, match="temperature"):
        body("google/gemini-3.7-flash", temperature=0)


@pytest.mark.parametrize(
    ("status", "body", "leaf"),
    [
        (400, {"error": {"message": "x"}}, jackfield.InvalidRequest),
        (401, {"detail": {"error": "User is not authenticated"}}, jackfield.Unauthorized),
        (402, {"detail": {"error": "check your balance"}}, jackfield.OutOfCredit),
        (404, {"error": {"message": "The model `x` does not exist"}}, jackfield.ModelNotFound),
        (422, {"detail": [{"loc": ["body", "model"], "msg": "field required"}]}, jackfield.InvalidRequest),
        (429, {"detail": "rate limited"}, jackfield.RateLimited),
        (503, {"detail": "busy"}, jackfield.Unavailable),
    ],
)
def test_failures_are_what_they_are(bound, failure, status, body, leaf):
    """In whichever of the three forms."""
    assert leaf is type(failure(bound(QWEN, api_key=KEY), status, body))


def test_the_price_is_an_estimate_of_its_own(replayed):
    """In dollars."""
    with replayed("completion", api_key=KEY) as client:
        answer = client.complete(f"deepinfra/{QWEN}", "Name three rivers.", max_tokens=300, reasoning="low")

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (34, 26, Decimal("0.0000916")) == (answer.usage.input, answer.usage.output, answer.charge)


def test_a_streamed_call(replayed, weather):
    """With figures at the end."""
    with replayed("stream", api_key=KEY) as client:
        answer = client.stream(
            f"deepinfra/{QWEN}", "What is the weather in Bern?", tools=[weather]
        ).completion()

    assert [("call_doc_1", {"city": "Bern"})] == [(call.id, call.arguments) for call in answer.tool_calls]
    assert (52, 128, Decimal("0.000138")) == (answer.usage.input, answer.usage.cache_read, answer.charge)


def test_an_empty_account(replayed):
    """In its own words."""
    with (
        replayed("error", api_key=KEY) as client,
        pytest.raises(jackfield.OutOfCredit, match="check your balance"),
    ):
        client.complete(f"deepinfra/{QWEN}", "Name three rivers.")


def test_rankings_are_at_the_path_of_the_model(replayed):
    """All documents are scored; the best of them were asked for."""
    with replayed("rerank", api_key=KEY) as client:
        found = client.rerank(
            "deepinfra/Qwen/Qwen3-Reranker-8B", "Which is a river?", ["Bern", "Aare", "Inn"], top_n=2
        )

    assert [(1, 0.97), (2, 0.93)] == [(one.index, one.score) for one in found.results]
    assert (60, Decimal("0.000003")) == (found.usage.total_input, found.charge)


def test_a_ranking_is_read_as_it_was_asked(rerank):
    """And written as it is parsed."""
    asked = RerankRequest("Qwen/Qwen3-Reranker-8B", "q", ("a", "b"))
    ranking = Ranking((Ranked(1, 0.9), Ranked(0, 0.1)), usage=Usage(5))

    found = rerank.parse(rerank.write(ranking))

    assert asked == rerank.read(rerank.render(asked))
    assert (ranking.results, 5) == (found.results, found.usage.total_input)


def test_scores_of_one_query_may_be_in_a_list_of_their_own(rerank):
    """Scores that are none are malformed."""

    def reply(scores):
        return Reply(
            200, Headers({"content-type": "application/json"}), json.dumps({"scores": scores}).encode()
        )

    assert [1, 0] == [one.index for one in rerank.parse(reply([[0.1, 0.2]])).results]
    with pytest.raises(jackfield.Malformed):
        rerank.parse(reply(["high"]))
    assert not rerank.parse(reply([0.5])).usage.known


@pytest.mark.parametrize(
    "body", [b"{}", b'{"queries":["a","b"],"documents":["c"]}', b'{"queries":["a"],"documents":[]}']
)
def test_what_is_no_request_to_rank_is_refused(rerank, body):
    """One query, and documents."""
    from jackfield.wire import Call

    with pytest.raises(jackfield.InvalidRequest):
        rerank.read(Call("POST", ("inference", "a", "b"), body))
