"""The catalogue of what is installed: bundled, kept, or made from the files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jackfield.catalogue.index import INDEX_FILE, sum_of, table_of, written
from jackfield.catalogue.live import Told, file_of, keep_told
from jackfield.errors import PluginFailed, UnknownProvider
from jackfield.profile import Model, Profile, read_profile
from jackfield.registry import Entry, Registry
from jackfield.registry.shelves import catalogue_of
from jackfield.types import ModelInfo

PROFILE = 'spec = 1\nid = "{0}"\nname = "{0}"\nwire = "chat_completions"\n'


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a provider's package on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name, models='[[model]]\nid = "m"\n', profile=PROFILE):
        package = tmp_path / f"shelved_{name}"
        package.mkdir()
        (package / "__init__.py").write_text("raise RuntimeError('imported')")
        (package / "profile.toml").write_text(profile.format(name))
        (package / "models.toml").write_text(models)
        return package

    return install


def registry(*names):
    return Registry([Entry("jackfield.providers", name, f"shelved_{name}") for name in names])


def origins(catalogue):
    return {found.name: found.origin for found in catalogue.find()}


def test_a_bundled_table_is_read_without_the_package(install):
    """And without its TOML, which may be long."""
    folder = install("acme")
    (folder / INDEX_FILE).write_text(written(table_of(read_profile(folder), sum_of(folder))))

    assert {"acme/m": "bundled"} == origins(catalogue_of(registry("acme")))
    assert "shelved_acme" not in sys.modules


def test_a_table_that_was_made_is_kept(install, tmp_path):
    """The next process reads it; after a change of the files it is made anew."""
    folder, cache = install("acme"), tmp_path / "cache"

    made, again = (origins(catalogue_of(registry("acme"), cache)) for _ in range(2))
    (folder / "models.toml").write_text('[[model]]\nid = "other"\n')
    changed = origins(catalogue_of(registry("acme"), cache))

    assert ({"acme/m": "read"}, {"acme/m": "cached"}, {"acme/other": "read"}) == (made, again, changed)


def test_a_broken_provider_is_left_out(install):
    """It is a finding of the registry, and a failure where it is asked for by name."""
    install("acme")
    install("broken", models="[[model]]\n")
    there = registry("acme", "broken")
    catalogue = catalogue_of(there)

    assert {"acme/m": "read"} == origins(catalogue)
    assert ["broken"] == [finding.subject for finding in there.findings(imports=False)]
    with pytest.raises(PluginFailed):
        catalogue.provider("broken")


def test_a_provider_of_this_process_is_there(install):
    """Ahead of an installed one of the same id; another one in its place is seen."""
    install("acme")
    there = registry("acme")
    catalogue = catalogue_of(there)
    before = origins(catalogue)
    there.add(Profile("acme", "Acme", "chat_completions", models=(Model("mine"),)))

    assert ({"acme/m": "read"}, {"acme/mine": "read"}) == (before, origins(catalogue))


def test_names_of_providers_may_be_spelt_in_many_ways(install):
    """And one that is not installed is answered as everywhere."""
    install("acme")
    catalogue = catalogue_of(registry("acme"))

    assert "acme" == catalogue.provider(" ACME").id
    with pytest.raises(UnknownProvider):
        catalogue.provider("nobody")


def test_what_was_told_within_the_hour_is_there_too(install, tmp_path):
    """Models the package does not know are listed with what was told of them."""
    install("acme")
    info = (ModelInfo("m"), ModelInfo("new", context=9))
    told = file_of(tmp_path / "models", "acme", "https://a.invalid")
    keep_told(told, Told(_now(), info))
    keep_told(file_of(tmp_path / "models", "acme-more", ""), Told(_now(), (ModelInfo("not-mine"),)))

    catalogue = catalogue_of(registry("acme"), tmp_path)

    assert {"acme/m": "read", "acme/new": "live"} == origins(catalogue)
    assert 9 == catalogue.get("acme/new").context
    keep_told(told, Told(_now() - 3601, info))
    assert ["acme/m"] == list(origins(catalogue))


def _now():
    import time

    return time.time()


def test_a_package_elsewhere_is_looked_for(install, tmp_path):
    """A module below another one, and metadata that lies apart from the package."""
    folder = install("acme")
    inner = folder / "inner"
    inner.mkdir()
    for name in ("profile.toml", "models.toml"):
        (folder / name).rename(inner / name)
    place = str(tmp_path / "elsewhere" / "acme.dist-info")
    entry = Entry("jackfield.providers", "acme", "shelved_acme.inner", place)

    assert {"acme/m": "read"} == origins(catalogue_of(Registry([entry])))
    assert Path(inner).is_dir()
