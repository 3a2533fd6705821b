"""Large bodies that are no text: of them beginning, length and hash are kept, and they are replayed at their length."""

from __future__ import annotations

import hashlib

import pytest
from attrs import evolve

from jackfield import BadConfig
from jackfield.testing.matching import differences
from jackfield.testing.tape import KEPT, LONGEST_BINARY, Cassette, Interaction, measured
from jackfield.wire import Headers
from jackfield.wire.call import Call

SOUND = b"RIFF\xff\xfe" + bytes(range(256)) * 80
TYPE = Headers({"content-type": "audio/wav"})
ONE = Interaction(
    "POST",
    "https://a.example/v1/speech",
    TYPE,
    b"{}",
    200,
    TYPE,
    SOUND,
    (SOUND[:9000], SOUND[9000:]),
    (1.0, 2.0),
)


def call(body, kind="audio/wav"):
    return Call("POST", ("v1", "speech"), body, {"content-type": kind}, base="https://a.example")


def test_most_of_a_large_sound_is_not_in_the_file(tmp_path):
    """Its length and its hash are, and it comes back as long as it was, in the same pieces."""
    Cassette((measured(ONE),)).save(tmp_path / "speech.yaml")

    found = Cassette.load(tmp_path / "speech.yaml").interactions[0]

    assert (tmp_path / "speech.yaml").stat().st_size < 4 * KEPT
    assert SOUND[:KEPT] + bytes(len(SOUND) - KEPT) == found.reply_body
    assert [9000, len(SOUND) - 9000] == [len(chunk) for chunk in found.chunks]
    assert hashlib.sha256(SOUND).hexdigest() == found.reply_measure.sha256
    assert (tmp_path / "speech.yaml").read_bytes() == Cassette((found,)).dump()


@pytest.mark.parametrize("body", [SOUND[:LONGEST_BINARY], b"x" * 40_000, b""])
def test_text_and_what_is_small_is_kept_whole(body):
    """Text is what is reviewed."""
    one = evolve(ONE, reply_body=body, chunks=(body,), delays=(0.0,))

    assert one is measured(one)


def test_a_large_request_is_the_recorded_one_by_its_hash():
    """Another one of the same length is not."""
    recorded = measured(evolve(ONE, body=SOUND))

    assert [] == differences(recorded, call(SOUND))
    assert "are sent" in differences(recorded, call(SOUND[:-1] + b"\x00"))[0]


def test_forms_are_told_by_their_length():
    """Their boundary is another one each time."""
    kind = "multipart/form-data; boundary=one"
    recorded = measured(evolve(ONE, headers=Headers({"content-type": kind}), body=b"--one\r\n" + SOUND))

    sent = call(b"--two\r\n" + SOUND, kind.replace("one", "two"))

    assert [] == differences(recorded, sent)
    assert differences(recorded, call(b"--two\r\n" + SOUND[1:], kind))


@pytest.mark.parametrize(
    "told", ["{size: -1, sha256: x}", "{size: 99999999999, sha256: x}", "{sha256: x}", "7"]
)
def test_a_length_that_cannot_be_is_refused(tmp_path, told):
    """Files come from other people."""
    text = Cassette((ONE,)).dump().decode().replace("  tape:\n", f"  tape:\n    answer: {told}\n")
    assert "answer:" in text
    (tmp_path / "bad.yaml").write_text(text)

    with pytest.raises(BadConfig, match="cannot be read"):
        Cassette.load(tmp_path / "bad.yaml")
