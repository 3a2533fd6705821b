"""One streamed array is cut into its elements wherever its bytes are cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import Malformed
from jackfield.framing.json_array import Events, EventsOrArray, JSONArray
from jackfield.framing.sse import BARE, SSE

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def framed(*chunks, framing=JSONArray):
    cutter = framing()
    return [record for chunk in chunks for record in cutter.feed(chunk)] + cutter.end()


def pieces(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@settings(deadline=None)
@given(st.lists(VALUES, max_size=4), st.integers(1, 9), st.sampled_from([None, 2]))
def test_elements_come_out_as_they_are(values, size, indent):
    """Whatever they are, pretty or compact, in pieces of any size."""
    body = json.dumps(values, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")

    found = framed(*pieces(body, size))

    assert [
        json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) for value in values
    ] == [json.loads(text) for text in found]


def test_every_split_gives_the_same():
    """Within strings, escapes, brackets and characters of several bytes."""
    body = b'\xef\xbb\xbf [{"a": "]\\"[{\\\\"}\r\n,\r\n{"b": [1, {"c": "\xc3\xbc"}]} , 7]\n'
    expected = ['{"a": "]\\"[{\\\\"}', '{"b": [1, {"c": "ü"}]}', "7"]

    for position in range(len(body) + 1):
        assert expected == framed(body[:position], body[position:]), position


def test_an_element_comes_as_soon_as_it_is_complete():
    """Not with the comma that follows."""
    cutter = JSONArray()

    assert [["{}"], [], ["[1]"]] == [cutter.feed(chunk) for chunk in (b"[{}", b",[1", b"]")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b" \n", []),
        (b"[]", []),
        (b"[ ]", []),
        (b'{"error": {"code": 1}}', ['{"error": {"code": 1}}']),
        (b'{"a": 1}\n{"b": 2}', ['{"a": 1}', '{"b": 2}']),
        (b"12", ["12"]),
        (b'[{"a": 1}, {"b"', ['{"a": 1}']),
        (b'{"a"', []),
    ],
)
def test_what_is_no_array_or_none_whole(body, expected):
    """A value alone is one element; half an element is none."""
    assert expected == framed(body)


def test_text_after_the_end_is_malformed():
    """What came before it is handed on first."""
    cutter = JSONArray()

    assert ["1"] == cutter.feed(b"[1] x")
    with pytest.raises(Malformed, match="after the end"):
        cutter.feed(b"")


def test_an_endless_element_is_refused(monkeypatch):
    """Before it fills the memory."""
    monkeypatch.setattr(JSONArray, "limit", 10)

    with pytest.raises(Malformed, match="more than 10 bytes"):
        framed(*[b'["'], *[b"x"] * 11)


def test_the_first_byte_tells_which_form_it_is():
    """Events, or one array; a failure that comes bare is an event of its own."""
    events = framed(b"data: 1\r\n\r\ndata: 2\r\n\r\n", framing=EventsOrArray)
    bare = framed(b' {"error": 1}', framing=EventsOrArray)

    assert ["1", "2"] == [record.data for record in events]
    assert ["1", "2"] == framed(b" ", b"[1,", b"2]", framing=EventsOrArray)
    assert [(BARE, '{"error": 1}')] == [(record.event, record.data.strip()) for record in bare]
    assert [] == framed(b" \n", framing=EventsOrArray)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([b"data: x\r\n\r\n", b"data: y\n\n", b": c\r\n\r\n", b"data: z\r", b"\n"]), max_size=6
    )
)
def test_the_quick_way_is_the_way(chunks):
    """Events of one read come out as any others."""
    assert framed(*chunks, framing=SSE) == framed(*chunks, framing=Events)
