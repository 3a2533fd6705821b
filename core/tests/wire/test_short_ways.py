"""Conversations in words take a short way to the body; it leads where the usual one does."""

from __future__ import annotations

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.types import Message, Request, Role, Text
from jackfield.wire.generate_content import render as generate_content
from jackfield.wire.generate_content.tables import Rules as GenerateRules
from jackfield.wire.messages import render as messages
from jackfield.wire.messages.blocks import shortest
from jackfield.wire.responses import render as responses
from jackfield.wire.responses.tables import rules_of
from jackfield.wire.seal import Seal

texts = st.builds(Text, st.text(max_size=3))
turns = st.builds(Message, st.sampled_from(get_args(Role)), st.lists(texts, max_size=2).map(tuple))
conversations = st.lists(turns, max_size=5).map(tuple)


@settings(deadline=None)
@given(conversations)
def test_messages(conversation: tuple[Message, ...]) -> None:
    """The messages wire renders the same turns and the same instructions either way."""
    found = messages._words_alone(conversation)
    if found is not None:
        system, said = messages.render_turns(conversation, Seal("acme", "messages"))
        assert (system, said) == found
        assert shortest(system) == shortest(found[0])


@settings(deadline=None)
@given(conversations)
def test_generate_content(conversation: tuple[Message, ...]) -> None:
    """The generate content wire renders the same turns and the same instructions either way."""
    found = generate_content._words_alone(conversation)
    if found is not None:
        assert (
            generate_content.render_turns(conversation, GenerateRules(Seal("acme", "generate_content")))
            == found
        )


@settings(deadline=None)
@given(conversations)
def test_responses(conversation: tuple[Message, ...]) -> None:
    """The responses wire renders the same items either way."""
    found = responses._words_alone(conversation)
    if found:
        request = Request("m", conversation)
        assert responses._items(conversation, request, rules_of({}, "acme")) == found
