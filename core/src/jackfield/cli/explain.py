"""``jackfield explain CODE``: what an error means, or a rule of the contract, and what to do about it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from jackfield.cli.failures import Misuse, meant
from jackfield.cli.flags import Command
from jackfield.cli.invocation import invocation
from jackfield.errors import KINDS, LEAVES, JackfieldError

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation
    from jackfield.testing.rules import Rule

# Code -> what to do. One line for each, in the words of a person who has to go on.
ADVICE: Mapping[str, str] = {
    "JF100": "Catch it as the root of all errors; the command line treats it as a bug.",
    "JF101": "Mend the setting the message names. `jackfield config show --origin` shows where each value stands.",
    "JF102": "Store a key with `jackfield keys set PROVIDER`, or set the variable the message names.",
    "JF103": "Check that the key is current, belongs to this account and may use this model, then store it anew.",
    "JF104": "Update the plugin the message names, or remove it. `jackfield doctor` lists all that are broken.",
    "JF105": "Install the package the hint names, or correct the provider's name: `jackfield providers` lists them.",
    "JF106": "Remove one of the two packages, or choose one under `[prefer]` in the configuration.",
    "JF107": 'Make room on the disk, or bring back the database the message names. `ledger = "off"` does without.',
    "JF201": "Change the request: the provider's own words say what it did not take. `--dry-run` shows what is sent.",
    "JF202": "Shorten the prompt, or choose a model with a larger context: `jackfield models --context-min N`.",
    "JF203": "Put it differently, or ask another model: the provider's policy declined it.",
    "JF204": "Leave out what the model cannot do, or choose one that can: `jackfield models --capability NAME`.",
    "JF205": "Leave out the parts that belong to another account or provider, or send the request where they came from.",
    "JF206": "Correct the model's name: `jackfield models PROVIDER` lists those known. The key may also lack access.",
    "JF207": "Add credit to the account, or use another key. Waiting does not help.",
    "JF301": "Wait as long as the message says, and send less at a time.",
    "JF302": "Try again later. If it stays, look at the provider's status page, and at `jackfield doctor`.",
    "JF303": "Try again once; if it stays, something stands between you and the provider, or its format has changed.",
    "JF304": "Try again, or allow more time: `-o timeout SECONDS`.",
    "JF305": "What came before the break is kept in `partial`. Ask again; what was used is charged.",
    "JF401": "Raise the budget, or choose a cheaper model.",
    "JF402": "Wait, or raise the limit: it is one of your own.",
    "JF403": "Send fewer calls at a time, or allow more to wait.",
    "JF501": "Change what the guard objected to, or the guard: it is one of your own.",
}


@click.command(cls=Command)
@click.argument("code")
def explain(code: str) -> None:
    """Explain an error code, or a rule of the contract.

    CODE is a code such as JF301, the name of an exception such as RateLimited, or of a rule such as it_streams.
    """
    run = invocation()
    rule = _rules(code).get(code.removeprefix("test_"))
    if rule is not None:
        _tell_rule(run, rule)
        return
    leaf = _leaf(code)
    form = {
        "code": leaf.number,
        "exception": leaf.__name__,
        "means": (inspect.getdoc(leaf) or "").replace("``", "`"),
        "advice": ADVICE.get(leaf.number, ""),
        "retry": _retry(leaf),
        "exit_code": leaf.exit_code,
        "gateway_status": leaf.gateway_status,
    }
    if run.json:
        run.console.json(form)
        return
    run.console.out(f"{form['code']} {form['exception']}", style={"bold": True})
    run.console.out(f"{form['means']}\n\nWhat to do: {form['advice']}\nRetrying:   {form['retry']}")
    run.console.out(f"Exit code:  {form['exit_code']}\nGateway:    {form['gateway_status']}")


def _rules(code: str) -> Mapping[str, Rule]:
    """The rules of the contract by name; none where it is no such name, or what tests need is not installed."""
    if "_" not in code:
        return {}
    try:
        from jackfield.testing.contract import rules
    except ImportError:
        return {}
    return {rule.name: rule for rule in rules()}


def _tell_rule(run: Invocation, rule: Rule) -> None:
    asked = ", ".join(rule.needs) or "every provider"
    if run.json:
        facts = {
            "rule": rule.name,
            "level": rule.level,
            "says": rule.says,
            "why": rule.why,
            "mend": rule.mend,
        }
        run.console.json({**facts, "asked_of": [need.value for need in rule.needs]})
        return
    run.console.out(f"{rule.name} ({rule.level})", style={"bold": True})
    run.console.out(f"{rule.says}\n\nWhy:        {rule.why}\nWhat to do: {rule.mend}\nAsked of:   {asked}")


def _leaf(code: str) -> type[JackfieldError]:
    by_code = {leaf.number: leaf for leaf in reversed(LEAVES.values())}  # a family shares its root's code
    by_name = {name.lower(): leaf for name, leaf in LEAVES.items()}
    found = by_code.get(code.upper()) or by_name.get(code.lower())
    if found is None:
        msg = f"there is no error `{code}`"
        raise Misuse(
            msg,
            meant(code.upper(), list(by_code))
            or meant(code, [*LEAVES, *_rules(code)])
            or "codes look like JF301",
        )
    return found


def _retry(leaf: type[JackfieldError]) -> str:
    kinds = [kind for kind in KINDS.values() if issubclass(kind.leaf, leaf)]
    ways = {kind.retry for kind in kinds}
    if "same" in ways:
        return "the same request may succeed later"
    if ways & {"other_key", "other_target"}:
        return "useless as it is; another key or model may succeed"
    return "useless until something is changed"
