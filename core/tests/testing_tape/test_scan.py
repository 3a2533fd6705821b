"""The scan: it finds what redaction did not, however it is encoded, and shows none of it."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield import Blocked
from jackfield.testing.redaction import SHAPES, Known
from jackfield.testing.scan import findings, refuse_secrets
from jackfield.testing.tape import Cassette, Interaction
from jackfield.wire import Headers

KEY = "k9-Zq8RtyP0vN3mKx71bWcD/uE5+aH9jL2f"
KNOWN = Known.of([(KEY, "env `ACME_API_KEY`")])


def b64(text):
    """Base64, as text."""
    return base64.b64encode(text.encode()).decode()


def escaped(text):
    """As JSON may write it."""
    return "".join(f"\\u{ord(one):04x}" for one in text)


def deltas(text, size):
    """A stream of it in pieces."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return "".join(f'data: {{"choices":[{{"delta":{{"content":{json.dumps(one)}}}}}]}}\n\n' for one in pieces)


@pytest.mark.parametrize(
    "text",
    [
        KEY, KEY.upper(), KEY[:20], KEY[-17:], f'"{escaped(KEY)}"', f'{{"a":"{escaped(KEY)}"}}', b64(KEY), b64(f"x{KEY}"),
        b64(f"xy{KEY}"), f'{{"a":"{b64(b64(KEY))}"}}', KEY.encode().hex(), KEY.replace("/", "%2F").replace("+", "%2B"),
        KEY.replace("/", "%252F"), json.dumps({"a": json.dumps({"b": KEY})}), deltas(KEY, 3), deltas(f"your key: {KEY}", 7),
        "\n  ".join(KEY[at : at + 5] for at in range(0, len(KEY), 5)), json.dumps({KEY: 1}),
    ],
)  # fmt: skip
def test_a_known_secret_is_found_however_it_is_written(text):
    """The finding says whose it is, and nothing of it."""
    found = findings(f"{{}}\n{text}", KNOWN) or findings(text, KNOWN)

    assert "env `ACME_API_KEY`" in str(found[0])
    assert "Zq8" not in "".join(map(str, found))


SAMPLES = {
    "a private key": "-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA",
    "a bearer token": "authorization: Bearer abcdef0123456789",
    "a name and password": "https://ada:lovelace-1815@acme.example/",
    "a signed token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhY21lIn0.c2ln",
    "a key of a cloud account": "AKIAIOSFODNN7EXAMPLQ",
    "a key of a code host": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "an API key": "sk-proj-0123456789abcdef",
    "a random text with a prefix": "acme-Ab0123456789cdEF0123456789gh",
    "a signature": "https://a.test/?X-Acme-Signature=0123456789abcdef",
    "a key in an address": "https://a.test/?key=0123456789",
    "an account number": "arn:aws:iam::123456789012:role/x",
    "a mail address": "ada@acme-corp.com",
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_found(name):
    """There is a sample of each."""
    assert f"what looks like {name} in the text" in map(str, findings(SAMPLES[name]))


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_can_be_scanned(text):
    """Nothing makes the scan fail."""
    assert isinstance(findings(text, KNOWN), list)


def test_masks_are_no_findings():
    """What redaction left is clean."""
    assert [] == findings('{"api_key":"REDACTEDREDACTED01","url":"https://a.test/?key=REDACTEDRE02"}', KNOWN)


PARTS = {
    "address": {"uri": f"https://a.test/{KEY}"},
    "request headers": {"headers": Headers({"x": KEY})},
    "request body": {"body": KEY.encode()},
    "answer's headers": {"reply_headers": Headers({"x": KEY})},
    "answer": {"reply_body": KEY.encode()},
}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_cassette_is_looked_at(part):
    """The failure names the part."""
    clean = Interaction("POST", "https://a.test/v1")
    one = Interaction(**{"method": "POST", "uri": "https://a.test/v1", **PARTS[part]})

    with pytest.raises(Blocked, match=f"env `ACME_API_KEY`.* in the {part} of exchange 2") as caught:
        refuse_secrets(Cassette((clean, one), name="rivers"), KNOWN)

    assert "Zq8" not in str(caught.value)
    refuse_secrets(Cassette((clean,)), KNOWN)


def test_what_stands_at_the_top_of_the_file_is_looked_at():
    """The settings, for instance."""
    with pytest.raises(Blocked, match="in the file"):
        refuse_secrets(Cassette((), settings={"team": KEY}), KNOWN)
