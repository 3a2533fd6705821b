"""A headless browser, spoken to over two pipes in its own protocol: no driver, no port, nothing to install besides."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

PATIENCE = 60.0  # seconds; a machine under load starts a browser in ten
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "headless_shell")
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--use-mock-keychain",
)
# The browser reads commands from file 3 and writes to file 4.
ON_PIPES = 'exec "$@" 3<&"$READS" 4>&"$WRITES"'
AWAITED = "new Promise(done => {const look = () => (%s) ? done(true) : setTimeout(look, 20); look()})"


def found() -> str | None:
    """The browser of this machine, if it has one."""
    named = os.environ.get("JACKFIELD_BROWSER")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a running browser. ``troubles`` holds what its scripts stumbled over."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._numbers = count(1)
        self._rest = b""
        self._session = ""
        self.troubles: list[Any] = []
        page = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for part in ("Runtime", "Page", "Log"):
            self.ask(f"{part}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """What the browser answers to a command."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": params}
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._commands, json.dumps(command | session).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.troubles.append(told["params"])
            if told.get("id") == number:
                assert "error" not in told, told["error"]
                result: dict[str, Any] = told["result"]
                return result

    def show(self, url: str) -> None:
        """Go to an address."""
        self.ask("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, when it is kept."""
        told = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until it is so in the page."""
        assert self.value(AWAITED % condition) is True

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], PATIENCE)
            more = os.read(self._answers, 65536) if ready else b""
            assert more, "the browser is silent"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """A browser with a profile of its own, for as long as the block runs."""
    reads, commands = os.pipe()
    answers, writes = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "READS": str(reads), "WRITES": str(writes), "HOME": home}
        command = ["bash", "-c", ON_PIPES, "bash", path, *FLAGS, f"--user-data-dir={home}/profile"]
        process = subprocess.Popen(
            command, env=environment, pass_fds=(reads, writes), stderr=subprocess.DEVNULL
        )
        os.close(reads)
        os.close(writes)
        try:
            yield Browser(commands, answers)
        finally:
            process.kill()
            process.wait(PATIENCE)
            os.close(commands)
            os.close(answers)
