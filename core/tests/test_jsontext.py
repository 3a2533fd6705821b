"""The JSON loader: only our error escapes it, whatever it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import InvalidRequest, Malformed
from jackfield.jsontext import dump_text, dumps, loads

SUITE = Path(__file__).parents[3] / "shared" / "vectors" / "json-parsing"
FILES = sorted(SUITE.rglob("*.json")) if SUITE.is_dir() else []

# UTF-16 and the like is not ours to read, though the standard library guesses it; a lone mark is nothing.
NOT_UTF8 = {"y_string_utf16BE_with_BOM.json"}


def test_the_public_suite_is_there():
    """Without the vectors the cases below would pass unseen."""
    if not FILES:
        pytest.skip(f"no vectors at {SUITE}")

    assert len(FILES) > 200


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_but_malformed_escapes(file):
    """Every text either gives a value or raises ``Malformed``."""
    try:
        loads(file.read_bytes())
    except Malformed as exc:
        assert exc.info.kind == "protocol.body"


@pytest.mark.parametrize("file", [f for f in FILES if f.name.startswith("y_")], ids=lambda file: file.name)
def test_reads_what_must_be_read(file):
    """Valid texts give what the standard library makes of them."""
    if file.name in NOT_UTF8:
        pytest.skip("not UTF-8")

    assert json.loads(file.read_bytes()) == loads(file.read_bytes())


@pytest.mark.parametrize("file", [f for f in FILES if f.name.startswith("n_")], ids=lambda file: file.name)
def test_refuses_what_must_be_refused(file):
    """Invalid texts raise, the NaN and Infinity the standard library takes among them."""
    with pytest.raises(Malformed):
        loads(file.read_bytes())


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 5000, "1" * 5000, "NaN", "-Infinity", b"\xff", "", "[" * 129 + "]" * 129],
    ids=lambda text: repr(text[:8]),
)
def test_refuses_the_absurd(text):
    """Depth, digits, NaN and bytes that are no text end in ``Malformed``, quickly."""
    with pytest.raises(Malformed):
        loads(text)


def test_depth_counts_nesting_alone():
    """Many brackets side by side, or in strings, are not deep."""
    value = {"a": [[1]] * 200, "b": "[" * 500}

    assert value == loads(json.dumps(value))


def test_a_lone_surrogate_does_not_break_encoding():
    """It is replaced: no provider can read one."""
    assert '"a\ufffdb"'.encode() == dumps("a\ud800b")
    assert '"\ufffd\ufffd"'.encode() == dumps("\udc00\ud800")


def test_halves_of_a_character_are_joined():
    """What was taken from UTF-16 piece by piece is the character it was."""
    assert '"\U0001f600"'.encode() == dumps("\ud83d\ude00")


@pytest.mark.parametrize("value", [None, [None, {"a": (None, 1.5, True)}], {"a": [1], "b": None}])
def test_a_null_is_written_like_anything_else(value):
    """Both writers agree on it."""
    assert dump_text(value).encode() == dumps(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("place", [lambda one: one, lambda one: {"a": [None, (one,)]}], ids=["bare", "deep"])
def test_a_number_that_is_none_is_refused(number, place):
    """The faster writer would make it null."""
    with pytest.raises(InvalidRequest, match="cannot be said in JSON"):
        dumps(place(number))


def test_messages_quote_nothing_of_the_text():
    """What cannot be read may hold secrets."""
    with pytest.raises(Malformed) as caught:
        loads('{"key": "sk-secret", oops}')

    assert "secret" not in str(caught.value)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_bytes_give_a_value_or_malformed(text):
    """Nothing else escapes."""
    try:
        loads(text)
    except Malformed:
        return


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**50), 10**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_what_is_written_is_read(value):
    """Values survive both writers."""
    assert value == loads(dumps(value)) == loads(dump_text(value))
