"""``jackfield new-plugin``: the package of a provider, complete, and green before anything was changed in it.

Four rungs, of which the lowest that does it is the right one: data alone; data with named quirks; a shared wire
with one thing overridden; a wire of its own. What is written lies as templates in the folder ``scaffold``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import click
from attrs import frozen

from jackfield import __version__
from jackfield.cli.failures import Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.options import OPTIONS
from jackfield.registry import known_providers
from jackfield.wire import WIRES

SCAFFOLD = Path(__file__).parent / "scaffold"
DEFAULT_WIRE = "chat_completions"

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_PLACE = re.compile(r"@([A-Z_]+)@")

# What installers would know of the package, for its contract before it is installed.
_METADATA = """Metadata-Version: 2.4
Name: {name}
Version: 0.1.0
License-Expression: MIT
Requires-Dist: jackfield{core}
"""

# Rung -> the folders of templates it is made of. Each lies where its file goes, below `src/package` in the package.
_LAYERS: Mapping[str, tuple[str, ...]] = {
    "a": ("all", "data"),
    "b": ("all", "data", "b"),
    "c": ("all", "code", "c"),
    "d": ("all", "code", "d"),
}
WITH_CODE = frozenset("cd")

# What a rung is, for README and package.
_ABOUT: Mapping[str, str] = {
    "a": "The package is data alone; the wire is `{wire}` of the core.",
    "b": "The package is data alone; the wire is `{wire}` of the core, with quirks.",
    "c": "The wire is `{wire}` of the core, with one thing overridden.",
    "d": "The wire is this package's own.",
}
_WHY: Mapping[str, str] = {
    "c": "the wait stands in a header of the provider's own, which data cannot say",
    "d": "the format is the provider's own: no shared wire speaks it",
}

# A quirk as an example, with its test: how it is called, what it says, what is asked and expected.
_QUIRK = (
    "set = { safe_prompt = true }",
    "the_safe_prompt_is_always_asked_for",
    "Requests without it are refused.",
    "",
    'asked["safe_prompt"] is True',
)
_QUIRKS: Mapping[str, tuple[str, ...]] = {
    "chat_completions": (
        'rename = { max_completion_tokens = "max_tokens" }',
        "the_limit_goes_under_its_older_name",
        "The newer one is refused.",
        "max_tokens=5",
        '(5, False) == (asked["max_tokens"], "max_completion_tokens" in asked)',
    )
}

# Format -> the options it has no field for.
_LACKS: Mapping[str, tuple[str, ...]] = {
    "chat_completions": (),
    "generate_content": ("verbosity", "user", "metadata"),
    "messages": ("seed", "frequency_penalty", "presence_penalty", "verbosity", "metadata", "store"),
    "responses": ("top_k", "stop", "seed", "frequency_penalty", "presence_penalty"),
}
_OWN_LACKS = (
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "verbosity",
    "user",
    "metadata",
    "service_tier",
    "store",
)
_SEVERAL = frozenset(
    {"chat_completions", "generate_content"}
)  # formats that have several answers to one request


def _options(wire: str) -> str:
    """What becomes of the options a format has no field for."""
    rules = [] if wire in _SEVERAL else ['[options.n]\nmaximum = 1\nnote = "one answer a request"\n']
    for name in _LACKS.get(wire, _OWN_LACKS):
        left_out = "" if OPTIONS[name].shapes_answer else "ignored = true # it does not change the answer\n"
        rules.append(f'[options.{name}]\nsupport = "unsupported"\n{left_out}')
    head = "\n# The format has no field for these.\n" if rules else ""
    return head + "\n".join(rules)


@frozen
class Plan:
    """What is to be written."""

    id: str
    title: str
    rung: str
    wire: str
    base_url: str
    key_env: str
    model: str
    folder: Path

    @property
    def package(self) -> str:
        """The name of the package that is imported."""
        return f"jackfield_{self.id.replace('-', '_')}"

    @property
    def distribution(self) -> str:
        """The name of the package that is installed."""
        return f"jackfield-{self.id}"

    def files(self) -> Iterator[tuple[str, str]]:
        """Every file with its text."""
        words = self._words()
        for layer in _LAYERS[self.rung]:
            for template in sorted((SCAFFOLD / layer).rglob("*.in")):
                place = template.relative_to(SCAFFOLD / layer).as_posix().removesuffix(".in")
                text = _filled(template.read_text(encoding="utf-8"), words).rstrip("\n")
                yield place.replace("src/package/", f"src/{self.package}/"), f"{text}\n" if text else ""

    def _words(self) -> dict[str, str]:
        name = "".join(map(str.capitalize, self.id.split("-")))
        address = urlsplit(self.base_url)
        about = _ABOUT[self.rung].format(wire=self.wire)
        return {
            "ID": self.id,
            "TITLE": self.title,
            "PACKAGE": self.package,
            "DISTRIBUTION": self.distribution,
            "CLASS": name,
            "VARIABLE": self.id.replace("-", "_").upper(),
            "WIRE": self.wire,
            "BASE_URL": self.base_url,
            "ORIGIN": f"{address.scheme}://{address.netloc}",
            "KEY_ENV": self.key_env,
            "MODEL": self.model,
            "ABOUT": about,
            "YEAR": str(datetime.now(UTC).year),
            "DAY": datetime.now(UTC).date().isoformat(),
            "RANGE": _range(__version__),
            "TOOLS": "full" if self.rung == "d" else "unsupported",
            "OPTIONS": _options(self.wire),
            **self._words_of_code(),
            **self._words_of_quirks(),
        }

    def _words_of_code(self) -> dict[str, str]:
        code = self.rung in WITH_CODE
        about = (
            "a wire of its own." if self.rung == "d" else "a shared wire, and one thing that data cannot say."
        )
        return {
            "ABOUT_CODE": about,
            "BASE": WIRES[self.wire].partition(":")[2] if self.rung == "c" else "",
            "EXEMPT": f'\n[quality.exempt]\nwire = "{_WHY[self.rung]}"' if code else "",
            "CHECKERS": ', "mypy>=1.13"' if code else "",
            "CHECKS": "      - run: mypy" if code else "",
            "MYPY": '\n[tool.mypy]\nfiles = ["src"]\nstrict = true' if code else "",
        }

    def _words_of_quirks(self) -> dict[str, str]:
        if self.rung != "b":
            return {"QUIRKS": ""}
        quirk, *test = _QUIRKS.get(self.wire, _QUIRK)
        today = datetime.now(UTC).date().isoformat()[:7]
        return {
            "QUIRKS": f"\n# Changes to what is sent, in order. This one is an example: say what was seen, and when.\n[[quirks]]\n# {today}: {test[1]}\n{quirk}\n",
            **dict(zip(("QUIRK_TEST", "QUIRK_SAYS", "QUIRK_OPTIONS", "QUIRK_EXPECTED"), test, strict=True)),
        }


def _filled(text: str, words: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: words[match[1]], text)


def _range(version: str) -> str:
    """The versions of core a package goes with: those with the same first two numbers."""
    major, minor = version.split(".")[:2]
    return f">={major}.{minor}.0,<{major}.{int(minor) + 1}"


@click.command("new-plugin", cls=Command)
@click.argument("name")
@click.option("--wire", help=f"The format it speaks: {', '.join(WIRES)}.  [default: {DEFAULT_WIRE}]")
@click.option("--base-url", metavar="URL", help="Where it is: what stands before the path of a call.")
@click.option("--key-env", metavar="VARIABLE", help="Where its key is read.  [default: NAME_API_KEY]")
@click.option("--rung", type=click.Choice([*_LAYERS]), help="How much is code.  [default: a]")
@click.option("--code", is_flag=True, help="With code: rung c for a shared wire, rung d otherwise.")
@click.option("--model", metavar="ID", help="One of its models.  [default: NAME-1]")
@click.option("--title", metavar="TEXT", help="Its name for people.")
@click.option("--check/--no-check", default=True, help="Ask its contract at once, offline.")
@click.option("--to", "folder", metavar="FOLDER", help="Where to write.  [default: jackfield-NAME]")
def new_plugin(name: str, **raw: Any) -> None:
    """Write the package of the provider NAME: a repository of its own, whose tests pass at once.

    Take the lowest rung that does it. a: two files of data. b: data with named quirks. c: a shared wire with one
    thing overridden. d: a wire of its own.
    """
    plan = plan_of(name, raw)
    _write(invocation(), plan, check=raw["check"])


def plan_of(name: str, raw: Mapping[str, Any]) -> Plan:
    """What the arguments ask for; ``Misuse`` for what cannot be."""
    found = _id(name)
    rung, wire = _rung_and_wire(found, raw)
    base_url = _base_url(found, raw["base_url"])
    key_env = raw["key_env"] or f"{found.replace('-', '_').upper()}_API_KEY"
    if _VARIABLE.fullmatch(key_env) is None:
        raise Misuse(
            f"`{key_env}` is no name of a variable",
            "it is written like `ACME_API_KEY`; the key itself goes nowhere",
        )
    model = _plain("--model", raw["model"] or f"{found}-1")
    title = _plain("--title", raw["title"] or found.replace("-", " ").title())
    return Plan(
        found, title, rung, wire, base_url, key_env, model, Path(raw["folder"] or f"jackfield-{found}")
    )


def _id(name: str) -> str:
    found = name.removeprefix("jackfield-")
    if _ID.fullmatch(found) is None:
        near = re.sub(r"[^a-z0-9]+", "-", found.lower()).strip("-0123456789")
        raise Misuse(
            f"`{name}` cannot be the id of a provider", f"ids are lower case with dashes: `{near or 'acme'}`"
        )
    return found


def _rung_and_wire(name: str, raw: Mapping[str, Any]) -> tuple[str, str]:
    wire, rung = raw["wire"], raw["rung"]
    if raw["code"] and rung not in (None, *WITH_CODE):
        raise Misuse(f"rung {rung} has no code", "leave out `--code`, or take rung c or d")
    rung = rung or ("a" if not raw["code"] else "c" if wire in WIRES else "d")
    if rung == "d":
        own = wire or name.replace("-", "_")
        if own in WIRES:
            raise Misuse(
                f"`{own}` is a shared wire, and rung d has one of its own",
                "take rung c, or leave out `--wire`",
            )
        if _NAME.fullmatch(own) is None:
            raise Misuse(f"`{own}` cannot be the name of a wire", "it is lower case with underscores")
        return rung, own
    wire = wire or DEFAULT_WIRE
    if wire not in WIRES:
        hint = f"the shared wires are {', '.join(WIRES)}; `--rung d` writes one of its own"
        raise Misuse(f"there is no shared wire `{wire}`", hint)
    return rung, wire


def _base_url(name: str, given: str | None) -> str:
    if not given:
        raise Misuse("`--base-url` is missing", f"where is it? `--base-url https://api.{name}.example/v1`")
    if not _is_address(_plain("--base-url", given)):
        hint = "it has a scheme, a host and perhaps a path, and nothing else"
        raise Misuse("`--base-url` is no address of a server", hint)
    return given.rstrip("/")


def _is_address(url: str) -> bool:
    """Whether something is where a server may be: credentials and queries have no place in it."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        return False
    return bool(known) and parts.username is None and not parts.query and not parts.fragment


def _plain(option: str, text: str) -> str:
    """Text that can stand in any of the files as it is."""
    if not text.strip() or not text.isprintable() or any(mark in text for mark in '"\\'):
        raise Misuse(f"`{option}` must be plain text", "without quotes and backslashes")
    return text


def _write(run: Invocation, plan: Plan, *, check: bool) -> None:
    if plan.folder.exists() and (not plan.folder.is_dir() or any(plan.folder.iterdir())):
        raise Misuse(f"`{plan.folder}` is there already", "name another folder: `--to FOLDER`")
    known = known_providers().get(plan.id)
    if known is not None and known.install:
        hint = f"`{known.install}`; what of it should be otherwise may be a package that answers one hook"
        raise Misuse(f"`{plan.id}` has a package already, and two with one id exclude each other", hint)
    written = sorted(_put(plan.folder / place, text) for place, text in plan.files())
    for place in () if run.json else written:
        run.console.out(place)
    card = _tried(run, plan) if check else {}
    if run.json:
        form = {"folder": str(plan.folder), "rung": plan.rung, "wire": plan.wire, "files": written}
        run.console.json({**form, "contract": {name: card[name] for name in ("level", "failed") if card}})
        return
    run.console.note(f"next: cd {plan.folder} && pip install -e '.[test]' && pytest")
    run.console.note(
        f'      jackfield -m {plan.id}/{plan.model} "Name three rivers."   # with a key in {plan.key_env}'
    )
    run.console.note(f"      jackfield record {plan.id} --list")


def _tried(run: Invocation, plan: Plan) -> Mapping[str, Any]:
    """The scorecard of what was written, as if it were installed; empty where that cannot be found out here."""
    from jackfield.cli.checks.contract import INSTALL, cards_of, missing

    if missing():
        run.console.note(f"its contract was not asked: `{missing()}` is not installed (`{INSTALL}`)")
        return {}
    with TemporaryDirectory(prefix="jackfield-") as site:
        metadata = Path(site) / f"{plan.package}-0.1.0.dist-info"
        _put(metadata / "METADATA", _METADATA.format(name=plan.distribution, core=_range(__version__)))
        _put(metadata / "entry_points.txt", f"[jackfield.providers]\n{plan.id} = {plan.package}\n")
        folder = plan.folder.resolve()
        tests = str(folder / "tests" / "test_contract.py")
        cards, printed = cards_of("--import-mode=importlib", tests, path=[Path(site), folder / "src"])
    card: Mapping[str, Any] = cards.get(plan.id, {})
    if not card or card["failed"]:
        run.console.warn(f"its contract is not met:\n{printed[-1000:]}")
    else:
        met = sum(outcome == "passed" for outcome in card["rules"].values())
        run.console.note(f"its contract is met: {card['level']}, {met} of {len(card['rules'])} rules")
    return card


def _put(file: Path, text: str) -> str:
    """Write one file; its name."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as exc:
        raise Misuse(
            f"`{file}` cannot be written: {exc.strerror}", "name another folder: `--to FOLDER`"
        ) from exc
    return str(file)
