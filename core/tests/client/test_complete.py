"""Completions: what is sent, what comes back, what is tried again."""

from __future__ import annotations

import asyncio
import json

import attrs
import pytest

from jackfield import (
    BadConfig,
    ErrorInfo,
    Malformed,
    MissingCredentials,
    OutOfCredit,
    RateLimited,
    TimedOut,
    Unauthorized,
    Unavailable,
    UnknownProvider,
    Usage,
)


@attrs.frozen
class City:
    name: str


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """Retries wait for nothing."""
    monkeypatch.setattr("jackfield.policy.retry.RetryPolicy.wait", lambda *_: 0.0)


def test_a_completion_has_all_its_facts(client, acme) -> None:
    """Text, usage, finish, ids, attempts and the raw payload are there; an unknown charge is none."""
    answer = client(acme.reply()).complete("acme/large-1", "hello")

    assert ("hi", "stop", "large-1", "acme", "req_1", None) == (
        answer.text,
        answer.finish.reason,
        answer.model,
        answer.provider,
        answer.request_id,
        answer.charge,
    )
    assert (3, 1) == (answer.usage.total_input, answer.usage.total_output)
    assert answer.raw["id"] == "c1"
    assert [(1, 200, "req_1")] == [(one.number, one.status, one.request_id) for one in answer.attempts]


def test_the_request_is_signed_and_addressed(client, acme) -> None:
    """The key travels in its header, to the profile's address."""
    caller = client(acme.reply())

    caller.complete("acme/large-1", "hello")

    call = caller.driver.transport.calls[0]
    assert call.url == "https://api.acme.example/v1/chat/completions"
    assert call.headers["authorization"] == "Bearer sk-acme-canary-0123456789"


def test_zero_stays_zero(client, acme) -> None:
    """An option of 0 is sent as 0, one of None is not sent."""
    caller = client(acme.reply())

    caller.complete("acme/large-1", "hello", temperature=0, top_p=None)

    sent = caller.driver.transport.bodies[0]
    assert sent["temperature"] == 0
    assert "top_p" not in sent


def test_a_failure_that_may_pass_is_tried_again(client, acme) -> None:
    """Retries are invisible, except in the attempts."""
    answer = client(acme.failure(500), acme.failure(429), acme.reply()).complete("acme/large-1", "hello")

    assert [500, 429, 200] == [attempt.status for attempt in answer.attempts]
    assert [1, 2, 3] == [attempt.number for attempt in answer.attempts]


@pytest.mark.parametrize(
    ("answers", "error", "requests"),
    [
        ([500, 500, 500], Unavailable, 3),
        ([429, 429, 429], RateLimited, 3),
        ([402], OutOfCredit, 1),
        ([401], Unauthorized, 1),
    ],
)
def test_requests_are_counted(client, acme, answers, error, requests) -> None:
    """What may pass is asked three times, what cannot is asked once."""
    caller = client(*map(acme.failure, answers))

    with pytest.raises(error) as caught:
        caller.complete("acme/large-1", "hello")

    assert requests == len(caller.driver.transport.calls)
    assert requests == len(caught.value.attempts)


def test_max_retries_acts(client, acme) -> None:
    """No retries is one request."""
    caller = client(acme.failure(500))

    with pytest.raises(Unavailable):
        caller.complete("acme/large-1", "hello", max_retries=0)

    assert len(caller.driver.transport.calls) == 1


def test_a_transport_failure_is_told_with_its_target(client) -> None:
    """An error from below names provider, model and operation."""
    reset = Unavailable(ErrorInfo("transport.reset", "the connection was closed"))

    with pytest.raises(Unavailable, match="`acme/large-1` is unavailable") as caught:
        client(reset).complete("acme/large-1", "hello", max_retries=0)

    assert ("acme", "large-1", "complete") == (
        caught.value.provider,
        caught.value.model,
        caught.value.operation,
    )


def test_a_deadline_is_not_retried(client) -> None:
    """When all time is up, nothing follows."""
    with pytest.raises(TimedOut):
        client(TimedOut(ErrorInfo("deadline", "too long"))).complete("acme/large-1", "hello")


def test_a_redirect_is_an_error(client, acme) -> None:
    """Redirects are told, not followed."""
    caller = client(acme.failure(307, location="https://elsewhere.example/"))

    with pytest.raises(Malformed, match="redirects are never followed"):
        caller.complete("acme/large-1", "hello")

    assert len(caller.driver.transport.calls) == 1


def test_a_web_page_is_no_answer(client, acme) -> None:
    """A login page under 200 is told as what it is."""
    page = attrs.evolve(
        acme.reply(), headers={"content-type": "text/html; charset=utf-8"}, body=b"<html>log in</html>"
    )

    with pytest.raises(Malformed, match="web page"):
        client(page, page, page).complete("acme/large-1", "hello")


def test_an_error_inside_a_success_is_an_error(client, acme) -> None:
    """A 200 whose body is an error is raised as that error."""
    inside = attrs.evolve(acme.failure(500, "insufficient_quota"), status=200)

    with pytest.raises(OutOfCredit):
        client(inside).complete("acme/large-1", "hello")


def test_a_class_comes_back_as_an_instance(client, acme) -> None:
    """Structured output sends the schema and builds the value."""
    caller = client(acme.reply('{"name": "Rome"}'))

    answer = caller.complete("acme/large-1", "the eternal one", into=City)

    assert City("Rome") == answer.value
    assert caller.driver.transport.bodies[0]["response_format"]["json_schema"]["name"] == "City"


def test_a_fence_around_json_is_taken_off(client, acme) -> None:
    """Models without a JSON mode wrap their answer."""
    assert client(acme.reply('```json\n{"a": 1}\n```')).complete("acme/large-1", "json", into=dict).value == {
        "a": 1
    }


def test_a_cut_answer_is_not_structured(client, acme) -> None:
    """An answer that ran out of tokens has no value, and says why."""
    answer = client(acme.reply('{"name": "Ro', finish_reason="length")).complete(
        "acme/large-1", "x", into=City
    )

    assert (None, "length") == (answer.value, answer.finish.reason)


def test_a_value_that_does_not_fit_is_malformed(client, acme) -> None:
    """The answer is at fault, and the error says where."""
    with pytest.raises(Malformed, match="does not fit `City`"):
        client(acme.reply('{"town": "Rome"}')).complete("acme/large-1", "x", into=City)


def test_an_ignored_option_becomes_a_warning(client, acme) -> None:
    """What does not shape the answer is left out and told."""
    caller = client(acme.reply())

    answer = caller.complete("acme/large-1", "hello", seed=7)

    assert ["option_ignored"] == [notice.code for notice in answer.warnings]
    assert "seed" not in caller.driver.transport.bodies[0]


def test_the_next_turn_carries_the_last(client, acme) -> None:
    """An answer's message goes back as it came."""
    caller = client(acme.reply("one"), acme.reply("two"))
    first = caller.complete("acme/large-1", "count")

    caller.complete("acme/large-1", ["count", first.message, "go on"])

    roles = [(turn["role"], turn["content"]) for turn in caller.driver.transport.bodies[1]["messages"]]
    assert [("user", "count"), ("assistant", "one"), ("user", "go on")] == roles


def test_the_default_model_is_used(client, acme) -> None:
    """A client with a default needs no model."""
    assert client(acme.reply(), default="acme/large-1").complete(None, "hello").text == "hi"


def test_no_model_at_all_is_told(client) -> None:
    """Without a default a model has to be named."""
    with pytest.raises(BadConfig, match="no model was named"):
        client().complete(None, "hello")


def test_an_unknown_provider_is_told(client) -> None:
    """Nothing is sent to nobody."""
    with pytest.raises(UnknownProvider):
        client().complete("nowhere/model", "hello")


def test_missing_credentials_tell_where_was_looked(client, monkeypatch) -> None:
    """Each place is named, and the page where keys are made."""
    monkeypatch.delenv("ACME_API_KEY")

    with pytest.raises(MissingCredentials, match="ACME_API_KEY") as caught:
        client().complete("acme/large-1", "hello")

    assert "acme.example/keys" in str(caught.value)


def test_bindings_are_kept(client, acme) -> None:
    """A model is bound once."""
    caller = client()

    assert caller.bind("acme/large-1") is caller.bind("acme/large-1")


def test_async_is_the_same(async_client, acme) -> None:
    """The async client differs by one word."""

    async def ask():
        async with async_client(acme.failure(500), acme.reply()) as caller:
            return await caller.complete("acme/large-1", "hello")

    answer = asyncio.run(ask())

    assert ("hi", [500, 200]) == (answer.text, [attempt.status for attempt in answer.attempts])


def test_embeddings_come_in_order(client) -> None:
    """A vector for each text, with usage and attempts."""
    items = [{"index": 1, "embedding": [0.5]}, {"index": 0, "embedding": [0.25]}]
    body = {"object": "list", "data": items, "model": "e", "usage": {"prompt_tokens": 2, "total_tokens": 2}}
    reply = _json(body)

    found = client(reply).embed("acme/large-1", ["a", "b"])

    assert ((0.25,), (0.5,)) == found.vectors
    assert Usage(2).total_input == found.usage.total_input
    assert ("acme", 200) == (found.provider, found.attempts[0].status)


def test_too_few_vectors_are_malformed(client) -> None:
    """A text without a vector is not passed over."""
    body = {"object": "list", "data": [{"index": 0, "embedding": [0.5]}], "model": "e"}

    with pytest.raises(Malformed, match="1 vectors came for 2 texts"):
        client(_json(body), _json(body), _json(body)).embed("acme/large-1", ["a", "b"])


def _json(body):
    from jackfield.wire import Headers, Reply

    return Reply(200, Headers({"content-type": "application/json"}), json.dumps(body).encode())
