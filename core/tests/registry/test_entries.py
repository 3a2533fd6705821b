"""Entry points read from the files of distributions."""

from __future__ import annotations

import importlib.metadata
import zipfile
from collections.abc import Callable
from pathlib import Path

from jackfield.registry.entries import PROVIDERS, Entry, installed_entries, of_entry_points
from jackfield.registry.load import load

Install = Callable[..., Path]


def test_the_first_of_a_distribution_counts(site: Path, install: Install, tmp_path: Path) -> None:
    """A distribution that is on the path twice is installed once, as for the standard library."""
    install("acme", version="2")
    info = tmp_path / "late" / "Jackfield.Acme-1.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text("[jackfield.providers]\nacme = acme_old\n")

    found = installed_entries([str(site), str(tmp_path / "late"), str(tmp_path / "nowhere")])

    assert ["acme_module"] == [entry.module for entry in found]


def test_what_a_broken_removal_leaves_is_no_distribution(site: Path, install: Install) -> None:
    """Installers rename folders before they remove them."""
    install("acme")
    (site / "jackfield_acme-1.0.dist-info").rename(site / "~ackfield_acme-1.0.dist-info")

    assert () == installed_entries([str(site)])


def test_an_archive_on_the_path_is_read(tmp_path: Path) -> None:
    """Distributions need not be folders."""
    archive = tmp_path / "plugins.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("acme-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
        file.writestr("acme-1.dist-info/entry_points.txt", "[jackfield.providers]\nacme = acme_zip\n")

    found = installed_entries([str(archive)])

    assert [("acme", "acme_zip", "1")] == [(entry.name, entry.value, entry.version) for entry in found]


def test_comments_and_other_groups_are_left_out(site: Path, install: Install) -> None:
    """Only our groups count."""
    install("acme")
    file = site / "jackfield_acme-1.0.dist-info" / "entry_points.txt"
    file.write_text(
        "# x = y\n[jackfield.providers]\n; a = b\n\nacme=acme_module : plugin [x]\n[console_scripts]\nq = r\n"
    )

    (entry,) = installed_entries([str(site)])

    assert ("acme", "acme_module", "plugin") == (entry.name, entry.module, entry.attribute)


def test_finds_what_the_standard_library_finds() -> None:
    """Of everything that is installed here."""
    groups = ("jackfield.providers", "jackfield.extensions")
    expected = {
        (point.group, point.name, point.value)
        for group in groups
        for point in importlib.metadata.entry_points(group=group)
    }

    assert expected == {(entry.group, entry.name, entry.value) for entry in installed_entries()}


def test_entry_points_of_the_standard_library_are_taken() -> None:
    """A registry may be made from some of them."""
    point = importlib.metadata.EntryPoint("acme", "acme_module", "jackfield.providers")

    (entry,) = of_entry_points([point])

    assert ("acme", "acme_module") == (entry.name, entry.distribution)


def test_an_attribute_of_a_module_can_be_the_plugin() -> None:
    """As entry points may say after a colon; the module itself otherwise."""
    nested, plain = Entry(PROVIDERS, "acme", "pathlib:Path.cwd"), Entry(PROVIDERS, "acme", "pathlib")

    assert (Path.cwd, True) == (load(nested), load(plain).Path is Path)  # type: ignore[attr-defined]
