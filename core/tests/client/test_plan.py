"""What is refused before a byte is sent, and what is left out with a warning."""

from __future__ import annotations

import pytest

from jackfield import (
    Audio,
    CachePoint,
    Document,
    HostedTool,
    Image,
    InvalidRequest,
    Message,
    Timeouts,
    Tool,
    ToolResult,
    Unsupported,
)
from jackfield.client.plan import plan_completion, plan_operation
from jackfield.client.prompt import conversation
from jackfield.client.requests import embedding

PICTURE = Image("image/png", data=b"x")


def weather(city: str) -> str:
    """Tell the weather."""
    return city


@pytest.fixture
def plan(client):
    """Plans a completion of one of the models."""

    def make(prompt="hello", model="large-1", stream=False, **options):
        return plan_completion(client().bind(f"acme/{model}"), prompt, options, stream)

    return make


REFUSED = [
    ({"prompt": [Audio("audio/wav", data=b"x")]}, "cannot take audio"),
    ({"prompt": [Document("application/pdf", data=b"x")]}, "cannot take documents .not implemented yet"),
    ({"prompt": ["look", PICTURE], "model": "small-1"}, "cannot take images"),
    ({"prompt": [Message("tool", ToolResult("1", PICTURE))], "model": "small-1"}, "cannot take images"),
    ({"tools": [weather], "tool_choice": "weather"}, "cannot be told which tool"),
    ({"into": {"type": "object"}, "model": "small-1"}, "cannot be held to a schema"),
    ({"logprobs": True}, "does not take option `logprobs`"),
    ({"reasoning": "high"}, "does not take option `reasoning`"),
    ({"top_k": 5}, "does not take option `top_k`: seen 2026-08"),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED)
def test_what_a_model_cannot_do_is_refused(plan, asked, words) -> None:
    """The refusal says what, why, and that nothing was sent."""
    with pytest.raises(Unsupported, match=words) as caught:
        plan(**asked)

    assert "nothing was sent" in str(caught.value)
    assert caught.value.info.sent == "no"


def test_a_refusal_names_models_that_can(plan) -> None:
    """The hint is a way on."""
    with pytest.raises(Unsupported) as caught:
        plan([PICTURE], model="small-1")

    assert "`acme/large-1`" in caught.value.hint


INVALID = [
    ({"temperature": 1.5}, "between 0 and 1"),
    ({"temperature": "hot"}, "must be int or float, not str"),
    ({"top_p": True}, "not bool"),
    ({"max_tokens": 0}, "between 1 and 100"),
    ({"max_tokens": 101}, "between 1 and 100"),
    ({"max_tokens": 0, "model": "small-1"}, "at least 1"),
    ({"verbosity": "loud"}, "one of low, medium, high"),
    ({"temprature": 1}, "there is no option `temprature`"),
    ({"timeout": -1}, "above 0"),
    ({"max_retries": -1}, "whole number from 0"),
    ({"tools": [weather], "tool_choice": "wether"}, "none of the tools: weather"),
    ({"prompt": ""}, "the prompt is empty"),
    ({"prompt": []}, "the prompt is empty"),
    ({"prompt": [{"role": "user", "content": []}]}, "needs a role and text content"),
    ({"prompt": [{"role": [], "content": "x"}]}, "needs a role and text content"),
    ({"prompt": [Message("robot", "x")]}, "`robot` is no role"),
    ({"prompt": [Message("user", (5,))]}, "`int` is no part"),
    ({"tools": weather}, "`tools` must be a list"),
    ({"tools": [5]}, "cannot be the name of a tool"),
    ({"tools": [{"name": "x"}]}, "needs `type: function`"),
    ({"tools": [weather, weather]}, "two tools have the name `weather`"),
    ({"tool_choice": "required"}, "needs tools to choose from"),
    ({"stop": 5}, "`stop` must be a list"),
    ({"stop": [1]}, "must hold texts"),
    ({"stop": [""]}, "must hold texts"),
    ({"metadata": {1: 2}}, "must hold texts"),
    ({"extra": 5}, "must be a mapping"),
    ({"extra": {"model": "other"}}, "cannot set `model`"),
    ({"max_tokens": 10**400}, "between 1 and 100"),
]


@pytest.mark.parametrize(("asked", "words"), INVALID)
def test_what_makes_no_sense_is_refused(plan, asked, words) -> None:
    """Types, bounds and names are checked here, not by the provider."""
    with pytest.raises(InvalidRequest, match=words):
        plan(**asked)


def test_a_misspelt_option_is_recognised(plan) -> None:
    """The hint names the option that was meant, and where the provider's own fields go."""
    with pytest.raises(InvalidRequest) as caught:
        plan(temprature=1)

    assert "did you mean `temperature`" in caught.value.hint
    assert "extra=" in caught.value.hint


@pytest.mark.parametrize("options", [{"reasoning": "none"}, {"reasoning": 0}, {"logprobs": False}])
def test_not_wanting_what_is_missing_is_fine(plan, options) -> None:
    """An option that asks for nothing needs no capability."""
    assert options == dict(plan(**options).request.options)


def test_cache_points_without_a_cache_are_told(plan) -> None:
    """A cache is an optimisation: its absence is a warning."""
    assert ["cache_ignored"] == [notice.code for notice in plan(["long", CachePoint(), "short"]).notices]


def test_limits_of_a_call_win(plan) -> None:
    """Timeouts and retries of the call go before those of the client."""
    assert (5.0, 0) == (plan(timeout=5, max_retries=0).timeouts.total, plan(max_retries=0).max_retries)
    assert Timeouts(idle=1.0) == plan(timeout=Timeouts(idle=1.0)).timeouts
    assert plan().timeouts.total == 20.0


def test_strings_stop_alone_or_together(plan) -> None:
    """One stop string is a list of one."""
    assert ("x",) == plan(stop="x").request.options["stop"]
    assert ("x", "y") == plan(stop=["x", "y"]).request.options["stop"]


def test_tools_may_be_functions_or_hosted(plan) -> None:
    """Functions become tools, hosted tools stay."""
    hosted = HostedTool("web_search")

    tools = plan(tools=[weather, hosted]).request.tools

    assert ["weather", "web_search"] == [getattr(tool, "name", None) or tool.kind for tool in tools]


def test_a_tool_in_the_common_json_form_is_a_tool(plan) -> None:
    """What users of other libraries have is understood."""
    fact = {"name": "weather", "description": "Tell.", "parameters": {"type": "object"}, "strict": True}

    tools = plan(tools=[{"type": "function", "function": fact}]).request.tools

    assert (Tool("weather", "Tell.", {"type": "object"}, strict=True),) == tools


@pytest.mark.parametrize("total", [-1, 0, float("nan"), "x", True])
def test_a_clock_runs_for_some_time(total) -> None:
    """Timeouts are numbers above 0."""
    with pytest.raises(InvalidRequest, match="`total` must be a number of seconds"):
        Timeouts(total=total)


def test_a_system_prompt_comes_first() -> None:
    """The system option is the first turn."""
    assert ("system", "user") == tuple(message.role for message in conversation("hi", "be brief"))


def test_loose_parts_make_up_a_turn() -> None:
    """Strings and parts between turns are the user's."""
    messages = conversation([Message("user", "a"), Message("assistant", "b"), "look", PICTURE])

    assert Message("user", ["look", PICTURE]) == messages[-1]


def test_a_mapping_with_text_is_a_turn() -> None:
    """The common form of plain turns is understood."""
    assert (Message("user", "hi"),) == conversation([{"role": "user", "content": "hi"}])


def test_embeddings_need_texts(client) -> None:
    """No text, or an empty one, has no vector."""
    binding = client().bind("acme/large-1")

    for texts in ([], [""], ["a", ""], None, 5, [5]):
        with pytest.raises(InvalidRequest):
            plan_operation(binding, "embed", embedding(texts), {})
    assert ("a",) == plan_operation(binding, "embed", embedding("a"), {}).request.texts
