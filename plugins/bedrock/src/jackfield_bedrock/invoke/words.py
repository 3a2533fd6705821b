"""Answers of models that are given one prompt, as their formats have them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from jackfield.events import Event, Failed, Finished, PartStarted, TextDelta
from jackfield.types import Finish, Refusal, Text
from jackfield_bedrock.failures import write_frame_failure
from jackfield_bedrock.invoke.chunks import METRICS, metrics_of, write_chunk
from jackfield_bedrock.invoke.forms import Form, Path

_WORDS: Mapping[str, str] = {"length": "length", "content_filter": "content_filtered", "error": "error"}


def build(body: dict[str, Any], path: Path, value: Any) -> None:
    """Put ``value`` where ``path`` leads, and make the way there."""
    place: Any = body
    for step, following in itertools.pairwise(path):
        fresh: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not place:
                place.append(fresh)
            place = place[step]
        else:
            place = place.setdefault(step, fresh)
    place[path[-1]] = value


class PromptWriter:
    """Writes one stream; only text is shown."""

    def __init__(self, form: Form) -> None:
        self._form = form

    @staticmethod
    def word(finish: Finish) -> str:
        """The word for why the model stopped, the provider's own if there is one."""
        return finish.raw or _WORDS.get(finish.reason, "stop")

    def write(self, event: Event) -> bytes:
        """The bytes for one event."""
        if isinstance(event, Failed):
            return write_frame_failure(event.error)
        if isinstance(event, Finished):
            return self._finished(event)
        text = event.text if isinstance(event, TextDelta) else ""
        if isinstance(event, PartStarted) and isinstance(event.part, Text | Refusal):
            text = event.part.text
        if not text:
            return b""
        body: dict[str, Any] = {}
        build(body, self._form.chunk_text or self._form.text, text)
        return write_chunk(body)

    def _finished(self, event: Finished) -> bytes:
        body: dict[str, Any] = {}
        build(body, (self._form.chunk_finish or self._form.finish)[0], self.word(event.finish))
        if event.usage.known:
            body[METRICS] = metrics_of(event.usage)
        return write_chunk(body)

    def end(self) -> bytes:
        """Nothing: the last chunk has said why."""
        return b""
