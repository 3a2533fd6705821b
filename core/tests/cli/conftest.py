"""An empty home for every test, the command in this process and in one of its own, and a provider on loopback."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from jackfield.cli.app import app

CANARY = "canary-0123456789-abcdefghij"
PROFILE = """
spec = 1
id = "acme"
name = "Acme"
aliases = ["acme-cloud"]
wire = "chat_completions"
base_url = "https://acme.invalid/v1"
base_url_env = ["ACME_BASE_URL"]
keys_url = "https://acme.invalid/keys"

[auth]
scheme = "bearer"
env = ["ACME_API_KEY"]

[settings.team]
env = ["ACME_TEAM"]
header = "x-acme-team"

[capabilities]
chat = "full"
streaming = "full"
images_in = "unsupported"
other = "unsupported"
"""
MODELS = """
[[model]]
id = "small-latest"
context = 32000

[[model]]
id = "large-latest"
context = 128000
"""
_OURS = ("JACKFIELD_", "ACME_")
_SEEN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def installed():
    """The ids of all providers of this environment."""
    return sorted(entry.name for entry in entry_points(group="jackfield.providers"))


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """A run in the background ignores Ctrl-C, and what it starts would too: some tests press it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def nobody():
    """What blocks every provider there is."""
    return {"JACKFIELD_BLOCK": ",".join(installed())}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder that holds all of ours, and an environment that says nothing else."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name.upper() in _SEEN:
            monkeypatch.delenv(name)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JACKFIELD_BLOCK", ",".join(name for name in installed() if name != "echo"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return tmp_path


@pytest.fixture
def run(home):
    """The command in this process: ``run("models", "x").stdout``."""

    def run(*args, piped=None, **env):
        return CliRunner().invoke(app, args, input=piped, env=env, prog_name="jackfield")

    return run


@pytest.fixture
def process(home):
    """The command in a process of its own."""

    def process(*args, piped="", **settings):
        env = {**os.environ, **settings.pop("env", {})}
        command = [sys.executable, "-m", "jackfield.cli", *args]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        settings = {**pipes, **settings}
        with subprocess.Popen(command, env=env, text=True, **settings) as running:
            try:
                out, err = running.communicate(piped if settings["stdin"] == subprocess.PIPE else None, 30)
            except BaseException:
                running.kill()
                raise
        return subprocess.CompletedProcess(command, running.returncode, out, err)

    return process


@pytest.fixture
def terminal(home):
    """The command at a terminal of its own; what is typed is given at its first prompt, all that is shown returned."""
    pty = pytest.importorskip("pty")

    def terminal(*args, typed="", **env):
        ours, theirs = pty.openpty()
        running = subprocess.Popen(
            [sys.executable, "-m", "jackfield.cli", *args],
            env={**os.environ, "TERM": "xterm", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,  # no terminal but ours
        )
        os.close(theirs)
        shown = b""
        try:
            while piece := _read(ours):
                shown += piece
                if typed and shown.endswith((b"> ", b": ")):
                    os.write(ours, typed.encode())
                    typed = ""
            running.wait(30)
        finally:
            running.kill()
            running.wait()
            os.close(ours)
        return running.returncode, shown.decode()

    return terminal


def _read(descriptor):
    readable, _, _ = select.select([descriptor], [], [], 20)
    assert readable, "nothing was shown for 20 seconds"
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other side is closed
        return b""


@pytest.fixture
def install(home, monkeypatch):
    """Puts a distribution on the path: ``install("acme", "jackfield.providers", {"profile.toml": …})``."""
    installed = []

    def install(name, group, files):
        site = home / "site"
        package = site / f"jackfield_{name}"
        package.mkdir(parents=True)
        for file, text in {"__init__.py": "", **files}.items():
            (package / file).write_text(text)
        info = site / f"jackfield_{name}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: jackfield-{name}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = jackfield_{name}\n")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.setenv("PYTHONPATH", str(site))
        installed.append(package.name)
        return package

    yield install
    for name in installed:
        sys.modules.pop(name, None)


@pytest.fixture
def acme(install):
    """A provider that needs a key."""
    return install("acme", "jackfield.providers", {"profile.toml": PROFILE, "models.toml": MODELS})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.seen = []
        self.over = threading.Event()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.seen.append((dict(self.headers), body))
        self.close_connection = True
        if body["model"] == "mute":
            self.server.over.wait(30)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        piece = {"choices": [{"index": 0, "delta": {"content": "the first words"}}]}
        self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
        self.wfile.flush()
        if body["model"] == "slow":
            self.server.over.wait(30)

    def do_GET(self):
        models = [{"id": name, "object": "model"} for name in ("small-latest", "brand-new")]
        body = json.dumps({"object": "list", "data": models}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(acme, monkeypatch):
    """Acme on loopback: the model `mute` never answers, `slow` stops in the middle, `broken` breaks off."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("ACME_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")
    monkeypatch.setenv("ACME_API_KEY", CANARY)
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join(30)


@pytest.fixture
def project(home):
    """The folder the command runs in."""
    return Path.cwd()
