"""The scenarios of `jackfield record`: each can be asked, of a model that can do it."""

from __future__ import annotations

import pytest

from jackfield import Embeddings, InvalidRequest, Malformed, ModelNotFound, Registry, ToolCall, Unavailable
from jackfield.profile import Capability
from jackfield.testing import FakeProvider
from jackfield.testing.scenarios import SCENARIOS, example, possible
from jackfield.types import ModelInfo, ModelList, Moderation, Ranked, Ranking, Verdict

CALL = ToolCall("call_1", "weather", '{"city":"Bern"}')
ANSWERS = {
    "completion": ["Aare"],
    "stream": ["Aare"],
    "tools": [CALL, "Sun."],
    "tools_stream": [CALL],
    "structured": [{"name": "Aare", "kilometres": 288}],
    "error": [ModelNotFound("no such model", status=404)],
    "embedding": [Embeddings(((1.0,),))],
    "rerank": [Ranking((Ranked(0, 1.0),))],
    "moderation": [Moderation((Verdict(flagged=False),))],
    "models": [ModelList((ModelInfo("m"),))],
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_scenario_asks_what_it_says(name):
    """As many calls as it says that it makes."""
    with FakeProvider(ANSWERS[name]) as fake:
        SCENARIOS[name].ask(fake.client, "fake/any")

    assert SCENARIOS[name].calls == len(fake.requests)


def test_tokens_are_counted_where_a_wire_can():
    """The only scenario that one of the shared formats does not have."""
    assert {"count"} == set(SCENARIOS) - set(ANSWERS)
    assert Capability.COUNT_TOKENS is SCENARIOS["count"].capability


@pytest.mark.parametrize(
    ("name", "answer", "failure"),
    [
        ("tools", "no tool", Malformed),
        ("error", "hello", Malformed),
        ("error", Unavailable("nobody there"), Unavailable),
        ("completion", InvalidRequest("no", status=400), InvalidRequest),
    ],
)
def test_what_is_not_as_it_should_be_is_not_recorded(name, answer, failure):
    """A tool that was not called, a model that should not be there, a provider that is not."""
    with FakeProvider([answer]) as fake, pytest.raises(failure):
        SCENARIOS[name].ask(fake.client, "fake/any")


def test_models_are_chosen_by_what_they_can():
    """The first of the list, of the mode that is needed."""
    profile = Registry().profile("echo")

    found = {name: model.id for name, model in possible(profile)}

    assert {"completion", "stream", "tools", "tools_stream", "structured", "error"} == set(found)
    assert example(profile, SCENARIOS["rerank"]) is None
