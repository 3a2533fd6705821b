"""Names the shell completes: from one file, whatever the shell, within the time of a Tab."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jackfield.cli.names import MANY, complete_model, complete_provider


def tab(home, *words, shell="bash"):
    """What the command answers a shell that completes the last of the words."""
    env = {
        **os.environ,
        "_JACKFIELD_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(["jackfield", *words]),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "jackfield.cli"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=300)


def kept():
    return Path(os.environ["JACKFIELD_HOME"], "cache", "names.txt")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("acm", ["acme/"]),
        ("acme/s", ["acme/small-latest"]),
        ("small", ["small-latest"]),
        ("acme/nothing", []),
        ("", ["acme/", "echo/"]),
    ],
)
def test_models_are_completed(acme, typed, completed):
    """Providers, then their models; bare names where no provider begins like that."""
    assert completed == complete_model(None, None, typed)


def test_names_are_read_from_one_file(acme):
    """It is made once, and used as long as nothing is installed."""
    complete_provider(None, None, "")
    head, _, _ = kept().read_text().partition("\n")
    kept().write_text(f"{head}\nkept/there\n")

    assert ["kept"] == complete_provider(None, None, "")


@pytest.mark.parametrize("spoil", ["installed", "old", "broken"])
def test_the_file_is_made_anew(acme, install, spoil):
    """After something was installed, after an hour, and where it cannot be read."""
    complete_provider(None, None, "")
    head, _, _ = kept().read_text().partition("\n")
    kept().write_text(f"{head}\nkept/there\n")
    if spoil == "installed":
        os.utime(acme.parent, ns=(1, 1))
    elif spoil == "old":
        os.utime(kept(), (time.time() - 3601,) * 2)
    else:
        kept().write_bytes(b"\xff")

    assert ["acme"] == complete_provider(None, None, "a")


def test_a_place_that_cannot_be_written_is_no_failure(acme, home):
    """Names are looked up each time."""
    (home / "home").mkdir(exist_ok=True)
    (home / "home" / "cache").write_text("")

    assert ["acme"] == complete_provider(None, None, "ac")


def test_long_lists_are_cut(install):
    """A shell shows no thousand names."""
    models = "".join(f'[[model]]\nid = "m{number}"\n' for number in range(MANY + 9))
    head = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\n'
    install("acme", "jackfield.providers", {"profile.toml": head, "models.toml": models})

    assert MANY == len(complete_model(None, None, "acme/")) == len(complete_model(None, None, "m"))


@pytest.mark.parametrize("words", [("chat", "-m"), ("--model",), ("models",)])
def test_a_shell_is_answered(home, acme, words):
    """In its own form, wherever a model may stand."""
    assert "plain,acme/small-latest\n" == tab(home, *words, "acme/s").stdout


def test_other_words_are_completed_as_ever(home):
    """By click."""
    assert "plain,--provider\n" == tab(home, "models", "--prov").stdout


def test_a_tab_loads_little(home, acme):
    """Neither the client nor a converter, nor the code that reads profiles."""
    env = {"COMP_WORDS": "jackfield chat -m acme/", "COMP_CWORD": "3", "_JACKFIELD_COMPLETE": "bash_complete"}
    code = "import sys; from jackfield.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(*sorted(sys.modules), file=sys.stderr)"

    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(command, env=os.environ | env, capture_output=True, text=True, check=True, timeout=300)
        for _ in range(2)
    ]

    done = runs[-1]  # the first one made the file
    assert "acme/small-latest" in done.stdout
    assert not {"attrs", "httpx", "pluggy", "jackfield.client", "jackfield.errors"} & set(done.stderr.split())
