"""Spoken text, and speech written down: both are answers of models that hear and speak."""

from __future__ import annotations

import re
from struct import pack
from typing import Any, ClassVar

import attrs

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.events import Failed, fold
from jackfield.types import (
    Audio,
    Completion,
    Finish,
    Message,
    Request,
    Speech,
    SpeechRequest,
    Text,
    Transcript,
    TranscriptionRequest,
)
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.generate_content.operations.exchange import Exchange, malformed, said, word
from jackfield.wire.generate_content.parse import parse_reply
from jackfield.wire.generate_content.read import refused
from jackfield.wire.generate_content.render import merged
from jackfield.wire.generate_content.tables import table_of
from jackfield.wire.operation import Steps

FORMATS = ("pcm", "wav")
_RATE = re.compile(r"rate=(\d{4,6})")
_USUAL_RATE = 24_000
_SAMPLE = 2  # bytes, one channel

VERB = "generateContent"
WRITE_DOWN = "Write down what is said, word for word, and nothing else."


class _Spoken:
    """What both exchanges do with an answer."""

    def answered(self, wire: Any, reply: Reply) -> tuple[Completion, Any]:
        """The answer of a reply, and its payload."""
        events, raw = parse_reply(reply, wire.rules, wire.dialect)
        last = events[-1]
        if isinstance(last, Failed):
            raise last.error.to_exception()
        return fold(events), raw


class Speak(_Spoken, Exchange[SpeechRequest, Speech]):
    """``POST models/{model}:generateContent`` that asks for sound."""

    name: ClassVar[str] = "speak"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", VERB))

    def render(self, request: SpeechRequest) -> Call:
        """The call that asks. Instructions go before the text: such models take them from there."""
        options = request.options
        self.unsupported(options, ("format", "instructions", "language"))
        kind = options.get("format", "pcm")
        if kind not in FORMATS:
            msg = (
                f"speech of this provider comes as {' or '.join(FORMATS)}, not {kind!s:.20}; nothing was sent"
            )
            raise Unsupported(ErrorInfo("request.unsupported", msg, sent="no"))
        voice = {"prebuiltVoiceConfig": {"voiceName": request.voice}} if request.voice else None
        speech = said(voiceConfig=voice, languageCode=options.get("language"))
        text = f"{options['instructions']}: {request.text}" if options.get("instructions") else request.text
        asked = self.wire.body_of(Request(request.model, (Message("user", text),)))
        config = {"responseModalities": ["AUDIO"], **({"speechConfig": speech} if speech else {})}
        body = merged(merged(asked, {"generationConfig": config}), request.extra)
        return self.call(self.wire.verb_path(request.model, VERB), body)

    def parse(self, reply: Reply) -> Speech:
        """The sound of an answer, as it came."""
        answer, raw = self.answered(self.wire, reply)
        found = [part for part in answer.parts if isinstance(part, Audio) and part.data]
        if not found:
            kind = "request.policy" if answer.finish.reason == "content_filter" else "protocol.body"
            words = f"nothing was spoken: it ended with {answer.finish.raw}"
            raise ErrorInfo(kind, words, code=answer.finish.raw, sent="yes", raw=raw).to_exception()
        data = b"".join(part.data or b"" for part in found)
        media_type = found[0].media_type
        seconds = len(data) / _SAMPLE / _rate(media_type) if _is_pcm(media_type) else None
        return Speech(data, media_type, seconds, usage=answer.usage, model=answer.model, raw=raw)

    def ask(self, request: SpeechRequest) -> Steps[Speech]:
        """One call, one reply; bare samples get a head where a file is wanted."""
        reply = yield self.render(request)
        speech = self.parse(reply)
        if request.options.get("format") == "wav" and _is_pcm(speech.media_type):
            audio = wav(speech.audio, _rate(speech.media_type))
            return attrs.evolve(speech, audio=audio, media_type="audio/wav")
        return speech

    def read(self, call: Call) -> SpeechRequest:
        """The request a call asks."""
        model = self.wire.path_model(call.path)[0]
        body = self.body(call)
        speech = table_of(table_of(body.get("generationConfig")).get("speechConfig"))
        voice = table_of(table_of(speech.get("voiceConfig")).get("prebuiltVoiceConfig"))
        text = "".join(message.text for message in self.wire.read_request(body, model).messages)
        return SpeechRequest(
            model, text, word(voice, "voiceName"), said(language=word(speech, "languageCode"))
        )

    def write(self, answer: Speech) -> Reply:
        """The reply with the sound."""
        part = Audio(answer.media_type or f"audio/L16;codec=pcm;rate={_USUAL_RATE}", data=answer.audio)
        return self.wire.write_completion(Completion((part,), Finish("stop"), answer.usage, answer.model))


def _is_pcm(media_type: str) -> bool:
    return media_type.lower().startswith(("audio/l16", "audio/pcm"))


def _rate(media_type: str) -> int:
    found = _RATE.search(media_type)
    return int(found[1]) if found else _USUAL_RATE


def wav(samples: bytes, rate: int) -> bytes:
    """Samples of one channel, 16 bits each, with the head that makes them a file."""
    head = pack("<4sI4s", b"RIFF", 36 + len(samples), b"WAVE")
    form = pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * _SAMPLE, _SAMPLE, 8 * _SAMPLE)
    return head + form + pack("<4sI", b"data", len(samples)) + samples


class Transcribe(_Spoken, Exchange[TranscriptionRequest, Transcript]):
    """``POST models/{model}:generateContent`` with sound, and the words that ask to write it down."""

    name: ClassVar[str] = "transcribe"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", VERB))

    def render(self, request: TranscriptionRequest) -> Call:
        """The call that asks."""
        options = request.options
        self.unsupported(options, ("language", "prompt", "temperature"))
        language = f" It is in the language `{options['language']}`." if "language" in options else ""
        words = " ".join(filter(None, (WRITE_DOWN + language, options.get("prompt"))))
        heat = {"temperature": options["temperature"]} if "temperature" in options else {}
        message = Message("user", (Text(words), request.audio))
        asked = self.wire.body_of(Request(request.model, (message,), options=heat, extra=request.extra))
        return self.call(self.wire.verb_path(request.model, VERB), asked)

    def parse(self, reply: Reply) -> Transcript:
        """The words."""
        answer, raw = self.answered(self.wire, reply)
        if not answer.text and answer.finish.reason != "stop":
            raise malformed(f"nothing was written down: it ended with {answer.finish.raw}")
        return Transcript(answer.text.strip(), usage=answer.usage, model=answer.model, raw=raw)

    def read(self, call: Call) -> TranscriptionRequest:
        """The request a call asks: the first sound in it."""
        model = self.wire.path_model(call.path)[0]
        asked = self.wire.read_request(self.body(call), model)
        sounds = [part for message in asked.messages for part in message.parts if isinstance(part, Audio)]
        if not sounds:
            raise refused("contents: there is no sound to write down")
        return TranscriptionRequest(model, sounds[0])

    def write(self, answer: Transcript) -> Reply:
        """The reply with the words."""
        return self.wire.write_completion(
            Completion((Text(answer.text),), Finish("stop"), answer.usage, answer.model)
        )
