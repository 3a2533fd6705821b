"""From what passed to a cassette: whose address it was, what was fetched on the way, what the environment holds."""

from __future__ import annotations

import pytest

from jackfield import Blocked, Settings
from jackfield.profile import AuthSpec, Profile, Setting
from jackfield.testing.recording import Studio
from jackfield.testing.tape import Interaction
from jackfield.wire import Headers

SPEC = AuthSpec(
    "client_credentials",
    fields={"client_id": ("ACME_ID",), "client_secret": ("ACME_SECRET",)},
    options={"token_url": ""},
)


@pytest.fixture
def studio(monkeypatch, tmp_path):
    """The studio for a made-up provider with these settings."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.setenv("ACME_ID", "an-id-of-the-client")
    monkeypatch.setenv("ACME_SECRET", "the/secret+of-the-client")

    def make(base_url=None, own=None, **stated):
        settings = {name: Setting(name) for name in stated}
        profile = Profile("acme", "Acme", "chat_completions", base_url=base_url, auth=SPEC, settings=settings)
        told = {**stated, **({"base_url": own} if own else {})}
        return Studio.of(profile, Settings.load({"providers": {"acme": told}}))

    return make


def recorded(studio, uri, **facts):
    """The one exchange of a cassette."""
    return studio.cassette("rivers", (Interaction("POST", uri, **facts),))


@pytest.mark.parametrize(
    ("public", "own", "uri", "kept", "told"),
    [
        ("https://api.acme.test/v1", "http://127.0.0.1:81/x", "http://127.0.0.1:81/x/chat", "https://api.acme.test/v1/chat", {}),
        (None, "http://10.1.2.3:81/x", "http://10.1.2.3:81/x/chat", "http://account.test/x/chat", {"base_url": "http://account.test/x"}),
        (None, "https://corp.acme.test", "https://corp.acme.test/chat", "https://account.acme.test/chat", {"base_url": "https://account.acme.test"}),
        ("https://api.acme.test/v1", None, "https://api.acme.test/v1/chat", "https://api.acme.test/v1/chat", {}),
    ],
)  # fmt: skip
def test_the_users_own_address_is_replaced(studio, public, own, uri, kept, told):
    """By the provider's, or by one without the name of an account."""
    cassette = recorded(studio(public, own), uri)

    assert (kept, told) == (cassette.interactions[0].uri, cassette.settings)


def test_names_of_accounts_are_replaced_by_those_of_their_settings(studio):
    """In addresses and requests; a switch is no name."""
    made = studio("https://a.test", project_id="corp-7", region="bern", fast="true")

    cassette = recorded(made, "https://bern.a.test/corp-7/true", body=b'{"in":"corp-7"}')

    assert "https://region.a.test/project-id/true" == cassette.interactions[0].uri
    assert b'{"in":"project-id"}' == cassette.interactions[0].body
    assert {"project_id": "project-id", "region": "region"} == cassette.settings


def test_a_token_that_was_fetched_shows_nowhere(studio):
    """Neither where it came from nor where it is echoed; what fetched it is masked, too."""
    asked = b"client_id=an-id-of-the-client&client_secret=the%2Fsecret%2Bof-the-client"
    form = Headers({"content-type": "application/x-www-form-urlencoded"})
    token = b'{"access_token":"tkn-of-today-0123456789"}'
    signed = Headers({"authorization": "Bearer tkn-of-today-0123456789"})
    exchanges = (
        Interaction("POST", "https://a.test/token", form, asked, reply_body=token),
        Interaction(
            "POST", "https://a.test/chat", signed, b"{}", reply_body=b"you are tkn-of-today-0123456789"
        ),
    )

    text = studio("https://a.test").cassette("rivers", exchanges).dump().decode()

    assert [] == [part for part in ("tkn-of-today", "an-id-of", "secret%2B", "secret+") if part in text]


def test_large_cassettes_are_not_made(studio):
    """The limit is told."""
    with pytest.raises(Blocked, match="65,536"):
        recorded(studio("https://a.test"), "https://a.test/chat", reply_body=b"Aare " * 20_000)
