"""Two requests share an entry only if nothing that matters differs."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.policy.caches import Where, key_of, question_of
from jackfield.types import EmbedRequest, HostedTool, Image, Message, Output, Request, Text, Tool

WHERE = Where("acme", "m", "messages", "https://acme.example", "cred", "tenant")
REQUEST = Request(
    "m", (Message("system", "be kind"), Message("user", "hi")), options={"temperature": 0, "seed": 1}
)
HI = Message("user", "hi")

DIFFERENT = [
    attrs.evolve(REQUEST, options={"temperature": 0.0, "seed": 1}),
    attrs.evolve(REQUEST, options={"temperature": 0}),
    attrs.evolve(REQUEST, options={"temperature": False, "seed": 1}),
    attrs.evolve(REQUEST, options={"seed": 1, "temperature": 1}),
    attrs.evolve(REQUEST, messages=(HI,)),
    attrs.evolve(REQUEST, messages=(Message("user", "be kind"), Message("user", "hi"))),
    attrs.evolve(REQUEST, messages=(Message("system", "be kin"), Message("user", "dhi"))),
    attrs.evolve(REQUEST, messages=(REQUEST.messages[0], Message("user", "hi", "Ann"))),
    attrs.evolve(REQUEST, messages=(REQUEST.messages[0], Message("user", ["h", "i"]))),
    attrs.evolve(
        REQUEST, messages=(REQUEST.messages[0], Message("user", [Text("hi"), Image("image/png", data=b"1")]))
    ),
    attrs.evolve(
        REQUEST, messages=(REQUEST.messages[0], Message("user", [Text("hi"), Image("image/png", data=b"2")]))
    ),
    attrs.evolve(REQUEST, tools=(Tool("f"),)),
    attrs.evolve(REQUEST, tools=(Tool("f", "does"),)),
    attrs.evolve(REQUEST, tools=(HostedTool("f"),)),
    attrs.evolve(REQUEST, tool_choice="f"),
    attrs.evolve(REQUEST, output=Output()),
    attrs.evolve(REQUEST, output=Output({"type": "object"})),
    attrs.evolve(REQUEST, extra={"x": 1}),
    attrs.evolve(REQUEST, model="m2"),
    EmbedRequest("m", ("hi",)),
]


def test_every_difference_makes_another_key():
    """Of options, words, roles, parts, tools, form and model; 0, 0.0 and false are three things."""
    keys = {key_of(request, WHERE) for request in [REQUEST, *DIFFERENT]}

    assert len(keys) == len(DIFFERENT) + 1


@pytest.mark.parametrize("field", Where._fields)
def test_whoever_is_asked_and_for_whom_makes_another_key(field):
    """No tenant, account, address or format sees the answers of another."""
    assert key_of(REQUEST, WHERE) != key_of(REQUEST, WHERE._replace(**{field: "other"}))


def test_what_does_not_matter_makes_no_difference():
    """The order in which options were given, and functions that are never sent."""
    swapped = attrs.evolve(REQUEST, options={"seed": 1, "temperature": 0})
    tools = [attrs.evolve(REQUEST, tools=(Tool("f", function=function),)) for function in (print, len)]

    assert key_of(REQUEST, WHERE) == key_of(swapped, WHERE)
    assert key_of(tools[0], WHERE) == key_of(tools[1], WHERE)


class Words(str):
    """A text of the caller's own class."""

    __slots__ = ()


class Thing:
    """A value that has no form of its own."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


def test_values_of_other_classes_are_told_apart():
    """Texts, lists and mappings by what they hold; anything else by its class and how it shows itself."""
    given = [Words("a"), OrderedDict(b=1, a=2), MappingProxyType({"a": 1}), Thing("x"), Thing("y"), b"a"]

    keys = {key_of(attrs.evolve(REQUEST, extra={"x": value}), WHERE) for value in given}

    assert len(keys) == len(given)
    assert key_of(attrs.evolve(REQUEST, extra={"x": "a"}), WHERE) in keys
    assert key_of(attrs.evolve(REQUEST, extra={"x": {"a": 2, "b": 1}}), WHERE) in keys


TEXTS = st.text(max_size=4)


@settings(deadline=None)
@given(
    st.tuples(*[TEXTS] * 7), st.tuples(*[TEXTS] * 7), st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3)
)
def test_keys_are_equal_only_for_equals(one, other, words, others):
    """However texts are cut, moved or joined."""
    first = key_of(EmbedRequest("m", tuple(words)), Where(*one))
    second = key_of(EmbedRequest("m", tuple(others)), Where(*other))

    assert (first == second) == ((one, words) == (other, others))


def test_a_question_is_the_last_text_of_the_users():
    """Everything before it is what it is looked for among."""
    asked = [
        attrs.evolve(REQUEST, messages=(*REQUEST.messages[:-1], Message("user", text)))
        for text in ("hi", "hello")
    ]
    elsewhere = attrs.evolve(REQUEST, options={})

    found = [question_of(request, WHERE) for request in (*asked, elsewhere)]

    assert ["hi", "hello", "hi"] == [text for _, text in found]
    assert found[0][0] == found[1][0] != found[2][0]


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (Message("assistant", "hi"),),
        (Message("user", [Text("a"), Text("b")]),),
        (Message("user", Image("image/png", url="u")),),
    ],
)
def test_other_last_turns_are_no_question(messages):
    """They are kept for exactly themselves."""
    assert question_of(Request("m", messages), WHERE) is None
