"""Batches: which calls follow which, and what their files hold."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.types import (
    BatchItem,
    BatchRef,
    BatchRequest,
    BatchResult,
    Completion,
    Finish,
    Message,
    Request,
    Text,
    Usage,
)
from jackfield.wire import Dialect, Headers, Reply, wire_named
from jackfield.wire.operations.batches import (
    STATUSES,
    batch_of,
    items_of,
    lines_of,
    lines_of_results,
    result_of,
)

CHAT = wire_named("chat_completions")(Dialect(provider="acme", base="https://acme.test/v1"))
MESSAGES = wire_named("messages")(Dialect(provider="acme", base="https://acme.test"))
ITEMS = tuple(BatchItem(name, Request("m", (Message("user", name),))) for name in ("a", "b"))
ANSWER = Completion((Text("hello"),), Finish("stop", "stop"), Usage(2, output=1), "m", id="c1")
RESULTS = (BatchResult("a", ANSWER), BatchResult("b", error=ErrorInfo("throttle", "slow down", status=429)))


def reply(body, status=200):
    return Reply(
        status,
        Headers({"content-type": "application/json"}),
        body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


def batch(status, **fields):
    return {"id": "b1", "object": "batch", "status": status, **fields}


def test_the_file_goes_up_first():
    """Then the batch begins with its id."""
    steps = CHAT.operations()["batches.create"].ask(BatchRequest("m", ITEMS, {"metadata": {"k": "v"}}))

    upload = next(steps)
    start = steps.send(reply({"id": "file-1"}))
    with pytest.raises(StopIteration) as done:
        steps.send(reply(batch("validating")))

    assert (("files",), ("batches",)) == (upload.path, start.path)
    asked = {"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    assert {**asked, "metadata": {"k": "v"}} == json.loads(start.body)
    assert ("b1", "queued") == (done.value.value.id, done.value.value.status)


def test_a_line_is_a_request():
    """As it would go alone."""
    lines, endpoint = lines_of(CHAT, ITEMS)

    first = json.loads(lines.splitlines()[0])

    assert "/v1/chat/completions" == endpoint == first["url"]
    assert ("a", "POST", "m") == (first["custom_id"], first["method"], first["body"]["model"])
    assert ITEMS == items_of(CHAT, lines)


def test_results_are_fetched_from_both_files():
    """Of answers, and of failures."""
    answers = lines_of_results(CHAT, RESULTS[:1])
    failures = lines_of_results(CHAT, RESULTS[1:])
    steps = CHAT.operations()["batches.results"].ask(BatchRef("b1"))

    calls = [next(steps), steps.send(reply(batch("completed", output_file_id="o", error_file_id="e")))]
    calls.append(steps.send(reply(answers)))
    with pytest.raises(StopIteration) as done:
        steps.send(reply(failures))

    assert [("batches", "b1"), ("files", "o", "content"), ("files", "e", "content")] == [
        call.path for call in calls
    ]
    found = done.value.value.by_id()
    assert ("hello", "slow down") == (found["a"].completion.text, found["b"].error.message)


@pytest.mark.parametrize("wire", [CHAT, MESSAGES])
def test_results_that_are_not_there_yet_are_refused(wire):
    """With words that say when to ask again."""
    steps = wire.operations()["batches.results"].ask(BatchRef("b1"))
    next(steps)

    with pytest.raises(InvalidRequest, match="no results yet"):
        steps.send(reply({**batch("in_progress"), "processing_status": "in_progress"}))


def test_a_line_without_an_answer_is_a_failure():
    """One that ran out of time says so."""
    line = json.dumps(
        {"custom_id": "a", "response": None, "error": {"code": "batch_expired", "message": "late"}}
    )

    found = result_of(CHAT, line.encode())

    assert ("a", "batch_expired", "late") == (found.id, found.error.code, found.error.message)


def test_an_answer_that_cannot_be_read_fails_alone():
    """The others are not lost with it."""
    line = json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": {"choices": "none"}}})

    assert "protocol.body" == result_of(CHAT, line.encode()).error.kind


@pytest.mark.parametrize("status", STATUSES)
def test_every_state_has_a_word_of_ours(status):
    """A state nobody knows is unknown."""
    assert STATUSES[status] == batch_of(batch(status)).status
    assert "unknown" == batch_of(batch("thinking")).status


def test_a_refused_batch_says_why():
    """Line by line."""
    body = batch("failed", errors={"data": [{"code": "bad", "message": "line 1", "line": 1}]}, failed_at=5)

    found = batch_of(body)

    assert (["line 1"], True, 5) == (
        [fault.message for fault in found.errors],
        found.done,
        found.ended.timestamp(),
    )


def test_the_messages_family_tells_each_result():
    """Succeeded, errored, or neither."""
    operation = MESSAGES.operations()["batches.results"]
    exchange = operation.exchanges[0]
    late = b'{"custom_id":"c","result":{"type":"expired"}}\n'
    written = exchange.write(type("R", (), {"results": RESULTS})())

    found = exchange.parse(reply(written.body + late)).by_id()

    assert "hello" == found["a"].completion.text
    assert "throttle" == found["b"].error.kind
    assert "expired" in found["c"].error.message
