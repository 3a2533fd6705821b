"""What belongs to an account is recognised, whatever its form."""

from __future__ import annotations

import pytest

from jackfield.policy.route import Bound, bound_to
from jackfield.types import Document, Image, Message, Opaque, Reasoning, Text, ToolResult


def sealed(data, provider="acme"):
    return [Message("assistant", (Reasoning("", Opaque(provider, "w", data)),))]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"signature": "abc"}, "signed reasoning"),
        ({"item": {"encrypted_content": "x"}}, "encrypted reasoning"),
        ({"items": [{"id": "rs_123"}]}, "a kept reasoning item"),
        ({"thoughtSignature": "x"}, "a thought signature"),
    ],
)
def test_sealed_reasoning_binds(data, why):
    """Signed, encrypted or kept: only its own account can read it."""
    assert Bound("acme", why) == bound_to(sealed(data))


@pytest.mark.parametrize("data", [{}, {"signature": ""}, {"id": "msg_1"}, {"reasoning": "plain"}])
def test_plain_payloads_do_not_bind(data):
    """What says nothing of an account may go anywhere."""
    assert bound_to(sealed(data)) is None


@pytest.mark.parametrize("name", ["previous_response_id", "cachedContent", "container"])
def test_pointers_bind(name):
    """A field that points at what the provider keeps binds, though whose it is cannot be told."""
    assert "" == bound_to([Message("user", "hi")], {name: "x"}).provider


def test_file_ids_bind_wherever_they_stand():
    """In a turn, and in the result of a tool."""
    plain = [Message("user", (Document("application/pdf", file_id="f"),))]
    inner = [Message("tool", (ToolResult("1", (Image("image/png", file_id="f"),)),))]

    assert ["the id of a kept file"] * 2 == [bound_to(each).why for each in (plain, inner)]


def test_a_seal_says_more_than_a_pointer():
    """It names the provider; the last one holds."""
    several = [*sealed({"signature": "a"}), *sealed({"signature": "b"}, "other")]

    assert "other" == bound_to(several, {"container": "c"}).provider


def test_words_and_pictures_do_not_bind():
    """Bytes and addresses go anywhere."""
    turns = [
        Message(
            "user", (Text("hi"), Image("image/png", data=b"x"), Image("image/png", url="https://a.invalid"))
        )
    ]

    assert bound_to(turns) is None


def test_the_refusal_names_what_binds():
    """What, whose, and what to do."""
    info = Bound("acme", "signed reasoning").refusal("route:cheap")

    assert ("request.affinity", "no") == (info.kind, info.sent)
    assert "signed reasoning of `acme`" in info.message
