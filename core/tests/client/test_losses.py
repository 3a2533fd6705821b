"""What of a conversation another provider's format cannot carry is told, never silently dropped."""

from __future__ import annotations

import pytest

from jackfield import (
    CachePoint,
    Citation,
    Image,
    Message,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)

OWN = Opaque("acme", "chat_completions", {"id": "1"})
OTHER = Opaque("other", "messages", {"signature": "s"})
HI = Message("user", "hi")


def told(client, *parts, role="assistant"):
    notices = client().losses("acme/large-1", [HI, Message(role, parts), HI])
    return [notice.message.partition("cannot carry ")[2] for notice in notices]


@pytest.mark.parametrize(
    ("parts", "lost"),
    [
        ([Text("a"), Text("b")], []),
        ([Text("a"), ToolCall("c1", "f", "{}")], []),
        ([Reasoning("hmm"), Text("a")], ["reasoning: 1 left out"]),
        (
            [Reasoning("hmm", OTHER), Reasoning("", OTHER), Text("a")],
            ["what another provider wants back: 2 left out", "reasoning: 1 left out"],
        ),
        ([Text("a", (Citation(url="https://x.test"),))], ["citations: 1 left out"]),
        ([Text("a"), CachePoint()], ["cache points: 1 left out"]),
    ],
)
def test_what_is_left_out_is_listed(client, parts, lost):
    """Each kind once, with how many of it."""
    assert lost == told(client, *parts)


def test_what_users_say_arrives(client):
    """Pictures too."""
    assert [] == told(client, Text("see"), Image.from_url("https://x.test/a.png"), role="user")


def test_results_arrive(client):
    """With their words."""
    turns = [HI, Message("assistant", ToolCall("c1", "f", "{}")), Message("tool", ToolResult("c1", "sun"))]

    assert () == client().losses("acme/large-1", turns)


def test_an_answer_says_what_was_left_out_of_its_question(client, acme):
    """Where the conversation was begun with another provider."""
    turns = [HI, Message("assistant", [Reasoning("hmm", OTHER), Text("a")]), HI]

    warnings = client(acme.reply()).complete("acme/large-1", turns).warnings

    assert {"left_out"} == {notice.code for notice in warnings}
    assert () == client(acme.reply()).complete("acme/large-1", [HI, Message("assistant", "a"), HI]).warnings
