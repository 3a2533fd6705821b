"""The registry: what is installed, what it says, and what is wrong with it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jackfield.errors import ModelNotFound, PluginFailed, ProviderConflict, UnknownProvider
from jackfield.profile import Model, Profile
from jackfield.registry import Registry

Install = Callable[..., Path]

ACME = Profile("acme", "Acme", "chat_completions", aliases=("Acme AI",), models=(Model("acme-2"),))


def imported() -> set[str]:
    """The modules of installed providers that are imported."""
    return {name for name in sys.modules if name.startswith("acme") and "." not in name}


def test_lists_fifty_providers_and_imports_none(install: Install, registry: Registry) -> None:
    """Names come from the files of the distributions."""
    for number in range(50):
        install(f"acme{number:02}")

    ids = registry.ids()

    assert [f"acme{number:02}" for number in range(50)] == list(ids)
    assert set() == imported()


def test_reading_a_profile_imports_nothing(install: Install, registry: Registry) -> None:
    """The file is found beside the package."""
    install("acme", more='docs_url = "https://acme.example"')

    profile = registry.profile("acme")

    assert ("https://acme.example", set()) == (profile.docs_url, imported())


def test_one_provider_imports_one_plugin(install: Install, registry: Registry) -> None:
    """The others stay where they are."""
    install("acme", code="mark = 7")
    install("acme2")

    plugin = registry.plugin("acme")

    assert (7, {"acme_module"}) == (plugin.mark, imported())  # type: ignore[attr-defined]


def test_a_plugin_is_imported_once_whoever_asks(install: Install, registry: Registry) -> None:
    """64 threads that ask at the same moment get the one plugin, complete."""
    install("acme", code="import time\ncount = [0]\ncount[0] += 1\ntime.sleep(0.01)\ndone = True\n")
    barrier = threading.Barrier(64)
    seen: list[tuple[int, bool]] = []

    def ask() -> None:
        barrier.wait(30)
        plugin = registry.plugin("acme")
        seen.append((id(plugin), plugin.done))  # type: ignore[attr-defined]

    threads = [threading.Thread(target=ask) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [(id(sys.modules["acme_module"]), True)] * 64 == seen


@pytest.mark.parametrize("name", ["acme-cloud", "ACME_Cloud", "acme cloud"])
def test_ids_are_normalised(install: Install, registry: Registry, name: str) -> None:
    """Case, underscores and spaces do not matter."""
    install("acme-cloud")

    assert "acme-cloud" == registry.profile(name).id


def test_says_which_distribution_a_provider_comes_with(install: Install, registry: Registry) -> None:
    """Name and version are those of the metadata."""
    install("acme", distribution="Acme.LLM", version="2.3")

    assert ("Acme.LLM", "2.3") == registry.installed("acme")


def test_two_distributions_with_one_id_are_a_conflict(install: Install, registry: Registry) -> None:
    """Both are named, with versions; listing is not disturbed."""
    install("acme", module="acme_one")
    install("acme", module="acme_two", distribution="impostor", version="9")

    with pytest.raises(ProviderConflict) as caught:
        registry.profile("acme")

    assert ("acme",) == registry.ids()
    who = str(caught.value).splitlines()[0].removeprefix("two distributions provide `acme`: ")
    assert {"`jackfield-acme` 1.0", "`impostor` 9"} == set(who.split(" and "))


def test_a_preference_settles_a_conflict(install: Install) -> None:
    """The distribution that is named answers."""
    install("acme", module="acme_one")
    install("acme", module="acme_two", distribution="impostor", code="mark = 2")

    registry = Registry(prefer={"acme": "impostor"})

    assert 2 == registry.plugin("acme").mark  # type: ignore[attr-defined]


def test_a_preference_is_a_pin(install: Install) -> None:
    """Another distribution does not step in for the one that is named."""
    install("acme", distribution="impostor")

    with pytest.raises(
        ProviderConflict, match=r"is to come from `jackfield-acme`, but comes from `impostor` 1.0"
    ):
        Registry(prefer={"acme": "jackfield-acme"}).plugin("acme")


def test_a_blocked_provider_is_not_there(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by argument nor by variable blocked providers are listed or imported."""
    for name in ("acme", "acme2", "acme3"):
        install(name)
    monkeypatch.setenv("JACKFIELD_BLOCK", "ACME2, acme3")

    registry = Registry(blocked=["acme"])

    assert () == registry.ids()
    with pytest.raises(UnknownProvider, match="provider `acme2` is blocked"):
        registry.plugin("acme2")


def test_another_spec_is_refused_with_both_numbers(install: Install, registry: Registry) -> None:
    """Its other keys are not even looked at, and its code is not imported."""
    install("acme", spec=3, more="novelty = 1", version="0.3")

    with pytest.raises(PluginFailed) as caught:
        registry.plugin("acme")

    expected = "plugin `jackfield-acme` 0.3 implements spec 3; this core supports 1. It was skipped"
    assert expected == str(caught.value).splitlines()[0]
    assert set() == imported()


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"code": "import acme_nowhere"}, "could not be imported: ModuleNotFoundError"),
        ({"code": "raise SystemExit(1)"}, "could not be imported: SystemExit"),
        ({"more": "x = ["}, "has an invalid profile"),
        ({"id": "other"}, "is installed as `acme`, but its profile says `other`"),
    ],
)
def test_a_broken_plugin_fails_only_those_who_ask(
    install: Install, registry: Registry, broken: dict[str, str], fault: str
) -> None:
    """Others are not disturbed; who asks is told whose fault it is."""
    install("acme", **broken)
    install("acme2")

    assert "acme2" == registry.profile("acme2").id
    assert any(profile.id == "acme2" for profile in registry.profiles())
    with pytest.raises(PluginFailed, match=f"plugin `jackfield-acme` 1.0 {fault}"):
        registry.plugin("acme")


def test_everything_broken_is_a_finding(install: Install, registry: Registry) -> None:
    """Profiles, model lists, code and hooks that do not fit are all found."""
    install("acme1", code="1/0")
    install("acme2", more="x = [")
    install("acme3", models="[[model]]\nidd = 1")
    install("acme4", code="from jackfield import hookimpl\n@hookimpl\ndef pricing(modle): ...\n")
    install("acme5")

    found = {finding.subject for finding in registry.findings()}

    assert {"acme1", "acme2", "acme3", "acme4"} == found


def test_a_provider_of_the_process_needs_no_distribution(registry: Registry) -> None:
    """Tests and applications register theirs."""
    registry.add(ACME)

    assert ("acme", "acme") == (*registry.ids(), registry.profile("acme").id)


def test_a_folder_may_be_registered(install: Install) -> None:
    """Its profile is read as that of an installed one."""
    registry = Registry(entry_points=())

    registry.add(install("acme"))

    assert ("acme",) == registry.ids()


def test_resolves_the_name_of_a_model(registry: Registry) -> None:
    """Only the first slash separates."""
    registry.add(ACME)

    profile, model = registry.resolve("acme/org/model:v1")

    assert ("acme", "org/model:v1") == (profile.id, model.id)


@pytest.mark.parametrize("name", ["acme-ai/acme-2", "Acme_AI/acme-2", "acme-2"])
def test_resolves_aliases_and_bare_names(registry: Registry, name: str) -> None:
    """A bare name does when one provider lists it."""
    registry.add(ACME)

    profile, model = registry.resolve(name)

    assert ("acme", "acme-2", True) == (profile.id, model.id, model.listed)


def test_a_bare_name_of_several_is_not_guessed(registry: Registry) -> None:
    """The candidates are named."""
    registry.add(ACME)
    registry.add(Profile("bcme", "B", "chat_completions", models=(Model("acme-2"),)))

    with pytest.raises(ModelNotFound, match="`acme/acme-2`, `bcme/acme-2`"):
        registry.resolve("acme-2")


@pytest.mark.parametrize("name", ["acme", "acme/"])
def test_a_provider_alone_names_no_model(registry: Registry, name: str) -> None:
    """Nothing is chosen for the caller."""
    registry.add(ACME)

    with pytest.raises(ModelNotFound, match="names no model"):
        registry.resolve(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cohere/x", r"pip install 'jackfield\[cohere\]'"),
        ("aws_bedrock/x", r"pip install 'jackfield\[bedrock\]'"),
        ("acmee/x", "did you mean `acme`"),
        ("acme-3", "did you mean `acme/acme-2`"),
    ],
)
def test_what_is_missing_is_told_with_the_remedy(registry: Registry, name: str, hint: str) -> None:
    """Known providers have a command, others close matches."""
    registry.add(ACME)

    with pytest.raises((UnknownProvider, ModelNotFound), match=hint):
        registry.resolve(name)


def test_tracing_tells_of_files_and_modules(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its time."""
    install("acme")

    Registry(trace=True).plugin("acme")

    lines = capsys.readouterr().err.splitlines()
    assert ["listed", "read", "imported"] == [line.split()[1] for line in lines]
    assert all(line.endswith(" ms") for line in lines)


@pytest.mark.parametrize(
    "facts",
    [
        {"more": "deep = " + "[" * 5000},
        {"more": "deep" + ".a" * 5000 + " = 1"},
        {"more": "auth.scheme" + ".a" * 5000 + " = 1"},
        {"models": "deep = " + "[" * 5000},
    ],
    ids=["brackets", "dots", "dots of a scheme", "models"],
)
def test_a_file_that_is_nested_too_deep_is_a_finding(
    install: Install, registry: Registry, facts: dict[str, str]
) -> None:
    """Only the plugin it came with is out of use."""
    install("acme", **facts)
    install("acme2")

    findings = registry.findings()

    assert (["acme"], True) == ([found.subject for found in findings], "acme2" in registry.ids())
    assert "acme" == findings[0].error.provider


def test_names_are_all_that_may_mean_a_provider(install: Install, registry: Registry) -> None:
    """Ids and aliases of what is installed, and of what only exists."""
    install("acme", more='aliases = ["Acme AI"]')

    assert {"acme", "acme-ai", "groq"} <= registry.names()
