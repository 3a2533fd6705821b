"""Files, addresses and stdin as parts of a prompt."""

from __future__ import annotations

import mimetypes
import sys
from collections.abc import Mapping
from pathlib import Path

from jackfield.cli.failures import Misuse
from jackfield.types import Audio, Document, Image, Part, Text, Video

_CLASSES: Mapping[str, type[Image | Audio | Video]] = {"image": Image, "audio": Audio, "video": Video}

# What a file begins with -> what it is. RIFF holds two kinds, told apart by what follows the length.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
_RIFF: Mapping[bytes, str] = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}


def attachment(source: str) -> Part:
    """The part that ``-a SOURCE`` stands for."""
    if source.startswith(("https://", "http://", "data:")):
        return _addressed(source)
    if source == "-":
        if sys.stdin is None or sys.stdin.closed:
            msg = "stdin is closed; there is nothing to attach"
            raise Misuse(msg)
        return _part(sys.stdin.buffer.read(), "stdin", "")
    path = Path(source).expanduser()
    try:
        data = path.read_bytes()
    except OSError as exc:
        msg = f"`{source}` cannot be attached: {exc.strerror}"
        raise Misuse(msg) from None
    return _part(data, path.name, mimetypes.guess_type(path.name)[0] or "")


def takes_stdin(sources: tuple[str, ...]) -> bool:
    """Whether stdin is an attachment, and so no part of the prompt."""
    return "-" in sources


def _addressed(url: str) -> Part:
    """An address the provider fetches itself."""
    guessed = (
        url[5:].partition(",")[0]
        if url.startswith("data:")
        else mimetypes.guess_type(url.partition("?")[0])[0]
    )
    kind = (guessed or "image/").partition("/")[0]  # an address without a telling name is mostly a picture
    try:
        return _CLASSES[kind].from_url(url) if kind in _CLASSES else Document.from_url(url)
    except ValueError:
        msg = "a `data:` address that cannot be read was attached"
        raise Misuse(msg) from None


def _part(data: bytes, name: str, guessed: str) -> Part:
    if not data:
        msg = f"`{name}` is empty; there is nothing to attach"
        raise Misuse(msg)
    media_type = _sniffed(data) or guessed
    kind = media_type.partition("/")[0]
    if kind in _CLASSES:
        return _CLASSES[kind](media_type, data=data, name=name)
    if media_type == "application/pdf":
        return Document(media_type, data=data, name=name)
    return _text(data, name)


def _sniffed(data: bytes) -> str:
    if data.startswith(b"RIFF"):
        return _RIFF.get(data[8:12], "")
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def _text(data: bytes, name: str) -> Part:
    """A text file goes as text, under its name."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        msg = f"`{name}` is neither text nor of a kind that models take"
        raise Misuse(msg, "pictures, sound, video, PDF and text can be attached")
    return Text(f"{name}:\n\n{text}")
