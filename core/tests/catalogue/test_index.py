"""The table beside a provider's files: it says what they say, or it is not read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jackfield.capability import Capability, Support
from jackfield.catalogue.index import (
    INDEX_FILE,
    Shelf,
    _usual,
    keep,
    kept_shelf,
    sum_of,
    table_of,
    written,
)
from jackfield.profile import read_profile

sys.path.insert(0, str(Path(__file__).parent))

from rate_tables import made

PROFILE = """
spec = 1
id = "acme"
name = "Acme"
wire = "chat_completions"
[capabilities]
chat = "full"
tools = { support = "partial", models = ["b*"] }
other = "unsupported"
"""
MODELS = """
[[model]]
id = "a"
aliases = ["x"]
[[model]]
id = "b"
context = 10
mode = "chat"
[[model.rate]]
valid_from = 2026-01-01
source = "here"
per_1K_tokens = { input = "0.001", output = "0.002" }
[[model.rate.elsewhere]]
source = "there"
checked = 2026-01-02
per_1K_tokens = { output = "0.003" }
"""


@pytest.fixture
def folder(tmp_path):
    """A provider's folder with its table."""
    (tmp_path / "profile.toml").write_text(PROFILE)
    (tmp_path / "models.toml").write_text(MODELS)
    table = table_of(read_profile(tmp_path), sum_of(tmp_path))
    (tmp_path / INDEX_FILE).write_text(written(table))
    return tmp_path


def shelf_in(folder):
    """The table that lies there, if it is of the files beside it."""
    return kept_shelf(folder / INDEX_FILE, sum_of(folder), "bundled")


def test_what_is_not_billed_by_tokens_has_no_price_by_tokens():
    """It is not free: a search, or a picture, is what costs."""
    figures = [
        _usual(made(**fields).standard.prices)
        for fields in (
            {"per_1M_tokens": {"input": "0", "output": "0"}, "per_search": {"queries": "0.002"}},
            {"per_1M_tokens": {"input": "0", "output": "0.0"}},
            {"per_1M_tokens": {"input": "1", "output": "0"}, "per_search": {"searches": "0.01"}},
        )
    ]

    assert [["", ""], ["0", "0"], ["1", "0"]] == figures


def test_the_table_says_what_the_files_say(folder):
    """Support is resolved for each model, prices are per million."""
    shelf = shelf_in(folder)

    assert (["a", "b"], [None, 10], "bundled") == (shelf.ids, shelf.context, shelf.origin)
    assert [Support.UNSUPPORTED, Support.FULL] == [shelf.support(Capability.TOOLS, row) for row in (0, 1)]
    assert Support.PARTIAL == shelf.stated(Capability.TOOLS)
    assert [(0, ["x"])] == list(shelf.column("aliases"))
    assert ["", "2026-01-01||1|2|0|output"] == shelf.prices


@pytest.mark.parametrize("name", ["profile.toml", "models.toml"])
def test_a_table_of_other_files_is_not_read(folder, name):
    """Whichever of the two has changed."""
    with (folder / name).open("a") as file:
        file.write("# another\n")

    assert shelf_in(folder) is None


def test_line_ends_do_not_count(folder):
    """A checkout may change them."""
    for name in ("profile.toml", "models.toml"):
        file = folder / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert shelf_in(folder) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(form=2),
        lambda table: table.pop("id"),
        lambda table: table["context"].pop(),
        lambda table: table.update(provider=None, id=None),
        lambda table: table.update(sum=None),
    ],
)
def test_a_table_that_is_not_whole_is_not_read(folder, change):
    """What is wrong with it is no matter: the files say the same."""
    table = json.loads((folder / INDEX_FILE).read_text())
    change(table)
    (folder / INDEX_FILE).write_text(json.dumps(table))

    assert shelf_in(folder) is None


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\xff"])
def test_what_is_no_table_is_not_read(folder, text):
    """Not even where it is no JSON."""
    (folder / INDEX_FILE).write_bytes(text.encode("latin-1"))

    assert shelf_in(folder) is None


def test_a_table_of_another_core_is_understood(folder):
    """Capabilities stand by name: those it does not know are unknown, those nobody knows any more are left out."""
    table = json.loads((folder / INDEX_FILE).read_text())
    table["capabilities"] = "telepathy tools chat"
    table["patterns"] = ["fup"] * len(table["patterns"])

    shelf = Shelf(table, "bundled")

    supports = [shelf.support(name, 0) for name in (Capability.CHAT, Capability.TOOLS, Capability.RERANK)]
    assert [Support.PARTIAL, Support.UNSUPPORTED, Support.UNKNOWN] == supports


def test_a_place_that_cannot_be_written_is_no_failure(tmp_path):
    """The table is made anew each time."""
    (tmp_path / "file").write_text("")

    keep(tmp_path / "file" / "x.json", {"sparse": {}})

    assert ["file"] == [found.name for found in tmp_path.iterdir()]
