"""``jackfield chat``: a conversation, turn by turn, at a terminal or from a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from jackfield.cli.answer import Shown, money, usage_line, verdict
from jackfield.cli.asking import asking, options_of
from jackfield.cli.attachments import attachment
from jackfield.cli.console import is_terminal
from jackfield.cli.failures import Exit, Misuse, meant, tell
from jackfield.cli.flags import Plain
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.routed import named
from jackfield.errors import JackfieldError
from jackfield.types import Completion, Message, Part, Text

if TYPE_CHECKING:
    from jackfield.client import Client, Stream

MULTI_END = "/end"


@click.command(cls=Plain)
@asking
def chat(**raw: Any) -> None:
    """Talk with a model, turn by turn; /help lists what can be said besides.

    Lines come from the terminal, or from stdin one turn each. A turn that fails is taken back, so that
    /retry can send it again.
    """
    run = invocation()
    with run.client() as client:
        named(client, raw["model"])  # what is wrong with the model is told before anything is typed
        code = Chat(run, client, raw).run()
    click.get_current_context().exit(code)


class Chat:
    """One conversation."""

    def __init__(self, run: Invocation, client: Client, given: Mapping[str, Any]) -> None:
        self._console = run.console
        self._run = run
        self._client = client
        self._model: str | None = given["model"]
        self._system: str | None = given["system"]
        self._options = options_of(given["pairs"])
        self._raw: bool = given["raw"]
        self._shows_usage: bool = given["usage"]
        self._pending: list[Part] = [attachment(source) for source in given["attached"]]
        self._messages: list[Message] = []
        self._taken_back: Message | None = None
        self._last: Completion | None = None
        self._spent: Decimal | None = Decimal(0)
        self._code = 0
        self._over = False
        self._lines: Iterator[str] = iter(())

    def run(self) -> int:
        """Take turns until the end; the exit code is that of the last turn that failed, if nobody watched."""
        from jackfield.cli.typing_in import lines

        interactive = is_terminal(sys.stdin)
        if interactive:
            self._console.note(f"{self._name}; /help lists the commands, /exit ends")
        with closing(lines(self._run, self._prompt)) as self._lines:
            for line in self._lines:
                self._take(line.strip())
                if self._over:
                    break
        return 0 if interactive else self._code

    @property
    def _name(self) -> str:
        return named(self._client, self._model)

    def _prompt(self) -> str:
        spent = f" {money(self._spent)}" if self._shows_usage and self._last is not None else ""
        return f"{self._name}{spent}> "

    def _take(self, line: str) -> None:
        """One line: a command, or what is said."""
        if not line:
            return
        if not line.startswith("/"):
            self._say(line)
            return
        word, _, rest = line.partition(" ")
        try:
            if word not in _COMMANDS:
                msg = f"there is no command `{word}`"
                raise Misuse(msg, meant(word, list(_COMMANDS)) or "/help lists them")
            _COMMANDS[word][0](self, rest.strip())
        except Misuse as exc:
            self._console.fail(exc.message, hint=exc.hint)
            self._code = Exit.USAGE
        except JackfieldError as exc:
            self._code = tell(exc, self._run)

    # -- turns ---------------------------------------------------------------------------------

    def _say(self, text: str) -> None:
        parts = (*self._pending, Text(text)) if text.strip() else tuple(self._pending)
        if not parts:
            return
        self._pending = []
        self._turn(Message("user", parts))

    def _turn(self, message: Message) -> None:
        """Send one turn. One that fails, or is broken off, is taken out of the conversation again."""
        self._taken_back = message
        options = {**self._options, **({"system": self._system} if self._system else {})}
        shown = Shown(self._console, raw=self._raw)
        try:
            with self._client.stream(self._model, [*self._messages, message], **options) as stream:
                completion = self._shown(stream, shown)
        except JackfieldError as exc:
            shown.end()
            self._code = tell(exc, self._run)
            return
        if completion is not None:
            self._keep(message, completion, shown)

    def _shown(self, stream: Stream, shown: Shown) -> Completion | None:
        try:
            for event in stream:
                shown.event(event)
            completion = stream.completion()
        except KeyboardInterrupt:
            shown.end()
            partial = usage_line(stream.partial, self._name, shown.seconds, shown.first)
            self._console.note(f"partial: {partial}")
            if not is_terminal(sys.stdin):
                raise
            return None
        shown.end()
        if not is_terminal(sys.stdout) and not completion.text.endswith("\n"):
            self._console.out("")  # the turns of a piped conversation are lines
        return completion

    def _keep(self, message: Message, completion: Completion, shown: Shown) -> None:
        self._taken_back = None
        self._last = completion
        self._messages += [message, completion.message]
        known = self._spent is not None and completion.charge is not None
        self._spent = self._spent + completion.charge if known else None  # type: ignore[operator]  # both are known
        self._code = verdict(completion, self._name, self._console) or self._code
        if self._shows_usage:
            self._console.talk(usage_line(completion, self._name, shown.seconds, shown.first))

    # -- commands ------------------------------------------------------------------------------

    def _help(self, rest: str) -> None:
        for word, (_, text) in _COMMANDS.items():
            self._console.talk(f"{word.ljust(10)} {text}")

    def _change_model(self, rest: str) -> None:
        if rest:
            named(self._client, rest)
            self._model = rest
        self._console.note(self._name)

    def _change_system(self, rest: str) -> None:
        if rest:
            self._system = rest
        self._console.note(self._system or "there is no system prompt")

    def _attach(self, rest: str) -> None:
        if not rest or rest == "-":
            msg = "`/attach` needs a file or an address"
            raise Misuse(msg)
        self._pending.append(attachment(rest))
        self._console.note(f"`{rest}` goes with what is said next")

    def _usage(self, rest: str) -> None:
        if self._last is None:
            self._console.note("nothing was answered yet")
            return
        used = self._last.usage
        last = f"{used.total_input:,} in · {used.total_output:,} out" if used.known else "usage unknown"
        turns = sum(message.role == "user" for message in self._messages)
        self._console.note(f"last turn: {last} · {turns} turns in all · {money(self._spent)}")

    def _save(self, rest: str) -> None:
        from jackfield.cli.transcript import save

        if not rest:
            msg = "`/save` needs the name of a file"
            raise Misuse(msg)
        save(rest, self._system, self._messages)
        self._console.note(f"saved to `{rest}`")

    def _retry(self, rest: str) -> None:
        message = self._taken_back
        if message is None:
            if not self._messages:
                msg = "there is nothing to send again"
                raise Misuse(msg)
            message = self._messages[-2]
            del self._messages[-2:]
        self._turn(message)

    def _undo(self, rest: str) -> None:
        if not self._messages:
            msg = "there is nothing to undo"
            raise Misuse(msg)
        del self._messages[-2:]
        self._console.note("the last turn is forgotten")

    def _multi(self, rest: str) -> None:
        said = iter(lambda: next(self._lines, MULTI_END).rstrip("\n"), MULTI_END)
        self._say("\n".join(said))

    def _exit(self, rest: str) -> None:
        self._over = True


_COMMANDS: Mapping[str, tuple[Callable[[Chat, str], None], str]] = {
    "/help": (Chat._help, "list these commands"),
    "/model": (Chat._change_model, "show or change the model"),
    "/system": (Chat._change_system, "show or change the system prompt"),
    "/attach": (Chat._attach, "send a file or an address with what is said next"),
    "/multi": (Chat._multi, f"say several lines; {MULTI_END} ends them"),
    "/retry": (Chat._retry, "send the last turn again"),
    "/undo": (Chat._undo, "forget the last turn"),
    "/usage": (Chat._usage, "show tokens and charge"),
    "/save": (Chat._save, "save the conversation; a name ending in .md is Markdown, any other JSON"),
    "/exit": (Chat._exit, "end"),
}
