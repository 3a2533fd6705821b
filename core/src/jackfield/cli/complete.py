"""``jackfield "prompt"``: one answer, streamed as it comes."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from jackfield.cli.answer import Shown, usage_line, verdict
from jackfield.cli.asking import amount, asking, options_of, piped_text, schema_of
from jackfield.cli.attachments import attachment, takes_stdin
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.plain import plain_completion, plain_event
from jackfield.cli.routed import Begun, begun
from jackfield.client.plan import plan_completion
from jackfield.errors import JackfieldError
from jackfield.profile import Capability
from jackfield.types import Completion, Part, Text

if TYPE_CHECKING:
    from jackfield.client import Binding, Client, Stream
    from jackfield.client.plan import Plan

_FENCE = re.compile(r"^(`{3,}|~{3,})[^\n`]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@frozen
class Ask:
    """What is asked, and how the answer is to be shown."""

    words: tuple[str, ...]
    model: str | None
    system: str | None
    pairs: tuple[tuple[str, str], ...]
    attached: tuple[str, ...]
    schema: str | None
    streamed: bool
    extract: bool
    usage: bool
    dry_run: bool
    json_lines: bool
    raw: bool
    max_cost: str | None

    def prompt(self) -> tuple[Part, ...]:
        """The parts of the prompt: attachments, then what stdin holds, then the argument."""
        parts = [attachment(source) for source in self.attached]
        piped = "" if takes_stdin(self.attached) else piped_text()
        text = "\n\n".join(filter(str.strip, (piped.rstrip("\n"), " ".join(self.words))))
        if not parts and not text:
            msg = "there is no prompt"
            raise Misuse(msg, 'give one as an argument, `jackfield "Name three rivers."`, or on stdin')
        return (*parts, Text(text)) if text else tuple(parts)

    def options(self, *, json: bool) -> dict[str, Any]:
        """The options of the call."""
        found = options_of(self.pairs)
        if found.get("n", 1) != 1 and not json:
            msg = "several answers (`-o n`) are shown with `--json` only"
            raise Misuse(msg)
        if self.schema:
            found["into"] = schema_of(self.schema)
        return {**found, "system": self.system} if self.system else found


@click.command(cls=Command)
@click.argument("words", nargs=-1, metavar="[PROMPT]...")
@asking
@click.option("--schema", metavar="FILE", help="Hold the answer to the JSON schema in FILE.")
@click.option(
    "--no-stream", "streamed", flag_value=False, default=True, type=bool, help="Print the answer when whole."
)
@click.option("-x", "--extract", is_flag=True, help="Print the first fenced block of the answer alone.")
@click.option("--max-cost", metavar="USD", help="Refuse, before sending, what may cost more.")
@click.option("--dry-run", is_flag=True, help="Print the request, keys hidden, and send nothing.")
@click.option("--json-lines", is_flag=True, help="Print the events of the stream, one JSON object a line.")
def complete(**raw: Any) -> None:
    """Ask a model, and print its answer as it comes.

    PROMPT is what is asked; text on stdin is put before it. This is the default command:
    `jackfield "Name three rivers."` is short for it.
    """
    ask = Ask(**raw)
    run = invocation()
    _check(ask, run)
    prompt = ask.prompt()
    with run.client() as client:
        click.get_current_context().exit(_answered(ask, run, client, prompt))


def _check(ask: Ask, run: Invocation) -> None:
    """Refuse flags that contradict each other."""
    given = {
        "--json": run.json,
        "--json-lines": ask.json_lines,
        "--extract": ask.extract,
    }
    together = [name for name, set_ in given.items() if set_]
    if len(together) > 1:
        msg = f"`{together[0]}` and `{together[1]}` cannot be given together"
        raise Misuse(msg)
    if ask.max_cost is not None:
        amount(ask.max_cost, "--max-cost")
    if ask.json_lines and (not ask.streamed or ask.dry_run):
        msg = "`--json-lines` prints a stream; `--no-stream` and `--dry-run` make none"
        raise Misuse(msg)


def _answered(ask: Ask, run: Invocation, client: Client, prompt: tuple[Part, ...]) -> int:
    options = ask.options(json=run.json)
    source = begun(client, ask.model, prompt, options, keyless=ask.dry_run)
    binding = source.binding
    streams = ask.streamed and not run.json and not ask.extract
    if ask.max_cost is not None:
        _within(ask.max_cost, binding, plan_completion(binding, prompt, source.options, stream=False))
    streams = streams and (ask.json_lines or binding.supports(Capability.STREAMING).usable)
    if ask.dry_run:
        from jackfield.cli.dryrun import show_request

        show_request(run, source, prompt, stream=streams)
        return Exit.DONE
    if streams:
        return _streamed(ask, run, client.stream(ask.model, prompt, **options), source)
    shown = Shown(run.console, raw=ask.raw)
    completion = client.complete(ask.model, prompt, **options)
    code = _print_whole(ask, run, completion, (source, shown))
    return _closed(ask, run, completion, (source, shown)) or code


def _within(limit: str, binding: Binding, plan: Plan) -> None:
    """Refuse a call that may cost more than the caller will pay."""
    from jackfield.client.quotes import quote_plan, within

    within(quote_plan(binding, plan), amount(limit, "--max-cost"), binding.name)


def _streamed(ask: Ask, run: Invocation, stream: Stream, source: Begun) -> int:
    """Show a stream. Whatever ends it, what has been shown stays, and what was used is told."""
    shown = Shown(run.console, raw=ask.raw)
    try:
        with stream:
            for event in stream:
                if ask.json_lines:
                    run.console.out(_line(plain_event(event)))
                else:
                    shown.event(event)
            completion = stream.completion()
    except KeyboardInterrupt:
        shown.end()
        _tell_partial(run, stream.partial, source, shown)
        return Exit.INTERRUPTED
    except JackfieldError:
        shown.end()
        if stream.partial.usage.known:
            _tell_partial(run, stream.partial, source, shown)
        raise
    shown.end()
    return _closed(ask, run, completion, (source, shown))


def _tell_partial(run: Invocation, partial: Completion, source: Begun, shown: Shown) -> None:
    line = usage_line(partial, source.name(partial), shown.seconds, shown.first)
    run.console.note(f"partial: {line}{source.line(partial)}")


def _closed(ask: Ask, run: Invocation, completion: Completion, told: tuple[Begun, Shown]) -> int:
    source, shown = told
    name = source.name(completion)
    code = verdict(completion, name, run.console)
    if ask.usage:
        line = usage_line(completion, name, shown.seconds, shown.first)
        run.console.talk(f"{line}{source.line(completion)}")
    return code


def _print_whole(ask: Ask, run: Invocation, completion: Completion, told: tuple[Begun, Shown]) -> int:
    source, shown = told
    if run.json:
        run.console.json({**plain_completion(completion), "route": source.route or None})
        return Exit.DONE
    shown.reasoning(completion.reasoning)
    shown.first = None  # nothing of it was seen before the end
    text = completion.text
    if ask.extract:
        block = fenced_block(text)
        if block is None:
            run.console.fail("the answer holds no fenced block; this is the answer")
            run.console.talk(text)
            return Exit.NO
        text = block
    shown.text(text)
    shown.end()
    shown.first = None
    return Exit.DONE


def fenced_block(text: str) -> str | None:
    """The inside of the first fenced block."""
    found = _FENCE.search(text)
    return None if found is None else found[2]


def _line(value: Mapping[str, Any]) -> str:
    import json

    narrow = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") != "utf8"
    return json.dumps(value, ensure_ascii=narrow)
