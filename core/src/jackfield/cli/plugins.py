"""``jackfield plugins``: what is installed, and who answers the four hooks for a model."""

from __future__ import annotations

from typing import Any

import click

from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_model
from jackfield.errors import JackfieldError

_FACES = ("auth", "completion", "streaming", "pricing")


@click.command(cls=Command)
@click.option(
    "--hooks", "model", metavar="MODEL", shell_complete=complete_model, help="Who answers for MODEL."
)
def plugins(model: str | None) -> None:
    """List the installed plugins: providers, extensions and commands.

    With --hooks, show which package answers each of the four hooks for a model.
    """
    run = invocation()
    if model:
        _hooks(run, model)
    else:
        _list(run)


def _list(run: Invocation) -> None:
    from jackfield.cli.thirdparty import sources
    from jackfield.registry import installed_entries

    found = [(entry.group.partition(".")[2], entry) for entry in installed_entries()]
    forms: list[dict[str, str | None]] = [
        {
            "kind": kind[:-1],
            "name": entry.name,
            "distribution": entry.distribution,
            "version": entry.version or None,
        }
        for kind, entry in sorted(found, key=lambda pair: (pair[0] != "providers", pair[1].name))
    ]
    forms += [
        {"kind": "command", "name": n, "distribution": source, "version": None}
        for n, source in sources().items()
    ]
    if run.json:
        run.console.json(forms)
        return
    if not forms:
        run.console.note("no plugin is installed; `jackfield providers` lists what can be")
        return
    rows = [tuple(form[name] or "" for name in ("name", "kind", "distribution", "version")) for form in forms]
    run.console.table(("NAME", "KIND", "DISTRIBUTION", "VERSION"), rows)


def _hooks(run: Invocation, name: str) -> None:
    from jackfield.client.answers import CoreAnswers

    profile, model = run.registry.resolve(name)
    faces = run.registry.hooks(profile.id, CoreAnswers())
    facts: dict[str, Any] = {"profile": profile, "model": model, "settings": run.settings.provider(profile)}
    rows: list[tuple[str, str, str]] = []
    for face in _FACES:
        who, answer = _answer(getattr(faces, face), facts)
        rows.append((face, who, answer if isinstance(answer, str) else _kind(answer)))
        if face == "completion":
            facts["wire"] = answer
    if run.json:
        run.console.json([dict(zip(("hook", "by", "answer"), row, strict=True)) for row in rows])
        return
    run.console.table(("HOOK", "BY", "ANSWER"), rows)


def _answer(face: Any, facts: dict[str, Any]) -> tuple[str, Any]:
    """Who answers first, and with what: implementations are asked in the order a binding asks them."""
    for impl in reversed(face._hook.get_hookimpls()):
        try:
            answer = impl.function(*(facts[name] for name in impl.argnames))
        except JackfieldError as exc:
            return impl.plugin_name, f"error: {exc.summary.partition(chr(10))[0]}"
        if answer is not None:
            return impl.plugin_name, answer
    return "nobody", "nothing"


def _kind(answer: object) -> str:
    named = answer if hasattr(answer, "__qualname__") else type(answer)
    return f"{named.__module__}.{getattr(named, '__qualname__', '')}".replace(".<locals>", "").replace(
        ".<lambda>", "()"
    )
