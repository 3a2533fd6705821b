"""Writes each provider's table of models, ``models.json``, from its two TOML files. With ``--check`` it only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from tree import ROOT, plugin_folders, refresh, report

HINT = "run `python .ci/index.py`"


def findings(root: Path, *, check: bool = True) -> list[str]:
    """Every table that is stale, or what was written."""
    from jackfield.catalogue.index import INDEX_FILE, sum_of, table_of, written
    from jackfield.profile import read_profile

    found: list[str] = []
    for plugin in plugin_folders(root):
        profile = next(plugin.glob("src/*/profile.toml"), None)
        if profile is not None:
            folder = profile.parent
            text = written(table_of(read_profile(folder), sum_of(folder)))
            found += [
                f"{plugin.name}: {one}; {HINT}" for one in refresh(folder / INDEX_FILE, text, check=check)
            ]
    return found


if __name__ == "__main__":
    sys.exit(report("index", findings(ROOT, check="--check" in sys.argv)))
