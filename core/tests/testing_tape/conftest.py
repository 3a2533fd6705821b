"""A made-up provider on loopback that shows secrets wherever an answer has room for one."""

from __future__ import annotations

import base64
import json
import os
import socket
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from jackfield.cli.app import app

KEY = "sk-live-Zq8RtyP0vN3mKx71bWcD/uE5+aH9jL2f"
OTHER = "n0body-sh0uld-see-7Hh3kQ2pX9"  # of another service, in a variable
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhY21lLXVzZXIifQ.c2lnbmF0dXJlLW9mLWFjbWU"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----"
TEAM = "team-rocket-77"
PROFILE = """
spec = 1
id = "acme"
name = "Acme"
wire = "chat_completions"
base_url = "https://api.acme.example/v1"
base_url_env = ["ACME_BASE_URL"]
request_id = ["x-acme-request"]

[auth]
scheme = "bearer"
env = ["ACME_API_KEY"]

[settings.team]
env = ["ACME_TEAM"]
header = "x-acme-team"

[headers]
x-acme-client = "jackfield"

[capabilities]
chat = "full"
streaming = "full"
tools = "full"
json_schema = "unsupported"
embeddings = "unsupported"
count_tokens = "unsupported"
list_models = "unsupported"
other = "unsupported"
"""
MODELS = '[[model]]\nid = "small-1"\n'


def _said(text):
    return {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]
    }


def _wide(text):
    return "".join(f"\\u{ord(one):04x}" for one in text)


# Where an answer shows a secret: headers that are added, and the body.
PLACES = {
    "a header of its name": ({"x-api-key": KEY}, _said("hi")),
    "a cookie": ({"set-cookie": f"session={KEY}; Path=/"}, _said("hi")),
    "the id of the request": ({"x-acme-request": KEY}, _said(f"see {KEY}")),
    "a rate limit": ({"x-ratelimit-remaining-tokens": KEY}, _said("hi")),
    "a waiting time": ({"retry-after": KEY}, _said("hi")),
    "the name of the account": ({"x-acme-team": TEAM}, _said(f"hello {TEAM}")),
    "the type of the content": ({"content-type": f"application/json; key={KEY}"}, _said("hi")),
    "the text": ({}, _said(f"Your key is {KEY}.")),
    "the text in capitals": ({}, _said(f"Your key is {KEY.upper()}.")),
    "a field of its name": ({}, {**_said("hi"), "api_key": "short123", "organization_id": "org-77"}),
    "a field beside the answer": ({}, {**_said("hi"), "echo": {"authorization": f"Bearer {KEY}"}}),
    "the arguments of a tool": ({}, _said(json.dumps({"headers": {"x-api-key": KEY}}))),
    "escapes of JSON": ({}, f'{json.dumps(_said("hi"))[:-1]}, "echo": "{_wide(KEY)}"}}'),
    "an escaped slash": ({}, json.dumps(_said(KEY)).replace("/", "\\/")),
    "base64": ({}, _said(base64.b64encode(f"user:{KEY}".encode()).decode())),
    "base64 for addresses": ({}, _said(base64.urlsafe_b64encode(f"a{KEY}".encode()).decode())),
    "hexadecimal": ({}, _said(KEY.encode().hex())),
    "an address": ({}, _said(f"https://me:{KEY.replace('/', '')}@acme.example/v1?key={KEY.replace('/', '%2F')}")),
    "the first half of the key": ({}, _said(f"The key {KEY[:22]} is not known.")),
    "the last half of the key": ({}, _said(f"The key …{KEY[-18:]} is not known.")),
    "a token that was fetched": ({}, {**_said("hi"), "access_token": "opaque-token-of-today"}),
    "a signed token": ({}, _said(f"take {TOKEN}")),
    "a private key": ({}, _said(f"take {PEM}")),
    "a key of a cloud account": ({}, _said("take AKIAIOSFODNN7EXAMPLQ")),
    "a signed address": ({}, _said("https://acme.example/f?X-Acme-Signature=0123456789abcdef0123")),
    "a mail address": ({}, _said("ask ada.lovelace@acme-corp.com")),
    "a key for something else": ({}, _said(f"DATABASE_PASSWORD={OTHER}")),
    "the address of the host": ({}, None),
}  # fmt: skip
HIDDEN = (
    KEY, KEY.upper(), KEY[:22], KEY[-18:], KEY.replace("/", "\\/"), _wide(KEY), KEY.encode().hex(), KEY.replace("/", "%2F"),
    base64.b64encode(f"user:{KEY}".encode()).decode()[8:-4], base64.urlsafe_b64encode(f"a{KEY}".encode()).decode()[4:-4],
    "short123", "org-77", "opaque-token-of-today", TOKEN, "MIIEvQIBADANBg", "AKIAIOSFODNN7EXAMPLQ", "0123456789abcdef0123",
    "ada.lovelace", OTHER, TEAM, "127.0.0.1",
)  # fmt: skip


class Server(ThreadingHTTPServer):
    """Answers what it is told to: headers, a body, or the pieces of a stream."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.headers = {}
        self.body = _said("Aare, Limmat, Inn.")
        self.pieces = None
        self.breaks = False
        self.seen = []

    @property
    def url(self):
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server = self.server
        server.seen.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        if server.pieces is not None:
            self._stream(server)
            return
        body = _said(f"hello from {self.headers['host']}") if server.body is None else server.body
        data = body if isinstance(body, str) else json.dumps(body)
        self._head({"content-type": "application/json", "content-encoding": "gzip", **server.headers})
        squeezed = zlib.compressobj(wbits=31)
        self._piece(squeezed.compress(data.encode()) + squeezed.flush())
        self._piece(b"")

    def _stream(self, server):
        self._head({"content-type": "text/event-stream", **server.headers})
        for piece in server.pieces:
            self._piece(piece)
        if server.breaks:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self._piece(b"")

    def _head(self, headers):
        self.send_response(200)
        for name, value in {**headers, "transfer-encoding": "chunked"}.items():
            self.send_header(name, value)
        self.end_headers()

    def _piece(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_):
        """Nothing is told."""


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """The provider on loopback, installed, with a key, a team and an address set, in a home of its own."""
    others = ",".join(entry.name for entry in entry_points(group="jackfield.providers"))
    for name in [name for name in os.environ if name.startswith(("JACKFIELD_", "ACME_"))]:
        monkeypatch.delenv(name)
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings = {"HOME": str(tmp_path / "home"), "BLOCK": others}
    stated = {"API_KEY": KEY, "TEAM": TEAM, "BASE_URL": server.url}
    for name, value in [
        *((f"JACKFIELD_{n}", v) for n, v in settings.items()),
        *((f"ACME_{n}", v) for n, v in stated.items()),
    ]:
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_PASSWORD", OTHER)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    _install(tmp_path / "site", monkeypatch)
    monkeypatch.chdir(tmp_path)
    yield server
    server.shutdown()
    server.server_close()
    sys.modules.pop("jackfield_acme", None)


def _install(site: Path, monkeypatch):
    package, info = site / "jackfield_acme", site / "jackfield_acme-1.2.3.dist-info"
    package.mkdir(parents=True)
    info.mkdir()
    for file, text in {"__init__.py": "", "profile.toml": PROFILE, "models.toml": MODELS}.items():
        (package / file).write_text(text)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jackfield-acme\nVersion: 1.2.3\n")
    (info / "entry_points.txt").write_text("[jackfield.providers]\nacme = jackfield_acme\n")
    monkeypatch.syspath_prepend(str(site))


@pytest.fixture
def record(acme):
    """The command ``jackfield record acme`` in this process."""

    def record(*args):
        return CliRunner().invoke(app, ["record", "acme", *args], prog_name="jackfield")

    return record


@pytest.fixture
def cassette(tmp_path):
    """The text of a cassette that was recorded."""
    return lambda name: (tmp_path / "tests" / "cassettes" / f"{name}.yaml").read_text()


@pytest.fixture(params=PLACES)
def planted(request, acme):
    """The provider, showing a secret in one place."""
    acme.headers, acme.body = PLACES[request.param]
    return acme


@pytest.fixture
def places():
    """All places where a secret may be shown."""
    return dict(PLACES)


@pytest.fixture
def hidden(acme):
    """What may stand nowhere."""
    return (*HIDDEN, acme.url, str(acme.server_address[1]))


def pieces_of(*texts):
    """A stream whose deltas are these texts."""
    deltas = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in texts]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return [f"data: {json.dumps(one)}\n\n".encode() for one in (*deltas, last)] + [b"data: [DONE]\n\n"]


@pytest.fixture
def streamed(acme):
    """The provider, streaming these texts."""

    def stream(*texts):
        acme.pieces = pieces_of(*texts)
        return acme

    return stream
