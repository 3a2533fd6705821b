"""Credentials and signatures: which are used, where they are found, when they are looked for again."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

import pytest
from jackfield_bedrock.chain import Chain, Given, Wanted
from jackfield_bedrock.signing import ASK_AGAIN, SigV4

import jackfield
from jackfield.errors import ErrorInfo
from jackfield.flow import Aside, Now, Once
from jackfield.wire import Call, Headers

NOVA = "amazon.nova-2-lite-v1:0"
KEY = "bedrock-api-key-" + "x" * 20
KEYS = {"access_key_id": "AKIDSTATED", "secret_access_key": "s" * 20}
HOME = {"region": "eu-central-1"}
CANARY = "canary-secret-of-nobody"
ROLE = "arn:aws:iam::123456789012:role/reader"

STS = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def later():
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Cloud(BaseHTTPRequestHandler):
    """What containers, roles and web identities ask, on loopback."""

    asked: ClassVar[list[dict[str, str]]] = []

    def log_message(self, *_):
        """Nothing."""

    def do_GET(self):
        answer = {"AccessKeyId": "ASIABOX", "SecretAccessKey": CANARY, "Token": "t", "Expiration": later()}
        self.reply(json.dumps(answer))

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.asked.append({name: values[0] for name, values in form.items()})
        body = STS.format(secret=CANARY, until=later())
        self.reply(
            body.replace("AssumeRoleRe", "AssumeRoleWithWebIdentityRe")
            if "WebIdentityToken" in form
            else body
        )

    def reply(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


@pytest.fixture(scope="module")
def running():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def cloud(running, monkeypatch):
    """The address of a small cloud, which is where tokens are had."""
    Cloud.asked.clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", running)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    return running


@pytest.fixture
def signature(sent):
    """What signs a call: an API key, or an access key with its token."""

    def sign(**settings):
        headers = sent(NOVA, settings={**HOME, **settings}).headers
        stated = headers["authorization"]
        if stated.startswith("Bearer "):
            return stated
        assert "/eu-central-1/bedrock/aws4_request" in stated
        return stated.partition("Credential=")[2].partition("/")[0], headers.get("x-amz-security-token")

    return sign


# -- which are used --------------------------------------------------------------------------------


def test_an_api_key_is_sent_as_it_is(signature, monkeypatch):
    """From the settings or the environment."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", KEY)

    assert f"Bearer {KEY}" == signature()
    assert "Bearer bedrock-api-key-other" == signature(api_key="bedrock-api-key-other")


def test_stated_keys_go_before_the_environment(signature, monkeypatch):
    """Whatever is in it."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", KEY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")

    assert ("AKIDSTATED", None) == signature(**KEYS)
    assert ("AKIDSTATED", "token") == signature(**KEYS, session_token="token")


def test_the_environment_goes_before_the_profile(signature, monkeypatch, tmp_path):
    """As with the vendor's tools; a profile that is asked for by name is taken nevertheless."""
    text = f"[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = {CANARY}\n"
    (tmp_path / "credentials").write_text(text + text.replace("default", "work").replace("FILE", "WORK"))

    assert ("AKIDFILE", None) == signature()
    assert ("AKIDWORK", None) == signature(profile="work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert ("AKIDENV", "token") == signature()


def test_one_of_the_two_may_be_asked_for(signature, monkeypatch):
    """Signatures, say, where both are there."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", KEY)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)

    assert ("AKIDENV", None) == signature(auth_scheme="sigv4")
    monkeypatch.setenv("AWS_AUTH_SCHEME_PREFERENCE", "httpBearerAuth,sigv4")
    assert f"Bearer {KEY}" == signature()
    with pytest.raises(jackfield.BadConfig, match="auth_scheme"):
        signature(auth_scheme="else")


def test_without_credentials_nothing_is_sent(signature):
    """The places and the way out are told."""
    with pytest.raises(jackfield.MissingCredentials, match="AWS_BEARER_TOKEN_BEDROCK") as caught:
        signature()

    assert "aws configure" in caught.value.hint


def test_a_profile_that_is_not_there_is_told(signature):
    """With its name."""
    with pytest.raises(jackfield.Unauthorized, match="nobody") as caught:
        signature(profile="nobody")

    assert "AWS_PROFILE" in caught.value.hint


# -- where they are found --------------------------------------------------------------------------


def test_containers_have_credentials(signature, cloud, monkeypatch):
    """At an address of their own."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{cloud}/creds")

    assert ("ASIABOX", "t") == signature()


def test_a_web_identity_is_exchanged(signature, cloud, monkeypatch, tmp_path):
    """As clusters do it."""
    (tmp_path / "token").write_text("jwt-of-mine")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)

    assert ("ASIAROLE", "token") == signature()
    assert ("jwt-of-mine", ROLE) == (Cloud.asked[0]["WebIdentityToken"], Cloud.asked[0]["RoleArn"])


@pytest.mark.parametrize("external", [{}, {"external_id": "x-1"}])
def test_a_role_is_taken_on(signature, cloud, external):
    """With the credentials that are found, by the name that is set."""
    assert ("ASIAROLE", "token") == signature(**KEYS, role_arn=ROLE, role_session="me", **external)

    (asked,) = Cloud.asked
    assert ("AssumeRole", ROLE, "me") == (asked["Action"], asked["RoleArn"], asked["RoleSessionName"])
    assert external.get("external_id") == asked.get("ExternalId")


# -- when they are looked for again ----------------------------------------------------------------

CALL = Call(
    "POST",
    ("model", NOVA, "converse"),
    b"{}",
    Headers({"content-type": "application/json"}),
    base="https://bedrock-runtime.eu-central-1.amazonaws.com",
)


class Driver:
    """Runs flows at a time that a test sets, and notes what they ask for."""

    def __init__(self):
        self.now = 0.0
        self.looked = 0

    def run(self, flow):
        value = None
        while True:
            try:
                effect = flow.send(value)
            except StopIteration as stop:
                return stop.value
            if isinstance(effect, Now):
                value = self.now
            elif isinstance(effect, Once):
                value = self.run(effect.flow())
            else:
                assert isinstance(effect, Aside)
                self.looked += 1
                value = effect.function()


def stamped(call):
    return datetime.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def static(**wanted):
    return SigV4(Chain(Wanted("eu-central-1", **wanted), Given("AKID", CANARY)))


def test_the_chain_is_asked_once_a_minute():
    """It renews what is about to end; between, nobody waits."""
    driver, auth = Driver(), static()

    for now in (0.0, 1.0, ASK_AGAIN - 1, ASK_AGAIN, ASK_AGAIN + 1):
        driver.now = now
        driver.run(auth.sign(CALL))

    assert 2 == driver.looked


def test_refused_credentials_are_looked_for_again_once():
    """Not forever."""
    driver, auth = Driver(), static()
    refusal = ErrorInfo("auth", "no")

    driver.run(auth.sign(CALL))
    assert auth.rejected(refusal)
    driver.run(auth.sign(CALL))
    assert not auth.rejected(refusal)

    assert 2 == driver.looked
    assert not auth.rejected(ErrorInfo("throttle", "slow down"))


def test_a_wrong_clock_is_mended_by_the_services(monkeypatch):
    """It tells the time when it refuses."""
    driver, auth = Driver(), static()
    begun = stamped(driver.run(auth.sign(CALL)))
    theirs = begun + timedelta(hours=2)
    words = (
        f"Signature expired: {begun:%Y%m%dT%H%M%SZ} is now earlier than "
        f"{theirs - timedelta(minutes=5):%Y%m%dT%H%M%SZ} ({theirs:%Y%m%dT%H%M%SZ} - 5 min.)"
    )

    assert auth.rejected(ErrorInfo("auth.skew", words))

    mended = stamped(driver.run(auth.sign(CALL)))
    assert timedelta(0) <= mended - theirs < timedelta(minutes=1)
    assert not auth.rejected(ErrorInfo("auth.skew", "Signature expired"))


def test_the_clock_is_at_fault_by_the_words_of_the_refusal(bound, failure):
    """The status says only that it is a refusal."""
    body = {
        "message": "Signature not yet current: 20261121T150000Z is still later than 20261121T130500Z (20261121T130000Z + 5 min.)"
    }

    error = failure(bound(NOVA, **KEYS, **HOME), 403, body, x_amzn_errortype="InvalidSignatureException")

    assert ("auth.skew", jackfield.Unauthorized) == (error.info.kind, type(error))
    assert static().rejected(error.info)


# -- what nobody sees ------------------------------------------------------------------------------


def test_no_secret_is_shown():
    """Neither by the auth nor by what it is made of, nor by a call that is signed."""
    driver, auth = Driver(), static(profile="work")
    signed = driver.run(auth.sign(CALL))
    given = Given("AKID", CANARY, CANARY)

    shown = " ".join(map(repr, (auth, given, Chain(Wanted("eu-central-1"), given), signed)))

    assert CANARY not in shown
    with pytest.raises(TypeError, match="pickled"):
        auth.__reduce__()


def test_what_a_command_prints_is_not_told(signature, tmp_path):
    """It may be the secret itself."""
    command = f"sh -c 'echo {CANARY} >&2; exit 1'"
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {command}\n")

    with pytest.raises(jackfield.Unauthorized) as caught:
        signature()

    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None or CANARY not in repr(caught.value.__context__)
