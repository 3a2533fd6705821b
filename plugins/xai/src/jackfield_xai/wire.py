"""The wire of chat completions, with speech at a path and under names of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from jackfield.types import SpeechRequest
from jackfield.wire import Call, Headers
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operations.codec import invalid
from jackfield.wire.operations.speak import Speak

if TYPE_CHECKING:
    from jackfield.wire.call import Segment
    from jackfield.wire.operation import Operations


class XaiWire(ChatCompletions):
    """The shared format; only speech differs."""

    def operations(self) -> Operations:
        """What the format carries besides completions."""
        return self._all

    @cached_property
    def _all(self) -> Operations:
        return {**super().operations(), "speak": OwnSpeak(self.dialect)}


class OwnSpeak(Speak):
    """``POST tts``: no model is named, and a language must be (2026-08)."""

    path: ClassVar[tuple[Segment, ...]] = ("tts",)
    fields: ClassVar[Mapping[str, str]] = {"format": "codec", "language": "language"}

    def render(self, request: SpeechRequest) -> Call:
        """The call that asks."""
        required: dict[str, Any] = {"text": request.text, "language": "auto"}
        if request.voice:
            required["voice_id"] = request.voice
        translated = self.translated(request.options)
        codec = translated.pop("codec", None)
        if codec is not None:
            translated["output_format"] = {"codec": codec}
        call = self.call({**required, **translated, **request.extra})
        call.headers = Headers({**call.headers, "accept": "*/*"})
        return call

    def read(self, call: Call) -> SpeechRequest:
        """The request a call asks."""
        body = self.asked(call)
        text, voice, form = body.pop("text", None), body.pop("voice_id", ""), body.pop("output_format", None)
        if not isinstance(text, str) or not text:
            raise invalid("there is no `text` to speak")
        if body.get("language") == "auto":
            del body["language"]
        options, extra = self.options(body)
        if isinstance(form, dict) and set(form) == {"codec"}:
            options["format"] = form["codec"]
        elif form is not None:
            extra["output_format"] = form
        return SpeechRequest("", text, str(voice), options, extra)
