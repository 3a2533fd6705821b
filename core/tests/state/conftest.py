"""A Redis of the tests' own, if there is one on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import attrs
import pytest

from jackfield.config import Settings
from jackfield.state import open_state


class Server:
    """A Redis server on a socket of its own: it keeps nothing, and can be stopped and started again."""

    def __init__(self, program, folder):
        self.socket = folder / "redis.sock"
        self.command = [
            program,
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        self.process = None
        self.start()

    @property
    def url(self):
        """Its address."""
        return f"unix://{self.socket}"

    def start(self):
        """Start it, and wait until it answers."""
        from redis import Redis
        from redis.exceptions import RedisError

        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                with Redis.from_url(self.url) as client:
                    client.ping()
                    return
            except RedisError:
                continue
        pytest.fail("the Redis server does not start")

    def stop(self):
        """End it at once."""
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server for the whole run."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        assert not os.environ.get("CI"), "there is no Redis: apt-get install redis-server"
        pytest.skip("there is no redis-server on this machine: apt-get install redis-server")
    pytest.importorskip("redis")
    server = Server(program, tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def settings(server, request):
    """Settings that name the server, with keys of the test's own; the timeout is that of a busy machine."""
    table = {"url": server.url, "prefix": request.node.name}
    return attrs.evolve(Settings.load({"state": table}, env={}).state, timeout=60.0)


@pytest.fixture
def state(settings):
    """What processes share."""
    found = open_state(settings)
    yield found
    found.close()
