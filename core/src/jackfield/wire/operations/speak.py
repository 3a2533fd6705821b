"""Text as speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from jackfield.types import Speech, SpeechRequest
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.operations.codec import Codec, invalid, malformed


class Speak(Codec[SpeechRequest, Speech]):
    """``POST audio/speech``; the answer is the sound itself."""

    name: ClassVar[str] = "speak"
    path: ClassVar[tuple[Segment, ...]] = ("audio", "speech")
    fields: ClassVar[Mapping[str, str]] = {
        "format": "response_format",
        "speed": "speed",
        "instructions": "instructions",
    }

    def render(self, request: SpeechRequest) -> Call:
        """The call that asks."""
        required = {"model": request.model, "input": request.text}
        if request.voice:
            required["voice"] = request.voice
        call = self.call(self.body(required, request.options, request.extra))
        call.headers = Headers({**call.headers, "accept": "*/*"})
        return call

    def parse(self, reply: Reply) -> Speech:
        """The sound of a reply."""
        kind = reply.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "application/json":
            self.answer(reply)  # which raises what it says went wrong
            raise malformed("it is JSON, where sound is expected")
        if not reply.body:
            raise malformed("it is empty, where sound is expected")
        return Speech(reply.body, kind)

    def read(self, call: Call) -> SpeechRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, text, voice = body.pop("model", ""), body.pop("input", None), body.pop("voice", "")
        if not isinstance(text, str) or not text:
            raise invalid("there is no `input` to speak")
        options, extra = self.options(body)
        return SpeechRequest(str(model), text, str(voice), options, extra)

    def write(self, answer: Speech) -> Reply:
        """The reply that is the sound."""
        return Reply(200, Headers({"content-type": answer.media_type or "audio/mpeg"}), answer.audio)
