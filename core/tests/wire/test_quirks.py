"""Named quirks: each does what its name says, in order, and nothing unknown is accepted."""

from __future__ import annotations

import pytest

from jackfield.errors import BadConfig
from jackfield.wire.quirks import QUIRKS, compile_quirks

TOOL = {"function": {"name": "f", "strict": True}}


def applied(body, *tables):
    for quirk in compile_quirks(tables):
        body = quirk(body)
    return body


@pytest.mark.parametrize(
    ("table", "body", "expected"),
    [
        ({"rename": {"a": "b"}}, {"a": 0}, {"b": 0}),
        ({"rename": {"a": "b"}}, {"a": 1, "b": 2}, {"b": 2}),
        ({"rename": {"a": "b"}}, {}, {}),
        ({"rename": {"x.*.a": "b"}}, {"x": [{"a": 1}, {}]}, {"x": [{"b": 1}, {}]}),
        ({"drop": ["a", "c"]}, {"a": 1, "b": 2}, {"b": 2}),
        ({"drop": ["tools.*.function.strict"]}, {"tools": [TOOL]}, {"tools": [{"function": {"name": "f"}}]}),
        ({"drop": ["x.y.z"]}, {"x": 1}, {"x": 1}),
        ({"default": {"a": 1}}, {}, {"a": 1}),
        ({"default": {"a": 1}}, {"a": 0}, {"a": 0}),
        ({"set": {"a": 1}}, {"a": 0}, {"a": 1}),
        ({"set": {"o.a": 1}}, {"o": {}}, {"o": {"a": 1}}),
        ({"coerce": {"a": "integer"}}, {"a": True}, {"a": 1}),
        ({"coerce": {"a": "number"}}, {"a": 1}, {"a": 1.0}),
        ({"coerce": {"a": "boolean"}}, {"a": "true"}, {"a": True}),
        ({"coerce": {"a": "string"}}, {"a": {"b": 1}}, {"a": '{"b":1}'}),
        ({"coerce": {"a": "list"}}, {"a": "x"}, {"a": ["x"]}),
        ({"coerce": {"a": "first"}}, {"a": ["x"]}, {"a": "x"}),
        ({"coerce": {"a": "integer"}}, {}, {}),
        ({"values": {"e": {"max": "high"}}}, {"e": "max"}, {"e": "high"}),
        ({"values": {"e": {"max": "high"}}}, {"e": "low"}, {"e": "low"}),
    ],
)
def test_a_quirk_rewrites_the_body(table, body, expected):
    """Each quirk on a body that has its field, and on one that has not."""
    assert expected == applied(body, table)


def test_quirks_are_applied_in_order():
    """A later quirk sees what an earlier one made."""
    assert {"c": 1} == applied({"a": 1}, {"rename": {"a": "b"}}, {"rename": {"b": "c"}})


@pytest.mark.parametrize(
    "table",
    [
        {"renam": {}},
        {"rename": []},
        {"rename": {"a": 1}},
        {"drop": "a"},
        {"drop": [1]},
        {"default": {}},
        {"coerce": {"a": "blob"}},
        {"values": {"a": "b"}},
    ],
)
def test_what_nobody_knows_is_refused(table):
    """A name, form or type that does not exist is a mistake of the profile."""
    with pytest.raises(BadConfig):
        compile_quirks([table])


def test_a_refusal_names_the_quirks_there_are():
    """The hint lists them all."""
    with pytest.raises(BadConfig) as caught:
        compile_quirks([{"renam": {}}])

    assert all(name in caught.value.info.hint for name in QUIRKS)
