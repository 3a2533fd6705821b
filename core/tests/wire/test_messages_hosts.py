"""Messages as hosts pass them on: the model and the wish for a stream in the path, a version in the body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jackfield.errors import InvalidRequest
from jackfield.types import Message, Request
from jackfield.wire import Call, Dialect
from jackfield.wire.messages import Messages

SETTINGS = {"model_in_body": False, "stream_in_body": False, "fixed_fields": {"version": "v-1"}}
ASKED = Request("m-1", (Message("user", "hi"),), options={"max_tokens": 5})


class Hosted(Messages):
    """A host with paths of its own."""

    def path(self, request: Request, stream: bool) -> tuple[Any, ...]:
        return ("models", (request.model, "stream" if stream else "ask"))

    def path_fields(self, path: tuple[Any, ...]) -> dict[str, Any]:
        model, verb = path[-1]
        return {"model": model, "stream": verb == "stream"}


@pytest.fixture
def wire():
    return Hosted(Dialect(base="https://x.test", settings=SETTINGS))


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_path_says_is_not_said_again(wire, stream):
    """And is read from there."""
    call = wire.render_completion(ASKED, stream)

    assert {"version", "max_tokens", "messages"} == json.loads(call.body).keys()
    assert f"https://x.test/models/m-1:{'stream' if stream else 'ask'}" == call.url
    assert (ASKED, stream) == wire.read_completion(call)


def test_a_fixed_field_of_another_value_stays_what_it_is(wire):
    """It is the caller's own."""
    call = wire.render_completion(ASKED, stream=False)
    call.body = call.body.replace(b"v-1", b"v-2")

    request, _ = wire.read_completion(call)

    assert {"version": "v-2"} == request.extra
    assert call.body == wire.render_completion(request, stream=False).body


def test_by_default_the_body_says_it_all():
    """The path says nothing of a request."""
    wire = Messages(Dialect())

    call = wire.render_completion(ASKED, stream=True)

    assert ("m-1", True) == (json.loads(call.body)["model"], json.loads(call.body)["stream"])
    assert {} == wire.path_fields(call.path)


def test_a_body_that_is_no_object_is_refused_whatever_the_path_says(wire):
    """As everywhere."""
    with pytest.raises(InvalidRequest, match="object"):
        wire.read_completion(Call("POST", ("models", ("m-1", "ask")), b"[]"))
