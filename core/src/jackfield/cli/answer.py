"""An answer on its way to the terminal: text to stdout, reasoning dimmed to stderr, and the line of figures."""

from __future__ import annotations

import sys
import time
from decimal import Decimal

from jackfield.cli.console import Console, is_terminal, without_controls
from jackfield.cli.failures import Exit
from jackfield.events import Event, PartStarted, ReasoningDelta, TextDelta
from jackfield.types import Completion, Reasoning, Refusal, Text
from jackfield.types.charge import Charge

_DIM = {"dim": True}


class Shown:
    """What has been shown of one answer."""

    def __init__(self, console: Console, *, raw: bool) -> None:
        self._console = console
        self._strips = is_terminal(sys.stdout) and not raw
        self._elsewhere: set[int] = set()  # parts that are no text of the first choice
        self._ends_line = True
        self._started = time.perf_counter()
        self.first: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.perf_counter() - self._started

    def event(self, event: Event) -> None:
        """Show one event, if there is anything to show."""
        if isinstance(event, TextDelta):
            if event.id not in self._elsewhere:
                self.text(event.text)
        elif isinstance(event, ReasoningDelta):
            self.reasoning(event.text)
        elif isinstance(event, PartStarted):
            self._begin(event)

    def _begin(self, event: PartStarted) -> None:
        if event.choice or isinstance(event.part, Refusal):
            self._elsewhere.add(event.id)
        elif isinstance(event.part, Text):
            self.text(event.part.text)
        elif isinstance(event.part, Reasoning):
            self.reasoning(event.part.text)

    def text(self, text: str) -> None:
        """Show text of the answer."""
        if not text:
            return
        self._content()
        self._console.break_line()
        shown = without_controls(text) if self._strips else text
        self._ends_line = shown.endswith("\n") if shown else self._ends_line
        self._console.out(shown, end="")

    def reasoning(self, text: str) -> None:
        """Show reasoning, unless ``-q``."""
        if text:
            self._content()
            if self._console.verbosity >= 0:
                self._console.talk(text, end="", style=_DIM)

    def end(self) -> None:
        """End the last line, where a person reads; a pipe gets the text as it came."""
        if is_terminal(sys.stdout) and not self._ends_line:
            self._console.out("")
            self._ends_line = True
        self._console.break_line()

    def _content(self) -> None:
        if self.first is None:
            self.first = self.seconds


def usage_line(completion: Completion, model: str, seconds: float, first: float | None = None) -> str:
    """Model, tokens, time, charge and attempt, in one line."""
    usage = completion.usage
    cached = f" ({usage.cache_read:,} cached)" if usage.cache_read else ""
    tokens = (
        f"{usage.total_input:,} in{cached} · {usage.total_output:,} out" if usage.known else "usage unknown"
    )
    whole = f"{seconds:.1f} s" if seconds >= 0.1 else duration(seconds)
    taken = whole if first is None else f"{whole} ({duration(first)} to first)"
    facts = [model, tokens, taken, money(completion.charge)]
    if len(completion.attempts) > 1:
        facts.append(f"attempt {len(completion.attempts)}")
    return " · ".join(facts)


def duration(seconds: float) -> str:
    """Seconds with two significant digits."""
    return f"{seconds:.2f} s" if seconds < 0.995 else f"{seconds:.1f} s"


def money(charge: Decimal | None) -> str:
    """A charge with four significant digits; an unknown one is not 0."""
    if charge is None:
        return "charge unknown"
    if not charge:
        return "$0"
    digits = max(2, 3 - charge.adjusted())
    return f"${round(charge, digits).normalize():f}" if abs(charge) < 1 else f"${charge:.2f}"


def verdict(completion: Completion, model: str, console: Console) -> int:
    """Tell what is wrong with an answer that came; the exit code that follows."""
    for notice in completion.warnings:
        console.warn(notice.message)
    for attempt in completion.attempts if console.verbosity > 0 else ():
        console.detail(_attempt_line(attempt.number, attempt.seconds, attempt.status, attempt.request_id))
    detail = completion.charge_detail
    if detail is not None and detail.source != "local":
        console.detail(charge_line(detail))
    if completion.refusal is not None or completion.finish.reason == "content_filter":
        console.fail(
            f"`{model}` declined by policy" + (f": {completion.refusal}" if completion.refusal else "")
        )
        return Exit.REFUSED
    if completion.finish.reason == "length":
        console.warn("the answer stops at its token limit; `-o max_tokens N` sets another")
    return Exit.DONE


def charge_line(charge: Charge) -> str:
    """Who says what an answer costs, and what the other figure is."""
    words = {"reported": "as the provider says", "catalogue": "by its listed prices"}
    line = f"charge ${charge}: {words.get(charge.source, f'by `{charge.source}`')}"
    return f"{line}; by its listed prices ${charge.computed:f}" if charge.difference else line


def _attempt_line(number: int, seconds: float, status: int | None, request_id: str | None) -> str:
    facts = [f"attempt {number}", duration(seconds), f"status {status or 'none'}"]
    return ", ".join([*facts, f"request id {request_id}"] if request_id else facts)
