"""The completion script in a real bash: names with colons, spaces after what is whole, words in quotes."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pytest

BASH = shutil.which("bash")
if BASH is None:
    pytest.skip("there is no bash", allow_module_level=True)

MODELS = '[[model]]\nid = "tiny-v1:0"\n\n[[model]]\nid = "tiny-v1:1"\n\n[[model]]\nid = "large"\n'

# What bash does at a Tab: it breaks the line at blanks and colons, and asks the function for the last word.
PRESSED = """
compopt() { NOSPACE=yes; }
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=() NOSPACE=no
shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_jackfield_completion jackfield
printf '%s\\n' "$NOSPACE" "${COMPREPLY[@]}"
"""


@pytest.fixture
def tab(run, acme, tmp_path):
    """Presses Tab after words; whether no space is to follow, and what is offered."""
    (acme / "models.toml").write_text(MODELS)
    command = tmp_path / "bin" / "jackfield"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m jackfield.cli "$@"\n')
    command.chmod(0o755)
    script = f"PATH={shlex.quote(str(command.parent))}:$PATH\n{run('completion', 'bash').stdout}{PRESSED}"

    def tab(line, *words):
        done = subprocess.run(
            [BASH, "--noprofile", "--norc", "-c", script, "bash", line, *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    return tab


@pytest.mark.parametrize(
    ("line", "words", "offered"),
    [
        ("jackfield -m acm", ("-m", "acm"), ["yes", "acme/"]),
        ("jackfield -m acme/l", ("-m", "acme/l"), ["no", "acme/large"]),
        ("jackfield -m acme/tiny-v1:", ("-m", "acme/tiny-v1", ":"), ["no", "0", "1"]),
        ("jackfield -m acme/tiny-v1:1", ("-m", "acme/tiny-v1", ":", "1"), ["no", "1"]),
        ("jackfield models show acme/tiny-v1:", ("models", "show", "acme/tiny-v1", ":"), ["no", "0", "1"]),
        ("jackfield usage --by mod", ("usage", "--by", "mod"), ["no", "model"]),
    ],
)
def test_bash_completes(tab, line, words, offered):
    """Of names with a colon what stands behind it; a provider is followed by no space."""
    assert offered == tab(line, "jackfield", *words)
