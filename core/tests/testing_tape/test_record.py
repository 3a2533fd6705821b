"""``jackfield record`` against a provider that shows secrets everywhere: what is written, and what is not."""

from __future__ import annotations

import base64
import json
import re

import pytest

from jackfield import Client
from jackfield.testing import Cassette, CassetteTransport

KEY = "sk-live-Zq8RtyP0vN3mKx71bWcD/uE5+aH9jL2f"


def test_nothing_secret_is_written_wherever_it_is_shown(planted, record, cassette, hidden):
    """Neither in the file nor on the screen."""
    done = record("-s", "completion", "--yes")

    shown = cassette("completion").lower() + done.output.lower()
    assert 0 == done.exit_code, done.output
    assert [] == [secret for secret in hidden if secret.lower() in shown]


def test_nothing_secret_is_written_of_all_places_at_once(acme, places, record, cassette, hidden):
    """In every scenario, failures among them."""
    for headers, _ in places.values():
        acme.headers |= headers
    acme.body = {**acme.body, "echo": [body for _, body in places.values()]}

    done = record("--yes")

    shown = "".join(map(cassette, ("completion",))).lower() + done.output.lower()
    assert "completion: tests/cassettes/completion.yaml" in done.output
    assert [] == [secret for secret in hidden if secret.lower() in shown]


def test_a_recorded_cassette_replays_with_another_key(planted, record, tmp_path):
    """Whatever was masked in it."""
    record("-s", "completion", "--yes")
    transport = CassetteTransport(Cassette.load(tmp_path / "tests/cassettes/completion.yaml"))

    settings = {"providers": {"acme": {"api_key": "another-key", "base_url": "https://api.acme.example/v1"}}}
    answer = Client(settings, transport=transport).complete(
        "acme/small-1", "Name three rivers.", max_tokens=300
    )

    transport.finish()
    assert answer.text


def test_streams_are_recorded_without_secrets(streamed, record, cassette, hidden):
    """In the deltas, and in the comments between them."""
    server = streamed(f"The key is {KEY}.", "Bye.")
    server.pieces.insert(1, f": for {KEY}\n\n".encode())

    done = record("-s", "stream", "--yes")

    assert 0 == done.exit_code, done.output
    assert [] == [secret for secret in hidden if secret.lower() in cassette("stream").lower()]


@pytest.mark.parametrize("scenario", ["completion", "stream"])
def test_a_secret_that_cannot_be_masked_fails_the_run(streamed, acme, record, tmp_path, hidden, scenario):
    """In pieces over several deltas, or encoded twice: the file is not written, and nothing of it is shown."""
    key = KEY
    twice = base64.b64encode(base64.b64encode(f"{key}".encode())).decode()
    streamed(key[:10], key[10:20], key[20:]) if scenario == "stream" else None
    acme.body = {"choices": [{"index": 0, "message": {"content": twice}, "finish_reason": "stop"}]}

    done = record("-s", scenario, "--yes")

    assert 1 == done.exit_code
    assert "would hold a secret" in done.output
    assert "env `ACME_API_KEY`" in done.output
    assert [] == [secret for secret in hidden if secret.lower() in done.output.lower()]
    assert not (tmp_path / "tests/cassettes").exists()


def test_a_stream_that_breaks_is_not_taken_for_an_answer(streamed, acme, record, tmp_path):
    """It is told, and nothing is written."""
    streamed("Aare, ", "Limmat, ")
    acme.pieces, acme.breaks = acme.pieces[:2], True

    done = record("-s", "stream", "--yes")

    assert 1 == done.exit_code
    assert "stream: not recorded" in done.output
    assert not (tmp_path / "tests/cassettes").exists()


def test_a_conversation_is_recorded_whole(acme, record, tmp_path):
    """The call of a tool, and what is said to its result."""
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city":"Bern"}'},
    }
    acme.body = {"choices": [{"index": 0, "message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}

    done = record("-s", "tools", "--yes")

    asked = [
        one.asked["messages"] for one in Cassette.load(tmp_path / "tests/cassettes/tools.yaml").interactions
    ]
    assert 0 == done.exit_code, done.output
    assert [1, 3] == [len(turns) for turns in asked]


def test_nobody_is_charged_without_being_asked(acme, record):
    """Without a terminal there is nobody to agree."""
    done = record()

    assert 2 == done.exit_code
    assert "--yes" in done.output
    assert [] == acme.seen


def test_the_list_says_what_is_missing_and_asks_nobody(acme, record):
    """With the model that would be asked and what is known of the charge."""
    record("-s", "completion", "--yes")
    acme.seen.clear()

    rows = json.loads(record("--list", "--json").stdout)

    assert {"stream", "tools", "tools_stream", "error"} == {row["scenario"] for row in rows}
    assert {("missing", "acme/small-1", None)} == {
        (row["state"], row["model"], row["charge"]) for row in rows
    }
    assert [] == acme.seen


def test_what_exists_is_recorded_again_when_asked_to(record, acme, cassette):
    """By name, or with all others."""
    record("-s", "completion", "--yes")
    acme.body["choices"][0]["message"]["content"] = "Rhône"

    record("--again", "-s", "completion", "--yes")

    assert "Rhône" in cassette("completion").encode().decode("unicode_escape") or "Rh\\xF4ne" in cassette(
        "completion"
    )


def test_a_file_too_large_to_review_is_not_written(acme, record, tmp_path):
    """The limit is told."""
    acme.body["choices"][0]["message"]["content"] = "Aare " * 20_000

    done = record("-s", "completion", "--yes")

    assert (1, False) == (done.exit_code, (tmp_path / "tests/cassettes").exists())
    assert "65,536" in done.output


def test_a_header_that_is_no_secret_can_be_kept(acme, record, cassette):
    """By name; its value is still looked at."""
    acme.headers = {"x-acme-region": "bern", "x-acme-other": "bern"}

    record("-s", "completion", "--allow", "X-Acme-Region", "--yes")

    assert "x-acme-region: [bern]" in cassette("completion")
    assert "x-acme-other" not in cassette("completion")


def test_a_refusal_spoils_one_and_is_told(acme, record):
    """The exit code says that not all was recorded."""
    acme.body = "<html>"

    done = record("--yes")

    assert 1 == done.exit_code
    assert "completion: not recorded" in done.output


def test_what_a_provider_says_of_a_failure_is_redacted(acme, record, hidden):
    """It may quote any secret of this machine."""
    acme.body = {"error": {"message": f"no {KEY} nor n0body-sh0uld-see-7Hh3kQ2pX9 for team-rocket-77"}}

    done = record("-s", "completion", "--yes")

    assert (1, True) == (done.exit_code, "REDACTED" in done.output)
    assert [] == [secret for secret in hidden if secret.lower() in done.output.lower()]


def test_without_a_key_nothing_is_sent(acme, record, monkeypatch):
    """The first of them ends the run."""
    monkeypatch.delenv("ACME_API_KEY")

    done = record("--yes")

    assert (3, []) == (done.exit_code, acme.seen)


def test_an_unknown_scenario_is_told_with_what_there_is(record):
    """A slip is asked about."""
    assert "did you mean `completion`?" in record("-s", "completions").output


@pytest.mark.parametrize("place", ["tests/cassettes", "tests/cassettes/_stale"])
def test_what_is_old_or_set_aside_is_recorded_anew(record, acme, cassette, tmp_path, place):
    """The list says so, what is new is told by name, and the old one is gone."""
    record("-s", "completion", "--yes")
    file = tmp_path / "tests/cassettes/completion.yaml"
    text = re.sub(r"recorded: .*", "recorded: '2025-01-31'", file.read_text())
    file.unlink()
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / file.name).write_text(text)
    acme.body = {**acme.body, "system_fingerprint": "fp-1"}

    states = {row["scenario"]: row["state"] for row in json.loads(record("--list", "--json").stdout)}
    done = record("--yes")

    assert states["completion"] in ("stale", "set aside")
    assert "answer: new system_fingerprint" in done.output
    assert [file] == [*(tmp_path / "tests/cassettes").rglob("completion.yaml")]
