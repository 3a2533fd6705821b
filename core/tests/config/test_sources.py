"""Files as tables, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jackfield.config import Settings
from jackfield.config.sources import LARGEST_FILE, project_file, read_table
from jackfield.errors import BadConfig

Load = Callable[..., Settings]
Write = Callable[[str], Path]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"a = 1", ""),
        (b"\xef\xbb\xbfa = 1", ""),
        (b"a = \xff", "is not UTF-8"),
        (b"a = ", "is not TOML"),
        (b"#" * (LARGEST_FILE + 1), "is larger than 1 MiB"),
        (b"a = " + b"[" * 5000, "is nested too deep"),
    ],
    ids=["right", "with a mark", "latin", "unended", "large", "deep"],
)
def test_a_fault_is_returned(tmp_path: Path, data: bytes, fault: str) -> None:
    """It is not raised: the frames of a traceback would hold what the file holds."""
    (tmp_path / "x.toml").write_bytes(data)

    table, found = read_table(tmp_path / "x.toml")

    assert ({} if fault else {"a": 1}, True) == (table, found.startswith(fault))


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    """One that is not there is empty; a folder is a mistake."""
    assert ({}, "") == read_table(tmp_path / "nowhere.toml")
    assert ({}, "cannot be read: Is a directory") == read_table(tmp_path)


def test_a_fault_names_the_file(load: Load, user_file: Write) -> None:
    """All else that is configured does not count then."""
    user_file("a = ")

    with pytest.raises(BadConfig, match=r"config.toml` is not TOML"):
        load()


def test_a_file_that_is_ours_by_its_name_is_found_above(tmp_path: Path) -> None:
    """A table in a shared file counts too; a shared file without one does not."""
    (tmp_path / "pyproject.toml").write_text("[tool.jackfield]\ntimeout = 3\n")
    below = tmp_path / "a"
    below.mkdir()
    (below / "pyproject.toml").write_text('[project]\nname = "jackfield-plugin"\n')

    assert (tmp_path / "pyproject.toml", "tool.jackfield", "") == project_file(below)


def test_a_wrong_variable_is_warned_of_and_does_not_count(load: Load) -> None:
    """The environment belongs to others too."""
    settings = load(JACKFIELD_PROVIDERS__ACME__MAX_RETRIES="-1", JACKFIELD_TIMEOUT="soon")

    assert (None, 2) == (
        settings.timeout,
        len([text for text in settings.warnings if "environment: " in text]),
    )


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "providers.acme.zone" + ".a" * 5000 + " = 1"])
def test_a_file_that_is_nested_too_deep_is_refused(load: Load, user_file: Write, text: str) -> None:
    """With its name, as any other mistake."""
    user_file(text)

    with pytest.raises(BadConfig, match=r"config.toml"):
        load()


@pytest.mark.parametrize("fault", ["deep = " + "[" * 5000, "a = "], ids=["deep", "unended"])
def test_a_shared_file_that_cannot_be_read_counts_if_our_table_is_in_it(
    load: Load, project: Path, fault: str
) -> None:
    """What is wrong with a file that only mentions us is for others to tell."""
    file = project / "pyproject.toml"
    file.write_text(f"# jackfield\n[project]\n{fault}\n")
    timeout = load().timeout

    file.write_text(f"[tool.jackfield]\ntimeout = 3\n[project]\n{fault}\n")

    with pytest.raises(BadConfig, match=r"pyproject.toml` is n"):
        load()
    assert timeout is None
