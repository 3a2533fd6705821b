"""The wire of chat completions with this provider's own batches, speech, transcripts and files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from jackfield.wire.chat_completions import ChatCompletions

if TYPE_CHECKING:
    from jackfield.wire.operation import Operations


class MistralWire(ChatCompletions):
    """The shared format; completions are as the dialect says, four other operations are not."""

    def operations(self) -> Operations:
        """What the format carries besides completions."""
        return self._all

    @cached_property
    def _all(self) -> Operations:
        from jackfield_mistral.audio import JsonSpeak, PlainTranscribe
        from jackfield_mistral.batches import CancelJob, CreateJob, GetJob, JobResults, ListJobs, OwnUpload

        return {
            **super().operations(),
            "speak": JsonSpeak(self.dialect),
            "transcribe": PlainTranscribe(self.dialect),
            "files.upload": OwnUpload(self.dialect),
            "batches.create": CreateJob(self),
            "batches.get": GetJob(self.dialect),
            "batches.cancel": CancelJob(self.dialect),
            "batches.list": ListJobs(self.dialect),
            "batches.results": JobResults(self),
        }
