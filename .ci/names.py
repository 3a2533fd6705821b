"""Looks for providers' names in core code. Who a provider is, is data of its plugin; core knows none.

Only the known-names table may hold them. A name that is also an English word counts where it can only be
meant as a provider: as a whole string, or in front of a model.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from tree import ROOT, provider_ids, python_files, read_toml, report

TABLE = "known"
SHORTEST = 2  # two letters say nothing
ENGLISH = frozenset({
    "ai", "cloud", "custom", "echo", "fireworks", "generic", "hyperbolic", "lambda", "lepton", "local", "meta", "modal",
    "oracle", "perplexity", "pinecone", "replicate", "sap", "snowflake", "stability", "together", "vertex", "voyage", "writer",
})  # fmt: skip


def known_names(root: Path) -> set[str]:
    """Every provider id: of the plugins here, and of core's table of names."""
    names = set(provider_ids(root))
    for table in (root / "core" / "src" / "jackfield").glob(f"{TABLE}.toml"):
        tables = read_toml(table).values()
        names |= {name for table_of_names in tables for name in table_of_names if len(name) > SHORTEST}
    return names


def pattern(names: set[str]) -> re.Pattern[str]:
    """Whole words, however a name is joined: ``some-name``, ``some_name``, ``SomeName``."""
    words = sorted(
        (re.escape(name).replace(r"\-", "[-_ ]?") for name in names - ENGLISH), key=len, reverse=True
    )
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(words)})(?![A-Za-z0-9])", re.IGNORECASE)


def word_findings(text: str, names: set[str]) -> list[tuple[int, str]]:
    """The line and the name of every mention in a text."""
    found = pattern(names)
    return [
        (number, match.group())
        for number, line in enumerate(text.splitlines(), 1)
        for match in found.finditer(line)
    ]


def literal_findings(text: str, names: set[str]) -> list[tuple[int, str]]:
    """English words that are meant as providers: ``"name"`` and ``"name/model"`` as strings of the code."""
    words = names & ENGLISH
    strings = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return [(node.lineno, str(node.value)) for node in strings if str(node.value).partition("/")[0] in words]


def findings(root: Path) -> list[str]:
    """Every mention of a provider in core code."""
    names = known_names(root)
    source = root / "core" / "src"
    found = []
    for file in [*python_files(source), *sorted(source.rglob("*.toml"))]:
        if file.stem == TABLE:
            continue
        text = file.read_text(encoding="utf-8")
        mentions = word_findings(text, names)
        mentions += literal_findings(text, names) if file.suffix == ".py" else []
        found += [f"{file.relative_to(root)}:{line} names the provider `{name}`" for line, name in mentions]
    return found


if __name__ == "__main__":
    sys.exit(report("names", findings(ROOT)))
