"""Keys, limits that are reached, money that runs out, tokens that expire."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest
from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import asked

from jackfield.jsontext import dumps


class Clock:
    """Time that passes when it is told to."""

    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def made(clock, scenario=None):
    return Simulated(scenario, clock=clock, wall=clock)


def ask(app, key="some-key-0000", **more):
    body = {"model": "gpt-x", "messages": [{"role": "user", "content": "one two three"}], **more}
    headers = [("authorization", f"Bearer {key}")] if key else []
    return app.exchange(asked("POST", "/v1/chat/completions", headers, json.dumps(body).encode())).reply


def code(reply):
    return reply.status, json.loads(reply.body)["error"]["code"]


def test_a_limit_of_requests_is_reached_and_passes(clock):
    """The headers count down, the refusal says how long, and a minute later all is well."""
    app = made(clock, {"accounts": {"sk-slow": {"requests_per_minute": 2}}})
    left = [ask(app, "sk-slow").headers["x-ratelimit-remaining-requests"] for _ in range(2)]
    clock.now += 45

    refused = ask(app, "sk-slow")

    assert ["1", "0"] == left
    assert (429, "rate_limit_exceeded") == code(refused)
    assert "15" == refused.headers["retry-after"]
    clock.now += 15
    assert 200 == ask(app, "sk-slow").status


def test_a_limit_of_tokens_counts_both_ways(clock):
    """What went in and what came out."""
    app = made(clock, {"limits": {"tokens_per_minute": 14}})

    statuses = [ask(app).status for _ in range(3)]

    assert [200, 429, 429] == statuses
    assert 200 == ask(app, "another-key-0").status


def test_money_runs_out(clock):
    """No waiting helps, and the error says so."""
    app = made(clock, {"accounts": {"sk-poor": {"balance": 0.00002}}, "prices": {"input": 1, "output": 2}})

    statuses = [ask(app, "sk-poor").status for _ in range(2)]
    clock.now += 3600

    assert [200, 200] == statuses
    assert (429, "insufficient_quota") == code(ask(app, "sk-poor"))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("", (401, "missing_api_key")),
        ("wrong-one", (401, "invalid_api_key")),
        ("sk-gone", (403, "invalid_api_key")),
    ],
)
def test_keys_that_are_not_good(clock, key, expected):
    """None, one nobody gave out, one that may not."""
    app = made(clock, {"accounts": {"sk-gone": {"status": 403}}})

    assert expected == code(ask(app, key))


def test_no_key_is_needed_where_a_scenario_says_so(clock):
    """For servers on one's own machine."""
    assert 200 == ask(made(clock, {"require_key": False}), "").status


# -- tokens --------------------------------------------------------------------------------------------


def given(app, path, form, **headers):
    named = {"content-type": "application/x-www-form-urlencoded", **headers}
    exchange = app.exchange(asked("POST", path, named.items(), urlencode(form).encode()))
    assert "token" == exchange.operation
    return exchange.reply.status, json.loads(exchange.reply.body)


def test_client_credentials(clock):
    """The token stands for the client, and expires."""
    app = made(clock, {"accounts": {"client-1": {"requests_per_minute": 1}}})
    pair = base64.b64encode(b"client-1:secret").decode()

    status, body = given(
        app, "/oauth2/token", {"grant_type": "client_credentials"}, authorization=f"Basic {pair}"
    )

    token = body["access_token"]
    assert (200, "Bearer") == (status, body["token_type"])
    assert [200, 429] == [ask(app, token).status for _ in range(2)]
    clock.now += 3601
    assert (401, "token_expired") == code(ask(app, token))


def test_entra_refuses_in_its_own_words(clock):
    """A wrong secret has a number there."""
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "wrong"}

    status, body = given(made(clock), "/tenant/oauth2/v2.0/token", form)

    assert (401, "invalid_client", [7000215]) == (status, body["error"], body["error_codes"])


def jwt(**claims):
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    return ".".join([*(base64.urlsafe_b64encode(dumps(part)).decode().rstrip("=") for part in parts), "c2ln"])


@pytest.mark.parametrize(("early", "status"), [(0, 200), (1200, 400), (-1200, 400)])
def test_a_service_account_signs_for_now(clock, early, status):
    """A claim that was made at another time is refused: clocks must agree."""
    issued = clock.now - early
    assertion = jwt(iss="sa@project.iam", iat=issued, exp=issued + 3600, scope="all")
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}

    found, body = given(made(clock), "/token", form)

    assert status == found
    assert body.get("access_token", "ya29.").startswith("ya29.")


def test_other_grants_are_not_supported(clock):
    """As the standard says."""
    status, body = given(made(clock), "/token", {"grant_type": "x"})

    assert (400, "unsupported_grant_type") == (status, body["error"])
