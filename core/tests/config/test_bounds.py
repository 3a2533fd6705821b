"""Where kept credentials may go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jackfield.config import Settings, remove_credential, store_credential
from jackfield.config.bounds import origin_of
from jackfield.errors import BadConfig, MissingCredentials
from jackfield.profile import AuthSpec, Profile, Setting
from jackfield.secret import Secret

Load = Callable[..., Settings]
Write = Callable[[str], Path]

SPEC = AuthSpec("bearer", env=("ACME_API_KEY",))
ACME = Profile(
    "acme",
    "Acme",
    "chat_completions",
    base_url="https://api.acme.example/v1",
    base_url_env=("ACME_BASE_URL",),
    auth=SPEC,
    settings={"authority": Setting("authority", guarded=True)},
)
NOWHERE = Profile("nowhere", "Nowhere", "chat_completions", base_url_env=("NOWHERE_URL",), auth=SPEC)
KEPT = Secret("sk-kept-0123456789")
ELSEWHERE = "https://collector.example/v1"


def keys(settings: Settings, profile: Profile = ACME) -> list[str]:
    """The keys that would be sent."""
    return [secret.reveal() for secret in settings.provider(profile).credentials(SPEC)]


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://API.acme.example:443/v1", "https://api.acme.example"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("gw.acme.example", "https://gw.acme.example"),
        ("http://[::1]:80/v1", "http://[::1]"),
        ("https://a.example:99999", "a.example:99999"),
    ],
)
def test_an_origin_has_one_spelling(address: str, origin: str) -> None:
    """Scheme, host and port, however the address is written."""
    assert origin == origin_of(address)


@pytest.mark.parametrize("keyring", [True, False])
def test_a_stored_key_stays_with_the_provider(load: Load, keyring: bool) -> None:
    """A variable that says another address does not take it along, and the key is not shown."""
    store_credential(load().paths, "acme", KEPT, keyring=keyring)

    with pytest.raises(BadConfig, match=r"is for https://api.acme.example, but calls go to") as caught:
        keys(load(ACME_BASE_URL=ELSEWHERE))

    assert ["sk-kept-0123456789"] == keys(load())
    assert "https://collector.example (env `ACME_BASE_URL`)" in str(caught.value)
    assert "sk-kept" not in str(caught.value)


@pytest.mark.parametrize("keyring", [True, False])
def test_a_key_goes_where_it_was_stored_for(load: Load, keyring: bool) -> None:
    """And no longer to the provider's own address, which it was not given for."""
    there = origin_of(ELSEWHERE)
    store_credential(load().paths, "acme", KEPT, keyring=keyring, origin=there)

    assert ["sk-kept-0123456789"] == keys(load(ACME_BASE_URL=ELSEWHERE))
    with pytest.raises(
        BadConfig, match=r"is for https://collector.example, but calls go to https://api.acme"
    ):
        keys(load())


@pytest.mark.parametrize("keyring", [True, False])
def test_a_key_stored_anew_is_bound_anew(load: Load, keyring: bool) -> None:
    """What was known of the former one does not hold for it."""
    paths = load().paths
    store_credential(paths, "acme", KEPT, keyring=keyring, origin=origin_of(ELSEWHERE))

    store_credential(paths, "acme", KEPT, keyring=keyring)

    assert ["sk-kept-0123456789"] == keys(load())


def test_what_is_removed_leaves_nothing(load: Load, memory: Any) -> None:
    """Neither the origin nor a field that only the profile knows of."""
    paths = load().paths
    store_credential(paths, "acme", KEPT, "client_secret", keyring=True, origin="https://a.example")

    removed = remove_credential(paths, "acme", ["client_secret"])

    assert (True, {}) == (removed, memory.kept)


@pytest.mark.parametrize("line", ['api_key = "sk-kept-0123456789"', 'command = "echo sk-kept-0123456789"'])
def test_a_key_in_a_file_stays_with_what_the_file_says(load: Load, user_file: Write, line: str) -> None:
    """It goes to the address beside it, and not to one that a variable says."""
    user_file(f'[providers.acme]\nbase_url = "https://gw.acme.example"\n{line}')

    assert ["sk-kept-0123456789"] == keys(load())
    with pytest.raises(BadConfig, match=r"is for https://api.* and https://gw.*, but calls go to"):
        keys(load(ACME_BASE_URL=ELSEWHERE))


@pytest.mark.parametrize(
    ("host", "address"),
    [("collector.example", ELSEWHERE), ("http://localhost:8000", "http://localhost:8000/v1")],
)
def test_a_host_can_be_allowed(load: Load, user_file: Write, host: str, address: str) -> None:
    """In a file of the user's own, or in code."""
    file = user_file(f'[providers.acme]\napi_key = "sk-kept-0123456789"\nallow_hosts = "{host}"')
    in_file = keys(load(ACME_BASE_URL=address))
    file.write_text('[providers.acme]\napi_key = "sk-kept-0123456789"')

    in_code = keys(load({"providers": {"acme": {"allow_hosts": [host], "base_url": address}}}))

    assert [["sk-kept-0123456789"]] * 2 == [in_file, in_code]


def test_a_host_is_allowed_over_https_alone(load: Load, user_file: Write) -> None:
    """The same host in clear is another origin."""
    user_file('[providers.acme]\napi_key = "sk-kept-0123456789"\nallow_hosts = ["collector.example"]')

    with pytest.raises(BadConfig, match=r"but calls go to http://collector.example"):
        keys(load(ACME_BASE_URL="http://collector.example"))


def test_no_variable_allows_hosts(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sets the address could set it, too."""
    settings = load(JACKFIELD_PROVIDERS__ACME__ALLOW_HOSTS="collector.example")
    store_credential(settings.paths, "acme", KEPT)

    with pytest.raises(BadConfig, match="but calls go to"):
        keys(load(JACKFIELD_PROVIDERS__ACME__ALLOW_HOSTS="collector.example", ACME_BASE_URL=ELSEWHERE))

    assert "`JACKFIELD_PROVIDERS__ACME__ALLOW_HOSTS` is not read" in caplog.text


@pytest.mark.parametrize("origin", ["https://collector.example", "http://localhost:8000"])
def test_what_is_advised_is_what_mends_it(load: Load, user_file: Write, origin: str) -> None:
    """The line can be put into the file as it is told, also for an address in clear."""
    file = user_file('[providers.acme]\napi_key = "sk-kept-0123456789"')
    with pytest.raises(BadConfig) as caught:
        keys(load(ACME_BASE_URL=f"{origin}/v1"))

    file.write_text(f"{file.read_text()}\n{caught.value.hint.split('`')[1]}")

    assert ["sk-kept-0123456789"] == keys(load(ACME_BASE_URL=f"{origin}/v1"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('allow_hosts = "x.example"', "a project must not widen where a user's key may go"),
        ('authority = "https://x.example"', "it decides where credentials go"),
    ],
)
def test_a_project_decides_of_no_destination(load: Load, project: Path, line: str, reason: str) -> None:
    """Nor may it say where tokens are made, which only the profile knows to be such a setting."""
    (project / "jackfield.toml").write_text(f"[providers.acme]\n{line}")

    with pytest.raises(BadConfig, match=f"not allowed here: {reason}"):
        load().provider(ACME)


@pytest.mark.parametrize("host", ["", "https://a.example/v1", "a.example/v1", "https://me@a.example"])
def test_what_is_no_host_is_refused(load: Load, host: str) -> None:
    """A path would promise more than is checked."""
    with pytest.raises(BadConfig, match=r"providers\.acme\.allow_hosts: must be hosts"):
        load({"providers": {"acme": {"allow_hosts": [host]}}})


def test_what_is_given_with_the_call_goes_where_the_call_goes(load: Load) -> None:
    """An argument and a variable are no store."""
    given = load({"providers": {"acme": {"api_key": "sk-given-01", "base_url": ELSEWHERE}}})
    in_environment = load(ACME_API_KEY="sk-given-02", ACME_BASE_URL=ELSEWHERE)

    assert [["sk-given-01"], ["sk-given-02"]] == [keys(given), keys(in_environment)]


def test_a_provider_without_address_of_its_own_binds_what_is_stored_for_one(load: Load) -> None:
    """A key that nothing is known of goes where the user says."""
    store_credential(load().paths, "nowhere", KEPT)
    unbound = keys(load(NOWHERE_URL="https://one.example"), NOWHERE)
    store_credential(load().paths, "nowhere", KEPT, origin="https://one.example")

    with pytest.raises(BadConfig, match=r"is for https://one.example, but calls go to https://two.example"):
        keys(load(NOWHERE_URL="https://two.example"), NOWHERE)

    assert ["sk-kept-0123456789"] == unbound


def test_a_key_that_is_not_there_is_missing_still(load: Load) -> None:
    """Only what is found can be held back."""
    with pytest.raises(MissingCredentials):
        keys(load(ACME_BASE_URL=ELSEWHERE))
