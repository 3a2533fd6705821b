"""A provider that counts: every request it sees stands on its bill, by the word that was asked with."""

from __future__ import annotations

import asyncio
import json
import threading

WORDS = "one two three four five six seven"


class Counting:
    """Serves completions and streams at ``url`` until the ``with`` block ends; ``bill`` is what it charges for."""

    def __init__(self) -> None:
        self.bill: list[tuple[str, int, int]] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Counting:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def _run(self) -> None:
        server = self._loop.run_until_complete(self._listen())
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        return server

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(
                    int(line[15:])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                asked = json.loads(await reader.readexactly(size))
                writer.write(self._answered(asked))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # whoever asked is dead
        finally:
            writer.close()

    def _answered(self, asked: dict) -> bytes:
        word = asked["messages"][-1]["content"]
        taken, given = len(word), 1 + len(self.bill) % 7
        self.bill.append((word, taken, given))
        usage = {"prompt_tokens": taken, "completion_tokens": given, "total_tokens": taken + given}
        text = " ".join(WORDS.split()[:given])
        if asked.get("stream"):
            return _page("text/event-stream", _streamed(text, usage))
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return _page(
            "application/json", json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": usage})
        )


def _streamed(text: str, usage: dict) -> str:
    first = {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}],
    }
    last = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    events = (first, last, {"id": "c", "model": "m", "choices": [], "usage": usage})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def _page(media_type: str, body: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {len(body.encode())}\r\n\r\n"
    return (head + body).encode()
