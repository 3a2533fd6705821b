"""Cassettes in a user's tests: replayed in the place of a provider, and recorded."""

from __future__ import annotations

import asyncio

import pytest

import jackfield
from jackfield.testing import replay
from jackfield.testing.cassettes import CassetteMismatch
from jackfield.testing.replaying import record
from jackfield.testing.tape import Cassette


@pytest.fixture
def rivers(acme, tmp_path, monkeypatch):
    """A cassette that was recorded of one question; no key is set any more."""
    with record(tmp_path / "rivers.yaml", "acme") as client:
        client.complete("acme/small-1", "Name three rivers.")
    monkeypatch.delenv("ACME_API_KEY")
    monkeypatch.delenv("ACME_BASE_URL")
    return tmp_path / "rivers.yaml"


def test_a_program_is_answered_from_the_file(rivers):
    """Without a key, by the functions of the package."""
    with replay(rivers):
        answer = jackfield.complete("acme/small-1", "Name three rivers.")

    assert "Aare, Limmat, Inn." == answer.text


@pytest.mark.parametrize("prompt", ["Name two rivers.", None])
def test_a_program_that_asks_something_else_fails_its_test(rivers, prompt):
    """Or that asks nothing."""
    with pytest.raises(CassetteMismatch, match="`rivers`"), replay(rivers) as played:
        assert 1 == len(played.unplayed)
        if prompt:
            jackfield.complete("acme/small-1", prompt)


def test_both_clients_play_from_one_cassette(rivers):
    """What one has played is gone for the other."""
    played = replay(rivers)

    answer = asyncio.run(played.async_client.complete("acme/small-1", "Name three rivers."))

    assert ("Aare, Limmat, Inn.", ()) == (answer.text, played.unplayed)
    with pytest.raises(CassetteMismatch):
        played.client.complete("acme/small-1", "Name three rivers.")
    played.finish()


def test_values_that_change_may_be_named(rivers):
    """As paths into what is asked."""
    with replay(rivers, volatile=["messages.*.content"]):
        assert jackfield.complete("acme/small-1", "Name two rivers.").text


def test_the_settings_of_a_cassette_are_told_to_the_client(rivers):
    """Names of accounts stand in it as the names of their settings."""
    cassette = Cassette.load(rivers)

    assert ("acme", {"team": "team"}) == (cassette.provider, cassette.settings)
    assert "https://api.acme.example/v1/chat/completions" == cassette.interactions[0].uri


def test_tokens_are_neither_asked_for_nor_missed(rivers, tmp_path):
    """An exchange that fetches one is passed over."""
    from attrs import evolve

    cassette = Cassette.load(rivers)
    token = b'{"access_token":"REDACTED","token_type":"bearer"}'
    fetched = evolve(
        cassette.interactions[0],
        uri="https://acme.example/token",
        reply_body=token,
        chunks=(token,),
        delays=(0,),
    )
    evolve(cassette, interactions=(fetched, *cassette.interactions)).save(tmp_path / "both.yaml")

    with replay(tmp_path / "both.yaml"):
        assert jackfield.complete("acme/small-1", "Name three rivers.").text


def test_failures_of_the_provider_are_recorded(acme, tmp_path):
    """And raised; a program's own are not."""
    acme.body = "<html>"
    with pytest.raises(jackfield.Malformed), record(tmp_path / "error.yaml", "acme") as client:
        client.complete("acme/small-1", "hi", max_retries=0)
    with pytest.raises(ZeroDivisionError), record(tmp_path / "none.yaml", "acme"):
        1 / 0  # noqa: B018

    with pytest.raises(jackfield.Malformed), replay(tmp_path / "error.yaml"):
        jackfield.complete("acme/small-1", "hi", max_retries=0)
    assert not (tmp_path / "none.yaml").exists()


def test_tasks_are_recorded_too(acme, tmp_path):
    """With ``async with``: the same file, but for its times."""
    with record(tmp_path / "sync.yaml", "acme") as client:
        client.complete("acme/small-1", "Name three rivers.")

    async def ask():
        async with record(tmp_path / "tasks.yaml", "acme") as client:
            return await client.complete("acme/small-1", "Name three rivers.")

    assert "Aare, Limmat, Inn." == asyncio.run(ask()).text
    one, two = (Cassette.load(tmp_path / f"{name}.yaml").interactions[0] for name in ("sync", "tasks"))
    assert (one.body, one.reply_body, one.uri) == (two.body, two.reply_body, two.uri)


def test_a_task_that_fails_otherwise_leaves_no_file(acme, tmp_path):
    """As in a thread."""

    async def ask():
        async with record(tmp_path / "tasks.yaml", "acme") as client:
            await client.complete("acme/small-1", "Name three rivers.")
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(ask())
    assert not (tmp_path / "tasks.yaml").exists()
