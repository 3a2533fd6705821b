"""Files and addresses as parts of a prompt."""

from __future__ import annotations

import sys

import pytest

from jackfield.cli.attachments import attachment
from jackfield.cli.failures import Misuse
from jackfield.types import Audio, Document, Image, Text, Video


@pytest.mark.parametrize(
    ("data", "kind", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", Image, "image/jpeg"),
        (b"RIFF\0\0\0\0WEBP", Image, "image/webp"),
        (b"RIFF\0\0\0\0WAVE", Audio, "audio/wav"),
        (b"%PDF-1.7", Document, "application/pdf"),
    ],
)
def test_a_file_is_what_it_begins_with(tmp_path, data, kind, media_type):
    """The first bytes count more than the name."""
    (tmp_path / "file.txt").write_bytes(data)

    part = attachment(str(tmp_path / "file.txt"))

    assert (kind, media_type, "file.txt") == (type(part), part.media_type, part.name)


def test_a_name_tells_where_bytes_do_not(tmp_path):
    """A film is known by its name."""
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftyp")

    assert Video is type(attachment(str(tmp_path / "a.mp4")))


def test_text_goes_as_text(tmp_path):
    """Whatever can be read is text."""
    (tmp_path / "notes").write_text("one")

    assert Text("notes:\n\none") == attachment(str(tmp_path / "notes"))


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://a.invalid/x.png?size=1", Image),
        ("https://a.invalid/x", Image),
        ("https://a.invalid/x.pdf", Document),
        ("https://a.invalid/x.mp3", Audio),
        ("data:image/png;base64,aGk=", Image),
    ],
)
def test_an_address_is_fetched_by_the_provider(url, kind):
    """Nothing is fetched here; the name decides what it is."""
    assert kind is type(attachment(url))


@pytest.mark.parametrize(
    ("data", "reason"), [(b"\0\1\2", "neither text"), (b"\xff\xfe\xfd", "neither text"), (b"", "is empty")]
)
def test_what_no_model_takes_is_refused(tmp_path, data, reason):
    """Bytes that are nothing known are not sent."""
    (tmp_path / "a.bin").write_bytes(data)

    with pytest.raises(Misuse, match=reason):
        attachment(str(tmp_path / "a.bin"))


def test_a_file_that_is_not_there_is_refused():
    """The error says why."""
    with pytest.raises(Misuse, match="cannot be attached: No such file"):
        attachment("nowhere.png")


def test_a_data_address_that_is_none_is_refused():
    """Bad base64 is a wrong argument."""
    with pytest.raises(Misuse, match="cannot be read"):
        attachment("data:image/png;base64,a")


def test_a_closed_stdin_cannot_be_attached(monkeypatch):
    """There is nothing to read."""
    monkeypatch.setattr(sys, "stdin", None)

    with pytest.raises(Misuse, match="stdin is closed"):
        attachment("-")
