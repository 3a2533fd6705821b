"""Pictures and sound that are what they say, and show and tell nothing."""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache

SILENCE = b"\xff\xfb\x90\x64" + bytes(413)  # one frame of an MP3 in which nothing is heard


def picture(prompt: str, width: int, height: int) -> bytes:
    """A PNG of one colour, which follows from the prompt."""
    colour = hashlib.sha256(prompt.encode()).digest()[:3]
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", colour), (b"IDAT", _rows(width, height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


@lru_cache(maxsize=16)
def _rows(width: int, height: int) -> bytes:
    return zlib.compress((b"\x00" + bytes(width)) * height, 1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def sound(samples: int) -> bytes:
    """A WAV in which nothing is heard."""
    data = bytes(2 * samples)
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16
    )
    return head + struct.pack("<4sI", b"data", len(data)) + data
