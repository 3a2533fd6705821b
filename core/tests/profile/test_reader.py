"""The reader of a provider's two files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from jackfield.errors import BadConfig
from jackfield.profile import Capability, Support, read_profile

HEAD = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\n'

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a provider's files; what is given follows the keys that every profile has."""

    def files(profile: str = "", models: str | None = None) -> Path:
        (tmp_path / "profile.toml").write_text(HEAD + profile)
        if models is not None:
            (tmp_path / "models.toml").write_text(models)
        return tmp_path

    return files


def problems_of(folder: Path) -> list[str]:
    """The problems that reading a profile tells of."""
    with pytest.raises(BadConfig) as caught:
        read_profile(folder)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_reads_the_least_a_profile_may_say(write: Write) -> None:
    """Four keys are enough."""
    profile = read_profile(write())

    assert ("acme", "Acme", "chat_completions") == (profile.id, profile.name, profile.wire)


def test_reads_how_calls_are_authenticated(write: Write) -> None:
    """Scheme, variables and alternatives arrive as stated."""
    folder = write(
        '[auth]\nscheme = "header"\nheader = "X-Api-Key"\nenv = ["ACME_KEY"]\n'
        '[[auth.alternatives]]\nscheme = "bearer"\nenv = "ACME_TOKEN"\n'
    )

    auth = read_profile(folder).auth

    assert ("header", "x-api-key", ("ACME_KEY",)) == (auth.scheme, auth.header, auth.env)
    assert [("bearer", ("ACME_TOKEN",))] == [(other.scheme, other.env) for other in auth.alternatives]


def test_options_of_a_scheme_are_kept(write: Write) -> None:
    """What only one scheme takes is in its options."""
    folder = write(
        '[auth]\nscheme = "client_credentials"\ntoken_url = "https://x/t"\nscope = "all"\n'
        'fields = { client_id = "ID", client_secret = ["SECRET"] }\n'
    )

    auth = read_profile(folder).auth

    assert {"token_url": "https://x/t", "scope": "all"} == auth.options
    assert {"client_id": ("ID",), "client_secret": ("SECRET",)} == auth.fields


def test_a_scheme_of_a_plugin_takes_what_its_code_says(write: Write) -> None:
    """Core checks the options of its own schemes only."""
    folder = write('[auth]\nscheme = "sealed"\nregion = "north"\n')

    assert {"region": "north"} == read_profile(folder).auth.options


def test_other_stands_for_unstated_operations(write: Write) -> None:
    """``other`` is about everything beyond chat that is not stated, and about nothing else."""
    folder = write('[capabilities]\nchat = "full"\nrerank = "full"\nother = "unsupported"\n')

    profile = read_profile(folder)

    asked = [Capability.CHAT, Capability.RERANK, Capability.BATCH, Capability.TOOLS]
    expected = [Support.FULL, Support.FULL, Support.UNSUPPORTED, Support.UNKNOWN]
    assert expected == [profile.supports(capability) for capability in asked]


def test_a_capability_may_be_about_some_models(write: Write) -> None:
    """Patterns decide for a model."""
    folder = write('[capabilities]\ntools = { support = "partial", models = ["acme-2*"], note = "new" }\n')

    profile = read_profile(folder)

    expected = (Support.FULL, Support.UNSUPPORTED)
    assert expected == tuple(profile.supports(Capability.TOOLS, model) for model in ("acme-2-x", "acme-1"))


def test_vendor_codes_become_kinds(write: Write) -> None:
    """Codes may be stated by leaf or by kind."""
    folder = write('[errors]\nbroke = "OutOfCredit"\nlater = "quota.window"\n')

    assert {"broke": "quota.money", "later": "quota.window"} == read_profile(folder).errors


def test_all_problems_are_told_at_once(write: Write) -> None:
    """Each has the file, the path and what may be meant."""
    folder = write(
        'alises = ["x"]\nbase_path = 3\n[auth]\nscheme = "bearer"\nshceme = "x"\n[capabilities]\ntoolz = "full"\n'
        'chat = "ful"\n[errors]\na = "RateLimitd"\n[options.temperatur]\nmaximum = 1\n[settings.api_key]\nenv = "X"\n'
    )

    problems = problems_of(folder)

    assert {
        "profile.toml: alises: unknown key, did you mean `aliases`?",
        "profile.toml: base_path: must be text",
        "profile.toml: auth.shceme: unknown key, did you mean `scheme`?",
        "profile.toml: capabilities.toolz: unknown capability, did you mean `tools`?",
        "profile.toml: errors.a: `RateLimitd` is no kind of failure, did you mean `RateLimited`?",
        "profile.toml: options.temperatur: unknown option, did you mean `temperature`?",
        "profile.toml: settings.api_key: every provider has this setting already",
    } < set(problems)
    assert 8 == len(problems)


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        ('[auth]\nscheme = "header"\n', "auth.header: is missing"),
        ('[auth]\nscheme = "client_credentials"\nfields = {}\n', "auth.fields.client_id: is missing"),
        ('[auth]\nscheme = "bearer"\nkey_pattern = "("\n', "auth.key_pattern: not a regular expression"),
        ('[headers]\n"a b" = "x"\n', "headers.a b: not a header name"),
        ('[headers]\na = "x\\r\\nb: y"\n', "headers.a: has characters that no header can carry"),
        ('[[quirks]]\ndrop = ["a"]\nrename = {}\n', "quirks[0]: a quirk has exactly one key"),
        ('[capabilities]\nchat = { support = "full", models = ["a"] }\n', "capabilities.chat.models: only"),
        ('[limits]\nx = 1\n[quality]\nlevel = "tin"\n', "quality.level: `tin` is not one of"),
        ("[settings.a]\nrequired = true\n", "settings.a.required: unknown key"),
        ("quirks = 3\n", "quirks: must be an array"),
        ("headers = 3\n", "headers: must be a table"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(write: Write, profile: str, problem: str) -> None:
    """Nothing wrong passes."""
    assert any(line.startswith(f"profile.toml: {problem}") for line in problems_of(write(profile)))


def test_a_file_that_is_not_toml_is_told_with_its_line(write: Write) -> None:
    """The place comes from the parser."""
    with pytest.raises(BadConfig, match=r"profile.toml` is not TOML: .*line 5"):
        read_profile(write("base_url = \n"))


def test_reads_models_with_everything_known(write: Write) -> None:
    """Facts and dated rates arrive as stated."""
    folder = write(
        "",
        '[[model]]\nid = "acme-2"\naliases = ["acme-latest"]\ncontext = 1000\ndeprecated = 2026-12-11\n'
        'capabilities = { tools = "unsupported" }\noptions.temperature = { support = "unsupported" }\n'
        'dialect = { done = "required" }\n[[model.rate]]\nvalid_from = 2026-01-01\nsource = "acme"\nper_1M_tokens = { input = "0.5" }\n[[model]]\nid = "acme-1"\n',
    )

    profile = read_profile(folder)

    model = profile.model("acme-latest")
    assert ("acme-2", 1000, date(2026, 12, 11)) == (model.id, model.context, model.deprecated)
    stated = model.rates[0].standard.prices
    assert ({"done": "required"}, {"input": "0.5 per 1M tokens"}) == (
        model.dialect,
        {name: str(price) for name, price in stated.items()},
    )
    assert Support.UNSUPPORTED is profile.supports(Capability.TOOLS, "acme-2")
    assert ["acme-2", "acme-1"] == [each.id for each in profile.models]


def test_only_the_model_asked_for_is_parsed(write: Write) -> None:
    """A mistake in one model does not hide the others; all of them are checked when all are read."""
    folder = write("", '[[model]]\nid = "good"\n[[model]]\nid = "bad"\ncontxt = 1\n')
    profile = read_profile(folder)

    found = profile.model("good")

    assert ("good", True) == (found.id, found.listed)
    with pytest.raises(
        BadConfig, match=r"models.toml: model `bad`.contxt: unknown key, did you mean `context`"
    ):
        _ = profile.models


@pytest.mark.parametrize(
    "models",
    [
        "[[model]]\nid = 'm'\n",
        '[[ model ]]\nid="m"\n',
        '[[model]]\nid = "\\u006d"\n',
        '[[model]]\nid = "x"\nnote = """\n[[model]]\n"""\n[[model]]\nid = "m"\n',
        '[[model]]\nid = "x"\nreplacement = "m"\n[[model]]\nid = "m"\n',
        '[[model]]\nid = "x"\naliases = ["m"]\n[[model]]\nid = "m"\n',
        'model = [{ id = "m" }]\n',
    ],
)
def test_a_model_is_found_however_it_is_spelt(write: Write, models: str) -> None:
    """Reading single models gives what reading all would."""
    found = read_profile(write("", models)).model("m")

    assert ("m", True) == (found.id, found.listed)


def test_a_model_that_is_not_listed_is_allowed(write: Write) -> None:
    """Its facts are unknown."""
    assert read_profile(write("", '[[model]]\nid = "a"\n')).model("new").listed is False


def test_a_provider_may_list_no_models(write: Write) -> None:
    """The file may be absent."""
    assert () == read_profile(write()).models


WRONG = {
    "keys_url = 1": "keys_url: must be text",
    "base_url_env = [1]": "base_url_env: must be text or an array of texts",
    "[options.seed]\nminimum = true": "options.seed.minimum: must be a number",
    "[auth]\nscheme = 'bearer'\noptional = 1": "auth.optional: must be true or false",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_value_of_another_kind_is_told(write: Write, text: str) -> None:
    """With what it has to be."""
    assert [f"profile.toml: {WRONG[text]}"] == problems_of(write(text))


def test_a_model_holds_whole_numbers(write: Write) -> None:
    """A context is none with a fraction, nor below nothing."""
    folder = write(models="[[model]]\nid = 'x'\ncontext = -1\n")

    with pytest.raises(BadConfig, match="context: must be a whole number, 0 or more"):
        _ = read_profile(folder).models
