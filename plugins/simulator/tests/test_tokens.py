"""Whole exchanges for tokens, as real libraries make them."""

from __future__ import annotations

import json
import time

import pytest
from jackfield_simulator.certificates import authority_pem

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


@pytest.fixture
def entra(simulator, tmp_path):
    """Makes credentials of the vendor's own library; it speaks TLS alone, and trusts who signs here."""
    pytest.importorskip("azure.identity")
    from azure.identity import ClientSecretCredential

    trusted = tmp_path / "authority.pem"
    door = simulator.door("tls")
    trusted.write_text(authority_pem())
    return lambda secret: ClientSecretCredential(
        "contoso",
        "app-0001",
        secret,
        authority=door,
        disable_instance_discovery=True,
        connection_verify=str(trusted),
    )


def test_a_client_of_entra(simulator, entra):
    """Microsoft's own library finds the endpoint and gets a token, which stands for the application at Azure."""
    from openai import AzureOpenAI

    credential = entra("a-secret")
    token = credential.get_token("https://cognitiveservices.azure.com/.default")
    with AzureOpenAI(
        base_url=simulator.base_url("azure-openai"),
        api_version="2024-10-21",
        azure_ad_token_provider=lambda: token.token,
    ) as client:
        message = {"role": "user", "content": PROMPT}
        answer = client.chat.completions.create(model="gpt-x", messages=[message])

    assert PROMPT == answer.choices[0].message.content
    assert 3000 < token.expires_on - time.time() < 3600
    simulator.assert_requests(1, key="app-0001", status=200)


def test_a_wrong_secret_of_entra(entra):
    """It is refused in the words that the library knows."""
    from azure.core.exceptions import ClientAuthenticationError

    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        entra("wrong-secret").get_token("https://cognitiveservices.azure.com/.default")


def test_keys_of_ibm(simulator):
    """A key is exchanged for a token, which stands for it."""
    from urllib.parse import urlencode
    from urllib.request import Request, urlopen

    form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "ibm-key-0"}
    request = Request(f"{simulator.url}/identity/token", urlencode(form).encode())

    with urlopen(request, timeout=10) as answer:
        token = json.loads(answer.read())["access_token"]

    assert "ibm-key-0" == simulator.app.accounts.owner(token)
