"""Binary event streams: frames however the bytes are cut, headers of every type, damage, and the way back."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from pathlib import Path
from uuid import UUID
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.errors import JackfieldError, Malformed
from jackfield.framing.event_stream import (
    Byte,
    EventStream,
    Frame,
    Long,
    Short,
    Timestamp,
    read_headers,
    write_event,
    write_exception,
    write_frame,
)

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"
ENCODED = VECTORS / "aws-event-stream" / "encoded"
TYPED = VECTORS / "restjson1-event-stream" / "cases.json"

HEADERS = {
    "yes": True,
    "no": False,
    "byte": Byte(-49),
    "short": Short(42),
    "number": 40972,
    "long": Long(1 << 40),
    "bytes": b"\x00\xff",
    "text": "grüezi",
    "moment": Timestamp(8675309),
    "uuid": UUID(int=7),
}
BODY = write_event("one", b'{"a":1}') + write_frame({}) + write_frame(HEADERS, "🦜".encode())


def frames(*chunks):
    framing = EventStream()
    return [frame for chunk in chunks for frame in framing.feed(chunk)] + framing.end()


def names(folder):
    return sorted(path.name for path in (ENCODED / folder).iterdir()) if ENCODED.is_dir() else []


def typed():
    cases = json.loads(TYPED.read_bytes()) if TYPED.is_file() else []
    return [
        pytest.param(event, case, id=case["id"])
        for case in cases
        for event in case.get("events", ())
        if "bytes" in event
    ]


def require(path):
    if not path.exists():
        pytest.skip(f"no vectors at {path}")


# -- cutting ---------------------------------------------------------------------------------------


def test_cuts_frames_at_every_split():
    """Wherever the bytes are cut in two, the frames are the same."""
    expected = frames(BODY)

    assert [b'{"a":1}', b"", "🦜".encode()] == [frame.data for frame in expected]
    for position in range(len(BODY)):
        assert expected == frames(BODY[:position], BODY[position:])


def test_cuts_frames_byte_by_byte():
    """One byte at a time is no different."""
    assert frames(BODY) == frames(*(BODY[i : i + 1] for i in range(len(BODY))))


def test_half_a_frame_is_none():
    """The end of the stream tells that it was cut short."""
    assert 2 == len(frames(BODY[:-1]))


def test_headers_keep_their_types():
    """A byte stays a byte, a moment a moment."""
    headers = frames(BODY)[-1].headers

    assert HEADERS == headers
    assert {name: type(value) for name, value in HEADERS.items()} == {
        name: type(value) for name, value in headers.items()
    }


# -- damage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", range(len(write_event("one", b"{}"))))
def test_every_flipped_bit_is_noticed(position):
    """The checksums cover every byte."""
    body = bytearray(write_event("one", b"{}"))
    body[position] ^= 0x10

    with pytest.raises(Malformed, match="damaged"):
        frames(bytes(body))


def test_frames_before_a_damaged_one_are_handed_on_first():
    """What came whole is not lost; then the stream is at its end."""
    framing = EventStream()

    assert 1 == len(framing.feed(write_event("one", b"{}") + b"x" * 12))
    with pytest.raises(Malformed, match="checksum of a frame's lengths"):
        framing.feed(b"")
    with pytest.raises(Malformed):
        framing.end()


def test_what_is_no_event_stream_is_refused_at_once():
    """A page of a proxy has no checksum."""
    with pytest.raises(Malformed, match="checksum"):
        frames(b"<html>sorry</html>")


def test_a_frame_above_the_limit_is_refused_before_it_comes(monkeypatch):
    """Its length is enough."""
    body = write_frame({}, b"x" * 1000)
    monkeypatch.setattr(EventStream, "limit", 500)

    with pytest.raises(Malformed, match="more than 500 bytes"):
        frames(body[:12])


def test_lengths_that_contradict_each_other_are_refused():
    """Headers cannot be longer than their frame."""
    from zlib import crc32

    lengths = (20).to_bytes(4, "big") + (5).to_bytes(4, "big")

    with pytest.raises(Malformed, match="do not fit"):
        frames(lengths + crc32(lengths).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "block", [b"\x05name", b"\x01a", b"\x01a\x07\x00\x05abc", b"\x01\xff\x00", b"\x01a\x05\x00"]
)
def test_headers_that_cannot_be_read_are_refused(block):
    """Cut short, or not UTF-8."""
    with pytest.raises(Malformed, match="cannot be read"):
        read_headers(block)


def with_unknown_header(before):
    """A frame whose last header has a type that is none; its checksums are right."""
    frame = write_frame({**before, "surprise": True}, b"{}")
    body = frame[:-4].replace(b"surprise\x00", b"surprise\x63")
    return body + crc32(body).to_bytes(4, "big")


def test_a_header_of_an_unknown_type_is_skipped():
    """What stands before it holds, and the frame is handed on."""
    known = {":message-type": "event", ":event-type": "chunk"}

    (frame,) = frames(with_unknown_header(known))

    assert (known, b"{}", "chunk") == (frame.headers, frame.data, frame.name)


def test_a_frame_that_an_unknown_header_hides_is_skipped():
    """Nobody can say what it is; those around it are handed on."""
    event = write_event("chunk", b"{}")

    assert frames(event * 2) == frames(event + with_unknown_header({}) + event)


def test_two_headers_of_one_name_are_refused():
    """Nobody can say which of them holds."""
    with pytest.raises(Malformed, match="two headers"):
        read_headers(b"\x01a\x00" * 2)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_nothing_but_our_errors_escapes_from_headers(block):
    """Whatever the bytes are."""
    with suppress(JackfieldError):
        read_headers(block)


# -- what a frame is -------------------------------------------------------------------------------


def test_a_frame_says_what_it_is():
    """An event, or the exception that ends the stream."""
    event, exception = frames(write_event("delta", b"{}"), write_exception("throttled", b"{}"))

    assert ("event", "delta") == (event.kind, event.name)
    assert ("exception", "throttled") == (exception.kind, exception.name)


@pytest.mark.parametrize("headers", [{}, {":message-type": b"event"}, {":message-type": "else"}])
def test_a_frame_that_does_not_say_what_it_is_is_refused(headers):
    """It may be anything."""
    with pytest.raises(Malformed, match="what it is"):
        _ = Frame(headers, b"").name


def test_an_event_without_a_name_is_refused():
    """It is an event, but which?"""
    with pytest.raises(Malformed, match="no name"):
        _ = Frame({":message-type": "event"}, b"").name


# -- the way back ----------------------------------------------------------------------------------

NUMBERS = {Byte: 8, Short: 16, int: 32, Long: 64, Timestamp: 64}
VALUES = st.one_of(
    st.booleans(),
    st.binary(max_size=40),
    st.text(max_size=40).filter(lambda text: text.isprintable()),
    st.uuids(),
    *(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1).map(kind) for kind, bits in NUMBERS.items()),
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc-:é", min_size=1, max_size=20), VALUES, max_size=5), st.binary())
def test_what_is_written_is_read(headers, data):
    """With the same types, and the same bytes when it is written again."""
    body = write_frame(headers, data)

    (frame,) = frames(body)

    assert Frame(headers, data) == frame
    assert body == write_frame(frame.headers, frame.data)


# -- the published vectors -------------------------------------------------------------------------


@pytest.mark.parametrize("name", names("positive") or ["absent"])
def test_published_frames_are_read_and_written(name):
    """Byte for byte."""
    require(ENCODED)
    body = (ENCODED / "positive" / name).read_bytes()
    said = json.loads((ENCODED.parent / "decoded" / "positive" / name).read_bytes())

    (frame,) = frames(body)

    assert base64.b64decode(said["payload"]) == frame.data
    assert {h["name"]: plain(h["type"], h["value"]) for h in said["headers"]} == dict(frame.headers)
    assert body == write_frame(frame.headers, frame.data)


def plain(kind, value):
    if kind == 9:
        return UUID(bytes=base64.b64decode(value))
    data = base64.b64decode(value) if kind in (6, 7) else value
    return data.decode() if kind == 7 else data


REASONS = {
    "Prelude checksum mismatch": "a frame's lengths",
    "Message checksum mismatch": "of a frame is wrong",
}


@pytest.mark.parametrize("name", names("negative") or ["absent"])
def test_published_damage_is_noticed(name):
    """For the reason that was published."""
    require(ENCODED)
    reason = (ENCODED.parent / "decoded" / "negative" / name).read_text().strip()

    with pytest.raises(Malformed, match=REASONS[reason]):
        frames((ENCODED / "negative" / name).read_bytes())


def test_the_published_cases_are_there():
    """A loader that finds none would pass the test below."""
    require(TYPED)
    assert 58 <= len(typed())


@pytest.mark.parametrize(("event", "case"), typed())
def test_published_events_are_read_and_written(event, case):
    """Headers by type, body, and whether the frame says what it is."""
    body = base64.b64decode(event["bytes"])

    (frame,) = frames(body)

    assert {name: said(value) for name, value in event["headers"].items()} == dict(frame.headers)
    assert event.get("body", "").encode() == frame.data
    assert body == write_frame(frame.headers, frame.data)
    if case["id"].endswith(("MessageTypeInput", "EventTypeInput", "MessageTypeOutput", "EventTypeOutput")):
        with pytest.raises(Malformed):
            _ = frame.name
    else:
        assert frame.name


def said(value):
    from datetime import UTC, datetime

    (kind, raw), *_ = value.items()
    if kind == "timestamp":
        return int(datetime.fromisoformat(raw).astimezone(UTC).timestamp()) * 1000
    return base64.b64decode(raw) if kind == "blob" else raw
