"""The shared chat wire with two seams of its own: what operations there are, and when a model will be loaded."""

from __future__ import annotations

import attrs

from jackfield.errors import ErrorInfo
from jackfield.plugin import Dialect, Reply
from jackfield.wire.chat_completions import ChatCompletions
from jackfield.wire.operation import Operations

LONGEST_LOADING = 3600.0


class HuggingFaceWire(ChatCompletions):
    """Chat completions beside tasks."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._tasks: Operations | None = None

    def operations(self) -> Operations:
        """The list of models, and the tasks."""
        if self._tasks is None:
            from jackfield_huggingface.tasks import operations_of

            self._tasks = operations_of(self.dialect)
        return self._tasks

    def parse_error(self, reply: Reply) -> ErrorInfo:
        """What a reply that is not a success says; a model that is being loaded tells how long that takes."""
        info = super().parse_error(reply)
        seconds = info.raw.get("estimated_time") if isinstance(info.raw, dict) else None
        if info.retry_after is not None or not isinstance(seconds, int | float) or isinstance(seconds, bool):
            return info
        if reply.status != 503 or not 0 <= seconds <= LONGEST_LOADING:
            return info
        hint = "the model is being loaded: raise `max_retries` and `timeout` to wait for it"
        return attrs.evolve(info, retry_after=float(seconds), hint=info.hint or hint)
