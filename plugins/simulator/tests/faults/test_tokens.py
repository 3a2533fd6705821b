"""Tokens that run out, endpoints that fail, clocks that are off."""

from __future__ import annotations

import asyncio

import pytest
from jackfield_simulator.accounts import ACCESS_KEY, SECRET_KEY

from jackfield import AsyncClient, Client, JackfieldError, Registry

PROFILE = """
spec = 1
id = "acme"
name = "Acme"
wire = "chat_completions"
base_url = "https://api.acme.example/v1"
keys_url = "https://acme.example/keys"
[auth]
scheme = "client_credentials"
token_url = "/oauth/token"
[auth.fields]
client_id = ["ACME_ID"]
client_secret = ["ACME_SECRET"]
[capabilities]
chat = "full"
streaming = "full"
other = "unsupported"
[quality]
level = "bronze"
owner = "@acme"
"""


@pytest.fixture
def settings(served):
    facts = {"base_url": f"{served.server.url}/v1", "client_id": "me", "client_secret": "sk-canary-of-acme"}
    return {"providers": {"acme": facts}}


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "profile.toml").write_text(PROFILE)
    found = Registry(entry_points=())
    found.add(tmp_path)
    return found


@pytest.fixture
def client(settings, registry):
    with Client(settings, registry=registry) as made:
        made.driver.sleep = lambda seconds: None
        yield made


def asked(served, since):
    """Which paths were asked, in order."""
    return [line.path.rpartition("/")[2] for line in list(served.app.bill)[since:]]


@pytest.mark.parametrize("stream", [False, True])
def test_a_token_that_ran_out_is_renewed_once(client, served, stream) -> None:
    """One refresh, one resend, nothing of it seen."""
    served.faults.script(["unauthorized", "ok"])
    since = len(served.app.bill)

    answer = client.stream("acme/m", "hello").completion() if stream else client.complete("acme/m", "hello")

    assert answer.text
    assert ["token", "completions", "token", "completions"] == asked(served, since)


@pytest.mark.parametrize("fault", ["token-failed", "token-html", "token-refused", "token-skew"])
def test_where_no_token_is_had_another_target_answers(settings, tmp_path, served, fault) -> None:
    """As where a key is refused."""
    (tmp_path / "profile.toml").write_text(PROFILE)
    registry = Registry()
    registry.add(tmp_path)
    served.faults.add(fault)
    settings["providers"]["openai"] = {"base_url": f"{served.server.url}/v1", "api_key": "sk-of-the-other"}
    routes = {"r": {"strategy": "fallback", "targets": ["acme/m", "openai/gpt-4.1"]}}

    with Client({**settings, "routes": routes}, registry=registry) as client:
        client.driver.sleep = lambda seconds: None
        assert "openai" == client.complete("route:r", "hello").provider


def test_a_hundred_calls_renew_one_token(settings, registry, served) -> None:
    """All of them are refused at once; one asks for a new token, all are sent again."""

    async def ask():
        async with AsyncClient(settings, registry=registry) as client:
            await asyncio.gather(*(client.complete("acme/m", "hello") for _ in range(100)))

    served.faults.add("unauthorized", times=100)
    since = len(served.app.bill)
    asyncio.run(ask())

    paths = asked(served, since)
    assert (2, 200) == (paths.count("token"), paths.count("completions"))


@pytest.mark.parametrize(
    ("fault", "requests"), [("token-failed", 3), ("token-html", 3), ("token-refused", 1), ("token-skew", 1)]
)
def test_a_token_that_cannot_be_had_is_told_as_that(client, served, fault, requests) -> None:
    """It is a failure of authentication, not an outage of the provider; no secret is told."""
    served.faults.add(fault)
    before = served.server.requests

    with pytest.raises(JackfieldError) as caught:
        client.complete("acme/m", "hello")

    assert ("auth", requests) == (caught.value.kind, served.server.requests - before)
    assert "canary" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize(
    ("fault", "tokens"),
    [
        ("token-lifetime-negative", 2),
        ("token-lifetime-zero", 2),
        ("token-lifetime-text", 1),
        ("token-lifetime-huge", 1),
        ("token-slow", 1),
    ],
)
def test_whatever_a_token_says_of_its_life_it_is_good_for_a_call(client, served, fault, tokens) -> None:
    """One that is dead at birth serves the call that waits for it, and no other."""
    served.faults.add(fault)
    since = len(served.app.bill)

    for _ in range(2):
        assert client.complete("acme/m", "hello").text

    assert tokens == asked(served, since).count("token")


@pytest.mark.parametrize("fault", ["skew-ahead", "skew-behind"])
@pytest.mark.parametrize("wire", ["converse", "invoke"])
@pytest.mark.parametrize("mode", ["sync", "sync stream", "async", "async stream"])
def test_a_clock_that_is_off_is_learnt(fresh, served, fault, wire, mode) -> None:
    """The first signature is refused, the second is made by the server's clock; later calls need no second."""
    served.faults.add(fault)
    signed = fresh(wire, api_key=None, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)

    assert ["ok 2", "ok 1"] == [str(signed(mode)), str(signed(mode))]
