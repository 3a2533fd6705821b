"""Where the kind of a failure may be found besides: statuses in a profile's table, metadata, words of policy."""

from __future__ import annotations

import json

import pytest

from jackfield.wire import Dialect, Headers, Reply
from jackfield.wire.replies import error_info


def kind(status, body, **errors):
    reply = Reply(status, Headers(), json.dumps(body).encode())
    return error_info(reply, Dialect("acme", errors=errors)).kind


def test_a_status_may_mean_something_else():
    """Where no code of the table says more."""
    assert "request.context" == kind(403, {"error": {"message": "no"}}, **{"403": "request.context"})
    assert "auth" == kind(
        403, {"error": {"message": "no", "code": "x"}}, **{"403": "request.context", "x": "auth"}
    )
    assert "auth" == kind(403, {"error": {"message": "no"}}, **{"404": "request.context"})


def test_metadata_may_say_what_it_is():
    """A router repeats the status in the code and has a word of its own beside."""
    body = {"error": {"code": 402, "message": "no", "metadata": {"error_type": "soon"}}}

    assert ("throttle", "quota.money") == (kind(402, body, soon="throttle"), kind(402, body))


@pytest.mark.parametrize(
    "words", ["Content violates usage guidelines.", 'Your input was flagged for "violence"']
)
def test_words_of_policy_are_no_question_of_the_key(words):
    """Though they come under its status."""
    assert "request.policy" == kind(403, {"error": {"message": words}})
