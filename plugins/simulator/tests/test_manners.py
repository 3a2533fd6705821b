"""How the tables of habits are read, and what they make of answers."""

from __future__ import annotations

import json

import pytest
from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import Piece, asked
from jackfield_simulator.habits import HABITS
from jackfield_simulator.manners import Manners, compiled, fill
from jackfield_simulator.untold import NEVER, Always


def filled(body, **habits):
    for rule in compiled({path.replace("__", "."): value for path, value in habits.items()}):
        fill(body, rule.steps, rule.value)
    return body


@pytest.mark.parametrize(
    ("path", "body", "after"),
    [
        ("a", {}, {"a": 1}),
        ("a", {"a": None}, {"a": None}),
        ("a.b", {"a": {}}, {"a": {"b": 1}}),
        ("a.b", {"a": None}, {"a": None}),
        ("a[].b", {"a": [{}, {"b": 2}, 3]}, {"a": [{"b": 1}, {"b": 2}, 3]}),
        ("a[](x*).b", {"a": [{"type": "xy"}, {}]}, {"a": [{"type": "xy", "b": 1}, {}]}),
        ("a(role=me).b", {"a": {"role": "me"}}, {"a": {"role": "me", "b": 1}}),
        ("a(role=me).b", {"a": {"role": "you"}}, {"a": {"role": "you"}}),
    ],
)
def test_a_habit_shows_where_its_way_leads(path, body, after):
    """It fills what is not there, and makes no way."""
    for rule in compiled({path: 1}):
        fill(body, rule.steps, rule.value)

    assert after == body


def test_what_is_always_so_is_set_over_what_is_there():
    """A format may write it in another way."""
    assert {"a": 2} == filled({"a": 1}, a=Always(2))


@pytest.mark.parametrize(("value", "after"), [(None, {}), (0, {}), ({"b": 1}, {}), ("no", {"a": "no"})])
def test_what_is_never_said_is_left_out(value, after):
    """Unless it tells something."""
    assert after == filled({"a": value}, a=NEVER)


def test_the_habits_of_a_model_come_before_those_of_all(monkeypatch):
    """And once more after them: some add to what those have begun."""
    table = {
        ("", "chat_completions"): {"a": "all", "b": {}},
        ("acme-x", "chat_completions"): {"a": "own"},
        ("acme-x", "chat_completions@*big*"): {"a": "big", "b.c": 1},
    }
    monkeypatch.setattr("jackfield_simulator.manners.HABITS", table)
    bodies = []
    for subject in ("chat big-1", "chat small-1"):
        bodies.append({})
        Manners("acme-x", "chat_completions", "complete", None, subject).lay(bodies[-1])

    assert [{"a": "big", "b": {"c": 1}}, {"a": "own", "b": {}}] == bodies


def test_an_array_that_comes_in_pieces_is_dressed_piece_by_piece():
    """As the events of a stream are."""
    pieces = [
        Piece(0.0, b'[{"usageMetadata":{}}'),
        Piece(0.0, b'\n,\n{"usageMetadata":{}}'),
        Piece(0.0, b"]"),
    ]

    manners = Manners("gemini", "generate_content", "complete")
    told = b"".join(piece.data for piece in manners.stream(iter(pieces), "application/json"))

    assert ["standard"] * 2 == [one["usageMetadata"]["serviceTier"] for one in json.loads(told)]


def test_every_habit_is_of_a_provider_there_is():
    """Or of all of them."""
    known = {*Simulated().router.registry.ids(), ""}

    assert known >= {provider for provider, _ in HABITS}


def test_probabilities_are_told_to_who_asks():
    """For each word, beside the words that were less likely."""
    body = {"model": "gpt-x", "messages": [{"role": "user", "content": "one two"}]}
    body |= {"logprobs": True, "top_logprobs": 3}
    call = asked(
        "POST", "/v1/chat/completions", [("authorization", "Bearer k-0000")], json.dumps(body).encode()
    )

    (choice,) = json.loads(Simulated().exchange(call).reply.body)["choices"]

    told = choice["logprobs"]["content"]
    assert ["one ", "two"] == [one["token"] for one in told]
    assert {3} == {len(one["top_logprobs"]) for one in told}
