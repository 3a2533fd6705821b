"""Addresses: whatever a caller calls a model, it stays one segment of one path."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import InvalidRequest
from jackfield.wire import Call, Headers, Reply, address, path_segment


@pytest.mark.parametrize(
    "name", ["../../x", "a?b", "a#b", "a/b", "a\\b", "a;b", "a%2e%2e", "a b", "日本", "a&b=c", "@host"]
)
def test_a_hostile_name_is_one_segment(name):
    """It can neither leave its place nor cut the address short."""
    parts = urlsplit(address("https://api.example/v1", ("models", name, "run")))

    assert ("api.example", "", "") == (parts.netloc, parts.query, parts.fragment)
    assert ["", "v1", "models", name, "run"] == [unquote(step) for step in parts.path.split("/")]


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\rb", "a\0b", "\u202e", "\x7f"])
def test_a_name_that_cannot_be_a_segment_is_refused(name):
    """Steps, nothing and control characters never reach an address."""
    with pytest.raises(InvalidRequest, match="nothing was sent"):
        path_segment(name)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_name_is_refused_or_one_segment(name):
    """No text changes the shape of an address."""
    try:
        url = address("https://api.example/v1", ("models", name))
    except InvalidRequest:
        return

    assert 3 == urlsplit(url).path.count("/")
    assert name == unquote(urlsplit(url).path.rpartition("/")[2])


def test_a_query_is_encoded():
    """Values of a query cannot add parameters."""
    assert "https://h/a?k=v%26x%3D1" == address("https://h/", ("a",), (("k", "v&x=1"),))


def test_headers_show_names_alone():
    """Values are often secrets."""
    shown = repr(Call("POST", ("a",), b"body", Headers({"authorization": "Bearer secret"})))

    assert "authorization" in shown
    assert "secret" not in shown
    assert "body" not in shown


def test_added_headers_replace():
    """A header of the same name is replaced, the call itself is not changed."""
    call = Call("GET", ("a",), headers=Headers({"a": "1", "b": "2"}))

    assert {"a": "1", "b": "3"} == call.with_headers({"b": "3"}).headers
    assert {"a": "1", "b": "2"} == call.headers


def test_a_reply_does_not_show_its_body():
    """Answers are long, and not for logs."""
    assert "text" not in repr(Reply(200, Headers(), b"text"))
