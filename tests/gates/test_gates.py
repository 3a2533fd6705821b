"""The gates: this checkout passes each, and each finds what is planted in another."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = "".join(f"value_{number} = {number}\n" for number in range(12))
LONG = "def long():\n    " + "\n    ".join(f"x{number} = {number}" for number in range(61)) + "\n"
WIDE = "def wide(a, b, c, d, e, f, g):\n    return a\n"
TEST = '"""Tests."""\n\n\ndef test_something():\n    pass\n'
PROJECT = '[project]\nname = "jackfield-acme"\nversion = "0.2.0"\n'


@pytest.mark.parametrize("name", ["extras", "names", "duplicates", "metrics", "fragments", "top"])
def test_checkout_passes(gate, root, name):
    """This checkout passes every gate."""
    found = gate(name).findings(root)

    assert [] == found


@pytest.mark.parametrize("name", ["duplicates", "fragments", "metrics", "names"])
def test_healthy_checkout_passes(gate, checkout, plugin, name):
    """A small checkout in which all is well has no findings, so those of the tests below are the planted ones."""
    found = gate(name).findings(checkout(plugin("acme")))

    assert [] == found


@pytest.mark.parametrize(
    ("name", "file", "text", "finding"),
    [
        ("metrics", "core/src/jackfield/a.py", LONG, "long: 62 lines, at most 60"),
        ("metrics", "core/src/jackfield/a.py", WIDE, "wide: 7 parameters, at most 6"),
        ("metrics", "core/src/jackfield/a.py", "x = 1\n" * 501, "501 lines, at most 500"),
        ("metrics", "core/tests/test_a.py", TEST, "test_something: no docstring"),
        ("names", "core/src/jackfield/a.py", "# as Acme does it\n", "names the provider `Acme`"),
        ("names", "core/src/jackfield/a.py", "pharmacme = 1\n", None),
        ("names", "core/src/jackfield/a.toml", 'to = "acme/one"\n', "names the provider `acme`"),
        ("names", "core/src/jackfield/known.toml", '[providers]\nacme = "Acme"\n', None),
        (
            "fragments",
            "docs/changes/a.feature.md",
            "Something new.\n",
            "the first token is not a distribution",
        ),
        ("fragments", "docs/changes/a.novelty.md", "`jackfield`: It.\n", "the type is not one of"),
        (
            "fragments",
            "docs/changes/a.fix.md",
            "`jackfield-nobody`: It.\n",
            "no distribution of this checkout",
        ),
        ("top", "notes.txt", "", "`notes.txt` does not belong at the top level"),
        ("top", "docs/a.md", "see /home/" + "ada/notes", "exists on one machine only"),
        ("extras", "plugins/acme/pyproject.toml", PROJECT, "the extras block is stale"),
        ("extras", "plugins/acme/pyproject.toml", PROJECT, "version 0.2.0, core has 0.1.0"),
    ],
)
def test_planted_violation_is_found(gate, checkout, plugin, name, file, text, finding):
    """Whatever a gate is for, it finds; and what is allowed, it leaves alone."""
    found = gate(name).findings(checkout({**plugin("acme"), file: text}))

    assert (finding is not None) == any(str(finding) in line for line in found), found


def test_names_joined_by_underscores_are_found(gate):
    """A provider's name is found however it is joined: with a dash, an underscore or a space."""
    found = gate("names").word_findings("some-name some_name SomeName some name somenames", {"some-name"})

    assert ["some-name", "some_name", "SomeName", "some name"] == [name for _, name in found]


def test_english_words_count_only_as_literals(gate):
    """A name that is an English word is a provider where it stands alone in a string."""
    code = 'echo("all together")\nprovider == "together"\nmodel = "echo/echo-1"\n'

    found = gate("names").literal_findings(code, {"echo", "together"})

    assert [2, 3] == sorted(line for line, _ in found)


def test_shared_block_is_found_whatever_its_layout(gate, checkout, plugin):
    """Twelve equal lines in two plugins are found, though comments and spacing differ."""
    other = CODE.replace(" = ", "=  ").replace("\n", "  # why\n\n")

    found = gate("duplicates").findings(checkout({**plugin("one", CODE), **plugin("two", other)}))

    assert 1 == len(found)


def test_shorter_block_may_be_shared(gate, checkout, plugin):
    """Eleven equal lines are no duplicate."""
    shorter = CODE.partition("\n")[2]

    found = gate("duplicates").findings(checkout({**plugin("one", shorter), **plugin("two", shorter)}))

    assert [] == found


def test_extras_are_written_from_the_folders(gate, checkout, plugin):
    """A new folder under plugins/ gets an extra in both blocks, and nothing is stale afterwards."""
    root = checkout({**plugin("acme"), **plugin("other")})

    found = gate("extras").findings(root, check=False)

    assert [] == found == gate("extras").findings(root)
    assert 'acme = ["jackfield-acme>=0.1.0,<0.2"]' in (root / "core" / "pyproject.toml").read_text()
    assert 'other = ["jackfield-other @ {root:uri}/plugins/other"]' in (root / "pyproject.toml").read_text()


def test_fragments_become_a_release(gate, checkout):
    """Fragments are collected by type into the changelog, and are gone afterwards."""
    root = checkout({"docs/changes/a.fix.md": "`jackfield`: It is right.\n"})

    gate("fragments").collect(root, "0.2.0", "2027-01-31")

    assert (
        "## 0.2.0 (2027-01-31)\n\n### Fixes\n\n- `jackfield`: It is right."
        in (root / "CHANGELOG.md").read_text()
    )
    assert [] == gate("fragments").fragments(root)


def test_imports_point_down_only(root):
    """The stack's contracts hold."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]

    done = subprocess.run(
        [*command, "--no-cache"], cwd=root, capture_output=True, text=True, check=False, timeout=100
    )

    assert 0 == done.returncode, done.stdout
