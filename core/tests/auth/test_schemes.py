"""Which scheme a profile gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jackfield.auth import SCHEMES, auth_for, auth_named
from jackfield.auth.base import Auth
from jackfield.config import Settings
from jackfield.errors import BadConfig, MissingCredentials
from jackfield.profile import AuthSpec, Profile

MAIN = AuthSpec("header", env=("ACME_API_KEY",), header="x-api-key")
TOKEN = AuthSpec("bearer", env=("ACME_TOKEN",))
BOTH = AuthSpec("header", env=("ACME_API_KEY",), header="x-api-key", alternatives=(TOKEN,))


def made(spec: AuthSpec, **env: str) -> Auth:
    """The auth of a profile in an environment."""
    profile = Profile("acme", "Acme", "w", auth=spec)
    settings = Settings.load(None, {"JACKFIELD_HOME": "/nowhere", **env}, Path("/"))
    return auth_for(profile, settings.provider(profile))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_says_its_name(scheme: str) -> None:
    """The table and the modules agree."""
    assert scheme == auth_named(scheme).scheme  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"ACME_API_KEY": "key-12345"}, {"x-api-key": "key-12345"}),
        ({"ACME_TOKEN": "tok-12345"}, {"authorization": "Bearer tok-12345"}),
        ({"ACME_TOKEN": "tok-12345", "ACME_API_KEY": "key-12345"}, {"x-api-key": "key-12345"}),
    ],
)
def test_the_first_alternative_with_a_credential_is_used(
    world: Any, env: dict[str, str], expected: dict[str, str]
) -> None:
    """Only one of them."""
    from jackfield.wire import Call

    signed = world.run(made(BOTH, **env).sign(Call("GET", ("x",))))

    assert expected == signed.headers


def test_without_any_all_places_are_told_once() -> None:
    """Those of every alternative."""
    with pytest.raises(MissingCredentials) as caught:
        made(BOTH)

    assert ["ACME_API_KEY", "ACME_TOKEN"] == [
        name for name in ("ACME_API_KEY", "ACME_TOKEN") if 1 == str(caught.value).count(f"env `{name}`")
    ]
    assert 1 == str(caught.value).count("option `api_key`")


def test_an_optional_key_may_be_missing() -> None:
    """The provider is called without."""
    assert "none" == made(AuthSpec("bearer", env=("ACME_TOKEN",), optional=True)).scheme


def test_several_keys_are_pooled() -> None:
    """By the scheme that takes one."""
    assert "pool" == made(TOKEN, JACKFIELD_ACME_API_KEYS="key-12345,key-67890").scheme


def test_a_scheme_that_core_has_not_is_told() -> None:
    """The plugin's own code is to answer then."""
    with pytest.raises(BadConfig, match="core has no auth scheme `sealed`"):
        made(AuthSpec("sealed"))
