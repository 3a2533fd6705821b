"""A provider made up for the tests, and a transport that answers from a list."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from jackfield import AsyncClient, Client, JackfieldError, Registry, Timeouts
from jackfield.wire import Call, Headers, Reply

sys.path.append(str(Path(__file__).parent))  # for what tests have in common

PROFILE = """
spec = 1
id = "acme"
name = "Acme"
wire = "chat_completions"
base_url = "https://api.acme.example/v1"
keys_url = "https://acme.example/keys"

[auth]
scheme = "bearer"
env = ["ACME_API_KEY"]

[dialect]
done = "required"

[capabilities]
chat = "full"
streaming = "full"
system_prompt = "full"
tools = "full"
parallel_tools = "full"
tool_choice = "unsupported"
json_mode = "full"
json_schema = {support = "partial", models = ["large*"]}
images_in = {support = "partial", models = ["large*"]}
audio_in = "unsupported"
documents_in = "not_implemented"
reasoning = "unsupported"
logprobs = "unsupported"
embeddings = "full"
usage_in_stream = "full"
prompt_cache = "unsupported"
list_models = "not_implemented"
other = "unsupported"

[options.seed]
support = "unsupported"

[options.top_k]
support = "unsupported"
note = "seen 2026-08"

[options.temperature]
maximum = 1

[quality]
level = "bronze"
owner = "@acme"
"""

MODELS = """
# The made-up models.
[[model]]
id = "large-1"
context = 1000
max_output = 100

[[model]]
id = "small-1"
"""


class FakeStream:
    """An opened answer: bytes, and at last perhaps a failure."""

    def __init__(self, status: int, headers: Headers, chunks: list[bytes | JackfieldError]) -> None:
        self.status = status
        self.headers = headers
        self.chunks = chunks
        self.closed = False


class FakeTransport:
    """Answers each call with the next thing on its list: a reply, a list of chunks, or an error to raise."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []
        self.streams: list[FakeStream] = []
        self.closed = False

    def _next(self, call: Call) -> Any:
        self.calls.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, JackfieldError):
            raise answer
        return answer

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The next reply."""
        return self._next(call)  # type: ignore[no-any-return]

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> FakeStream:
        """The next stream; a reply is a stream of its body."""
        answer = self._next(call)
        if isinstance(answer, Reply):
            opened = FakeStream(answer.status, Headers(answer.headers), [answer.body])
        else:
            opened = FakeStream(
                200, Headers({"content-type": "text/event-stream", "x-request-id": "req_1"}), answer
            )
        self.streams.append(opened)
        return opened

    def read(self, opened: FakeStream, deadline: float) -> bytes:
        """The next chunk."""
        if not opened.chunks:
            return b""
        chunk = opened.chunks.pop(0)
        if isinstance(chunk, JackfieldError):
            raise chunk
        return chunk

    def close_stream(self, opened: FakeStream) -> None:
        """Take note."""
        opened.closed = True

    def close(self) -> None:
        """Take note."""
        self.closed = True

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was sent."""
        return [json.loads(call.body) for call in self.calls]


class AsyncFake:
    """The same transport, awaited."""

    def __init__(self, inner: FakeTransport) -> None:
        self.inner = inner

    async def send(self, *arguments: Any) -> Reply:
        """The next reply."""
        return self.inner.send(*arguments)

    async def open(self, *arguments: Any) -> FakeStream:
        """The next stream."""
        return self.inner.open(*arguments)

    async def read(self, *arguments: Any) -> bytes:
        """The next chunk."""
        return self.inner.read(*arguments)

    async def close_stream(self, opened: FakeStream) -> None:
        """Take note."""
        self.inner.close_stream(opened)

    async def close(self) -> None:
        """Take note."""
        self.inner.close()


def reply(text: str = "hi", status: int = 200, **more: Any) -> Reply:
    """A whole answer of the made-up provider."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    body = {"id": "c1", "object": "chat.completion", "model": "large-1", "choices": [choice], "usage": usage}
    return Reply(
        status,
        Headers({"content-type": "application/json", "x-request-id": "req_1"}),
        json.dumps(body).encode(),
    )


def failure(status: int, code: str = "broken", **headers: str) -> Reply:
    """An error of the made-up provider."""
    body = {"error": {"message": "no luck", "type": code, "param": None, "code": code}}
    return Reply(status, Headers({"content-type": "application/json", **headers}), json.dumps(body).encode())


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    """One event of a stream."""
    body = {
        "id": "c1",
        "model": "large-1",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def streamed(*words: str) -> list[Any]:
    """The chunks of a whole stream."""
    start = chunk({"role": "assistant", "content": ""})
    usage = {"prompt_tokens": 3, "completion_tokens": len(words), "total_tokens": 3 + len(words)}
    end = [chunk({}, "stop", usage=usage), b"data: [DONE]\n\n"]
    return [start, *(chunk({"content": word}) for word in words), *end]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with the made-up provider alone."""
    (tmp_path / "profile.toml").write_text(PROFILE)
    (tmp_path / "models.toml").write_text(MODELS)
    found = Registry(entry_points=())
    found.add(tmp_path)
    return found


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key, and no configuration of the machine's."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ACME_API_KEY", "sk-acme-canary-0123456789")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def client(registry: Registry):
    """Makes a client whose transport answers with ``answers``."""

    def make(*answers: Any, **settings: Any) -> Client:
        return Client({"timeout": 20.0, **settings}, registry=registry, transport=FakeTransport(*answers))

    return make


@pytest.fixture
def async_client(registry: Registry):
    """The same, asynchronous."""

    def make(*answers: Any, **settings: Any) -> AsyncClient:
        transport = AsyncFake(FakeTransport(*answers))
        return AsyncClient({"timeout": 20.0, **settings}, registry=registry, transport=transport)

    return make


@pytest.fixture
def acme() -> Any:
    """The makers of answers, for tests that cannot import from here."""

    class Acme:
        pass

    for maker in (reply, failure, chunk, streamed):
        setattr(Acme, maker.__name__, staticmethod(maker))
    return Acme
