"""A key that must be seen nowhere: not in an exception, a log, a repr, or a traceback with local variables."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jackfield import AsyncClient, Client, JackfieldError

CANARY = "sk-canary-" + "7" * 40

HEAD = "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {size}\r\n{more}\r\n"


def _reply(status: str, body: str, kind: str = "application/json", more: str = "") -> bytes:
    head = HEAD.format(status=status, kind=kind, size=len(body), more=more)
    return (head + body).encode()


ANSWERS = {
    "echoed key": _reply(
        "401 Unauthorized", json.dumps({"error": {"message": f"Incorrect API key: {CANARY}"}})
    ),
    "server error": _reply("500 Oops", "<html>boom</html>", "text/html"),
    "redirect": _reply("307 Elsewhere", "", more="location: http://127.0.0.1:1/\r\n"),
    "login page": _reply("200 OK", "<html>log in</html>", "text/html"),
    "half an answer": _reply("200 OK", '{"choices": [{"mess'),
    "nonsense": b"220 mail.example ESMTP\r\n\r\n",
    "silence": b"",
}


@contextmanager
def serving(answer: bytes) -> Iterator[str]:
    """A socket that answers everything with the same bytes, and then closes."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    finally:
        server.close()


def _settings(url: str) -> dict[str, object]:
    return {
        "max_retries": 0,
        "timeout": 5.0,
        "providers": {"openai-compatible": {"base_url": url, "api_key": CANARY}},
    }


def _shown(error: BaseException) -> str:
    """Everything an error shows, local variables of our frames included; the test's own frame knows the key."""
    told = traceback.TracebackException(type(error), error, error.__traceback__.tb_next, capture_locals=True)
    return "".join([*told.format(), str(error), repr(error), repr(vars(error)), repr(error.__context__)])


def _failure(url: str, streamed: bool) -> JackfieldError:
    with Client(_settings(url)) as client, pytest.raises(JackfieldError) as caught:
        if streamed:
            list(client.stream("openai-compatible/m", "hello"))
        else:
            client.complete("openai-compatible/m", "hello")
    return caught.value


def _async_failure(url: str, streamed: bool) -> JackfieldError:
    async def ask() -> None:
        async with AsyncClient(_settings(url)) as client:
            if streamed:
                async for _ in client.stream("openai-compatible/m", "hello"):
                    pass
            else:
                await client.complete("openai-compatible/m", "hello")

    with pytest.raises(JackfieldError) as caught:
        asyncio.run(ask())
    return caught.value


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("fails", [_failure, _async_failure], ids=["sync", "async"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_failure_shows_the_key(answer, fails, streamed, caplog) -> None:
    """Whatever goes wrong, the key is in no exception, no pickle of it, and no log record."""
    with serving(answer) as url, caplog.at_level(logging.DEBUG):
        error = fails(url, streamed)

    assert CANARY not in _shown(error)
    assert CANARY.encode() not in pickle.dumps(error)
    assert CANARY not in caplog.text


def test_no_object_shows_the_key() -> None:
    """Neither client, settings, binding nor any of its parts has a telling repr, and none can be pickled."""
    client = Client(_settings("http://127.0.0.1:1/v1"))
    binding = client.bind("openai-compatible/m")
    shown = [client, client.settings, binding, binding.auth, binding.wire, vars(client), copy.copy(binding)]

    assert CANARY not in "".join(map(repr, shown))
    with pytest.raises(TypeError):
        pickle.dumps(binding)
