"""`--dry-run` shows the request and hides the keys."""

from __future__ import annotations

import json

from jackfield.cli.dryrun import _body
from jackfield.wire import Call

PROFILE = """
spec = 1
id = "acme"
name = "Acme"
wire = "chat_completions"
base_url = "https://acme.invalid/v1"

[auth]
scheme = "bearer"
env = ["ACME_API_KEY"]

[capabilities]
chat = "full"
streaming = "full"
"""
OAUTH = """scheme = "client_credentials"
token_url = "https://acme.invalid/token"
fields = { client_id = ["ACME_ID"], client_secret = ["ACME_SECRET"] }"""


def test_the_request_is_shown_and_the_key_is_not(run, acme):
    """Method, address, headers and body are printed; credentials and the user's headers are hidden."""
    result = run(
        "-m", "acme/small-latest", "--dry-run", "hi", ACME_API_KEY="canary-key", ACME_TEAM="canary-team"
    )

    head, _, rest = result.stdout.partition("\n\n")
    body, _, quote = rest.rpartition("\n\n")
    assert "POST https://acme.invalid/v1/chat/completions" == head.splitlines()[0]
    assert {"authorization: ***", "x-acme-team: ***", "content-type: application/json"} <= set(
        head.splitlines()
    )
    assert "small-latest" == json.loads(body)["model"]
    assert "quote: unknown: nobody states a price for this model\n" == quote


def test_nothing_is_sent(run, server):
    """The provider hears nothing."""
    run("-m", "acme/small-latest", "--dry-run", "hi")

    assert [] == server.seen


def test_a_quote_needs_no_key(run, acme):
    """The request is shown without one, and what it may cost; that it could not be sent is told."""
    (acme / "profile.toml").write_text(PROFILE)

    result = run("-m", "acme/x", "--dry-run", "hi")

    assert 0 == result.exit_code
    assert "authorization" not in result.stdout
    assert result.stdout.endswith("quote: unknown: nobody states a price for this model\n")
    assert "warning: no credentials for `acme`" in result.stderr


def test_sending_needs_a_key(run, acme):
    """It is only a dry run that does not."""
    (acme / "profile.toml").write_text(PROFILE)

    result = run("-m", "acme/x", "--max-cost", "1", "hi")

    assert "error: no credentials for `acme`" in result.stderr


def test_json_has_the_documented_keys(run):
    """--json prints the request as one object."""
    form = json.loads(run("-m", "echo/echo-1", "--dry-run", "--json", "hi").stdout)

    assert ["method", "url", "headers", "body", "quote", "missing"] == list(form)
    assert ("0", "0", "local") == tuple(form["quote"][key] for key in ("low", "high", "answered_by"))


def test_a_token_is_not_fetched(run, install):
    """Where one would be, its place is shown."""
    profile = PROFILE.replace('scheme = "bearer"\nenv = ["ACME_API_KEY"]', OAUTH)
    install("acme", "jackfield.providers", {"profile.toml": profile})

    result = run("-m", "acme/x", "--dry-run", "hi", ACME_ID="canary-id", ACME_SECRET="canary-secret")

    assert (0, True) == (result.exit_code, "authorization: ***\n" in result.stdout)
    assert "canary" not in result.output


def test_what_is_left_out_is_told(run, install):
    """A request that differs from what was asked says so."""
    profile = PROFILE + '[options.user]\nsupport = "unsupported"\n'
    install("acme", "jackfield.providers", {"profile.toml": profile})

    result = run("-m", "acme/x", "-o", "user", "me", "--dry-run", "hi", ACME_API_KEY="canary-key")

    assert (0, True) == (result.exit_code, result.stderr.startswith("warning: "))


def test_a_body_that_is_no_json_is_measured():
    """A wire may send something else."""
    assert "<3 bytes>" == _body(Call("POST", ("x",), b"\xff\0x"))
