"""The package: its files, its code, its distribution, its statements."""

from __future__ import annotations

import re
import sys

from jackfield.capability import Capability, Support
from jackfield.errors import JackfieldError
from jackfield.profile import CHAT_CAPABILITIES, OTHER_CAPABILITIES
from jackfield.registry import Registry
from jackfield.registry.entries import normalised
from jackfield.testing.contract.overrides import overridden
from jackfield.testing.contract.packages import (
    distribution_of,
    key_shaped,
    not_required,
    texts_of,
)
from jackfield.testing.rules import ALWAYS, expect, rule, same, unmet
from jackfield.testing.subject import UNNOTICED, Subject

SLOWEST_IMPORT = 0.05
HTTP = frozenset({"httpx", "httpx2", "aiohttp", "requests", "urllib3"})
JUSTIFIED = frozenset({"code", "wire", "rung", "auth"})


class Structure:
    """Rules about files and packages; nothing is called."""

    @rule(
        "bronze",
        "a provider is found by its entry point and its files, before any of its code runs",
        "mend what is named; the entry point has the name of the profile's `id`, and names the package it lies in",
        flags=ALWAYS,
    )
    def test_it_is_found_without_being_imported(self, subject: Subject) -> None:
        """The entry point names the provider, and its profile is read without importing its package."""
        expect(
            subject.installed,
            f"no provider `{subject.provider}` is installed: `pip install -e .` in its repository",
        )
        name = subject.entry.module
        hidden = {found: sys.modules.pop(found) for found in list(sys.modules) if _below(found, name)}
        try:
            found = Registry().profile(subject.provider)
            expect(name not in sys.modules, f"reading the profile imported `{name}`")
        except JackfieldError as exc:
            unmet(exc.summary)
        finally:
            sys.modules.update(hidden)
        same(normalised(subject.entry.name), normalised(found.id), "the id in the profile")

    @rule(
        "bronze",
        "a file that cannot be read, or a misspelt key, would be found by users",
        "mend what is named; every key is described in docs/profile.md",
        flags=ALWAYS,
    )
    def test_its_models_can_be_read(self, subject: Subject) -> None:
        """Every model of `models.toml` is valid, and named once."""
        try:
            names = [name for model in subject.profile.models for name in (model.id, *model.aliases)]
        except JackfieldError as exc:
            unmet(exc.summary)
        twice = sorted({name for name in names if names.count(name) > 1})
        expect(not twice, f"named twice: {', '.join(twice)}")

    @rule(
        "bronze",
        "a capability nobody stated is neither promised nor refused: callers find out by failing",
        "state each as full, partial, unsupported or not_implemented; `other` stands for those beyond chat",
        flags=ALWAYS,
    )
    def test_every_capability_is_stated(self, subject: Subject) -> None:
        """The profile makes a statement about each capability."""
        every = (*CHAT_CAPABILITIES, *OTHER_CAPABILITIES)
        left = [one.value for one in every if subject.profile.supports(one) is Support.UNKNOWN]
        expect(not left, f"capabilities not stated: {', '.join(left)}")

    @rule(
        "bronze",
        "what is claimed is chosen by name patterns: a typing error would claim nothing, unseen",
        "mend the pattern, list the model, or name one under [quality.examples]",
        flags=ALWAYS,
    )
    def test_every_partial_statement_is_about_some_model(self, subject: Subject) -> None:
        """Where a capability holds for some models, one of them is listed."""
        if not subject.profile.models:
            return
        for capability in Capability:
            stated = subject.profile.capabilities.statement(capability)
            if stated.support is Support.PARTIAL and stated.models:
                found = subject.model(capability)
                expect(found, f"no listed model matches `{capability.value}`: {', '.join(stated.models)}")

    @rule(
        "bronze",
        "whoever asks for a provider pays for its import, and imports must not act",
        "move what is needed for a call into the function that needs it",
        flags=ALWAYS,
    )
    def test_importing_it_touches_nothing(self, subject: Subject) -> None:
        """Importing the package reads no environment."""
        read = subject.imported.read
        expect(not read, f"importing it reads the environment: {', '.join(sorted(read))}")

    @rule(
        "bronze",
        "only the transport speaks HTTP; client libraries of vendors cost seconds and hide what is sent",
        "import nothing of that kind; libraries for credentials are imported when they are used",
        flags=ALWAYS,
    )
    def test_importing_it_loads_no_client(self, subject: Subject) -> None:
        """Importing the package loads no HTTP library and nothing of a vendor's."""
        watched = subject.imported
        allowed = {*sys.stdlib_module_names, "jackfield", "attr", "attrs", "pluggy", "typing_extensions"}
        allowed |= {name.partition(".")[0] for name in watched.own}
        allowed.add("_pytest")  # it adds an import of its own where it rewrites assertions
        tops = {name for name in watched.imported if name.partition(".")[0] not in allowed}
        others = {name for name in tops if not name.startswith("jackfield_")}
        clients = {name for name in watched.imported if name in HTTP}
        expect(not others | clients, f"importing it imports {', '.join(sorted(others | clients))}")

    @rule(
        "bronze",
        "whoever asks for a provider waits for its import",
        "import what is needed when a model is bound, or later",
        flags=ALWAYS,
    )
    def test_importing_it_is_quick(self, subject: Subject) -> None:
        """The package is imported within 50 ms; the best of three times counts."""
        spent = subject.imported.seconds
        expect(spent <= SLOWEST_IMPORT, f"importing `{subject.entry.module}` takes {spent * 1000:.0f} ms")

    @rule(
        "bronze",
        "a package that uses another without saying so works only where that is installed by chance",
        "take what you need from `jackfield.plugin`, or state the other package as a dependency",
        flags=ALWAYS,
    )
    def test_it_imports_only_what_it_requires(self, subject: Subject) -> None:
        """Everything its code imports is core, the standard library, or what its distribution requires."""
        known = {*sys.stdlib_module_names, "jackfield", "attr", "attrs", "pluggy", subject.folder.name}
        for file, source in subject.sources.items():
            foreign = {name.partition(".")[0] for name in source.imports} - known
            unknown = not_required(subject.entry, foreign)
            expect(not unknown, f"`{file.name}` imports {', '.join(unknown)}, which is not required")

    @rule(
        "bronze",
        "the metadata is what installers and lawyers read",
        'state `license`, and `dependencies = ["jackfield>=X,<Y"]`; code brings a file `py.typed`',
        flags=ALWAYS,
    )
    def test_its_distribution_says_what_it_is(self, subject: Subject) -> None:
        """It has a licence, a range of core's versions, and type information."""
        metadata, requires = distribution_of(subject.entry)
        licence = metadata.get("License-Expression") or metadata.get("License") or ""
        classified = any("License ::" in value for value in metadata.get_all("Classifier", []))
        expect(licence or classified, "no licence is stated")
        core = next((text for text in requires if re.match(r"jackfield\b(?![-_.])", text)), "")
        expect(core and "<" in core, f"no range of core is stated, only `{core or 'nothing'}`")
        typed = (subject.folder / "py.typed").is_file() or not subject.sources
        expect(typed, "there is code, but no `py.typed`")

    @rule(
        "bronze",
        "the README is what people see before they install",
        "show the variables that hold the key, and one call of a model",
        flags=ALWAYS,
    )
    def test_its_readme_says_how_to_begin(self, subject: Subject) -> None:
        """The README names a variable of the key, and calls a model."""
        text = subject.readme
        variables = [name for spec in subject.specs for name in spec.env]
        found = not variables or any(name in text for name in variables)
        expect(found, f"it names none of {', '.join(variables)}")
        expect(f"{subject.provider}/" in text, f'it shows no call of a model, as in "{subject.provider}/…"')

    @rule(
        "bronze",
        "what is published stays published: a key in a package is a key lost",
        "take it out, and revoke it with the provider",
        flags=ALWAYS,
    )
    def test_nothing_in_it_looks_like_a_secret(self, subject: Subject) -> None:
        """Neither package nor cassettes hold anything that looks like a key."""
        for file, text in texts_of(subject.folder, subject.cassettes):
            found = key_shaped(text)
            expect(not found, f"`{file.name}` holds what looks like a key: `{found[:6]}…`")

    @rule(
        "bronze",
        "an override without a reason looks like a rule that is met",
        'mark it `@pytest.mark.xfail(reason="why, and a link", strict=True)`, or state an exemption in [quality]',
        flags=ALWAYS,
    )
    def test_the_contract_is_not_overridden(self, subject: Subject) -> None:
        """No test of the contract is replaced or deleted without a reason."""
        changed = overridden(type(self))
        expect(not changed, f"overridden without a reason: {', '.join(changed)}")

    @rule(
        "bronze",
        "an exemption nobody can read is one nobody can lift",
        "name a rule, a capability, or `code`, `wire`, `auth`, and say why",
        flags=ALWAYS,
    )
    def test_every_exemption_has_a_reason(self, subject: Subject) -> None:
        """Each exemption is about a rule or a capability, and says why."""
        known = {*(one.value for one in Capability), *JUSTIFIED, *_rules(type(self))}
        for name, reason in subject.profile.quality.exempt.items():
            expect(name in known, f"`{name}` is neither a rule nor a capability")
            expect(len(reason.split()) >= 2, f"the exemption of `{name}` gives no reason")

    @rule(
        "silver",
        "a provider nobody looks after is out of date before long",
        'state `owner` under [quality], as in `owner = "@name"`',
        flags=ALWAYS,
    )
    def test_somebody_looks_after_it(self, subject: Subject) -> None:
        """The profile names an owner."""
        expect(subject.profile.quality.owner, "no owner is stated")

    @rule(
        "gold",
        "code is what has to be maintained: data and named quirks come first",
        "say why under [quality.exempt], as `code` or `wire`",
        flags=ALWAYS,
    )
    def test_code_is_justified(self, subject: Subject) -> None:
        """A provider with code says why data was not enough."""
        stated = JUSTIFIED & subject.profile.quality.exempt.keys()
        expect(stated or not subject.sources, "there is code, and no reason for it")

    @rule(
        "gold",
        "complete means that nothing the vendor offers is missing",
        "implement it, or state `unsupported` with the page that says so",
    )
    def test_nothing_is_left_to_implement(self, subject: Subject) -> None:
        """No capability is `not_implemented`."""
        gaps = [one.value for one in Capability if subject.profile.supports(one) is Support.NOT_IMPLEMENTED]
        expect(not gaps, f"not implemented: {', '.join(gaps)}")

    @rule(
        "gold",
        "people look for the message they got",
        "add a section `## Troubleshooting` to the README",
    )
    def test_its_readme_helps_in_trouble(self, subject: Subject) -> None:
        """The README has a section about what goes wrong."""
        expect("troubleshooting" in subject.readme.lower(), "there is no such section")

    @rule(
        "platinum",
        "an exemplary package costs its users nothing",
        "import later, or turn code into data",
    )
    def test_importing_it_is_hardly_noticed(self, subject: Subject) -> None:
        """There is no code, or it is imported within 20 ms."""
        spent = subject.imported.seconds
        noticed = UNNOTICED < spent <= SLOWEST_IMPORT  # more is told by test_importing_it_is_quick
        expect(not noticed or not subject.sources, f"importing it takes {spent * 1000:.0f} ms")


def _below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _rules(cls: type) -> set[str]:
    return {name.removeprefix("test_") for name in dir(cls) if name.startswith("test_")}
