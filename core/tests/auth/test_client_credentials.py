"""OAuth 2 client credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from jackfield.auth import auth_for
from jackfield.config import Settings
from jackfield.errors import (
    BadConfig,
    ErrorInfo,
    JackfieldError,
    MissingCredentials,
    Unauthorized,
    Unavailable,
)
from jackfield.profile import AuthSpec, Profile
from jackfield.wire import Call, Reply

FIELDS = {"client_id": ("ACME_ID",), "client_secret": ("ACME_SECRET",)}
ENV = {"ACME_ID": "me:1", "ACME_SECRET": "sk-canary/secret"}


def made(**options: str) -> Any:
    """The scheme with credentials and options."""
    spec = AuthSpec(
        "client_credentials", fields=FIELDS, options={"token_url": "https://id.acme/oauth/token", **options}
    )
    profile = Profile("acme", "Acme", "w", base_url="https://api.acme/v1", auth=spec)
    settings = Settings.load(None, {"JACKFIELD_HOME": "/nowhere", **ENV}, Path("/"))
    return auth_for(profile, settings.provider(profile))


def tokens(**facts: object) -> Callable[[Call], Reply]:
    """A token endpoint that numbers its tokens."""
    count = iter(range(1, 100))

    def answer(call: Call) -> Reply:
        body = {"access_token": f"canary-{next(count)}", "token_type": "Bearer", **facts}
        return Reply(200, body=json.dumps(body).encode())

    return answer


def test_a_token_is_fetched_once_and_kept(world: Any) -> None:
    """Until it is time for another."""
    world.answer = tokens(expires_in=3600)
    auth = made()

    assert ["Bearer canary-1"] * 3 == [world.signed(auth) for _ in range(3)]
    assert ["https://id.acme/oauth/token"] == [call.url for call in world.sent]


def test_the_client_is_told_in_the_header_by_default(world: Any) -> None:
    """Form-encoded before it is base64, as the standard says."""
    world.answer = tokens()

    world.signed(made(scope="all apis"))

    (call,) = world.sent
    assert "Basic bWUlM0ExOnNrLWNhbmFyeSUyRnNlY3JldA==" == call.headers["authorization"]
    assert [("grant_type", "client_credentials"), ("scope", "all apis")] == parse_qsl(call.body.decode())


def test_the_client_may_be_told_in_the_body(world: Any) -> None:
    """Some endpoints read it only there."""
    world.answer = tokens()

    world.signed(made(style="body"))

    (call,) = world.sent
    form = dict(parse_qsl(call.body.decode()))
    assert {"client_id": "me:1", "client_secret": "sk-canary/secret"}.items() <= form.items()
    assert "authorization" not in call.headers


def test_a_token_is_renewed_at_four_fifths_of_its_life(world: Any) -> None:
    """Not before."""
    world.answer = tokens(expires_in=1000)
    auth = made()
    world.signed(auth)

    seen = []
    for step in (799, 1):
        world.now += step
        seen.append(world.signed(auth))

    assert ["Bearer canary-1", "Bearer canary-2"] == seen


@pytest.mark.parametrize(
    ("stated", "good_for"),
    [
        ("3600", 2880),
        (None, 240),
        (0, 0),
        (-1, 0),
        ("-1", 0),
        (10**30, 69_120),
        ("9" * 50, 240),
        ("soon", 240),
        (True, 240),
        ([], 240),
        (3600.5, 2880),
    ],
)
def test_a_lifetime_may_be_stated_in_any_way(world: Any, stated: object, good_for: float) -> None:
    """Nonsense is a short life, nothing is for ever, and what is over at once is used once."""
    world.answer = tokens(expires_in=stated)
    auth = made()
    world.signed(auth)

    world.now += good_for - 1 if good_for else 0

    assert ("Bearer canary-1" if good_for else "Bearer canary-2") == world.signed(auth)
    world.now += 2
    assert "Bearer canary-1" != world.signed(auth)


@pytest.mark.parametrize(
    ("reply", "reason", "retryable"),
    [
        (Reply(401, body=b'{"error": "invalid_client"}'), "it answered 401 invalid_client", False),
        (Reply(500, body=b"<html>"), "it answered 500", True),
        (Reply(429), "it answered 429", True),
        (Reply(302, {"location": "https://evil"}), "it answered 302", False),
        (Reply(200, body=b"<html>canary</html>"), "its answer holds no token", True),
        (Reply(200, body=b'{"access_token": ""}'), "its answer holds no token", True),
        (Reply(200, body=b'{"access_token": "canary\\r\\nx: y"}'), "its answer holds no token", True),
        (Reply(200, body=b'["canary"]'), "its answer holds no token", True),
    ],
)
def test_a_failure_is_one_of_authentication(world: Any, reply: Reply, reason: str, retryable: bool) -> None:
    """It names the token endpoint, shows nothing secret, and says whether to try again."""
    world.answer = lambda call: reply

    with pytest.raises(Unauthorized) as caught:
        world.signed(made())

    assert f"authentication failed: no token for `acme` from `id.acme`: {reason}" in str(caught.value)
    assert (retryable, False) == (caught.value.info.retryable, "canary" in str(caught.value))


def unreachable(call: Call) -> Reply:
    """A network that is down."""
    raise Unavailable(ErrorInfo("transport.connect", "`id.acme` could not be reached"))


def test_an_endpoint_out_of_reach_is_no_outage_of_the_provider(world: Any) -> None:
    """The kind of failure is that of authentication."""
    world.answer = unreachable

    with pytest.raises(
        Unauthorized, match=r"no token for `acme` from `id.acme`: `id.acme` could not be reached"
    ):
        world.signed(made())


def test_a_token_that_lives_outlasts_a_broken_endpoint(world: Any) -> None:
    """It is asked again now and then, not for every call."""
    world.answer = tokens(expires_in=1000)
    auth = made()
    world.signed(auth)
    world.answer = unreachable

    world.now += 850
    assert ["Bearer canary-1"] * 2 == [world.signed(auth) for _ in range(2)]
    assert 2 == len(world.sent)
    world.now += 151
    with pytest.raises(Unauthorized):
        world.signed(auth)


def test_a_token_that_is_refused_is_replaced_once(world: Any) -> None:
    """Two calls that come back refused with it cost one new token, and a fresh one that is refused is told."""
    world.answer = tokens(expires_in=3600)
    auth = made()
    first, second = copy_context(), copy_context()
    first.run(world.signed, auth)
    second.run(world.signed, auth)

    assert first.run(auth.rejected, ErrorInfo("auth")) is True
    assert "Bearer canary-2" == first.run(world.signed, auth)
    assert second.run(auth.rejected, ErrorInfo("auth")) is True
    assert "Bearer canary-2" == second.run(world.signed, auth)


def test_another_failure_is_not_the_tokens(world: Any) -> None:
    """It stays."""
    world.answer = tokens(expires_in=3600)
    auth = made()
    world.signed(auth)

    assert (False, "Bearer canary-1") == (auth.rejected(ErrorInfo("server")), world.signed(auth))


def test_an_endpoint_below_the_providers_host(world: Any) -> None:
    """A path is taken from the root of the base URL."""
    world.answer = tokens()

    world.signed(made(token_url="/oidc/v1/token"))

    assert ["https://api.acme/oidc/v1/token"] == [call.url for call in world.sent]


@pytest.mark.parametrize("url", ["http://id.acme/token", "", "ftp://id.acme/token"])
def test_an_endpoint_without_encryption_is_refused(url: str) -> None:
    """The client's secret would be read on the way."""
    with pytest.raises(BadConfig, match="the token endpoint of `acme` must be an https address"):
        made(token_url=url)


def test_an_endpoint_on_this_machine_needs_no_encryption() -> None:
    """Tests and sidecars."""
    assert "127.0.0.1" in repr(made(token_url="http://127.0.0.1:8080/token"))


def test_without_credentials_the_places_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts are needed."""
    monkeypatch.delitem(ENV, "ACME_SECRET")

    with pytest.raises(MissingCredentials, match="option `client_secret`, env `ACME_SECRET`"):
        made()


def test_nothing_shows_a_secret(world: Any) -> None:
    """Neither the scheme, nor its token, nor the call that asks for it."""
    world.answer = tokens()
    auth = made(style="body")
    world.signed(auth)

    assert "canary" not in repr((auth, auth._token, world.sent, JackfieldError))
