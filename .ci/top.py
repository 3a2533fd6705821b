"""Keeps the top level of the repository small, and this machine out of its files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tree import ROOT, report

ALLOWED = frozenset({
    "core", "plugins", "tests", "docs", "pyproject.toml", "hatch.toml", "README.md", "LICENSE", "CHANGELOG.md",
    "CONTRIBUTING.md", "SECURITY.md", ".ci", ".gitignore", ".gitattributes", ".editorconfig", ".github",
})  # fmt: skip
MACHINE = re.compile(r"/(?:home|root|Users|work|opt/dev)/[a-z]")
TEXT = frozenset({".py", ".md", ".toml", ".yaml", ".yml", ".json", ""})


def tracked(root: Path) -> list[str]:
    """The files git knows or would add; every file where the checkout is not git's."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return sorted(name for name in listed.stdout.splitlines() if (root / name).is_file())
    found = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return sorted(str(file) for file in found if not any(leftover(part) for part in file.parts))


def leftover(part: str) -> bool:
    """Whether a folder or file is what tools leave behind."""
    return (
        part == "__pycache__" or part.endswith(".egg-info") or (part.startswith(".") and part not in ALLOWED)
    )


def findings(root: Path) -> list[str]:
    """Top-level names nobody agreed on, and paths of one machine inside files."""
    files = tracked(root)
    strangers = sorted({name.partition("/")[0] for name in files} - ALLOWED)
    found = [f"`{name}` does not belong at the top level" for name in strangers]
    for name in files:
        if name != ".ci/top.py" and Path(name).suffix in TEXT and "cassettes" not in name:
            text = (root / name).read_text(encoding="utf-8", errors="replace")
            found += [
                f"{name}: the path `{match}` exists on one machine only" for match in MACHINE.findall(text)
            ]
    return found


if __name__ == "__main__":
    sys.exit(report("top", findings(ROOT)))
