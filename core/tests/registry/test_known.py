"""The table of providers that exist."""

from __future__ import annotations

from jackfield.registry.entries import normalised
from jackfield.registry.known import known, known_aliases, known_providers


def test_ids_are_written_as_ids() -> None:
    """Lower case, with hyphens."""
    names = [*known_providers(), *known_aliases()]

    assert names == [normalised(name) for name in names]


def test_aliases_lead_to_providers() -> None:
    """None leads nowhere, and none hides a provider."""
    assert set(known_aliases().values()) <= set(known_providers())
    assert set() == set(known_aliases()) & set(known_providers())


def test_a_known_provider_has_a_command() -> None:
    """By alias too."""
    found = known("together-ai")

    assert found is not None
    assert "`pip install 'jackfield[together]'`" == found.hint


def test_what_has_no_package_is_told_so() -> None:
    """No command is named that cannot work."""
    found = known("voyage")

    assert found is not None
    assert ("", True) == (found.install, found.hint.startswith("there is no package for it yet"))
