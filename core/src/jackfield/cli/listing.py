"""What ``jackfield models`` prints: a table of models, everything about one, what providers said when asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from jackfield.capability import Capability
from jackfield.catalogue.filters import query_of
from jackfield.catalogue.index import ListedPrice
from jackfield.catalogue.listed import Listed
from jackfield.cli.credentials import key_of
from jackfield.cli.failures import Exit, Misuse
from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, ModelNotFound
from jackfield.registry.shelves import catalogue_of

if TYPE_CHECKING:
    from jackfield.catalogue.query import Catalogue
    from jackfield.cli.invocation import Invocation
    from jackfield.client import Client
    from jackfield.profile import Model, Profile

# The letters of the column: what people choose a model by.
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
HEAD = ("MODEL", "CONTEXT", "IN $/M", "OUT $/M", "CAN", "PRICE SEEN, SOURCE")


def catalogue(run: Invocation) -> Catalogue:
    """The catalogue of the providers this run sees."""
    return catalogue_of(run.registry, run.settings.paths.cache, run.settings.compliance)


# -- the table -----------------------------------------------------------------------------------


def list_models(run: Invocation, words: Sequence[str], raw: Mapping[str, Any]) -> None:
    """Print the models that are asked for; none found is the answer no."""
    filters = {name: value for name, value in raw.items() if name not in ("available", "cheapest") and value}
    try:
        query = query_of(words, filters)  # type: ignore[arg-type]  # the options of the command are its keys
    except InvalidRequest as exc:
        raise Misuse(exc.info.message, exc.info.hint) from None
    there = catalogue(run)
    found = there.cheapest(query) if raw["cheapest"] else there.find(query)
    if raw["available"]:
        usable = {name for name in {one.provider for one in found} if key_of(run, name).usable}
        found = tuple(one for one in found if one.provider in usable)
    if run.json:
        run.console.json([one.form() for one in found])
    elif found:
        _print(run, found)
    if not found:
        _tell_none(run, there, " ".join(words))
        click.get_current_context().exit(Exit.NO)


def _print(run: Invocation, found: Sequence[Listed]) -> None:
    rows = [_row(one, one.price()) for one in found]
    dim = [None if one.status() == "current" else {"dim": True} for one in found]
    run.console.table(HEAD, rows, right=(1, 2, 3), styles=dim)
    legend = ", ".join(
        f"{letter} {capability.value.replace('_', ' ')}" for letter, capability in LETTERS.items()
    )
    run.console.note(f"\n{legend}")


def _row(one: Listed, price: ListedPrice) -> tuple[str, ...]:
    figures = [figure(value) for value in (price.input, price.output)]
    disputed = "disputed; " if price.conflicts else ""
    seen = f"{disputed}{price.checked} {price.source}".strip()
    return (one.name, number(one.context), *figures, letters(one), seen)


def number(value: int | None) -> str:
    """A number of tokens, or a question mark."""
    return "?" if value is None else f"{value:,}"


def figure(value: Decimal | None) -> str:
    """A price with four significant digits, or a question mark."""
    return "?" if value is None else f"{Decimal(f'{value:.4g}'):f}"


def letters(one: Listed) -> str:
    """What a model can, one letter each."""
    return "".join(letter if one.can(capability) else "-" for letter, capability in LETTERS.items())


def _tell_none(run: Invocation, there: Catalogue, asked: str) -> None:
    near = there.near(asked, 1)
    hint = f"did you mean `{near[0]}`?" if near else "`jackfield models` lists all"
    run.console.fail("no model of the installed providers is like that", hint=hint)


# -- one model -----------------------------------------------------------------------------------


def show(run: Invocation, names: Sequence[str]) -> None:
    """Print everything that is known of one model."""
    if len(names) != 1:
        msg = "`models show` takes the name of one model"
        raise Misuse(msg)
    profile, model = run.registry.resolve(names[0])
    if not model.listed:
        raise _not_listed(profile, names[0])
    one = catalogue(run).get(f"{profile.id}/{model.id}")
    if run.json:
        run.console.json({**one.form(), "quirks": _quirks(profile), "rates": _rates(model)})
        return
    for line in (*_facts(one), *_prices(one, model), *_abilities(one), *_options(profile, model)):
        run.console.out(line)
    for line in _quirk_lines(profile):
        run.console.out(line)


def _facts(one: Listed) -> Iterator[str]:
    form = one.form()
    names = ("name", "aliases", "mode", "context", "max_output", "dimensions")
    told = ("status", "deprecated") if form["deprecated"] else ()
    for key in (*names, *told, "replacement", "note", "regions", "compliance"):
        value = form[key]
        if value:
            text = (
                ", ".join(value)
                if isinstance(value, list)
                else number(value)
                if isinstance(value, int)
                else value
            )
            yield f"{key.replace('_', ' ').ljust(11)} {text}"


def _prices(one: Listed, model: Model) -> Iterator[str]:
    from jackfield.cli.rates import rate_lines

    if not model.rates:
        yield "price       unknown"
        return
    yield "price"
    for rate in model.rates:
        yield from (f"  {line}" for line in rate_lines(rate))


def _abilities(one: Listed) -> Iterator[str]:
    yield "capabilities"
    for capability in Capability:
        yield f"  {capability.value.ljust(17)} {one.supports(capability).value.replace('_', ' ')}"


def _options(profile: Profile, model: Model) -> Iterator[str]:
    """The options that are special here."""
    names = sorted({*profile.options, *model.options})
    rules = [(name, rule) for name in names if (rule := profile.option_rule(name, model)) is not None]
    if rules:
        yield "options"
    for name, rule in rules:
        low, high = rule.minimum, rule.maximum
        bounds = [f"from {low:g}"] if low is not None else []
        bounds += [f"to {high:g}"] if high is not None else []
        words = [rule.support.value.replace("_", " "), *bounds, rule.note]
        yield f"  {name.ljust(17)} {', '.join(filter(None, words))}"


def _quirks(profile: Profile) -> list[dict[str, Any]]:
    return [dict(quirk) for quirk in profile.quirks]


def _quirk_lines(profile: Profile) -> Iterator[str]:
    """Where the provider deviates from the wire it speaks."""
    if profile.quirks:
        yield "quirks"
    for quirk in profile.quirks:
        for name, value in quirk.items():
            yield f"  {name.ljust(17)} {_plain(value)}"


def _plain(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _rates(model: Model) -> list[Any]:
    from jackfield.cli.rates import rate_form

    return [rate_form(rate) for rate in model.rates]


def _not_listed(profile: Profile, name: str) -> JackfieldError:
    known = [f"{profile.id}/{model.id}" for model in profile.models]
    near = get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    hint += f"`jackfield models --provider {profile.id}` lists {len(known)}"
    return ModelNotFound(ErrorInfo("model.missing", f"model `{name}` not found", hint=hint, sent="no"))


# -- asking --------------------------------------------------------------------------------------


def refresh(run: Invocation, providers: Sequence[str]) -> None:
    """Ask the providers for their models, and tell what is new; one that cannot be asked makes the run fail."""
    if run.offline:
        msg = "`models refresh` asks providers, and `--offline` opens no socket"
        raise Misuse(msg)
    named = [run.registry.profile(name).id for name in providers]
    asked = named or [name for name in run.registry.ids() if _can_be_asked(run, name)]
    with run.client() as client:
        told = [_told(client, name) for name in asked]
    if run.json:
        run.console.json([{key: value for key, value in one.items() if key != "failure"} for one in told])
    elif told:
        rows = [
            (one["provider"], number(one["models"]), number(one["new"]), one["error"] or "") for one in told
        ]
        run.console.table(("PROVIDER", "MODELS", "NEW", "FAILED"), rows, right=(1, 2))
    else:
        run.console.note("no provider with a key lists its models")
    failures = [one["failure"] for one in told if one["failure"] is not None]
    if failures:
        click.get_current_context().exit(max(failure.exit_code for failure in failures))


def _can_be_asked(run: Invocation, provider: str) -> bool:
    try:
        able = run.registry.profile(provider).supports(Capability.LIST_MODELS).usable
    except JackfieldError:
        return False
    return able and key_of(run, provider).usable


def _told(client: Client, provider: str) -> dict[str, Any]:
    from jackfield.client.listing import asked

    known = {name for shelf in client.catalogue.shelves((provider,)) for name in shelf.ids}
    try:
        found = asked(client, provider, 0.0)
        models = [model.id for model in found.keep(client.list_models(provider)).models]
    except JackfieldError as exc:
        error = exc.summary.partition("\n")[0]
        return {"provider": provider, "models": None, "new": None, "error": error, "failure": exc}
    new = sum(model not in known for model in models)
    return {"provider": provider, "models": len(models), "new": new, "error": None, "failure": None}
