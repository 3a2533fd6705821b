"""What nobody has recorded of the responses format, but its types and its speakers allow."""

from __future__ import annotations

import json

import pytest

from jackfield.events import Finished, fold
from jackfield.types import Finish, Image
from jackfield.wire import Dialect, Reply, WireDecoder
from jackfield.wire.responses import Responses

WIRE = Responses(Dialect(provider="acme"))
MESSAGE = {"type": "message", "id": "m", "role": "assistant", "content": []}


def streamed(*values):
    decoder = WireDecoder(WIRE.framing(), WIRE.stream_parser())
    lines = "".join(f"data: {json.dumps(value)}\n\n" for value in values)
    found = decoder.feed(lines.encode()) + decoder.end()
    assert isinstance(found[-1], Finished), found[-1]
    return fold(found)


def added(item):
    return {"type": "response.output_item.added", "output_index": 0, "item": item}


def completed(output, **fields):
    return {"type": "response.completed", "response": {"status": "completed", "output": output, **fields}}


def delta(text):
    return {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text}


def whole(*output, status="completed", **fields):
    body = {"id": "r", "status": status, "output": list(output), **fields}
    return fold(WIRE.parse_completion(Reply(200, {}, json.dumps(body).encode()))[0])


@pytest.mark.parametrize("output", [None, {}, "odd"])
def test_a_last_event_without_items_takes_nothing_back(output):
    """What was said before it stays."""
    answer = streamed(added(MESSAGE), delta("hi"), completed(output))

    assert ("hi", Finish("stop", "completed")) == (answer.text, answer.finish)


@pytest.mark.parametrize("identity", [None, {"a": 1}, 5])
@pytest.mark.parametrize("kind", ["message", None, {"a": 1}])
def test_an_item_may_have_an_odd_id_or_none_of_a_type(identity, kind):
    """Its deltas tell."""
    answer = streamed(added({**MESSAGE, "id": identity, "type": kind}), delta("hi"), completed([]))

    assert "hi" == answer.text


def test_a_status_may_be_odd():
    """It is taken as complete."""
    assert Finish("stop", "completed") == whole(MESSAGE, status={"a": 1}).finish


def test_a_content_may_not_say_that_it_is_a_text():
    """It shows."""
    assert "hi" == whole({**MESSAGE, "content": [{"text": "hi"}]}).text


def test_facts_of_a_citation_may_be_odd():
    """They say nothing; the words and what else is known of it stay."""
    raw = {"type": "url_citation", "url": "u", "title": 5, "start_index": "0", "end_index": None}
    item = {**MESSAGE, "content": [{"type": "output_text", "text": "hi", "annotations": [raw]}]}

    (citation,) = whole(item).citations

    assert ("u", None, None, None) == (citation.url, citation.title, citation.start, citation.end)


def test_figures_may_be_floats_or_texts():
    """As in every format."""
    usage = whole(MESSAGE, usage={"input_tokens": "3", "output_tokens": 2.0}).usage

    assert (3, 2) == (usage.input, usage.output)


def test_a_picture_may_be_larger_than_any_text():
    """It comes twice: with its item, and with the last event."""
    picture = {"type": "image_generation_call", "id": "ig", "result": "AAAA" * 400_000}
    done = {"type": "response.output_item.done", "output_index": 0, "item": picture}

    answer = streamed(added({**picture, "result": None}), done, completed([picture]))

    assert [1_200_000] == [len(part.data) for part in answer.parts if isinstance(part, Image)]
