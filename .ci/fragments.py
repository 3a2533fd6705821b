"""Checks the changelog fragments in docs/changes, and collects them into CHANGELOG.md for a release.

A fragment is ``docs/changes/<slug>.<type>.md``: full sentences for users, the first token the distribution in
backticks. ``python .ci/fragments.py`` checks; ``python .ci/fragments.py collect 0.2.0 2027-01-31`` collects.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tree import ROOT, plugin_folders, read_toml, report

# The types in the order of a release's sections, each with what belongs there.
SECTIONS = {
    "breaking": "Breaking changes",  # code or settings that worked have to be changed
    "deprecation": "Deprecations",  # what works still and will not for long
    "feature": "Features",  # what could not be done before
    "provider": "Providers",  # new providers, models and capabilities
    "fix": "Fixes",  # what did not do what it said
    "security": "Security",  # what protects keys, money and data
    "doc": "Documentation",  # what helps to understand
    "contrib": "For contributors",  # what matters in a checkout only
}
TOKEN = re.compile(r"`([a-z0-9-]+)`: ")
INSERT = "<!-- releases -->"


def distributions(root: Path) -> set[str]:
    """The names of all distributions of the checkout."""
    files = [root / "pyproject.toml", root / "core" / "pyproject.toml"]
    files += [folder / "pyproject.toml" for folder in plugin_folders(root)]
    return {read_toml(file)["project"]["name"] for file in files}


def fragments(root: Path) -> list[Path]:
    """All fragments, in order of their names."""
    return sorted((root / "docs" / "changes").glob("*.md"))


def kind_of(file: Path) -> str:
    """The type in a fragment's file name."""
    return file.name.removesuffix(".md").rpartition(".")[2]


def fragment_findings(file: Path, known: set[str]) -> list[str]:
    """What is wrong with one fragment."""
    text = file.read_text(encoding="utf-8").strip()
    found = (
        []
        if file.name.count(".") == 2 and kind_of(file) in SECTIONS
        else [f"the type is not one of {', '.join(SECTIONS)}"]
    )
    token = TOKEN.match(text)
    if token is None:
        found.append("the first token is not a distribution in backticks and a colon")
    elif token[1] not in known:
        found.append(f"`{token[1]}` is no distribution of this checkout")
    if not text.endswith((".", "`")):
        found.append("it is not made of full sentences")
    return [f"docs/changes/{file.name}: {finding}" for finding in found]


def findings(root: Path) -> list[str]:
    """What is wrong with the fragments."""
    known = distributions(root)
    found = [finding for file in fragments(root) for finding in fragment_findings(file, known)]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return found + ([] if INSERT in changelog else [f"CHANGELOG.md: the line `{INSERT}` is missing"])


def release_notes(root: Path, version: str, day: str) -> str:
    """The section of a release."""
    parts = [f"## {version} ({day})\n"]
    for kind, title in SECTIONS.items():
        texts = [
            file.read_text(encoding="utf-8").strip() for file in fragments(root) if kind_of(file) == kind
        ]
        if texts:
            parts.append(
                f"### {title}\n\n"
                + "".join(f"- {text.replace(chr(10), chr(10) + '  ')}\n" for text in sorted(texts))
            )
    return "\n".join(parts)


def collect(root: Path, version: str, day: str) -> None:
    """Move all fragments into the changelog."""
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(
        text.replace(INSERT, f"{INSERT}\n\n{release_notes(root, version, day)}", 1), encoding="utf-8"
    )
    for file in fragments(root):
        file.unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["collect"]:
        collect(ROOT, *sys.argv[2:4])
    sys.exit(report("fragments", findings(ROOT)))
