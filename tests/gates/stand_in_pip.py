"""Stands in for pip where a page installs what it has just written: no index is asked, and nothing is built apart.

The package becomes a wheel by its own build backend, which is unpacked into the first folder of ``PYTHONPATH``; with
``-e`` its code is linked instead. The real pip does the same in the install tests.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path


def install(project: Path, site: Path, *, editable: bool) -> None:
    """Put one project into a folder."""
    from hatchling.build import build_wheel

    os.chdir(project)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(Path(folder, build_wheel(folder))) as wheel:
        wheel.extractall(site)
    if editable:
        for package in (project / "src").iterdir():
            installed = site / package.name
            installed.rename(project / f".{package.name}-as-built")
            installed.symlink_to(package)


def main(command: str, *arguments: str) -> None:
    """Do what ``pip install [-q] [-e] FOLDER`` does."""
    assert command == "install", f"the stand-in for pip has no `{command}`"
    folder = Path(arguments[-1].partition("[")[0]).resolve()
    site = Path(os.environ["PYTHONPATH"].partition(os.pathsep)[0])
    install(folder, site, editable="-e" in arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
