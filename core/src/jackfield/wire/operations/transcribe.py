"""Speech as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.framing.sse import SSE
from jackfield.jsontext import loads
from jackfield.types import UNKNOWN_USAGE, Audio, Spoken, Transcript, TranscriptionRequest, Usage
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.multipart import Attached
from jackfield.wire.operation import Verbs
from jackfield.wire.operations.codec import Codec, counted, invalid, malformed, measured, said, written

_SUFFIXES: Mapping[str, str] = {"mpeg": "mp3", "x-wav": "wav", "x-m4a": "m4a", "mp4": "m4a"}


class Transcribe(Codec[TranscriptionRequest, Transcript]):
    """``POST audio/transcriptions``, or ``audio/translations`` into English: a form with the sound."""

    name: ClassVar[str] = "transcribe"
    path: ClassVar[tuple[Segment, ...]] = ("audio", "transcriptions")
    translations: ClassVar[tuple[str, ...]] = ("audio", "translations")
    fields: ClassVar[Mapping[str, str]] = {
        "language": "language",
        "prompt": "prompt",
        "temperature": "temperature",
    }

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Both ways to ask."""
        return self.exchange(self.place, self.read), self.exchange(self.translations, self.read_translation)

    def render(self, request: TranscriptionRequest) -> Call:
        """The call that asks."""
        options = dict(request.options)
        translate, timestamps = options.pop("translate", False), options.pop("timestamps", None)
        diarize = options.pop("diarize", False)
        fields: list[tuple[str, str | Attached]] = [
            ("model", request.model),
            ("file", _attached(request.audio)),
        ]
        fields += ((name, str(value)) for name, value in self.translated(options).items())
        fields += self.detail(timestamps, diarize)
        for name, value in request.extra.items():
            several = value if isinstance(value, list | tuple) else [value]
            fields += ((name, _text(item)) for item in several)
        call = self.form(fields)
        if translate:
            call.path = self.translations
        return call

    def detail(self, timestamps: str | None, diarize: bool) -> Iterator[tuple[str, str]]:
        """The fields that ask for times and speakers."""
        if diarize:
            yield "response_format", "diarized_json"
            yield "chunking_strategy", "auto"
        elif timestamps is not None:
            yield "response_format", "verbose_json"
            yield "timestamp_granularities[]", timestamps

    def parse(self, reply: Reply) -> Transcript:
        """The transcript of a reply, which some formats give as bare text."""
        kind = reply.headers.get("content-type", "")
        if kind.startswith("text/event-stream"):
            body = _streamed(reply.body)
        elif reply.body[:1] != b"{" and not kind.startswith("application/json"):
            return Transcript(reply.body.decode("utf-8", "replace").strip(), raw=reply.body)
        else:
            body = self.answer(reply)
        text = body.get("text")
        if not isinstance(text, str):
            raise malformed("it holds no text")
        return Transcript(
            text,
            said(body, "language") or None,
            measured(body.get("duration")),
            _spoken(body.get("segments")),
            _spoken(body.get("words")),
            usage=usage_of(body.get("usage")),
            model=said(body, "model"),
            raw=body,
        )

    def read(self, call: Call) -> TranscriptionRequest:
        """The request a form asks."""
        form = self.asked_form(call)
        file = next((value for name, value in form if isinstance(value, Attached)), None)
        if file is None:
            raise invalid("there is no `file` to write down")
        plain: dict[str, Any] = {name: value for name, value in form if isinstance(value, str)}
        model = plain.pop("model", "")
        times, wanted = plain.pop("timestamp_granularities[]", None), plain.get("response_format")
        options, extra = self.options(plain)
        if "temperature" in options:
            options["temperature"] = measured(options["temperature"])
        if wanted == "verbose_json":
            del extra["response_format"]
            options["timestamps"] = times or "segment"
        elif wanted == "diarized_json":
            del extra["response_format"]
            extra.pop("chunking_strategy", None)
            options["diarize"] = True
        return TranscriptionRequest(
            model, Audio(file.media_type, data=file.data, name=file.name), options, extra
        )

    def read_translation(self, call: Call) -> TranscriptionRequest:
        """The same, to be said in English."""
        asked = self.read(call)
        return TranscriptionRequest(
            asked.model, asked.audio, {**asked.options, "translate": True}, asked.extra
        )

    def write(self, answer: Transcript) -> Reply:
        """The reply that holds the transcript."""
        told = {"language": answer.language, "duration": answer.seconds}
        body: dict[str, Any] = {"text": answer.text, **{name: v for name, v in told.items() if v is not None}}
        if answer.segments:
            body["segments"] = [
                {"id": number, **_entry(one, "text")} for number, one in enumerate(answer.segments)
            ]
        if answer.words:
            body["words"] = [_entry(one, "word") for one in answer.words]
        if answer.usage.known:
            body["usage"] = _written_usage(answer.usage)
        return written(body)


def _attached(audio: Audio) -> Attached:
    if audio.data is None:
        msg = "sound to be written down is sent as bytes; nothing was sent"
        raise Unsupported(
            ErrorInfo("request.unsupported", msg, hint="Audio.from_path reads a file", sent="no")
        )
    kind = audio.media_type.removeprefix("audio/")
    return Attached(audio.name or f"audio.{_SUFFIXES.get(kind, kind)}", audio.data, audio.media_type)


def _streamed(stream: bytes) -> dict[str, Any]:
    """The body that a stream spells: its last event, with the segments that came one by one."""
    framing = SSE()
    records = [*framing.feed(stream), *framing.end()]
    events = [loads(record.data) for record in records if record.data != "[DONE]"]
    if not events or not all(isinstance(event, dict) for event in events):
        raise malformed("the stream holds no transcript")
    segments = [event for event in events if said(event, "type") == "transcript.text.segment"]
    return {**events[-1], **({"segments": segments} if segments else {})}


def _text(value: object) -> str:
    """A value as a form says it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spoken(value: Any) -> tuple[Spoken, ...]:
    found = [_stretch(entry) for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    return tuple(one for one in found if one is not None)


def _stretch(entry: Mapping[str, Any]) -> Spoken | None:
    start, end = measured(entry.get("start")), measured(entry.get("end"))
    if start is None or end is None:
        return None
    speaker = entry.get("speaker", entry.get("speaker_id"))
    return Spoken(said(entry, "text", "word"), start, end, None if speaker is None else str(speaker))


def _entry(one: Spoken, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {name: one.text, "start": one.start, "end": one.end}
    return entry if one.speaker is None else {**entry, "speaker": one.speaker}


def usage_of(raw: Any) -> Usage:
    """Tokens, those of the sound apart; a duration is no number of tokens and stays in ``raw``."""
    if not isinstance(raw, dict):
        return UNKNOWN_USAGE
    went_in, came_out = (
        counted(raw, "input_tokens", "prompt_tokens"),
        counted(raw, "output_tokens", "completion_tokens"),
    )
    if went_in is None and came_out is None:
        return Usage(source="unknown", raw=raw)
    details = raw.get("input_token_details", raw.get("prompt_tokens_details"))
    heard = (counted(details, "audio_tokens") if isinstance(details, dict) else None) or 0
    words = (went_in or 0) - heard
    if words < 0:  # seen where sound is counted beside the prompt (2026-08)
        words = went_in or 0
    return Usage(words, input_audio=heard, output=came_out or 0, raw=raw)


def _written_usage(usage: Usage) -> dict[str, Any]:
    return {
        "type": "tokens",
        "input_tokens": usage.total_input,
        "input_token_details": {"text_tokens": usage.input, "audio_tokens": usage.input_audio},
        "output_tokens": usage.total_output,
        "total_tokens": usage.total_input + usage.total_output,
    }
