"""``jackfield models``: the models of the installed providers, from the data they come with."""

from __future__ import annotations

from typing import Any

import click

from jackfield.cli.flags import Command
from jackfield.cli.invocation import invocation
from jackfield.cli.names import complete_model, complete_provider


@click.command(cls=Command)
@click.argument("words", nargs=-1, metavar="[QUERY]...", shell_complete=complete_model)
@click.option(
    "--provider", multiple=True, metavar="ID", shell_complete=complete_provider, help="Of this provider."
)
@click.option(
    "--capability", multiple=True, metavar="NAME", help="With this capability, as `tools` or `images_in`."
)
@click.option("--mode", metavar="NAME", help="Made for this, as `chat` or `embedding`.")
@click.option("--context-min", type=int, metavar="N", help="With a context of at least N tokens.")
@click.option("--max-price-in", metavar="USD", help="At most so many USD per million tokens in.")
@click.option("--max-price-out", metavar="USD", help="At most so many USD per million tokens out.")
@click.option("--feature", metavar="NAME", help="Of providers with this feature, as `batch` or `european`.")
@click.option("--category", metavar="NAME", help="Of providers of this category, as `lab` or `local`.")
@click.option("--region", metavar="NAME", help="Of providers that serve from this region.")
@click.option("--compliance", multiple=True, metavar="TAG", help="Of providers stated to comply with this.")
@click.option("--status", multiple=True, metavar="NAME", help="`current`, `deprecated` or `retired`.")
@click.option("--cheapest", is_flag=True, help="Cheapest first; only those whose price is known.")
@click.option("--available", is_flag=True, help="Only where a key is found.")
def models(words: tuple[str, ...], **raw: Any) -> None:
    """List the models of the installed providers.

    QUERY words all have to occur in the name. `models show MODEL` tells everything about one. The list is what
    the packages know; a model that is newer can be called all the same. `models refresh` asks the providers
    themselves, those named with --provider or all with a key, and the list knows for an hour what they said.
    """
    from jackfield.cli import listing

    run = invocation()
    if words[:1] == ("show",):
        listing.show(run, words[1:])
    elif words == ("refresh",):
        listing.refresh(run, raw["provider"])
    else:
        listing.list_models(run, words, raw)
