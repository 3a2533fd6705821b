"""Where credentials are looked for, and what is made of what is found."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from jackfield.config import Settings, remove_credential, store_credential, stored_providers
from jackfield.errors import BadConfig, JackfieldError, MissingCredentials
from jackfield.profile import AuthSpec, Profile
from jackfield.secret import Secret

Load = Callable[..., Settings]
Write = Callable[[str], Path]

SPEC = AuthSpec("bearer", env=("ACME_API_KEY", "ACME_TOKEN"), key_pattern="sk-.*")
ACME = Profile("acme", "Acme", "chat_completions", auth=SPEC, keys_url="https://acme.example/keys")
CANARY = "sk-canary-0123456789"


def keys(settings: Settings, spec: AuthSpec = SPEC) -> list[tuple[str, str]]:
    """The keys that are found, with their sources."""
    return [(secret.reveal(), secret.source) for secret in settings.provider(ACME).credentials(spec)]


def prints(text: str) -> str:
    """A command that prints something."""
    return f"{sys.executable} -c \"print('{text}')\""


def test_places_are_asked_in_order(load: Load, user_file: Write, memory: Any) -> None:
    """Each place counts only while those before it have nothing."""
    user_file(f'[providers.acme]\napi_key = "sk-from-user-file"\ncommand = """{prints("sk-from-command")}"""')
    memory.set_password("jackfield", "acme", "sk-from-keyring")
    store_credential(load().paths, "acme", Secret("sk-from-store"), keyring=False)
    places: list[tuple[dict[str, Any] | None, dict[str, str]]] = [
        ({"providers": {"acme": {"api_key": "sk-from-argument"}}}, {}),
        (None, {"JACKFIELD_ACME_API_KEY": "sk-from-ours"}),
        (None, {"ACME_API_KEY": "sk-from-vendor"}),
        (None, {}),
    ]

    found = [keys(load(overrides, **env, ACME_TOKEN=""))[0][0] for overrides, env in places]
    user_file(f'[providers.acme]\ncommand = """{prints("sk-from-command")}"""')
    found += [keys(load())[0][0]]
    remove_credential(load().paths, "acme")
    found += [keys(load())[0][0]]

    expected = ["argument", "ours", "vendor", "user-file", "keyring", "command"]
    assert [f"sk-from-{place}" for place in expected] == found


def test_the_stores_file_is_asked_after_the_keyring(load: Load) -> None:
    """And the source says which it was."""
    settings = load()
    store_credential(settings.paths, "ACME", Secret("sk-from-store"), keyring=False)

    assert [("sk-from-store", f"`{settings.paths.credentials}`")] == keys(settings)


def test_without_any_the_places_are_told(load: Load) -> None:
    """With the command that mends it, and the page where keys are made."""
    settings = load()
    variables = "env `JACKFIELD_ACME_API_KEY`, env `ACME_API_KEY`, env `ACME_TOKEN`"

    with pytest.raises(MissingCredentials) as caught:
        keys(settings)

    assert [
        "no credentials for `acme`",
        f"  looked at: option `api_key`, {variables}, keyring `jackfield/acme`, `{settings.paths.credentials}`",
        "hint: run `jackfield keys set acme` — keys are made at <https://acme.example/keys>",
    ] == str(caught.value).splitlines()


def test_a_machine_without_keyring_is_no_failure(load: Load) -> None:
    """It is told with the places."""
    keyring.set_keyring(NoKeyring())

    with pytest.raises(MissingCredentials, match=r"keyring `jackfield/acme` \(NoKeyringError\)"):
        keys(load())


@pytest.mark.parametrize(
    ("overrides", "env"),
    [
        ({"providers": {"acme": {"api_key": ["sk-number-1", Secret("sk-number-2")]}}}, {}),
        (None, {"JACKFIELD_ACME_API_KEYS": "sk-number-1, sk-number-2,"}),
    ],
)
def test_several_keys_make_a_pool(load: Load, overrides: dict[str, Any] | None, env: dict[str, str]) -> None:
    """A list, or a variable of several."""
    assert ["sk-number-1", "sk-number-2"] == [key for key, _ in keys(load(overrides, **env))]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("Bearer sk-canary-1", "starts with `Bearer `: give the key alone"),
        ("sk-canary 12345", "has spaces inside"),
        ("canary", "has fewer than 8 characters"),
        ("sk-canary-\u00e9\u00e9", "has control or non-ASCII characters"),
    ],
)
def test_what_no_key_is_is_refused_unseen(load: Load, value: str, fault: str) -> None:
    """The message has the source, not the value."""
    with pytest.raises(BadConfig, match=f"from env `ACME_API_KEY` {fault}") as caught:
        keys(load(ACME_API_KEY=value))

    assert "canary" not in str(caught.value)


def test_an_optional_key_may_be_short(load: Load) -> None:
    """Local servers are given words such as EMPTY."""
    spec = AuthSpec("bearer", env=("ACME_API_KEY",), optional=True)

    assert [("EMPTY", "env `ACME_API_KEY`")] == keys(load(ACME_API_KEY="EMPTY"), spec)


@pytest.mark.parametrize(
    "value", ["your-key-here", "${ACME_API_KEY}", "<your key>".replace(" ", "-"), "123456789"]
)
def test_a_placeholder_is_a_warning(load: Load, caplog: pytest.LogCaptureFixture, value: str) -> None:
    """Told once; only the provider knows better."""
    settings = load(ACME_API_KEY=value)

    keys(settings)
    keys(settings)

    assert ["the key of `acme` from env `ACME_API_KEY` looks like a placeholder"] == caplog.messages


def test_a_key_of_another_shape_is_a_warning(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    """Published patterns change."""
    keys(load(ACME_API_KEY="pk-canary-123"))

    assert ["the key of `acme` from env `ACME_API_KEY` does not look like one of its keys"] == caplog.messages


@pytest.mark.parametrize("kind", ["env:OTHER", "file:{file}", "keyring:shared"])
def test_a_reference_is_followed(
    load: Load, user_file: Write, tmp_path: Path, memory: Any, kind: str
) -> None:
    """Files need not hold the key itself."""
    memory.set_password("jackfield", "shared", CANARY)
    (tmp_path / "key").write_text(CANARY + "\n")
    user_file(f'[providers.acme]\napi_key = "{kind.format(file=tmp_path / "key")}"').chmod(0o644)

    assert [CANARY] == [key for key, _ in keys(load(OTHER=CANARY))]


def test_a_reference_is_followed_once(load: Load) -> None:
    """What it leads to is taken as it is, so there are no circles."""
    settings = load({"providers": {"acme": {"api_key": "env:LOOP"}}}, LOOP="env:LOOP-again")

    assert [("env:LOOP-again", "`env:LOOP`")] == keys(settings)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (f"{sys.executable} -c \"print('{CANARY}'); raise SystemExit(3)\"", "ended with status 3"),
        (f'{sys.executable} -c ""', "printed nothing"),
        ("jackfield-no-such-command", "could not be started: No such file"),
        ("'", "could not be started: it is not a command line"),
    ],
)
def test_a_command_that_fails_is_told_without_its_output(
    load: Load, user_file: Write, command: str, fault: str
) -> None:
    """It may hold the key."""
    user_file(f"[providers.acme]\ncommand = '''{command}'''")

    with pytest.raises(BadConfig, match=f"the command for the key of `acme` .* {fault}") as caught:
        keys(load())

    assert "canary" not in str(caught.value)


def test_the_store_is_closed_to_others_whatever_the_umask(load: Load, umask: Callable[[int], None]) -> None:
    """The file never exists with another mode."""
    umask(0)
    paths = load().paths

    place = store_credential(paths, "acme", Secret('sk-"quoted"\\'), keyring=False)

    assert (f"`{paths.credentials}`", 0o600) == (place, paths.credentials.stat().st_mode & 0o777)
    assert [paths.credentials] == list(paths.credentials.parent.iterdir())
    assert ['sk-"quoted"\\'] == [key for key, _ in keys(load())]


@pytest.fixture
def umask() -> Any:
    """Set the umask for one test."""
    import os

    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_store_open_to_others_is_refused(load: Load, mode: int) -> None:
    """Who else has read it cannot be known."""
    paths = load().paths
    store_credential(paths, "acme", Secret(CANARY), keyring=False)
    paths.credentials.chmod(mode)

    with pytest.raises(BadConfig, match=r"holds credentials and can be read by others .*\n.*chmod 600"):
        keys(load())


def test_a_key_in_an_open_configuration_file_is_refused(load: Load, user_file: Write) -> None:
    """The file is one with a credential then."""
    user_file(f'[providers.acme]\napi_key = "{CANARY}"').chmod(0o644)

    with pytest.raises(BadConfig, match="can be read by others"):
        keys(load())


def test_what_is_stored_can_be_listed_and_removed(load: Load, memory: Any) -> None:
    """In both stores."""
    paths = load().paths
    store_credential(paths, "acme", Secret(CANARY), keyring=False)
    store_credential(paths, "other", Secret(CANARY), "client_id", keyring=False)
    keyring_place = store_credential(paths, "acme", Secret(CANARY))

    listed = stored_providers(paths)
    removed = (remove_credential(paths, "acme"), remove_credential(paths, "acme"))

    assert ("keyring `jackfield/acme`", ("acme", "other")) == (keyring_place, listed)
    assert ((True, False), ("other",), {}) == (removed, stored_providers(paths), memory.kept)


def test_named_parts_are_looked_up_each(load: Load, user_file: Write) -> None:
    """From files and the vendor's variables alike."""
    spec = AuthSpec(
        "client_credentials", fields={"client_id": ("ACME_ID",), "client_secret": ("ACME_SECRET",)}
    )
    profile = Profile("acme", "Acme", "w", auth=spec)
    user_file('[providers.acme]\nclient_id = "me"')

    found = load(ACME_SECRET=CANARY).provider(profile).fields(spec, spec.fields)

    assert {"client_id": "me", "client_secret": CANARY} == {
        name: secret.reveal() for name, secret in found.items()
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"JACKFIELD_ACME_API_KEY": f"Bearer {CANARY}"},
        {"ACME_API_KEY": f"{CANARY} {CANARY}"},
        {"JACKFIELD_PROVIDERS__ACME__API_KEY": f"{CANARY}\u0001x"},
        {},
    ],
)
def test_no_frame_of_a_traceback_holds_a_value(load: Load, broken: dict[str, str]) -> None:
    """Reports with local variables show nothing."""
    store = load().paths.credentials
    store.write_text(f'[acme]\napi_key = "{CANARY}\n')
    store.chmod(0o600)

    with pytest.raises(JackfieldError) as caught:
        keys(load(**broken, UNRELATED=CANARY))

    assert "canary" not in _frames_of_ours(caught.value)


def _frames_of_ours(error: BaseException) -> str:
    """The report of a debugger that shows local variables, without the frames of this file."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in report.stack if "/tests/" not in frame.filename]
    return repr([frame.locals for frame in frames]) + str(error) + repr(error.__context__)


def test_no_frame_of_loading_holds_a_value(home: Path, project: Path) -> None:
    """Neither what a caller gives nor the environment stands in the frame that raises."""
    given = {"transport": "carrier", "providers": {"acme": {"api_key": CANARY}}}

    with pytest.raises(BadConfig) as caught:
        Settings.load(given, {"JACKFIELD_HOME": str(home), "ACME_API_KEY": CANARY}, project, given)

    assert "canary" not in _frames_of_ours(caught.value)


def test_a_key_file_of_many_lines_is_a_secret_of_one(load: Load, tmp_path: Path) -> None:
    """JSON alone may be put on one line; what only looks like it is refused as ever."""
    document = tmp_path / "key.json"
    document.write_text('{\n  "type": "service_account",\n  "project_id": "p"\n}\n')
    spec = AuthSpec("acme", fields={"document": ()})
    profile = Profile("acme", "Acme", "w", auth=spec)

    def found(value: str) -> str:
        settings = load({"providers": {"acme": {"document": value}}})
        return settings.provider(profile).fields(spec, spec.fields)["document"].reveal()

    assert '{"type": "service_account", "project_id": "p"}' == found(f"file:{document}")
    with pytest.raises(BadConfig, match="control"):
        found("{\n no JSON")
