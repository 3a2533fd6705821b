"""``jackfield models``: the models of the installed providers, from the data they come with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import click
from attrs import frozen

from jackfield.cli.credentials import key_of
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_model, complete_provider
from jackfield.errors import ErrorInfo, JackfieldError, ModelNotFound
from jackfield.profile import Capability, Model, Profile, Support

# The letters of the last column: what people choose a model by.
LETTERS: Mapping[str, Capability] = {
    "s": Capability.STREAMING,
    "t": Capability.TOOLS,
    "j": Capability.JSON_SCHEMA,
    "i": Capability.IMAGES_IN,
    "d": Capability.DOCUMENTS_IN,
    "a": Capability.AUDIO_IN,
    "r": Capability.REASONING,
    "e": Capability.EMBEDDINGS,
}
_STATED = (Support.FULL, Support.PARTIAL)


@frozen
class Filter:
    """Which models are asked for."""

    words: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    capability: tuple[str, ...] = ()
    context_min: int | None = None
    available: bool = False

    def takes(self, profile: Profile, model: Model) -> bool:
        """Whether a model is among them. What nobody states is not taken for granted here."""
        name = f"{profile.id}/{model.id}".lower()
        return (
            all(word.lower() in name for word in self.words)
            and all(profile.supports(Capability(wanted), model.id) in _STATED for wanted in self.capability)
            and (self.context_min is None or (model.context or 0) >= self.context_min)
        )


@click.command(cls=Command)
@click.argument("words", nargs=-1, metavar="[QUERY]...", shell_complete=complete_model)
@click.option(
    "--provider", multiple=True, metavar="ID", shell_complete=complete_provider, help="Of this provider."
)
@click.option(
    "--capability", multiple=True, metavar="NAME", help="With this capability, as `tools` or `images_in`."
)
@click.option("--context-min", type=int, metavar="N", help="With a context of at least N tokens.")
@click.option("--available", is_flag=True, help="Only where a key is found.")
def models(**raw: Any) -> None:
    """List the models of the installed providers.

    QUERY words all have to occur in the name. `models show MODEL` tells everything about one. The list is what
    the packages know; a model that is newer can be called all the same.
    """
    run = invocation()
    wanted = Filter(**raw)
    if wanted.words[:1] == ("show",):
        if len(wanted.words) != 2:
            msg = "`models show` takes the name of one model"
            raise Misuse(msg)
        _show(run, wanted.words[1])
        return
    _check(run, wanted)
    found = _found(run, wanted)
    if run.json:
        run.console.json([form_of(profile, model) for profile, model in found])
    elif found:
        _print(run, found)
    if not found:
        _tell_none(run, wanted)
        click.get_current_context().exit(Exit.NO)


def _check(run: Invocation, wanted: Filter) -> None:
    known = [capability.value for capability in Capability]
    for name in wanted.capability:
        if name not in known:
            near = get_close_matches(name, known, 1)
            msg = f"there is no capability `{name}`"
            raise Misuse(msg, f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}")
    for name in wanted.provider:
        run.registry.profile(name)  # raises what is wrong with the name


def _found(run: Invocation, wanted: Filter) -> list[tuple[Profile, Model]]:
    chosen = [run.registry.profile(name) for name in wanted.provider] or list(run.registry.profiles())
    if wanted.available:
        chosen = [profile for profile in chosen if key_of(run, profile.id).usable]
    return [(profile, model) for profile in chosen for model in _able(profile, wanted)]


def _able(profile: Profile, wanted: Filter) -> Iterator[Model]:
    """The models of one provider that fit, and are made for what is asked where there are such."""
    able = [frozenset(model.id for model in profile.able(Capability(name))) for name in wanted.capability]
    for model in profile.models:
        if wanted.takes(profile, model) and all(model.id in ids for ids in able):
            yield model


def _print(run: Invocation, found: list[tuple[Profile, Model]]) -> None:
    rows = [
        (f"{profile.id}/{model.id}", number(model.context), number(model.max_output), letters(profile, model))
        for profile, model in found
    ]
    dated = [{"dim": True} if model.deprecated else None for _, model in found]
    run.console.table(("MODEL", "CONTEXT", "OUTPUT", "CAN"), rows, right=(1, 2), styles=dated)
    legend = ", ".join(
        f"{letter} {capability.value.replace('_', ' ')}" for letter, capability in LETTERS.items()
    )
    run.console.note(f"\n{legend}")


def number(value: int | None) -> str:
    """A number of tokens, or a question mark."""
    return "?" if value is None else f"{value:,}"


def letters(profile: Profile, model: Model) -> str:
    """What a model can, one letter each."""
    return "".join(
        letter if profile.supports(capability, model.id) in _STATED else "-"
        for letter, capability in LETTERS.items()
    )


def form_of(profile: Profile, model: Model) -> dict[str, Any]:
    """A model for JSON."""
    return {
        "name": f"{profile.id}/{model.id}",
        "provider": profile.id,
        "model": model.id,
        "aliases": list(model.aliases),
        "mode": model.mode,
        "context": model.context,
        "max_output": model.max_output,
        "dimensions": model.dimensions,
        "capabilities": {found.value: profile.supports(found, model.id).value for found in Capability},
        "deprecated": model.deprecated.isoformat() if model.deprecated else None,
        "replacement": model.replacement,
        "note": model.note,
        "price": None,
    }


def _tell_none(run: Invocation, wanted: Filter) -> None:
    asked = " ".join(wanted.words)
    names = _names(run)
    tails = {name.partition("/")[2]: name for name in names}
    near = get_close_matches(asked, names, 1) or [tails[tail] for tail in get_close_matches(asked, tails, 1)]
    hint = f"did you mean `{near[0]}`?" if near else ""
    run.console.fail(
        "no model of the installed providers is like that", hint=hint or "`jackfield models` lists all"
    )


def _names(run: Invocation) -> list[str]:
    return [f"{profile.id}/{model.id}" for profile in run.registry.profiles() for model in profile.models]


def _show(run: Invocation, name: str) -> None:
    profile, model = run.registry.resolve(name)
    if not model.listed:
        raise _not_listed(profile, name)
    form = form_of(profile, model)
    if run.json:
        run.console.json(form)
        return
    facts = {
        key: value for key, value in form.items() if key not in ("provider", "model", "capabilities", "price")
    }
    for key, value in facts.items():
        if value:
            text = (
                ", ".join(value)
                if isinstance(value, list)
                else number(value)
                if isinstance(value, int)
                else value
            )
            run.console.out(f"{key.replace('_', ' ').ljust(11)} {text}")
    run.console.out("price       unknown\ncapabilities")
    for key, support in form["capabilities"].items():
        run.console.out(f"  {key.ljust(17)} {support.replace('_', ' ')}")
    _print_options(run, profile, model)


def _print_options(run: Invocation, profile: Profile, model: Model) -> None:
    """The options that are special here."""
    names = sorted({*profile.options, *model.options})
    rules = [(name, rule) for name in names if (rule := profile.option_rule(name, model)) is not None]
    if rules:
        run.console.out("options")
    for name, rule in rules:
        low, high = rule.minimum, rule.maximum
        bounds = [f"from {low:g}"] if low is not None else []
        bounds += [f"to {high:g}"] if high is not None else []
        words = [rule.support.value.replace("_", " "), *bounds, rule.note]
        run.console.out(f"  {name.ljust(17)} {', '.join(filter(None, words))}")


def _not_listed(profile: Profile, name: str) -> JackfieldError:
    known = [f"{profile.id}/{model.id}" for model in profile.models]
    near = get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    hint += f"`jackfield models --provider {profile.id}` lists {len(known)}"
    return ModelNotFound(ErrorInfo("model.missing", f"model `{name}` not found", hint=hint, sent="no"))
