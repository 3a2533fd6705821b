"""What a scenario may say, what it refuses, and whom its rules are for."""

from __future__ import annotations

import json

import pytest
from jackfield_simulator import Simulator
from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import asked
from jackfield_simulator.faults import Faults
from jackfield_simulator.scenario import Scenario, scenario_from

from jackfield import BadConfig

KEY = [("authorization", "Bearer some-key-0000")]


def ask(app, text="hello", key="some-key-0000", model="gpt-x", **more):
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    headers = [("authorization", f"Bearer {key}")]
    return app.exchange(asked("POST", "/v1/chat/completions", headers, json.dumps(body).encode()))


def said(exchange):
    return json.loads(exchange.reply.body)["choices"][0]["message"]


def test_a_rule_answers_who_it_is_for():
    """By the words of the last turn, by model and by key; the first that fits."""
    app = Simulated(
        scenario_from("""
            [[answers]]
            when = { text = "WEATHER", model = "gpt-*" }
            then = { text = "Sunny." }

            [[answers]]
            when = { key = "sk-grump" }
            then = { refusal = "No." }
        """)
    )

    assert "Sunny." == said(ask(app, "the weather?"))["content"]
    assert "the weather?" == said(ask(app, "the weather?", model="other"))["content"]
    assert "No." == said(ask(app, key="sk-grump"))["refusal"]


def test_a_rule_is_used_up():
    """After so many times the next one answers."""
    rules = [
        {"then": {"text": "first"}, "times": 1},
        {"then": {"status": 429, "code": "slow", "retry_after": 7}},
    ]
    app = Simulated({"answers": rules})

    first, second = ask(app), ask(app)

    assert "first" == said(first)["content"]
    assert (429, "7") == (second.reply.status, second.reply.headers["retry-after"])


def test_a_rule_calls_tools():
    """With the arguments it states."""
    call = {"name": "weather", "arguments": {"city": "Bern"}}
    app = Simulated({"answers": [{"then": {"calls": [call], "reasoning": "Hm."}}]})

    message = said(ask(app))

    function = message["tool_calls"][0]["function"]
    assert ("weather", {"city": "Bern"}) == (function["name"], json.loads(function["arguments"]))
    assert "Hm." == message["reasoning_content"]


def test_a_rule_is_for_a_turn_or_a_tool():
    """A conversation may be scripted turn by turn."""
    rules = [
        {"when": {"turn": 1}, "then": {"text": "one"}},
        {"when": {"tool": "w"}, "then": {"text": "tool"}},
    ]
    app = Simulated({"answers": rules})
    tool = {"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]

    assert "one" == said(ask(app))["content"]
    assert "tool" == said(ask(app, messages=turns, tools=[tool]))["content"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = 'x'", "`seed` must be int"),
        ("sead = 1", "unknown key `sead`"),
        ("answer = 'song'", "must be one of echo, prose"),
        ("[[answers]]\nthen = 3", "must be a table"),
        ("[[answers]]\nwhen = { txt = 'a' }\nthen = {}", "unknown key `txt`"),
        ("[latency]\njitter = 2", "from 0 to 1"),
        ("[accounts.k]\nlimit = 2", "unknown key `limit`"),
        ("answers = 3", "must be a list"),
        ("[[answers]]\nthen = { error = 'trottle' }", "did you mean throttle"),
        ("[[answers]]\nthen = { status = 99 }", "from 200 to 599"),
        ("[[answers]]\nthen = { fault = 'overloaded_529' }", "no fault 'overloaded_529'"),
        ("[[answers]]\nthen = { calls = [{ nam = 'x' }] }", "takes a `name`"),
        ("[[answers]]\nthen = { citations = [{ uri = 'x' }] }", "takes document, end, kind"),
        ("[[answers]]\nwhen = { text = 'a' }", "needs a `then`"),
        ("[[answers]]\nthen = { text = 'a' }\ntimes = -1", "`times` must be from 0"),
        ("[accounts.k]\nbalance = -1", "must not be negative"),
        ("[accounts.k]\nstatus = 200", "from 400 to 599"),
        ("[prices]\ninput = -1", "must not be negative"),
        ("= 3", "not valid TOML"),
    ],
)
def test_what_means_nothing_is_refused(text, words):
    """With what would mean something."""
    with pytest.raises(BadConfig, match=words):
        scenario_from(text)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fault": "overloaded_529"}, "no fault"),
        ({"fault": "stall", "keyy": "k"}, "`keyy` is none of these"),
        ({"fault": "stall", "times": "2"}, "`times` is none of these"),
        ({"fault": "stall", "times": 0}, "from 1"),
        ({"script": ["failed", 3]}, "`script` is missing or odd"),
        ({"script": ["failed"], "probability": 0.5}, "`probability` is none of these"),
        ({}, "`fault` is missing"),
    ],
)
def test_a_fault_that_means_nothing_stops_the_start(fault, words, capfd):
    """With one sentence for whoever started it, and no traceback of a thread besides."""
    with pytest.raises(BadConfig, match=words):
        Simulator({"faults": [fault]}).start()

    assert "Traceback" not in capfd.readouterr().err


def test_a_script_is_for_a_provider():
    """As a fault is."""
    faults = Faults()

    faults.configure([{"script": ["failed", "ok"], "provider": "groq"}])

    assert ["groq"] == [rule.match for rule in faults._rules]


def test_a_scenario_is_read_from_a_file(tmp_path):
    """And a file that is not there is told of."""
    (tmp_path / "a.toml").write_text("seed = 3")

    assert 3 == Scenario.read(tmp_path / "a.toml").seed
    with pytest.raises(BadConfig, match="cannot be read"):
        Scenario.read(tmp_path / "b.toml")


BROKEN = {"error": "server.overloaded", "status": 200, "text": "half of it", "message": "all too much"}


def told(exchange):
    return b"".join(exchange.reply.chunks).decode()


def test_a_failure_with_status_200_ends_a_stream():
    """After what was said before; nothing says that it ended well."""
    app = Simulated({"answers": [{"then": BROKEN}]})

    stream = told(ask(app, stream=True))

    words, _, failure = stream.partition('data: {"error"')
    assert all(word in words for word in ('"half "', '"of "', '"it"'))
    assert "all too much" in failure
    assert "[DONE]" not in stream
    assert '"finish_reason":"stop"' not in stream


def test_a_failure_with_status_200_is_a_whole_body_that_fails():
    """Where no stream was asked for."""
    app = Simulated({"answers": [{"then": BROKEN}]})

    reply = ask(app).reply

    assert (200, "all too much") == (reply.status, json.loads(reply.body)["error"]["message"])
