"""What the simulator is told to be: a scenario, from a TOML file or from plain values.

seed = 7
answer = "echo"                       # or "prose": as many words as are asked for

[latency]
first_token = 0.3                     # seconds
tokens_per_second = 80
jitter = 0.1                          # up to a tenth more or less

[[answers]]
when = { text = "weather", model = "*mini*" }
then = { text = "Sunny.", citations = [{ url = "https://example.com", title = "Weather" }] }

[accounts."sk-poor"]
requests_per_minute = 3
balance = 0.001                       # US dollars, by the prices below

[prices]
input = 1.0                           # US dollars for a million tokens
output = 4.0

[[faults]]
fault = "overloaded-529"
probability = 0.1
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import attrs
from attrs import field, frozen

from jackfield.errors import KINDS, BadConfig, ErrorInfo

ANSWERS = ("echo", "prose")
_CITES = frozenset(("kind", "url", "title", "quote", "start", "end", "document"))
REASONING = ("asked", "always", "never")

T = TypeVar("T")


@frozen
class When:
    """Which requests an answer is for. What is not stated fits all; names are patterns as of files."""

    text: str = ""  # stands in the last turn, whatever its case
    model: str = ""
    provider: str = ""
    key: str = ""
    operation: str = "complete"
    tool: str = ""  # is offered
    turn: int = 0  # the how manieth turn of the user


@frozen
class Then:
    """What is answered: parts of an answer, or a failure."""

    text: str | None = None
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[Mapping[str, Any], ...] = ()  # name, arguments, id
    citations: tuple[Mapping[str, Any], ...] = ()  # url, title, quote
    json: Any = None
    finish: str = ""
    tokens: int = 0  # of prose, where nothing else is said
    error: str = ""  # a kind of failure, or "" if ``status`` says it
    status: int = 0
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    fault: str = ""  # by its name

    def __attrs_post_init__(self) -> None:
        if self.error and self.error not in KINDS:
            raise bad(
                f"`answers.then`: there is no kind of failure `{self.error:.40}`{_near(self.error, KINDS)}"
            )
        if self.status and not 200 <= self.status <= 599:
            raise bad(f"`answers.then`: `status` must be from 200 to 599, not {self.status}")
        if self.tokens < 0 or (self.retry_after or 0) < 0:
            raise bad("`answers.then`: `tokens` and `retry_after` must not be negative")
        for call in self.calls:
            if not isinstance(call.get("name"), str):
                raise bad(
                    "`answers.then.calls`: each takes a `name`, and `arguments` and `id` if it has some"
                )
        for citation in self.citations:
            if not citation.keys() <= _CITES:
                raise bad(f"`answers.then.citations`: each takes {', '.join(sorted(_CITES))}")


@frozen
class Rule:
    """``when`` this is asked, ``then`` that is answered: always, or so many times."""

    when: When = When()
    then: Then = Then()
    times: int = 0  # 0: always


@frozen
class Latency:
    """How long an answer takes: to the first token, and from token to token."""

    first_token: float = 0.0
    tokens_per_second: float = 0.0  # 0: at once
    jitter: float = 0.0  # a share of both, up to which they deviate either way

    def __attrs_post_init__(self) -> None:
        if not (0 <= self.first_token < 3600 and self.tokens_per_second >= 0 and 0 <= self.jitter <= 1):
            raise bad("`latency` takes seconds and rates from 0, and a jitter from 0 to 1")


@frozen
class Account:
    """What one key may do. A limit of 0 is none."""

    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    balance: float | None = None  # US dollars; when it is used up, calls are refused
    secret: str = field(default="", repr=False)  # of a key that signs
    status: int = 0  # answers every call: 401 for a key that was revoked, 403 for one that may not

    def __attrs_post_init__(self) -> None:
        if min(self.requests_per_minute, self.tokens_per_minute, self.balance or 0) < 0:
            raise bad("limits and the balance of an account must not be negative")
        if self.status and not 400 <= self.status <= 599:
            raise bad(f"the `status` of an account must be from 400 to 599, not {self.status}")


@frozen
class Prices:
    """US dollars for a million tokens."""

    input: float = 1.0
    output: float = 4.0

    def __attrs_post_init__(self) -> None:
        if min(self.input, self.output) < 0:
            raise bad("`prices` must not be negative")

    def of(self, tokens_in: int, tokens_out: int) -> Decimal:
        """What so many tokens cost, exactly."""
        each_in, each_out = Decimal(str(self.input)), Decimal(str(self.output))
        return (tokens_in * each_in + tokens_out * each_out) / 1_000_000


@frozen
class Scenario:
    """All of it. The empty scenario echoes, at once, to whoever asks with any key."""

    seed: int = 0
    answer: str = "echo"
    reasoning: str = "asked"
    require_key: bool = True
    models: tuple[str, ...] = ()  # what lists of models name; by default the catalogue of the provider
    missing: tuple[str, ...] = ("no-such-*", "missing-*")  # models that are not there
    latency: Latency = Latency()
    prices: Prices = Prices()
    limits: Account = Account()  # of keys that have no account of their own
    accounts: Mapping[str, Account] = field(factory=dict)
    answers: tuple[Rule, ...] = ()
    faults: tuple[Mapping[str, Any], ...] = ()

    def __attrs_post_init__(self) -> None:
        _one_of("answer", self.answer, ANSWERS)
        _one_of("reasoning", self.reasoning, REASONING)

    @classmethod
    def read(cls, given: Scenario | Mapping[str, Any] | str | Path | None) -> Scenario:
        """A scenario from what names one: itself, its values, or the path of a file."""
        if given is None:
            return cls()
        if isinstance(given, Scenario):
            return given
        if isinstance(given, Mapping):
            return scenario_of(given)
        return scenario_in(Path(given))


def scenario_in(path: Path) -> Scenario:
    """The scenario of a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        msg = f"the scenario `{path}` cannot be read: {getattr(exc, 'strerror', None) or 'it is no text'}"
        raise bad(msg) from None
    return scenario_from(text, f"`{path}`")


def scenario_from(text: str, source: str = "the scenario") -> Scenario:
    """The scenario of a text in TOML."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        msg = f"{source} is not valid TOML: {exc}"
        raise bad(msg) from None
    return scenario_of(values)


def scenario_of(values: Mapping[str, Any]) -> Scenario:
    """The scenario of plain values."""
    found = dict(values)
    tables: Mapping[str, type] = {"latency": Latency, "prices": Prices, "limits": Account}
    for name, kind in tables.items():
        if name in found:
            found[name] = _made(kind, found[name], name)
    accounts = _table(found.pop("accounts", {}), "accounts")
    found["accounts"] = {key: _made(Account, table, f'accounts."{key}"') for key, table in accounts.items()}
    found["answers"] = tuple(map(rule_of, _listed(found.get("answers", ()), "answers")))
    found["faults"] = tuple(_table(one, "faults") for one in _listed(found.get("faults", ()), "faults"))
    for name in ("models", "missing"):
        if name in found:
            found[name] = tuple(map(str, _listed(found[name], name)))
    return _made(Scenario, found, "scenario")


def rule_of(values: Any) -> Rule:
    """One rule of plain values."""
    found = dict(_table(values, "answers"))
    then = dict(_table(found.get("then", {}), "answers.then"))
    for name in ("calls", "citations"):
        then[name] = tuple(
            _table(one, f"answers.then.{name}") for one in _listed(then.get(name, ()), f"answers.then.{name}")
        )
    if "then" not in values:
        raise bad("`answers`: a rule needs a `then`, which says what is answered")
    found["then"] = _made(Then, then, "answers.then")
    found["when"] = _made(When, found.get("when", {}), "answers.when")
    rule = _made(Rule, found, "answers")
    if rule.times < 0:
        raise bad(f"`answers`: `times` must be from 0 (always), not {rule.times}")
    if rule.then.fault:
        from jackfield_simulator.faults import fault_named  # which knows all of them; few scenarios ask

        fault_named(rule.then.fault)
    return rule


def bad(message: str, hint: str = "") -> BadConfig:
    """The refusal of a scenario."""
    return BadConfig(
        ErrorInfo("config", message, hint=hint or "docs/simulator.md lists what a scenario may say")
    )


_PLAIN: Mapping[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "float | None": (int, float),
    "str": (str,),
    "str | None": (str,),
    "bool": (bool,),
}


def _made(kind: type[T], values: Any, where: str) -> T:
    """A value class of a table; keys and types that do not fit are told of."""
    table = _table(values, where)
    known = {one.name: one for one in attrs.fields(kind)}  # type: ignore[arg-type]
    for name, value in table.items():
        if name not in known:
            raise bad(f"`{where}` has an unknown key `{name}`; it takes {', '.join(known)}")
        types = _PLAIN.get(str(known[name].type))
        wrong = types is not None and not isinstance(value, types)
        if wrong or (isinstance(value, bool) and types is not None and bool not in types):
            raise bad(f"`{where}`: `{name}` must be {known[name].type}, not {value!r:.40}")
    return kind(**table)


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 3)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise bad(f"`{where}` must be a table, not {value!r:.40}")
    return value


def _listed(value: Any, where: str) -> Sequence[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise bad(f"`{where}` must be a list, not {value!r:.40}")
    return value


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise bad(f"`{name}` must be one of {', '.join(known)}, not {value!r:.40}")
