"""What is written to the two streams: the answer to stdout, the talk to stderr, colour only where it is seen."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, TextIO, TypeAlias

import click

# Whole sequences first, so that no debris stays; then whatever control character is left. A sequence that
# two pieces of a stream share loses its ESC, and is harmless text.
_CONTROLS = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS, SOS, PM, APC
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colour, cursor
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_PIPED_WIDTH = 80
_GAP = 2
_SHORTEST_CUT = 12

Style: TypeAlias = dict[str, Any]


def without_controls(text: str) -> str:
    """``text`` without anything a terminal would obey; line breaks and tabs stay."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees what is written to ``stream``; a closed stream is none."""
    return stream is not None and not stream.closed and stream.isatty()


def shows_colour(stream: TextIO | None, refused: bool) -> bool:
    """Whether to colour: a flag beats the environment, which beats what the stream is."""
    if refused or "NO_COLOR" in os.environ:
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


class Console:
    """Both streams, with the flags of one invocation."""

    def __init__(self) -> None:
        self.no_color = False
        self.verbosity = 0
        self.fresh = True  # whether stderr is at the start of a line

    # -- stdout --------------------------------------------------------------------------------

    def out(self, text: str, *, end: str = "\n", style: Style | None = None) -> None:
        """Write to stdout, at once."""
        self._write(sys.stdout, text + end, style)

    def json(self, value: object) -> None:
        """Write one JSON document: indented for a terminal, one line otherwise."""
        indent = 2 if is_terminal(sys.stdout) else None
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        narrow = encoding.lower().replace("-", "") != "utf8"
        self.out(json.dumps(value, indent=indent, ensure_ascii=narrow))

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        right: Sequence[int] = (),
        styles: Sequence[Style | None] = (),
    ) -> None:
        """Write rows below their head. What does not fit is cut, or loses columns from the right: nothing wraps."""
        widths = _fitting([max(map(len, column)) for column in zip(head, *rows, strict=True)], self.width())
        self.out(_line(head, widths, right), style={"bold": True})
        for row, style in zip_longest(rows, styles):
            self.out(_line(row, widths, right), style=style)

    @staticmethod
    def width() -> int:
        """The columns of the terminal; 80 when piped."""
        return shutil.get_terminal_size((_PIPED_WIDTH, 24)).columns

    # -- stderr --------------------------------------------------------------------------------

    def talk(self, text: str, *, end: str = "\n", style: Style | None = None) -> None:
        """Write to stderr, whatever the flags say."""
        self.fresh = end.endswith("\n") or text.endswith("\n")
        self._write(sys.stderr, without_controls(text) + end, style)

    def note(self, text: str) -> None:
        """Write to stderr unless ``-q``."""
        if self.verbosity >= 0:
            self.talk(text)

    def detail(self, text: str) -> None:
        """Write to stderr if ``-v``."""
        if self.verbosity > 0:
            self.talk(text, style={"dim": True})

    def warn(self, text: str) -> None:
        """Write a warning unless ``-q``."""
        if self.verbosity >= 0:
            self.break_line()
            self.talk("warning: ", end="", style={"fg": "yellow", "bold": True})
            self.talk(text)

    def fail(self, summary: str, details: Sequence[str] = (), hint: str = "") -> None:
        """Write an error: what failed and why, where, and how to mend it."""
        self.break_line()
        self.talk("error: ", end="", style={"fg": "red", "bold": True})
        self.talk(summary)
        for detail in details:
            self.talk(f"  {detail}")
        if hint:
            self.talk("\nhint: ", end="", style={"fg": "cyan", "bold": True})
            self.talk(hint)

    def break_line(self) -> None:
        """End a line that was begun on stderr."""
        if not self.fresh:
            self.talk("")

    def _write(self, stream: TextIO | None, text: str, style: Style | None) -> None:
        if stream is None or stream.closed:
            return  # closed by whoever started us: nobody listens
        coloured = shows_colour(stream, self.no_color)
        stream.write(click.style(text, **style) if style and coloured and text.strip() else text)
        stream.flush()


def _fitting(widths: Sequence[int], room: int) -> list[int]:
    """The widths of the columns that fit; the last one is cut if enough of it can be seen."""
    fitting: list[int] = []
    for width in widths:
        left = room - sum(fitting) - _GAP * len(fitting)
        if width > left and fitting:
            return [*fitting, left] if left >= _SHORTEST_CUT else fitting
        fitting.append(width)
    return fitting


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    aligned = (
        _cut(cell, width).rjust(width) if number in right else _cut(cell, width).ljust(width)
        for number, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )
    return (" " * _GAP).join(aligned).rstrip()


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else f"{cell[: width - 1]}…"


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 model``, ``2 models``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
