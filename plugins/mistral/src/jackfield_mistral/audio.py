"""Speech and transcripts, where they differ from the form others have."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from jackfield.types import Speech, Transcript
from jackfield.wire import Headers, Reply
from jackfield.wire.operations.codec import malformed, said, written
from jackfield.wire.operations.speak import Speak
from jackfield.wire.operations.transcribe import Transcribe

if TYPE_CHECKING:
    from jackfield.types import SpeechRequest
    from jackfield.wire import Call

# How sound begins; the answer does not say what it is.
_MAGIC: Mapping[bytes, str] = {
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
    b"\xff\xf3": "audio/mpeg",
    b"RIFF": "audio/wav",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
}


class JsonSpeak(Speak):
    """The sound comes in base64 within JSON (2026-08)."""

    fields: ClassVar[Mapping[str, str]] = {"format": "response_format"}

    def render(self, request: SpeechRequest) -> Call:
        """The call that asks."""
        call = super().render(request)
        call.headers = Headers({**call.headers, "accept": "application/json"})
        return call

    def parse(self, reply: Reply) -> Speech:
        """The sound of a reply."""
        encoded = said(self.answer(reply), "audio_data")
        try:
            sound = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise malformed("its sound is not base64") from None
        if not sound:
            raise malformed("it holds no sound")
        kind = next((kind for magic, kind in _MAGIC.items() if sound.startswith(magic)), "audio/pcm")
        return Speech(sound, kind)

    def write(self, answer: Speech) -> Reply:
        """The reply that holds the sound."""
        return written({"audio_data": base64.b64encode(answer.audio).decode("ascii")})


class PlainTranscribe(Transcribe):
    """Times and speakers are asked for without another format of the answer; there is no translation."""

    fields: ClassVar[Mapping[str, str]] = {"language": "language", "temperature": "temperature"}

    def detail(self, timestamps: str | None, diarize: bool) -> Iterator[tuple[str, str]]:
        """The fields that ask for times and speakers."""
        if timestamps is not None:
            yield "timestamp_granularities", timestamps
        if diarize:
            yield "diarize", "true"

    def write(self, answer: Transcript) -> Reply:
        """The reply that holds the transcript: language and segments are always said."""
        body: dict[str, Any] = self.answer(super().write(answer))
        return written({"language": None, "segments": [], "model": answer.model, **body})
