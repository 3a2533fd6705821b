"""Writes both extras blocks, of the root and of core, from plugins/*; with ``--check`` it only compares.

The root's extras point into the tree; core's name published distributions. A new folder under plugins/ needs
no other edit than running this.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tree import (
    MARK_BEGIN,
    MARK_END,
    ROOT,
    between_marks,
    plugin_folders,
    provider_ids,
    read_toml,
    refresh,
    report,
)

HINT = "run `python .ci/extras.py`"


def next_minor(version: str) -> str:
    """The first version that may break: the next minor before 1.0, the next major after."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return f"{major}.{minor + 1}" if major == 0 else f"{major + 1}"


def feature_extras(core: Path) -> list[str]:
    """The extras of core that are written by hand."""
    text = (core / "pyproject.toml").read_text(encoding="utf-8")
    generated = text.partition(MARK_BEGIN)[2].partition(MARK_END)[0]
    names = read_toml(core / "pyproject.toml")["project"].get("optional-dependencies", {})
    return [
        name for name in names if not any(line.startswith(f"{name} = ") for line in generated.splitlines())
    ]


def needed(root: Path, name: str) -> list[str]:
    """A plugin's folder, and those of the plugins it stands on: from a checkout none of them is on an index."""
    project = read_toml(root / "plugins" / name / "pyproject.toml")["project"]
    wanted = [re.split(r"[^a-z0-9-]", text, maxsplit=1)[0] for text in project.get("dependencies", [])]
    others = [other.removeprefix("jackfield-") for other in wanted if other.startswith("jackfield-")]
    return list(dict.fromkeys([name, *(found for other in others for found in needed(root, other))]))


def root_block(root: Path) -> str:
    """The root's extras: every plugin by its folder, every feature of core, and all providers at once."""
    lines = [f'{name} = ["jackfield[{name}] @ {{root:uri}}/core"]' for name in feature_extras(root / "core")]
    for folder in plugin_folders(root):
        places = ", ".join(
            f'"jackfield-{name} @ {{root:uri}}/plugins/{name}"' for name in needed(root, folder.name)
        )
        lines.append(f"{folder.name} = [{places}]")
    lines.append(f'all = ["jackfield-workspace[{",".join(provider_ids(root))}]"]')
    return "".join(f"{line}\n" for line in lines)


def core_block(root: Path) -> str:
    """Core's extras: every plugin by its published name, and all providers at once."""
    lines = []
    for folder in plugin_folders(root):
        project = read_toml(folder / "pyproject.toml")["project"]
        version = project["version"]
        lines.append(f'{folder.name} = ["{project["name"]}>={version},<{next_minor(version)}"]')
    lines.append(f'all = ["jackfield[{",".join(provider_ids(root))}]"]')
    return "".join(f"{line}\n" for line in lines)


def misnamed(root: Path) -> list[str]:
    """Folders, distributions, imports and entry points that do not follow one id."""
    findings = []
    for folder in plugin_folders(root):
        project = read_toml(folder / "pyproject.toml")["project"]
        package = f"jackfield_{folder.name.replace('-', '_')}"
        providers = project.get("entry-points", {}).get("jackfield.providers", {})
        if project["name"] != f"jackfield-{folder.name}":
            findings.append(
                f"plugins/{folder.name}: distribution is `{project['name']}`, not `jackfield-{folder.name}`"
            )
        if not (folder / "src" / package / "__init__.py").exists():
            findings.append(f"plugins/{folder.name}: src/{package}/__init__.py is missing")
        if providers and providers != {folder.name: package}:
            findings.append(f'plugins/{folder.name}: entry points are not `{folder.name} = "{package}"`')
    return findings


def versions(root: Path) -> list[str]:
    """Distributions that do not carry the one version of the checkout."""
    wanted = read_toml(root / "core" / "pyproject.toml")["project"]["version"]
    files = [root / "pyproject.toml", *(folder / "pyproject.toml" for folder in plugin_folders(root))]
    found = ((file, read_toml(file)["project"]["version"]) for file in files)
    return [
        f"{file.relative_to(root)} has version {version}, core has {wanted}"
        for file, version in found
        if version != wanted
    ]


def findings(root: Path, *, check: bool = True) -> list[str]:
    """What is stale or misnamed; outside of check mode the blocks are written first."""
    stale = []
    for file, block in (
        (root / "pyproject.toml", root_block(root)),
        (root / "core" / "pyproject.toml", core_block(root)),
    ):
        wanted = between_marks(file.read_text(encoding="utf-8"), block)
        stale += [
            f"{file.relative_to(root)}: the extras block is stale; {HINT}"
            for _ in refresh(file, wanted, check=check)
        ]
    return stale + misnamed(root) + versions(root)


if __name__ == "__main__":
    sys.exit(report("extras", findings(ROOT, check="--check" in sys.argv)))
