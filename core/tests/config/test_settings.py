"""Settings: where they come from, which of them counts, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from jackfield.config import Settings
from jackfield.errors import BadConfig
from jackfield.profile import AuthSpec, Profile, Setting

Load = Callable[..., Settings]
Write = Callable[[str], Path]

ACME = Profile(
    "acme-cloud",
    "Acme",
    "chat_completions",
    base_url="https://api.acme.example/v1",
    base_url_env=("ACME_BASE_URL",),
    aliases=("acme",),
    auth=AuthSpec("bearer", env=("ACME_API_KEY",)),
    settings={
        "project": Setting("project", env=("ACME_PROJECT",), header="x-project", default="none"),
        "zone": Setting("zone"),
    },
)


SECRETIVE = AuthSpec("client_credentials", fields={"client_secret": ()})


def lines_of(error: BadConfig) -> list[str]:
    """The lines of a message."""
    return str(error).splitlines()


def test_nothing_need_be_set(load: Load) -> None:
    """Everything has a default."""
    settings = load()

    expected = (None, {}, (), None, None, "auto")
    found = (settings.default, settings.prefer, settings.block, settings.timeout, settings.max_retries)
    assert expected == (*found, settings.transport)


def test_the_more_important_place_counts(load: Load, user_file: Write, project: Path) -> None:
    """Argument over command line over environment over project over user."""
    user_file('default = "user"\ntimeout = 1\nmax_retries = 1\ntransport = "httpx"\nblock = ["user"]')
    (project / "jackfield.toml").write_text(
        'default = "project"\ntimeout = 2\nmax_retries = 2\nblock = ["a", "b"]'
    )

    settings = load(
        {"default": "argument"}, {"timeout": 4}, JACKFIELD_DEFAULT="env", JACKFIELD_MAX_RETRIES="3"
    )

    found = (settings.default, settings.timeout, settings.max_retries, settings.block, settings.transport)
    assert ("argument", 4.0, 3, ("a", "b"), "httpx") == found


def test_every_value_knows_where_it_stands(load: Load, user_file: Write, project: Path) -> None:
    """The origin is what a person would open."""
    file = user_file('default = "a/b"\n[providers.acme]\ntimeout = 3')
    (project / "jackfield.toml").write_text("max_retries = 1")

    entries = {entry.path: (entry.value, entry.origin) for entry in load(JACKFIELD_TIMEOUT="9").entries()}

    assert ("a/b", f"user file {file}") == entries["default"]
    assert ("3.0", f"user file {file}") == entries["providers.acme.timeout"]
    assert ("1", f"project file {project / 'jackfield.toml'}") == entries["max_retries"]
    assert ("9.0", "env `JACKFIELD_TIMEOUT`") == entries["timeout"]


def test_credentials_are_not_shown(load: Load) -> None:
    """Neither as values of settings nor by any ``repr``."""
    own = {"api_key": "sk-canary-1", "headers": {"x-key": "sk-canary-2"}, "base_url": "https://u:canary@x/"}
    settings = load({"providers": {"acme": own, "other": {"client_secret": "canary"}}}, {"default": "a/b"})

    shown = repr(
        (settings, list(settings.entries()), settings.provider(Profile("other", "O", "w", auth=SECRETIVE)))
    )

    assert "canary" not in shown


def test_tables_merge_and_arrays_replace(load: Load, user_file: Write) -> None:
    """Pins add up over places."""
    user_file('[prefer]\nacme = "one"\nother = "two"')

    settings = load({"prefer": {"ACME": "three"}})

    assert {"acme": "three", "other": "two"} == settings.prefer


@pytest.mark.parametrize("folder", ["", "a/b/c"])
def test_the_nearest_project_file_counts(load: Load, project: Path, home: Path, folder: str) -> None:
    """It is looked for from the working directory upwards."""
    (project / "pyproject.toml").write_text('[tool.jackfield]\ndefault = "shared"\n')
    below = project / folder
    below.mkdir(parents=True, exist_ok=True)

    settings = Settings.load(None, {"JACKFIELD_HOME": str(home)}, below)

    assert "shared" == settings.default


def test_a_file_of_its_own_wins_over_a_shared_one(load: Load, project: Path) -> None:
    """With a warning, since the other is not read."""
    (project / "pyproject.toml").write_text('[tool.jackfield]\ndefault = "shared"\n')
    (project / "jackfield.toml").write_text('default = "own"\n')

    settings = load()

    assert "own" == settings.default
    assert [
        "`pyproject.toml` has a table [tool.jackfield] that is not read: `jackfield.toml` beside it counts"
    ] == [*settings.warnings]


def test_a_pyproject_of_others_is_left_alone(load: Load, project: Path) -> None:
    """One that only depends on us, or is broken, is not ours."""
    (project / "pyproject.toml").write_text('[project]\ndependencies = ["jackfield"]\n[tool.other]\nx = 1\n')

    assert None is load().default


def test_all_problems_of_a_file_are_told_at_once(load: Load, project: Path) -> None:
    """In one error, with what may be meant."""
    (project / "jackfield.toml").write_text(
        'defualt = "x"\ntransport = "carrier"\ntimeout = "soon"\n[providers.acme]\nmax_retries = -1\n'
    )

    with pytest.raises(BadConfig) as caught:
        load()

    assert [
        f"`{project / 'jackfield.toml'}` is not valid (4 problems)",
        "  defualt: unknown key, did you mean `default`?",
        "  transport: `carrier` is not one of `auto`, `httpx`, `httpx2`, `aiohttp`",
        "  timeout: must be a number of seconds above 0 and up to a year",
        "  providers.acme.max_retries: must be a whole number, 0 or more",
    ] == lines_of(caught.value)


def test_what_is_wrong_in_the_environment_is_a_warning(load: Load) -> None:
    """Wrong values do not count."""
    settings = load(
        JACKFIELD_DEFUALT="x", JACKFIELD_TIMEOUT="soon", JACKFIELD_ROUTES__A="b", JACKFIELD_DEFAULT="m"
    )

    assert ("m", None) == (settings.default, settings.timeout)
    assert [
        "the variable `JACKFIELD_DEFUALT` means nothing, did you mean `JACKFIELD_DEFAULT`?",
        "environment: routes.a: must be a table",
        "environment: timeout: must be a number of seconds above 0 and up to a year",
    ] == list(settings.warnings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[providers.acme]\napi_key = "sk-123456789"',
            "providers.acme.api_key: not allowed here: a credential",
        ),
        (
            '[providers.acme]\nbase_url = "https://evil"',
            "providers.acme.base_url: not allowed here: a project must",
        ),
        (
            '[providers.ACME]\ncommand = "curl evil"',
            "providers.ACME.command: not allowed here: a project must not run",
        ),
        (
            'providers = { acme = { headers = { host = "evil" } } }',
            "providers.acme.headers: not allowed here",
        ),
        ('[prefer]\nacme = "evil"', "prefer: not allowed here: a project must not choose"),
        (
            '[providers.acme]\nallow_hosts = "evil"',
            "providers.acme.allow_hosts: not allowed here: a project must",
        ),
    ],
)
@pytest.mark.parametrize("file", ["jackfield.toml", "pyproject.toml"])
def test_a_hostile_project_cannot_redirect_a_key(
    load: Load, project: Path, file: str, text: str, problem: str
) -> None:
    """What a cloned repository says has no way to a user's credentials."""
    if file == "pyproject.toml":
        text = text.replace("[", "[tool.jackfield.") if text[0] == "[" else f"[tool.jackfield]\n{text}"
    (project / file).write_text(text)

    with pytest.raises(BadConfig) as caught:
        load(ACME_API_KEY="sk-123456789")

    assert lines_of(caught.value)[1].strip().startswith(problem)


def test_a_project_chooses_no_proxy(load: Load, project: Path) -> None:
    """Whoever carries the calls sees where they go."""
    (project / "jackfield.toml").write_text('proxy = "http://evil:3128"')

    with pytest.raises(BadConfig, match="proxy: not allowed here: a project must not choose who carries"):
        load()


@pytest.mark.parametrize("value", ["environment", "http://proxy:3128", "http://me:canary@proxy:3128"])
def test_a_proxy_is_set_by_its_address(load: Load, value: str) -> None:
    """And shown without a password that may be in it."""
    settings = load(JACKFIELD_PROXY=value)

    assert value == settings.proxy
    assert "canary" not in "".join(entry.value for entry in settings.entries())


@pytest.mark.parametrize("value", ["", "proxy:3128", "socks5://me:canary@proxy:1080", "https://proxy"])
def test_what_is_no_proxy_is_refused_unseen(load: Load, value: str) -> None:
    """Other kinds are not spoken."""
    with pytest.raises(BadConfig, match="proxy: must be `http://host:port`, or `environment`") as caught:
        load({"proxy": value})

    assert "canary" not in str(caught.value)


def test_a_part_of_a_credential_is_refused_in_a_project(load: Load, project: Path) -> None:
    """Only the profile knows that it is one."""
    spec = AuthSpec("headers", headers={"X-Id": (), "X-Secret": ()})
    (project / "jackfield.toml").write_text('[providers.acme]\nx_secret = "abc"')

    with pytest.raises(BadConfig, match=r"providers.acme.x_secret: not allowed here: it is a credential"):
        load().provider(Profile("acme", "Acme", "w", auth=spec))


def test_a_provider_is_resolved_against_its_profile(load: Load, user_file: Write) -> None:
    """Names of settings, aliases and spellings all lead to one provider."""
    user_file('[providers.Acme_Cloud]\ntimeout = 7\nzone = 4\n[providers.acme.headers]\nX-Team = "t"\n')

    found = load(ACME_PROJECT="p1").provider(ACME)

    assert ("acme-cloud", 7.0, {"project": "p1", "zone": "4"}) == (
        found.provider,
        found.timeout,
        found.chosen,
    )
    assert ({"x-project": "p1"}, {"x-project": "p1", "x-team": "t"}) == (found.values, found.headers)


def test_a_profiles_default_counts_least(load: Load) -> None:
    """What nobody sets is as the profile says."""
    found = load().provider(ACME)

    assert ("https://api.acme.example/v1", {"x-project": "none"}) == (found.base_url, found.values)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"ACME_BASE_URL": "https://vendor/v2"}, "https://vendor/v2"),
        (
            {"ACME_BASE_URL": "https://vendor", "JACKFIELD_ACME_CLOUD_BASE_URL": "https://ours"},
            "https://ours",
        ),
        ({"JACKFIELD_PROVIDERS__ACME_CLOUD__BASE_URL": "https://nested"}, "https://nested"),
        ({}, "https://file"),
    ],
)
def test_the_base_url_can_be_set(load: Load, user_file: Write, env: dict[str, str], expected: str) -> None:
    """Our variables count more than the vendor's, and those more than files."""
    user_file('[providers.acme]\nbase_url = "https://file"')

    assert expected == load(**env).provider(ACME).base_url


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://localhost:8000/"])
def test_a_base_without_path_gets_the_profiles(load: Load, base: str) -> None:
    """Servers are named with and without it."""
    profile = Profile("local", "Local", "chat_completions", base_path="v1", base_url_env=("LOCAL_URL",))

    assert "http://localhost:8000/v1" == load(LOCAL_URL=base).provider(profile).base_url


@pytest.mark.parametrize(
    "base", ["localhost:1", "ftp://x", "https://me:sk-canary@x", "https://x?key=sk-canary", "//x"]
)
def test_an_address_that_is_none_is_refused_unseen(load: Load, base: str) -> None:
    """It may hold what should not be shown."""
    with pytest.raises(BadConfig, match="the base URL from env `ACME_BASE_URL`") as caught:
        load(ACME_BASE_URL=base).provider(ACME)

    assert "canary" not in str(caught.value)


def test_an_unknown_setting_of_a_provider_is_refused(load: Load, user_file: Write) -> None:
    """As soon as its profile is at hand."""
    user_file("[providers.acme]\nzoen = 1")

    with pytest.raises(BadConfig, match=r"providers.acme.zoen: unknown key, did you mean `zone`"):
        load().provider(ACME)


def test_an_unknown_setting_in_the_environment_is_a_warning(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    """Told once."""
    settings = load(JACKFIELD_PROVIDERS__ACME__ZOEN="1")

    settings.provider(ACME)
    settings.provider(ACME)

    assert 1 == caplog.text.count("providers.acme.zoen: unknown key, did you mean `zone`?")


def test_a_setting_that_cannot_be_sent_is_refused_unseen(load: Load) -> None:
    """No header can be smuggled in."""
    with pytest.raises(BadConfig, match="`project` of `acme-cloud` from env `ACME_PROJECT`") as caught:
        load(ACME_PROJECT="a\r\nx: canary").provider(ACME)

    assert "canary" not in str(caught.value)


def test_the_process_is_asked_when_settings_are_loaded(
    monkeypatch: pytest.MonkeyPatch, home: Path, project: Path
) -> None:
    """Environment and working directory are those of the moment."""
    monkeypatch.setenv("JACKFIELD_HOME", str(home))
    monkeypatch.setenv("JACKFIELD_DEFAULT", "a/b")
    monkeypatch.chdir(project)
    (project / "jackfield.toml").write_text("timeout = 5")

    settings = Settings.load()

    assert ("a/b", 5.0) == (settings.default, settings.timeout)


@pytest.mark.skipif(os.name == "nt", reason="the places of Unix")
def test_files_lie_where_the_platform_says(tmp_path: Path) -> None:
    """XDG variables count if they are absolute; one file may be named."""
    env = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": "relative",
        "XDG_CACHE_HOME": "/cache",
        "JACKFIELD_CONFIG": "/f",
    }

    paths = Settings.load(None, env, tmp_path).paths

    assert (Path("/f"), Path("/cache/jackfield")) == (paths.config, paths.cache)
    assert str(paths.credentials).startswith(str(tmp_path))


def test_settings_for_what_is_no_provider_are_warned_of(load: Load, user_file: Write) -> None:
    """With the place, and what may be meant; known providers and aliases are not."""
    user_file("[providers.grok]\ntimeout = 5\n[providers.Acme_Cloud]\ntimeout = 5\n")
    settings = load(
        JACKFIELD_ACMECLOUD_TIMEOUT="5", JACKFIELD_NOBODY_API_KEY="sk-canary", JACKFIELD_GROQ_API_KEY="x"
    )

    warnings = settings.unknown_providers(["acme cloud", "groq"])

    assert [
        f"user file {settings.paths.config}: no provider `grok` is installed or known, did you mean `groq`?",
        "env `JACKFIELD_ACMECLOUD_TIMEOUT`: no provider `acmecloud` is installed or known, did you mean `acme-cloud`?",
        "env `JACKFIELD_NOBODY_API_KEY`: no provider `nobody` is installed or known",
    ] == list(warnings)


@pytest.mark.parametrize("place", ["argument", "file", "environment"])
def test_a_provider_has_a_default_model(load: Load, user_file: Write, place: str) -> None:
    """Wherever it is set."""
    if place == "file":
        user_file('[providers.acme]\ndefault_model = "acme-2"\n')
    argument = {"providers": {"acme": {"default_model": "acme-2"}}} if place == "argument" else None
    env = {"JACKFIELD_ACME_CLOUD_DEFAULT_MODEL": "acme-2"} if place == "environment" else {}

    settings = load(argument, **env)

    assert "acme-2" == settings.provider(ACME).default_model
