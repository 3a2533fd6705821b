"""The folder of cassettes: what is old in it, how large it may be, what a new recording changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from jackfield.errors import Blocked
from jackfield.testing.shelf import LARGEST_FOLDER, Shelf, changes
from jackfield.testing.tape import Cassette, Interaction
from jackfield.wire import Headers

TODAY = datetime.now(UTC).date()
JSON = Headers({"content-type": "application/json"})
ONE = Interaction("POST", "https://api.acme.example/v1", JSON, b'{"a": 1}', 200, JSON, b'{"b": [{"c": 1}]}')


def tape(days=0, one=ONE, origin="recorded"):
    return Cassette((one,), origin, (TODAY - timedelta(days)).isoformat(), name="stream")


@pytest.mark.parametrize(
    ("days", "origin", "state"),
    [
        (0, "recorded", "exists"),
        (180, "recorded", "exists"),
        (181, "recorded", "stale"),
        (999, "documented", "exists"),
    ],
)
def test_what_was_recorded_long_ago_is_stale(tmp_path, days, origin, state):
    """After 180 days; what is written after documentation has no age."""
    tape(days, origin=origin).save(tmp_path / "stream.yaml")

    assert state == Shelf(tmp_path).state("stream")


def test_what_is_set_aside_is_replaced(tmp_path):
    """It is put into a folder of its own, and goes when a new one comes."""
    shelf = Shelf(tmp_path)
    shelf.put(tape(3))
    shelf.set_aside("stream")

    assert ("set aside", "missing") == (shelf.state("stream"), shelf.state("other"))
    assert shelf.before("stream").recorded == tape(3).recorded
    shelf.put(tape())
    assert ("exists", False) == (shelf.state("stream"), shelf.stale_file("stream").exists())


def test_what_cannot_be_read_is_stale(tmp_path):
    """It is recorded anew."""
    (tmp_path / "stream.yaml").write_text("interactions: 7")

    assert "stale" == Shelf(tmp_path).state("stream")
    assert Shelf(tmp_path).before("stream") is None


def test_a_folder_that_would_be_too_large_is_refused(tmp_path):
    """With nothing written; what is replaced does not count."""
    (tmp_path / "other.yaml").write_bytes(b"#" * (LARGEST_FOLDER - 100))
    (tmp_path / "stream.yaml").write_bytes(b"#" * 500)

    with pytest.raises(Blocked, match="all together"):
        Shelf(tmp_path).put(tape())

    assert b"#" * 500 == (tmp_path / "stream.yaml").read_bytes()
    (tmp_path / "other.yaml").unlink()
    assert Shelf(tmp_path).put(tape()).is_file()


def test_changes_are_told_by_name():
    """Never by value."""
    new = evolve(
        ONE,
        status=201,
        body=b'{"a": 1, "d": "x"}',
        reply_headers=Headers({}),
        reply_body=b'{"b": [], "e": {"f": 2}}',
    )

    assert [
        "1. status 201, not 200",
        "1. request: new d",
        "1. answer: new b, e.f",
        "1. answer: gone b[].c",
        "1. headers of the answer: gone content-type",
    ] == changes(tape(), tape(one=new))


def test_changes_of_streams_are_those_of_their_records():
    """And how many exchanges there are, and where they come from."""
    stream = Headers({"content-type": "text/event-stream"})
    old = evolve(ONE, reply_headers=stream, reply_body=b'data: {"a": 1}\n\ndata: {"b": 1}\n\n')
    new = evolve(old, reply_body=b'data: {"a": 2}\n\ndata: {"c": 1}\n\n')

    documented, recorded = tape(one=old, origin="documented"), evolve(tape(one=new), interactions=(new, new))

    assert [
        "recorded, not documented",
        "2 exchanges, not 1",
        "1. answer: new c",
        "1. answer: gone b",
    ] == changes(documented, recorded)
    assert [] == changes(None, recorded) == changes(recorded, recorded)
