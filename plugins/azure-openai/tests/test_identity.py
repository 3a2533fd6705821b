"""What signs: exactly one credential, and tokens for identities, from loopback places that make them."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import define, field
from jackfield_azure_openai.entra import KINDS, Entra, Identity

import jackfield
from jackfield.flow import Aside, Now, Once
from jackfield.secret import Secret
from jackfield.transport.drivers import AsyncDriver
from jackfield.wire import Call

KEY = "0123456789abcdef" * 2
HOST = "https://res.openai.azure.com"
TENANT = "11111111-2222-3333-4444-555555555555"
SECRET = "canary~secret"
IDENTITY = {"tenant_id": TENANT, "client_id": "app-1"}

AMBIENT = (
    "AZURE_CLIENT_SECRET",
    "AZURE_OPENAI_AD_TOKEN",
    "AZURE_AD_TOKEN",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
)


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch):
    """No identity but what a test sets."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def auth(bound):
    """The auth of a model bound with these settings."""
    return lambda **settings: bound("prod", base_url=HOST, **settings).auth


# -- exactly one -----------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN"])
def test_a_token_of_somebody_elses_signs(monkeypatch, sent, variable):
    """As a bearer token, and no key beside it."""
    monkeypatch.setenv(variable, "token-made-elsewhere")

    headers = sent("prod", settings={"base_url": HOST}).headers

    assert "Bearer token-made-elsewhere" == headers["authorization"]
    assert "api-key" not in headers


def test_a_key_and_a_token_are_one_too_many(monkeypatch, auth):
    """Both places are named, neither value is."""
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "token-made-elsewhere")

    with pytest.raises(jackfield.BadConfig) as caught:
        auth(api_key=KEY)

    assert "`key` from option `api_key` and `token` from env `AZURE_OPENAI_AD_TOKEN`" in str(caught.value)
    assert 'choose: `credential = "key"`' in str(caught.value)
    assert KEY not in shown(caught.value)
    assert "token-made-elsewhere" not in shown(caught.value)


@pytest.mark.parametrize(("chosen", "header"), [("key", "api-key"), ("token", "authorization")])
def test_one_of_them_may_be_chosen(sent, chosen, header):
    """Then the other is left alone."""
    settings = {"api_key": KEY, "azure_ad_token": "token-made-elsewhere", "credential": chosen}

    headers = sent("prod", settings={"base_url": HOST, **settings}).headers

    assert {header} == {"api-key", "authorization"} & headers.keys()


def test_a_secret_that_is_set_for_us_is_one_of_them(auth):
    """One in the environment may be there for other tools, and gives way to a key."""
    with pytest.raises(jackfield.BadConfig, match=r"`key` from .* and `client_secret` from"):
        auth(api_key=KEY, client_secret=SECRET, **IDENTITY)


def test_ambient_identities_give_way_to_a_key(monkeypatch, auth):
    """And serve where there is none."""
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "a", "CLIENT_SECRET": SECRET}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)

    assert ("header", "entra") == (auth(api_key=KEY).scheme, auth().scheme)


def test_several_keys_are_a_pool(auth):
    """As of any provider."""
    assert "pool" == auth(api_key=[KEY, KEY[::-1]]).scheme


def test_without_any_the_places_are_told(auth):
    """And that there are identities."""
    with pytest.raises(jackfield.MissingCredentials) as caught:
        auth()

    words = str(caught.value)
    assert "env `AZURE_OPENAI_API_KEY`" in words
    assert "env `AZURE_OPENAI_AD_TOKEN`" in words
    assert '`credential = "default"`' in words


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"credential": "client_secret", **IDENTITY}, "`client_secret` must be set"),
        ({"credential": "workload_identity"}, "`tenant_id`, `client_id`, `token_file` must be set"),
        ({"credential": "key"}, "no credentials for `azure-openai`"),
        ({"credential": "magic"}, "`credential` is one of auto, key, token, client_secret"),
        ({"credential": "default", "cloud": "mars"}, "`cloud` is one of public, usgov, china, not `mars`"),
    ],
)
def test_what_is_chosen_must_be_there(auth, settings, words):
    """Before anything is sent."""
    with pytest.raises(jackfield.SetupError, match=words):
        auth(**settings)


@pytest.mark.parametrize(
    ("settings", "scope"),
    [
        ({}, "https://cognitiveservices.azure.com/.default"),
        ({"cloud": "usgov"}, "https://cognitiveservices.azure.us/.default"),
        ({"cloud": "china", "scope": "https://ai.azure.cn/.default"}, "https://ai.azure.cn/.default"),
    ],
)
def test_clouds_have_scopes_of_their_own(auth, settings, scope):
    """Unless another is set."""
    assert scope == auth(credential="default", **settings)._scope


# -- tokens ----------------------------------------------------------------------------------------


@define
class Issued:
    """A token as the library gives it."""

    token: str
    expires_on: int


@define
class Maker:
    """A credential that numbers its tokens; ``failure`` is raised instead."""

    lifetime: float = 3600
    failure: Exception | None = None
    scopes: list[str] = field(factory=list)
    made: int = 0

    def get_token(self, *scopes: str) -> Issued:
        if self.failure is not None:
            raise self.failure
        self.scopes += scopes
        return Issued(f"canary-{len(self.scopes)}", int(time.time() + self.lifetime))

    def __call__(self) -> Maker:
        self.made += 1
        return self


@define
class Clock:
    """Runs flows, and tells them the time."""

    now: float = 1000.0

    def run(self, flow: Any) -> Any:
        result: Any = None
        while True:
            try:
                effect = flow.send(result)
            except StopIteration as stop:
                return stop.value
            result = {
                Now: lambda _: self.now,
                Once: lambda once: self.run(once.flow()),
                Aside: lambda aside: aside.function(),
            }[type(effect)](effect)

    def signed(self, auth: Entra) -> str:
        return str(self.run(auth.sign(Call("POST", ("x",)))).headers["authorization"])


def test_a_token_is_kept_until_five_minutes_before_its_end():
    """Then there is another."""
    maker, clock = Maker(lifetime=3600), Clock()
    auth = Entra(maker, "scope")

    seen = []
    for clock.now in (1000, 1000 + 3290, 1000 + 3310):
        seen.append(clock.signed(auth))

    assert ["Bearer canary-1", "Bearer canary-1", "Bearer canary-2"] == seen
    assert (["scope", "scope"], 1) == (maker.scopes, maker.made)


def test_an_old_token_outlasts_a_failure():
    """While it lives; it is tried again in half a minute."""
    maker, clock = Maker(lifetime=3600), Clock()
    auth = Entra(maker, "scope", "azure-openai")
    clock.signed(auth)
    maker.failure = ValueError("no")

    clock.now += 3400
    assert "Bearer canary-1" == clock.signed(auth)
    clock.now += 300
    with pytest.raises(jackfield.Unauthorized, match="no token for `azure-openai`"):
        clock.signed(auth)


def test_a_token_that_ends_at_once_is_not_asked_for_at_every_call():
    """A credential gives the same one until shortly before its end."""
    maker, clock = Maker(lifetime=120), Clock()
    auth = Entra(maker, "scope")

    clock.signed(auth)
    clock.signed(auth)

    assert 1 == len(maker.scopes)


def test_a_refused_token_is_replaced_once():
    """By one of a fresh credential, since credentials keep theirs."""
    maker, clock = Maker(), Clock()
    auth = Entra(maker, "scope")
    clock.signed(auth)
    refused = jackfield.ErrorInfo("auth")

    assert (True, "Bearer canary-2", 2) == (auth.rejected(refused), clock.signed(auth), maker.made)
    assert auth.rejected(refused) is False
    assert auth.rejected(jackfield.ErrorInfo("server")) is False


def test_what_goes_wrong_is_told_in_words():
    """Without the frames of the library, which hold the secret."""

    def make() -> Any:
        hidden = SECRET
        raise ValueError("tenant_id should be a tenant's id" if hidden else "")

    with pytest.raises(jackfield.Unauthorized, match="tenant_id should be a tenant's id") as caught:
        Clock().signed(Entra(make, "scope", "azure-openai", "credential `client_secret`"))

    assert SECRET not in shown(caught.value)
    assert "credential `client_secret`" in str(caught.value)


def test_a_failure_of_nobody_knows_what_shows_its_type_alone():
    """Its words may hold anything."""
    with pytest.raises(jackfield.Unauthorized) as caught:
        Clock().signed(Entra(Maker(failure=RuntimeError(SECRET)), "scope"))

    assert "RuntimeError" in str(caught.value)
    assert SECRET not in shown(caught.value)


def test_nothing_shows_a_token():
    """Neither the auth nor what it keeps."""
    auth, clock = Entra(Maker(), "scope", source="credential `default`"), Clock()
    clock.signed(auth)

    assert "canary" not in repr((auth, auth._token))
    assert "<entra auth from credential `default`>" == repr(auth)


def shown(error: BaseException) -> str:
    """Everything a traceback with local variables would show of our own frames and of what lies behind."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in told.stack if "/src/jackfield" in frame.filename]
    assert ours
    return str([frame.locals for frame in ours]) + repr((str(error), error.__context__, error.__cause__))


@pytest.mark.parametrize("authority", ["", "https://login.microsoftonline.us"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_makes_its_credential(kind, authority, tmp_path):
    """With the library as it is installed; nothing is asked yet."""
    identity = Identity(TENANT, "app-1", Secret(SECRET), str(tmp_path / "token"), authority)

    assert callable(KINDS[kind].make(identity).get_token)
    assert SECRET not in repr(identity)


# -- the vendor's library, against loopback --------------------------------------------------------


@define
class Service:
    """What answers, and what it was asked."""

    answer: Callable[[str, dict[str, list[str]]], tuple[int, Any]]
    url: str = ""
    asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = field(factory=list)


@contextmanager
def serving(answer, context: ssl.SSLContext | None = None):
    """A service on the loopback interface."""
    service = Service(answer)

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            parts = urlsplit(self.path)
            given = {**parse_qs(parts.query), **parse_qs(body)}
            service.asked.append((parts.path, given, {n.lower(): v for n, v in self.headers.items()}))
            status, answered = service.answer(parts.path, given)
            data = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = respond  # noqa: N815  # as the standard library names them

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        service.url = f"{'http' if context is None else 'https'}://localhost:{server.server_address[1]}"
        yield service
        server.shutdown()


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A certificate of our own for the loopback name, as a context and as a file."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(today - timedelta(1)).not_valid_after(today + timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    folder = tmp_path_factory.mktemp("tls")
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, private)
    return context, cert


@pytest.fixture
def authority(certified, monkeypatch):
    """Where tokens are made, as Entra does it."""
    context, cert = certified

    def answer(path: str, given: dict[str, list[str]]) -> tuple[int, Any]:
        if path.endswith("openid-configuration"):
            here = f"{service.url}/{TENANT}"
            return 200, {
                "token_endpoint": f"{here}/oauth2/v2.0/token",
                "authorization_endpoint": f"{here}/authorize",
                "issuer": f"{here}/v2.0",
            }
        if given.get("client_secret", [SECRET]) != [SECRET]:
            words = "AADSTS7000215: Invalid client secret provided."
            return 401, {"error": "invalid_client", "error_description": words}
        return 200, {"access_token": f"made-{len(service.asked)}", "expires_in": 3600, "token_type": "Bearer"}

    with serving(answer, context) as service:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", service.url)
        yield service


def asked_for_tokens(service: Service) -> list[dict[str, list[str]]]:
    return [given for path, given, _ in service.asked if path.endswith("/oauth2/v2.0/token")]


def test_a_clients_secret_is_exchanged_for_a_token(authority, sent):
    """Once for all calls of a binding."""
    settings = {"base_url": HOST, "client_secret": SECRET, **IDENTITY}

    header = sent("prod", settings=settings).headers["authorization"]

    (given,) = asked_for_tokens(authority)
    assert header.startswith("Bearer made-")
    assert (["app-1"], [SECRET], ["client_credentials"]) == (
        given["client_id"],
        given["client_secret"],
        given["grant_type"],
    )
    assert ["https://cognitiveservices.azure.com/.default"] == given["scope"]


def test_a_wrong_secret_is_told_without_it(authority, bound):
    """In the words of the service."""
    auth = bound("prod", base_url=HOST, client_secret="canary~other", **IDENTITY).auth

    with pytest.raises(jackfield.Unauthorized, match="AADSTS7000215") as caught:
        Clock().signed(auth)

    assert "canary~other" not in shown(caught.value)
    assert (False, "no") == (caught.value.retryable, caught.value.sent)


def test_a_workload_shows_the_token_of_its_file(authority, sent, tmp_path):
    """As it is mounted into a container."""
    file = tmp_path / "token"
    file.write_text("a.federated.token")

    header = sent("prod", settings={"base_url": HOST, "token_file": str(file), **IDENTITY}).headers[
        "authorization"
    ]

    (given,) = asked_for_tokens(authority)
    assert header.startswith("Bearer made-")
    assert ["a.federated.token"] == given["client_assertion"]


def test_an_authority_that_is_away_is_a_failure_for_now(monkeypatch, bound):
    """Another try may fare better."""
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "https://localhost:1")
    auth = bound("prod", base_url=HOST, client_secret=SECRET, **IDENTITY).auth

    with pytest.raises(jackfield.Unauthorized) as caught:
        Clock().signed(auth)

    assert caught.value.retryable
    assert SECRET not in shown(caught.value)


def test_a_managed_identity_asks_its_host(monkeypatch, sent):
    """As on App Service: an address and a header from the environment."""
    given = {"access_token": "made-here", "expires_on": str(int(time.time()) + 3600), "token_type": "Bearer"}
    with serving(lambda path, asked: (200, {**given, "resource": asked["resource"][0]})) as service:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{service.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "host-secret")
        settings = {"base_url": HOST, "credential": "managed_identity", "client_id": "mine"}

        header = sent("prod", settings=settings).headers["authorization"]

    (path, asked, headers) = service.asked[-1]
    assert ("Bearer made-here", "/msi/token", "host-secret") == (header, path, headers["x-identity-header"])
    assert (["https://cognitiveservices.azure.com"], ["mine"]) == (asked["resource"], asked["client_id"])


def test_calls_at_the_same_time_share_one_token():
    """On an event loop, which a slow credential does not hold up."""
    maker = Maker()
    auth = Entra(maker, "scope")

    async def all_of_them() -> list[Call]:
        driver = AsyncDriver(transport=None)
        return await asyncio.gather(*(driver.run(auth.sign(Call("POST", ("x",)))) for _ in range(5)))

    signed = asyncio.run(all_of_them())

    assert {"Bearer canary-1"} == {call.headers["authorization"] for call in signed}
    assert 1 == len(maker.scopes)
