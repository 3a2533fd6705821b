# tests are no packages
"""A token endpoint and metadata server on the loopback interface, credentials made for them, and a hand-driven world."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from attrs import define, field

from jackfield.errors import JackfieldError
from jackfield.flow import Aside, Flow, Now, Once
from jackfield.wire import Call


@define
class Endpoint:
    """Answers whatever is asked with ``answer``; ``asked`` keeps path, headers and form of each call."""

    url: str = ""
    answer: Callable[[str], tuple[int, dict[str, Any] | str]] = lambda path: (
        200,
        {"access_token": "ya29.made", "expires_in": 3600, "token_type": "Bearer"},
    )
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(factory=list)

    @property
    def forms(self) -> list[dict[str, str]]:
        """What was posted."""
        return [form for _, _, form in self.asked if form]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """One that runs while the test does."""
    made = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.asked.append((self.path, headers, dict(parse_qsl(self.rfile.read(size).decode()))))
            status, answer = made.answer(self.path)
            body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header(
                "content-type", "application/text" if isinstance(answer, str) else "application/json"
            )
            self.send_header("metadata-flavor", "Google")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(10)


@define
class World:
    """What flows ask of the world, answered by hand: the time is set, and blocking functions run at once."""

    now: float = 1000.0
    aside: int = 0

    def run(self, flow: Flow[Any]) -> Any:
        """The flow's result."""
        result: Any = None
        failure: JackfieldError | None = None
        while True:
            try:
                effect = flow.throw(failure) if failure else flow.send(result)
            except StopIteration as stop:
                return stop.value
            failure = None
            try:
                result = self.perform(effect)
            except JackfieldError as exc:
                failure = exc

    def perform(self, effect: object) -> Any:
        """The result of one effect."""
        if isinstance(effect, Now):
            return self.now
        if isinstance(effect, Once):
            return self.run(effect.flow())
        assert isinstance(effect, Aside)
        self.aside += 1
        return effect.function()

    def signed(self, auth: Any, **headers: str) -> dict[str, str]:
        """The headers that a call is signed with."""
        return dict(self.run(auth.sign(Call("POST", ("chat",), headers=headers))).headers)


@pytest.fixture
def world() -> World:
    """A fresh one."""
    return World()


@pytest.fixture(scope="session")
def key() -> Any:
    """The private key of a service account."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def account(key: Any, endpoint: Endpoint) -> dict[str, str]:
    """A service account whose tokens the endpoint makes."""
    from cryptography.hazmat.primitives import serialization as kept

    pem = key.private_bytes(kept.Encoding.PEM, kept.PrivateFormat.PKCS8, kept.NoEncryption()).decode()
    return {
        "type": "service_account",
        "project_id": "river-project",
        "private_key_id": "key-1",
        "private_key": pem,
        "client_email": "rivers@river-project.iam.gserviceaccount.com",
        "token_uri": f"{endpoint.url}/token",
    }


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Writes credentials to a file; its path."""

    def write(document: Any, name: str = "key.json") -> str:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
        return str(path)

    return write


@pytest.fixture
def auth_of(provider: str) -> Callable[..., Any]:
    """The auth for a provider's settings."""
    from jackfield_vertex.credentials import google_auth

    from jackfield import Registry
    from jackfield.config import Settings

    def make(**settings: Any) -> Any:
        profile = Registry().profile(provider)
        loaded = Settings.load({"providers": {provider: settings}})
        return google_auth(profile, loaded.provider(profile))

    return make


@pytest.fixture(autouse=True)
def _no_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine that the tests run on: no login, no account, no metadata server."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
