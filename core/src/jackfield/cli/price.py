"""``jackfield price``: what a use costs with several models, and whether price tables have drifted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click
from attrs import frozen

from jackfield.cli.answer import money
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_model
from jackfield.profile.rates import picture
from jackfield.types import UNKNOWN_USAGE, Usage

if TYPE_CHECKING:
    from jackfield.catalogue import Cost
    from jackfield.client import Client


@frozen
class Use:
    """What is to be priced: figures, or the prompts of a file."""

    into: int
    out: int
    cached: int
    images: int
    quality: str
    size: str
    batch: bool
    tier: str
    at: str | None
    file: str | None

    def usage(self) -> Usage:
        """The figures as a usage; what was cached is a part of what goes in."""
        if self.cached > self.into:
            msg = f"`--cached {self.cached}` is more than `--in {self.into}`, of which it is a part"
            raise Misuse(msg)
        usage = Usage(self.into - self.cached, self.cached, output=self.out)
        return usage.in_tier("batch" if self.batch else self.tier)

    def pictures(self) -> Mapping[str, float]:
        """The pictures, and of what quality and size they are."""
        sized = picture(self.quality, self.size)
        if (self.quality or self.size) and not (sized and self.images):
            msg = "`--quality` and `--size` are of `--images`: a word, and a size such as 1024x1024"
            raise Misuse(msg)
        told = {"images_out": self.images} if self.images else {}
        return {**told, sized: self.images} if sized else told

    def moment(self) -> datetime | date:
        """When it is used; now if nothing is said."""
        if self.at is None:
            return datetime.now(UTC)
        try:
            return datetime.fromisoformat(self.at) if "T" in self.at else date.fromisoformat(self.at)
        except ValueError:
            msg = f"`--at` must be a date such as 2026-11-21, not `{self.at:.40}`"
            raise Misuse(msg) from None


_COUNT = click.IntRange(min=0)


@click.command(cls=Command)
@click.argument("models", nargs=-1, metavar="MODEL...", shell_complete=complete_model)
@click.option("--in", "into", type=_COUNT, default=0, metavar="N", help="Tokens that go in, cached ones too.")
@click.option("--out", type=_COUNT, default=0, metavar="N", help="Tokens that come out.")
@click.option("--cached", type=_COUNT, default=0, metavar="N", help="Those of them that a cache holds.")
@click.option("--images", type=_COUNT, default=0, metavar="N", help="Pictures that are made.")
@click.option("--quality", default="", metavar="WORD", help="The quality of those pictures, such as `high`.")
@click.option("--size", default="", metavar="WxH", help="Their size, such as `1024x1024`.")
@click.option("--batch", is_flag=True, help="At the prices of batches.")
@click.option("--tier", default="", metavar="NAME", help="At the prices of a service tier.")
@click.option("--at", metavar="DATE", help="At the prices of another day.")
@click.option("--file", metavar="FILE", help="Price the prompts of a file: JSON lines with `prompt`.")
def price(models: tuple[str, ...], **raw: Any) -> None:
    """Compare what a use costs with several models, the cheapest first.

    `price check FILE` compares our tables with those of a JSON file and exits 1 where they differ. It holds
    {"PROVIDER/MODEL": {"input": "1.25", "output": "10"}}, in USD per million tokens.
    """
    run, use = invocation(), Use(**raw)
    if models[:1] == ("check",):
        if len(models) != 2:
            msg = "`price check` takes one file"
            raise Misuse(msg)
        click.get_current_context().exit(_check(run, models[1]))
    if not models:
        msg = "no model is named"
        raise Misuse(msg, "as in `jackfield price PROVIDER/MODEL PROVIDER/OTHER --in 100000 --out 3000`")
    with run.client() as client:
        found = _costs(client, models, use)
    if run.json:
        run.console.json([form_of(cost, use) for cost in found])
    else:
        _print(run, found, use)


def _costs(client: Client, models: tuple[str, ...], use: Use) -> tuple[Cost, ...]:
    from jackfield.catalogue.compare import by_cost

    use.pictures()  # which may be misuse
    if use.file is None:
        if not (use.into or use.out or use.images):
            msg = "there is nothing to price"
            raise Misuse(
                msg, "say how much: `--in 100000 --out 3000`, `--images 2`, or `--file prompts.jsonl`"
            )
        if use.images:
            return by_cost(_drawn(client, model, use) for model in models)
        return client.compare_costs(models, use.usage(), at=use.moment())
    return _of_prompts(client, models, use, list(_prompts(use.file)))


def _drawn(client: Client, model: str, use: Use) -> Cost:
    """What pictures cost: with the tokens, or, where they have no price besides those, apart from them."""
    usage, pictures, at = use.usage(), use.pictures(), use.moment()
    apart = attrs.evolve(UNKNOWN_USAGE, more=pictures)
    (drawn,) = client.compare_costs((model,), apart, at=at)
    (whole,) = client.compare_costs((model,), attrs.evolve(usage, more=pictures), at=at)
    (words,) = client.compare_costs((model,), usage, at=at)
    if whole.amount != words.amount or drawn.amount is None or words.amount is None:
        return whole if whole.amount != words.amount else drawn
    return attrs.evolve(drawn, amount=drawn.amount + words.amount)


def _of_prompts(client: Client, models: tuple[str, ...], use: Use, prompts: list[str]) -> tuple[Cost, ...]:
    """What all prompts of a file may cost together: by the estimate of what goes in, and ``--out`` for each."""
    from jackfield.tokens.estimate import estimate_text

    into = sum(estimate_text(prompt).likely for prompt in prompts)
    usage = Usage(into, output=use.out * len(prompts)).in_tier("batch" if use.batch else use.tier)
    return client.compare_costs(models, usage, at=use.moment())


def _prompts(file: str) -> Iterator[str]:
    """The prompts of a file, a JSON object or text a line."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"`{file}` cannot be read: {getattr(exc, 'strerror', None) or 'it is not UTF-8'}"
        raise Misuse(msg) from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _prompt(line, f"{file}:{number}")


def _prompt(line: str, place: str) -> str:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    prompt = found.get("prompt") if isinstance(found, dict) else found
    if not isinstance(prompt, str):
        msg = f'`{place}` holds no prompt: a line is {{"prompt": "…"}}, or the text as JSON'
        raise Misuse(msg)
    return prompt


def form_of(cost: Cost, use: Use) -> dict[str, Any]:
    """A cost for JSON."""
    rate = cost.rate
    return {
        "model": cost.model,
        "total": None if cost.amount is None else f"{cost.amount:f}",
        "currency": "USD",
        "tier": "batch" if use.batch else use.tier or None,
        "answered_by": cost.answered_by or None,
        "source": None if rate is None else rate.source,
        "url": rate.url or None if rate is not None else None,
        "checked": None if rate is None or rate.checked is None else rate.checked.isoformat(),
        "valid_from": None if rate is None else rate.valid_from.isoformat(),
        "conflicts": list(cost.conflicts),
        "why": cost.why or None,
    }


def _print(run: Invocation, found: tuple[Cost, ...], use: Use) -> None:
    rows = [_row(cost, use) for cost in found]
    run.console.table(("MODEL", "TOTAL", "TIER", "CHECKED", "SOURCE"), rows, right=(1,))
    for cost in found:
        if cost.amount is None:
            run.console.note(f"`{cost.model}`: {cost.why}")
        elif cost.conflicts:
            run.console.note(f"`{cost.model}`: sources disagree on {', '.join(cost.conflicts)}")


def _row(cost: Cost, use: Use) -> tuple[str, ...]:
    rate = cost.rate
    total = "unknown" if cost.amount is None else money(cost.amount)
    checked = "" if rate is None or rate.checked is None else rate.checked.isoformat()
    tier = "batch" if use.batch else use.tier or "standard"
    return cost.model, total, tier, checked, "" if rate is None else rate.source


# -- drift ---------------------------------------------------------------------------------------


def _check(run: Invocation, file: str) -> int:
    """Compare our tables with a file; 1 where they differ."""
    stated = _stated(file)
    drifted: list[dict[str, Any]] = []
    with run.client() as client:
        for name, figures in stated.items():
            drifted += _differences(client, name, figures)
    if run.json:
        run.console.json(drifted)
    elif drifted:
        rows = [(one["model"], one["of"], one["ours"] or "unknown", one["theirs"]) for one in drifted]
        run.console.table(("MODEL", "OF", "OURS", "THEIRS"), rows, right=(2, 3))
    differing = len({one["model"] for one in drifted})
    run.console.note(f"{differing} of {len(stated)} models differ")
    return Exit.NO if drifted else Exit.DONE


def _stated(file: str) -> Mapping[str, Mapping[str, str]]:
    try:
        found = json.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        msg = f"`{file}` cannot be read: {getattr(exc, 'strerror', None) or 'it is not JSON'}"
        raise Misuse(msg) from None
    if not isinstance(found, dict) or not all(isinstance(figures, dict) for figures in found.values()):
        msg = f'`{file}` holds no prices: {{"PROVIDER/MODEL": {{"input": "1.25"}}}}'
        raise Misuse(msg)
    return found


def _differences(client: Client, name: str, figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from decimal import Decimal, InvalidOperation

    from jackfield.catalogue.quote import compiled_of
    from jackfield.catalogue.rates import decimal_of

    compiled = compiled_of(client.pricing(name).prices, datetime.now(UTC))
    for quantity, theirs in figures.items():
        amount = None if compiled is None else compiled.standard.base.amounts.get(quantity)
        ours = None if amount is None else decimal_of(amount * 1_000_000)
        try:
            same = ours is not None and ours == Decimal(str(theirs))
        except InvalidOperation:
            msg = f"`{name}`: `{theirs!s:.40}` is no price"
            raise Misuse(msg) from None
        if not same:
            ours_text = None if ours is None else f"{ours:f}"
            yield {"model": name, "of": quantity, "ours": ours_text, "theirs": str(theirs)}
