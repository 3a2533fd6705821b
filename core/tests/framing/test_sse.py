"""Server-sent events: the specification, what servers do beside it, and the limits."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from jackfield.errors import Malformed
from jackfield.framing.sse import SSE, LargeSSE

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "sse-wpt" / "cases.json"
KNOWN = json.loads(VECTORS.read_bytes())["cases"] if VECTORS.is_file() else []
CASES = [case for case in KNOWN if case["expect"] != "reject"]  # the media type is the transport's business


def records(chunks, *, strict=False):
    framing = SSE(strict=strict)
    return [record for chunk in chunks for record in framing.feed(chunk)] + framing.end()


def dispatched(chunks):
    return [{"event": r.event, "data": r.data, "id": r.id} for r in records(chunks, strict=True)]


def test_the_public_cases_are_there():
    """Without the vectors the cases below would pass unseen."""
    if not KNOWN:
        pytest.skip(f"no vectors at {VECTORS}")

    assert 33 == len(KNOWN)
    assert 31 == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_follows_the_specification_however_the_bytes_are_cut(case):
    """Every public case gives its events whole, byte by byte and split at every offset."""
    body = b"".join(map(base64.b64decode, case["chunks_b64"]))
    expected = [{key: event[key] for key in ("event", "data", "id")} for event in case["expect"]]
    cuts = [[body], [body[i : i + 1] for i in range(len(body))]]
    cuts += [[body[:i], body[i:]] for i in range(len(body))]

    for chunks in cuts:
        assert expected == dispatched(chunks)


@pytest.mark.parametrize(
    "case", [c for c in CASES if any("retry" in e for e in c["expect"])], ids=lambda c: c["id"]
)
def test_keeps_the_reconnection_time(case):
    """The last valid retry field is kept."""
    framing = SSE()

    framing.feed(b"".join(map(base64.b64decode, case["chunks_b64"])))

    assert [event["retry"] for event in case["expect"] if "retry" in event][-1] == framing.retry


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_give_the_same_events(end):
    """Events do not depend on how lines end."""
    body = end.join(["event: a", "data: 1", "data: 2", "", ": ping", "", "data: 3", "", ""]).encode()

    events = [(record.event, record.data) for record in records([body])]

    assert [("a", "1\n2"), ("message", "3")] == events


def test_separators_of_unicode_are_text():
    """U+2028, U+2029, U+0085, VT, FF and the ASCII separators do not end a line."""
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1dh\x1ei"

    assert [text] == [record.data for record in records([f"data: {text}\n\n".encode()])]


def test_a_character_split_over_chunks_is_whole():
    """The four bytes of one character may come one by one."""
    body = "data: 🦜\n\n".encode()

    assert ["🦜"] == [record.data for record in records([body[i : i + 1] for i in range(len(body))])]


def test_what_is_not_utf8_is_replaced_and_the_stream_goes_on():
    """One bad byte becomes one U+FFFD."""
    got = [record.data for record in records([b"data: a\xffb\n\ndata: c\n\n"])]

    assert ["a\ufffdb", "c"] == got


def test_an_unterminated_event_comes_flagged_at_the_end():
    """Servers forget the last blank line; the record says that it may be cut."""
    got = records([b"data: 1\n\ndata: 2"])

    assert [("1", True), ("2", False)] == [(record.data, record.complete) for record in got]


def test_an_unterminated_event_is_dropped_when_strict():
    """The specification drops an event that no blank line ends."""
    assert ["1"] == [record.data for record in records([b"data: 1\n\ndata: 2"], strict=True)]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_bare_object_comes_as_a_record_of_its_own(size):
    """An error without `data:` under text/event-stream is not lost."""
    body = b'{\n  "error": {\n    "code": 404\n  }\n}\n'

    got = records([body[i : i + size] for i in range(0, len(body), size)])

    assert [("bare", {"error": {"code": 404}})] == [(record.event, json.loads(record.data)) for record in got]


def test_a_bare_line_between_events_keeps_its_place():
    """A JSON line after events, and before the end mark, comes between them."""
    got = records([b'data: 1\n\n{"error":"x"}\ndata: [DONE]\n\n'])

    assert ["1", '{"error":"x"}', "[DONE]"] == [record.data for record in got]


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 4096, b"data: x\n" * 512, b"x" * 4096])
def test_an_endless_event_is_refused(chunk, monkeypatch):
    """A line or event above the limit fails at once, however it is sent."""
    monkeypatch.setattr(SSE, "limit", 100_000)
    framing = SSE()

    with pytest.raises(Malformed, match="more than 100000 characters"):
        for _ in range(150):
            framing.feed(chunk)


def test_events_before_a_failure_are_handed_on_first(monkeypatch):
    """What came whole before the endless event is not lost; the failure comes next."""
    monkeypatch.setattr(SSE, "limit", 100)
    framing = SSE()

    got = framing.feed(b"data: 1\n\ndata: " + b"x" * 200)

    assert ["1"] == [record.data for record in got]
    with pytest.raises(Malformed):
        framing.feed(b"x")


def test_endless_empty_events_are_refused():
    """Ten thousand blank lines in a row are no stream of events."""
    framing = SSE()

    with pytest.raises(Malformed, match="empty events"):
        framing.feed(b"\n" * 10_002)


def test_many_comments_between_events_are_allowed():
    """Events in between start the count of empty ones anew."""
    framing = SSE()

    for _ in range(3):
        assert 1 == len(framing.feed(b": ping\n\n" * 5000 + b"data: x\n\n"))


def test_an_event_that_holds_a_picture_is_larger():
    """Where pictures come whole, the limit is that of pictures."""
    data = b"x" * (SSE.limit + 1)

    with pytest.raises(Malformed):
        SSE().feed(b"data: " + data + b"\n\n")

    assert [len(data)] == [len(record.data) for record in LargeSSE().feed(b"data: " + data + b"\n\n")]
