"""Whole exchanges for tokens, as real libraries make them."""

from __future__ import annotations

import json

import pytest

from jackfield import Client

PROMPT = "Name three rivers"


def account(simulator) -> str:
    """The document of a service account, with a key of its own."""
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    from cryptography.hazmat.primitives import serialization as forms

    made = rsa.generate_private_key(65537, 2048)
    key = made.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    names = {"project_id": "p", "client_email": "sa@p.iam.gserviceaccount.com", "private_key_id": "1"}
    places = {"private_key": key.decode(), "token_uri": f"{simulator.url}/token"}
    return json.dumps({"type": "service_account", **names, **places})


def test_a_service_account_of_google(simulator):
    """Google's own library signs an assertion; the token it gets is good here, and stands for the account."""
    pytest.importorskip("google.auth")
    place = {"base_url": simulator.base_url("vertex"), "location": "us-central1"}
    settings = {**place, "credentials": account(simulator)}

    with Client({"providers": {"vertex": settings}, "max_retries": 0}) as client:
        answers = [client.complete("vertex/gemini-x", PROMPT).text for _ in range(2)]

    assert [PROMPT, PROMPT] == answers
    assert 1 == len(simulator.requests(operation="token"))
    simulator.assert_requests(2, key="sa@p.iam.gserviceaccount.com", status=200)


def test_keys_of_ibm(simulator):
    """A key is exchanged for a token, which stands for it."""
    from urllib.parse import urlencode
    from urllib.request import Request, urlopen

    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "ibm-key-0"}
    request = Request(f"{simulator.url}/identity/token", urlencode(form).encode())

    with urlopen(request, timeout=10) as answer:
        token = json.loads(answer.read())["access_token"]

    assert "ibm-key-0" == simulator.app.accounts.owner(token)
