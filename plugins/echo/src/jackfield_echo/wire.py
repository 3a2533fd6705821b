"""The wire of the echo provider: it renders and parses like any other, and answers the call itself."""

from __future__ import annotations

import re

from jackfield.errors import ErrorInfo, kind_of_status
from jackfield.events import unfold
from jackfield.types import Embeddings, Request, Usage
from jackfield.wire import Call, Reply
from jackfield.wire.chat_completions import ChatCompletions
from jackfield_echo.answers import answer_to, tokens_of, vector_of

EMBEDDINGS = ("embeddings",)
STREAM_HEADERS = {"content-type": "text/event-stream", "x-request-id": "req_echo"}
_FAILING = re.compile(r"status-([45]\d\d)")  # the model `status-429` answers every request with that status


class EchoWire(ChatCompletions):
    """Chat completions whose server half is in the same process as its client half."""

    def answer(self, call: Call) -> Reply:
        """The reply to ``call``: nothing leaves the process."""
        if call.path == EMBEDDINGS:
            return self._embedded(call)
        request, streamed = self.read_completion(call)
        answered = self._streamed if streamed else self._whole
        return self._failed(request.model) or answered(request)

    def _whole(self, request: Request) -> Reply:
        reply = self.write_completion(answer_to(request))
        return Reply(reply.status, {**reply.headers, "x-request-id": "req_echo"}, reply.body)

    def _streamed(self, request: Request) -> Reply:
        writer = self.stream_writer(request.model)
        body = b"".join(writer.write(event) for event in unfold(answer_to(request)))
        return Reply(200, STREAM_HEADERS, body + writer.end())

    def _embedded(self, call: Call) -> Reply:
        from jackfield.wire.operations.embed import Embed  # most programs only chat

        codec = Embed(self.dialect)
        request = codec.read(call)
        vectors = tuple(vector_of(text, int(request.options.get("dimensions", 8))) for text in request.texts)
        used = Usage(input=sum(map(tokens_of, request.texts)))
        answer = Embeddings(vectors, usage=used, model=request.model)
        return self._failed(request.model) or codec.write(answer)

    def _failed(self, model: str) -> Reply | None:
        """The failure that is asked for by a model's name; ``None`` for all other models."""
        status = _FAILING.fullmatch(model)
        return None if status is None else self._failure(int(status[1]))

    def _failure(self, status: int) -> Reply:
        message = f"this model answers every request with status {status}"
        retry_after = 0.0 if status in (429, 503) else None
        return self.write_error(ErrorInfo(kind_of_status(status), message, status, "echo", retry_after))
