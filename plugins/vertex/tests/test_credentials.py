"""Tokens from every kind of Google credentials: how they are asked for, kept, exchanged, and what failures say."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import pickle
import traceback
from contextvars import copy_context
from typing import Any

import google.oauth2.credentials
import pytest
from jackfield_vertex.credentials import GoogleAuth, GoogleTokens
from jackfield_vertex.fetch import Failed, Fetched

import jackfield
from jackfield.errors import ErrorInfo
from jackfield.wire import Call

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
REJECTED = ErrorInfo("auth", "no", status=401)


def decoded(piece: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))


# -- what tokens are made from -----------------------------------------------------------------------


def test_a_service_account_signs_what_it_asks_with(world, endpoint, account, key, auth_of):
    """As a JWT that says who asks, for what, and of whom; its public key confirms the signature."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    signed = world.signed(auth_of(credentials=json.dumps(account)))

    (form,) = endpoint.forms
    head, claims, signature = form["assertion"].split(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(raw, f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
    assert {"authorization": "Bearer ya29.made"} == signed
    assert "urn:ietf:params:oauth:grant-type:jwt-bearer" == form["grant_type"]
    assert {"alg": "RS256", "typ": "JWT", "kid": "key-1"} == decoded(head)
    said = decoded(claims)
    assert (account["client_email"], SCOPE) == (said["iss"], said["scope"])
    assert "https://oauth2.googleapis.com/token" == said["aud"]
    assert 0 < said["exp"] - said["iat"] <= 3600


@pytest.mark.parametrize("variable", ["GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_CREDENTIALS"])
def test_a_file_is_named_by_the_environment(monkeypatch, world, account, written, auth_of, variable):
    """Under either variable."""
    monkeypatch.setenv(variable, written(account))

    assert "Bearer ya29.made" == world.signed(auth_of())["authorization"]


def test_a_file_of_many_lines_may_stand_in_the_settings(world, account, written, auth_of):
    """As its path, as a reference, or as its text."""
    path = written(account)

    for given in (path, f"file:{path}", json.dumps(account, indent=2)):
        assert "Bearer ya29.made" == world.signed(auth_of(credentials=given))["authorization"]


def test_what_a_person_logged_in_with_is_found(monkeypatch, world, endpoint, written, tmp_path, auth_of):
    """In the file of the vendor's command line; the project that is charged travels along."""
    monkeypatch.setattr(google.oauth2.credentials, "_GOOGLE_OAUTH2_TOKEN_ENDPOINT", f"{endpoint.url}/token")
    login = {
        "type": "authorized_user",
        "client_id": "me",
        "client_secret": "s",
        "refresh_token": "r-1",
        "quota_project_id": "charged",
    }
    (tmp_path / "gcloud").mkdir()
    written(login, "gcloud/application_default_credentials.json")

    signed = world.signed(auth_of())

    assert ("Bearer ya29.made", "charged") == (signed["authorization"], signed["x-goog-user-project"])
    assert ("refresh_token", "r-1") == (endpoint.forms[0]["grant_type"], endpoint.forms[0]["refresh_token"])


def test_a_project_to_be_charged_may_be_named(world, written, endpoint, auth_of):
    """It counts more than that of the credentials."""
    auth = auth_of(access_token="ya29.given")

    assert "mine" == world.signed(auth, **{"x-goog-user-project": "mine"})["x-goog-user-project"]


def test_a_workload_exchanges_the_token_it_was_given(world, endpoint, written, auth_of):
    """With the security token service, at the address its file names."""
    workload = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{endpoint.url}/sts",
        "credential_source": {"file": written("subject-1", "subject")},
    }

    signed = world.signed(auth_of(credentials=json.dumps(workload)))

    (form,) = endpoint.forms
    assert "Bearer ya29.made" == signed["authorization"]
    assert ("subject-1", SCOPE) == (form["subject_token"], form["scope"])
    assert "urn:ietf:params:oauth:grant-type:token-exchange" == form["grant_type"]


def test_a_metadata_server_is_asked_where_nothing_is_stated(monkeypatch, world, endpoint, auth_of):
    """With the header that keeps others from asking it."""
    from google.auth.compute_engine import _metadata

    host = endpoint.url.removeprefix("http://")
    monkeypatch.setenv("GCE_METADATA_HOST", host)
    monkeypatch.setenv("GCE_METADATA_IP", host)
    monkeypatch.setenv("NO_GCE_CHECK", "false")
    importlib.reload(_metadata)
    usual, info = endpoint.answer, {"email": "vm@p-1", "scopes": [SCOPE], "aliases": ["default"]}
    other = {"/computeMetadata/v1/project/project-id": "p-1", "/": "computeMetadata/"}
    endpoint.answer = lambda path: usual(path) if "/token" in path else (200, other.get(path, info))

    signed = world.signed(auth_of())

    paths = [path for path, _, _ in endpoint.asked]
    assert "Bearer ya29.made" == signed["authorization"]
    assert "/computeMetadata/v1/instance/service-accounts/default/token" in paths[-1]
    assert {"Google"} == {headers["metadata-flavor"] for _, headers, _ in endpoint.asked}


def test_without_anything_it_is_told_how_to_log_in(monkeypatch, world, auth_of):
    """When a call is made: only then it is known what the machine has."""
    from google.auth.compute_engine import _metadata

    monkeypatch.setattr(_metadata, "_NO_GCE_CHECK", True)

    with pytest.raises(jackfield.MissingCredentials, match="gcloud auth application-default login") as caught:
        world.signed(auth_of())

    assert ("vertex", "no") == (caught.value.provider, caught.value.info.sent)


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"access_token": "ya29.given"}, "authorization", "Bearer ya29.given"),
        ({"api_key": "ya29.given"}, "authorization", "Bearer ya29.given"),
        ({"api_key": "AQ.given-key"}, "x-goog-api-key", "AQ.given-key"),
    ],
)
def test_a_token_or_key_goes_as_it_is(world, auth_of, settings, header, value):
    """What a key is shows in how it begins."""
    auth = auth_of(**settings)

    assert {header: value} == world.signed(auth)
    assert value not in repr(auth)
    assert 0 == world.aside


# -- how long they are kept ------------------------------------------------------------------------


class Numbered:
    """A fetch whose tokens are numbered; it fails where it is told to."""

    def __init__(self, lifetime: float = 3600) -> None:
        self.count = 0
        self.lifetime = lifetime
        self.failure: Failed | None = None

    def __call__(self) -> Fetched | Failed:
        self.count += 1
        return self.failure or Fetched(f"t{self.count}", self.lifetime)


@pytest.fixture
def numbered() -> Numbered:
    return Numbered()


@pytest.fixture
def auth(numbered) -> GoogleAuth:
    return GoogleAuth(GoogleTokens(numbered, "a file"), "vertex")


def bearer(world: Any, auth: GoogleAuth) -> str:
    return world.signed(auth)["authorization"].removeprefix("Bearer ")


def test_a_token_is_kept_until_five_minutes_before_its_end(world, auth):
    """Then there is another."""
    seen = []
    for world.now in (1000, 4299, 4300, 4301):
        seen.append(bearer(world, auth))

    assert ["t1", "t1", "t2", "t2"] == seen


def test_an_old_token_serves_while_no_new_one_can_be_had(world, auth, numbered):
    """To its end; another is asked for every half minute."""
    assert "t1" == bearer(world, auth)
    numbered.failure = Failed("it is out of order", transient=True)

    seen = []
    for world.now in (4300, 4329, 4330, 4599):
        seen.append((bearer(world, auth), numbered.count))

    assert [("t1", 2), ("t1", 2), ("t1", 3), ("t1", 4)] == seen
    world.now = 4600
    with pytest.raises(jackfield.Unauthorized, match="out of order"):
        bearer(world, auth)


def test_a_token_that_is_short_already_is_not_asked_for_at_every_call(world, auth, numbered):
    """A metadata server gives the same one until four minutes before its end."""
    numbered.lifetime = 270
    seen = []
    for world.now in (1000, 1029, 1030):
        seen.append(bearer(world, auth))

    assert ["t1", "t1", "t2"] == seen


def test_a_token_that_was_good_and_is_refused_is_exchanged(world, auth):
    """Once: a new one that is refused as well will not be mended by a third."""

    def calls() -> list[Any]:
        first = bearer(world, auth)
        auth.accepted()
        bearer(world, auth)
        again = auth.rejected(REJECTED)
        second = bearer(world, auth)
        return [first, again, second, auth.rejected(REJECTED)]

    assert ["t1", True, "t2", False] == copy_context().run(calls)


def test_a_right_that_is_missing_is_no_fault_of_the_token(world, auth):
    """It stays."""

    def calls() -> list[Any]:
        bearer(world, auth)
        auth.accepted()
        return [auth.rejected(ErrorInfo("auth", "no", status=403)), bearer(world, auth)]

    assert [False, "t1"] == copy_context().run(calls)


def test_the_same_credentials_have_the_same_tokens(world, account, endpoint, auth_of):
    """Whatever is bound with them."""
    text = json.dumps(account)
    first, second = auth_of(credentials=text), auth_of(credentials=text)

    assert world.signed(first) == world.signed(second)
    assert 1 == len(endpoint.forms)


def test_many_calls_at_once_fetch_one_token(auth, numbered):
    """In threads beside the event loop, which nobody holds up."""
    from jackfield.transport import AsyncDriver

    async def calls() -> list[Any]:
        driver = AsyncDriver(transport=None)
        return await asyncio.gather(*(driver.run(auth.sign(Call("POST", ("chat",)))) for _ in range(8)))

    signed = asyncio.run(calls())

    assert {"Bearer t1"} == {call.headers["authorization"] for call in signed}
    assert 1 == numbered.count


# -- failures --------------------------------------------------------------------------------------


def test_a_refusal_says_what_and_why_and_shows_no_key(world, endpoint, account, auth_of):
    """Neither in words nor in what the traceback holds."""
    endpoint.answer = lambda path: (
        400,
        {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
    )
    auth = auth_of(credentials=json.dumps(account))

    with pytest.raises(jackfield.Unauthorized, match="Invalid JWT Signature") as caught:
        world.signed(auth)

    ours = [
        frame
        for frame, _ in traceback.walk_tb(caught.value.__traceback__)
        if "/src/" in frame.f_code.co_filename
    ]
    assert ours
    assert account["private_key"].splitlines()[1] not in "".join(repr(frame.f_locals) for frame in ours)
    assert ("vertex", False) == (caught.value.provider, caught.value.retryable)
    assert "option `credentials`" in str(caught.value)


def test_a_private_key_that_is_none_is_told(world, account, auth_of):
    """Without any of it."""
    broken = {**account, "private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"}

    with pytest.raises(jackfield.Unauthorized, match="cannot be used") as caught:
        world.signed(auth_of(credentials=json.dumps(broken)))

    assert "c2VjcmV0" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ('{"type": "service_account"', "no JSON object"),
        ("[]", "cannot be read"),
        ({"type": "gdch_service_account"}, "of type `gdch_service_account`"),
        ({"project_id": "p"}, "state no type"),
        ({"type": "service_account", "client_email": "a@b"}, "hold no `private_key`"),
        ({"type": "authorized_user", "token_uri": "http://example.test/"}, "no https address"),
    ],
)
def test_credentials_that_are_none_are_told_when_a_model_is_bound(auth_of, document, fault):
    """Before a call is made."""
    given = document if isinstance(document, str) else json.dumps(document)

    with pytest.raises(jackfield.BadConfig, match=fault):
        auth_of(credentials=given)


def test_credentials_are_not_pickled(auth):
    """Nor shown."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(auth)
    assert "<google auth from a file>" == repr(auth)


# -- the standard ----------------------------------------------------------------------------------


def test_the_signer_signs_as_the_standard_does(request):
    """RS256 of the published example, byte for byte."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers
    from google.auth.crypt import RSASigner

    file = request.config.rootpath.parent / "shared/vectors/jose/jws/4_1.rsa_v15_signature.json"
    if not file.is_file():
        pytest.skip(f"no vectors at {file}")
    example = json.loads(file.read_text())
    number = {
        name: int.from_bytes(base64.urlsafe_b64decode(value + "=="))
        for name, value in example["input"]["key"].items()
        if name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    }
    public = RSAPublicNumbers(number["e"], number["n"])
    parts = [number[name] for name in ("p", "q", "d", "dp", "dq", "qi")]
    private = RSAPrivateNumbers(*parts, public).private_key()
    head, payload, signature = example["output"]["compact"].split(".")

    signed = RSASigner(private).sign(f"{head}.{payload}".encode())

    assert signature == base64.urlsafe_b64encode(signed).decode().rstrip("=")
