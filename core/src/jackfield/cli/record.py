"""``jackfield record``: ask a provider what its tests need, and keep the exchanges without what is secret in them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import field, frozen

from jackfield.cli.console import counted, is_terminal
from jackfield.cli.failures import Exit, Misuse, meant, tell
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_provider
from jackfield.errors import JackfieldError
from jackfield.testing.shelf import THERE, Shelf

if TYPE_CHECKING:
    from jackfield.profile import Profile
    from jackfield.testing.recording import Studio

FOLDER = "tests/cassettes"


@frozen
class Wanted:
    """One cassette to be recorded."""

    name: str
    model: str
    file: Path
    says: str
    calls: int
    tokens: tuple[int, int]
    charge: str = field(default="unknown")

    @property
    def state(self) -> str:
        """Whether there is one already, and a good one."""
        return Shelf(self.file.parent).state(self.name)

    @property
    def form(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "scenario": self.name,
            "model": self.model,
            "file": str(self.file),
            "state": self.state,
            "calls": self.calls,
            "charge": None if self.charge == "unknown" else self.charge,
        }


@click.command(cls=Command)
@click.argument("provider", shell_complete=complete_provider)
@click.option(
    "-s", "--scenario", "names", multiple=True, metavar="NAME", help="Record this one; may be repeated."
)
@click.option(
    "-m", "--model", metavar="MODEL", help="Ask this model, not the first listed one that can do it."
)
@click.option(
    "--to", "folder", default=FOLDER, show_default=True, metavar="FOLDER", help="Where cassettes are kept."
)
@click.option(
    "--allow", "allowed", multiple=True, metavar="HEADER", help="Keep a header of answers that is no secret."
)
@click.option("--again", is_flag=True, help="Record those that exist, too.")
@click.option("--list", "listing", is_flag=True, help="Show what would be recorded, and ask nobody.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before anything is sent.")
def record(folder: str, listing: bool, yes: bool, **asked: Any) -> None:
    """Record the cassettes a provider's tests replay.

    Shows what is missing or older than 180 days and what it costs, asks, records, and tells what is new. Headers pass by an allow-list, keys and names of
    accounts are masked, and a file that would still hold a secret is not written: the exit code is 1 then.
    """
    run = invocation()
    wanted = _wanted(run, Path(folder), asked)
    if listing or not wanted:
        _list(run, wanted)
        return
    if not yes:
        _list(run, wanted)
        _confirm(run, wanted)
    written = _recorded(run, asked["provider"], wanted, asked["allowed"])
    if run.json:
        run.console.json([one.form for one in written])
    click.get_current_context().exit(Exit.DONE if len(written) == len(wanted) else Exit.NO)


def _wanted(run: Invocation, folder: Path, asked: Mapping[str, Any]) -> list[Wanted]:
    """The cassettes to record: those named, or all the provider can play; without those that exist already."""
    from jackfield.testing.scenarios import SCENARIOS, possible

    names, model = asked["names"], asked["model"]
    unknown = next((name for name in names if name not in SCENARIOS), None)
    if unknown is not None:
        msg = f"there is no scenario `{unknown}`"
        raise Misuse(msg, meant(unknown, [*SCENARIOS]) or f"there are {', '.join(SCENARIOS)}")
    profile = run.registry.profile(asked["provider"])
    able = {name: found.id for name, found in possible(profile)}
    if names or model:
        able = _chosen(profile, names, model, able)
    found = [_one(run, profile, name, able[name], folder) for name in SCENARIOS if name in able]
    return [one for one in found if asked["again"] or names or one.state != THERE]


def _chosen(
    profile: Profile, names: tuple[str, ...], model: str | None, able: Mapping[str, str]
) -> dict[str, str]:
    """The scenarios that were named with the model that was; a provider without a list of models needs one."""
    asked = (model or "").removeprefix(f"{profile.id}/")
    chosen = {
        name: asked or able.get(name, "") for name in names or able or ("completion", "stream", "error")
    }
    lost = [name for name, found in chosen.items() if not found]
    if lost:
        msg = f"no model of `{profile.id}` is listed that can play `{lost[0]}`"
        raise Misuse(msg, "name one with `--model`")
    return chosen


def _one(run: Invocation, profile: Profile, name: str, model: str, folder: Path) -> Wanted:
    from jackfield.testing.scenarios import SCENARIOS

    scenario = SCENARIOS[name]
    tokens = (scenario.input * scenario.calls, scenario.output * scenario.calls)
    return Wanted(
        name,
        f"{profile.id}/{model}",
        folder / f"{name}.yaml",
        scenario.says,
        scenario.calls,
        tokens,
        _charge(run, f"{profile.id}/{model}", tokens),
    )


def _charge(run: Invocation, model: str, tokens: tuple[int, int]) -> str:
    """What it costs at most, where prices are known; a key that is missing is told of when it is needed."""
    from datetime import UTC, datetime

    from jackfield.types import Usage

    try:
        prices = run.client().bind(model).prices
    except JackfieldError:
        return "unknown"
    charge = prices.charge(Usage(input=tokens[0], output=tokens[1]), datetime.now(UTC))
    return "unknown" if charge is None else f"{charge:f} USD"


def _list(run: Invocation, wanted: list[Wanted]) -> None:
    if run.json:
        run.console.json([one.form for one in wanted])
        return
    if not wanted:
        run.console.note("nothing is missing; `--again` records what exists, `--scenario NAME` one of them")
        return
    rows = [(one.name, one.state, one.model, str(sum(one.tokens)), one.charge, one.says) for one in wanted]
    run.console.table(("SCENARIO", "STATE", "MODEL", "TOKENS", "CHARGE", "WHAT"), rows, right=(3,))


def _confirm(run: Invocation, wanted: list[Wanted]) -> None:
    calls = counted(sum(one.calls for one in wanted), "call")
    if not is_terminal(sys.stdin):
        msg = f"{calls} would be sent and charged, and nobody is here to agree"
        raise Misuse(msg, "`--yes` records without asking")
    click.confirm(f"{calls} will be sent and charged to your account. Record?", abort=True, err=True)


def _recorded(run: Invocation, provider: str, wanted: list[Wanted], allowed: tuple[str, ...]) -> list[Wanted]:
    """What was recorded. A provider that refuses one spoils one; a secret that would show ends the run."""
    from jackfield.errors import Blocked, SetupError
    from jackfield.testing.recording import Studio

    studio = Studio.of(run.registry.profile(provider), run.settings, allowed)
    written: list[Wanted] = []
    for one in wanted:
        try:
            told = _record(run, studio, one)
        except (Blocked, SetupError):
            raise
        except JackfieldError as exc:
            run.console.talk(f"{one.name}: not recorded", style={"fg": "red"})
            tell(studio.without_secrets(exc), run)
            continue
        written.append(one)
        for line in told:
            run.console.note(line)
    return written


def _record(run: Invocation, studio: Studio, one: Wanted) -> list[str]:
    """Play a scenario and write its cassette; what to tell of it: file, size, and what changed."""
    from jackfield.cli.offline import NoTransport
    from jackfield.client import Client
    from jackfield.testing.recording import RecordingTransport
    from jackfield.testing.scenarios import SCENARIOS
    from jackfield.testing.shelf import changes
    from jackfield.transport import default_transport

    inner: Any = NoTransport() if run.offline else default_transport(proxy=run.settings.proxy)
    transport = RecordingTransport(inner)
    # a client of its own: each cassette holds all that is needed, the fetching of a token too
    with Client(run.settings, registry=run.registry, transport=transport) as client:
        SCENARIOS[one.name].ask(client, one.model)
    cassette = studio.cassette(one.name, transport.interactions, one.model.partition("/")[2])
    shelf = Shelf(one.file.parent)
    changed = changes(shelf.before(one.name), cassette)
    size = shelf.put(cassette).stat().st_size
    return [f"{one.name}: {one.file} ({size:,} bytes)", *(f"  {line}" for line in changed)]
