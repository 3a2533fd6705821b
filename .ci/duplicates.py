"""Finds code that two plugins share line by line: 12 equal lines of tokens belong into core."""

from __future__ import annotations

import io
import sys
import tokenize
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from tree import ROOT, plugin_folders, python_files, report

BLOCK = 12
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}

Lines: TypeAlias = list[tuple[int, str]]


def token_lines(text: str) -> Lines:
    """Each line of code with its number, as its tokens: spacing, indentation and comments do not count."""
    lines: dict[int, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in SILENT:
            lines.setdefault(token.start[0], []).append(token.string)
    return [(number, " ".join(tokens)) for number, tokens in sorted(lines.items())]


def shared_blocks(one: Lines, other: Lines) -> list[tuple[int, int, int]]:
    """Where two files agree for a block or longer: line in the one, line in the other, lines."""
    starts: dict[tuple[str, ...], list[int]] = {}
    for index in range(len(other) - BLOCK + 1):
        starts.setdefault(tuple(text for _, text in other[index : index + BLOCK]), []).append(index)
    found, covered = [], set[tuple[int, int]]()
    for index in range(len(one) - BLOCK + 1):
        for match in starts.get(tuple(text for _, text in one[index : index + BLOCK]), ()):
            if (index - 1, match - 1) not in covered:
                found.append((one[index][0], other[match][0], BLOCK))
            covered.add((index, match))
    return found


def findings(root: Path) -> list[str]:
    """Every block two plugins share."""
    files = [(folder.name, file) for folder in plugin_folders(root) for file in python_files(folder)]
    lines = {file: token_lines(file.read_text(encoding="utf-8")) for _, file in files}
    return [
        f"{one.relative_to(root)}:{line} and {other.relative_to(root)}:{match} share {size} lines or more"
        for (plugin, one), (neighbour, other) in combinations(files, 2)
        if plugin != neighbour
        for line, match, size in shared_blocks(lines[one], lines[other])
    ]


if __name__ == "__main__":
    sys.exit(report("duplicates", findings(ROOT)))
