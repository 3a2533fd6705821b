"""Prices and policies: what a use costs, and what core does about failures with this provider's errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from jackfield.capability import Capability
from jackfield.client import Client
from jackfield.client.account import charge_of
from jackfield.errors import InvalidRequest, JackfieldError, RateLimited, TimedOut, Unavailable
from jackfield.profile.rates import UNITS
from jackfield.testing.answers import ANSWER, PROMPT, USAGE, said
from jackfield.testing.rules import expect, rule, same, unmet
from jackfield.testing.subject import Subject
from jackfield.transport import SyncDriver
from jackfield.types import UNKNOWN_USAGE, Completion, Usage
from jackfield.wire import Headers, Reply

CHEAPEST, DEAREST = Decimal("0.0005"), Decimal(1000)
"""What a million tokens cost between, wherever they are sold."""

MANY = 5  # failures after which a breaker opens
JSON = {"content-type": "application/json"}


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """What it is."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.slept.append(seconds)
        self.now += seconds


class Pricing:
    """Rules about prices."""

    @rule(
        "silver",
        "money in floats is wrong by the second digit, and an unknown price is not nothing",
        "answer with Decimal, or `None` where a price is not known",
    )
    def test_a_charge_is_exact_or_unknown(self, subject: Subject) -> None:
        """The book of a model charges a usage with a Decimal of 0 or more, or says that it does not know."""
        at = datetime(2026, 11, 21, tzinfo=UTC)
        for name in subject.kinds or (subject.model(),):
            book = subject.bind(name).prices
            charge: object = book.charge(USAGE, at)
            source: object = book.source
            exact = charge is None or (isinstance(charge, Decimal) and charge >= 0)
            expect(exact, f"`{name}` is charged {charge!r}")
            expect(isinstance(source, str) and source, f"the prices of `{name}` have no source")

    @rule(
        "silver",
        "what is not known must not be told as free",
        "nothing to be done in the provider",
        Capability.CHAT,
    )
    def test_what_is_unknown_is_not_free(self, subject: Subject) -> None:
        """The charge of a completion is what the book says; where no usage is told, neither is known."""
        binding = subject.bind(subject.model())
        answer = subject.ask(PROMPT, ANSWER)
        expected = binding.prices.charge(answer.usage, datetime.now(UTC))
        same(expected, answer.charge, "the charge")
        untold = subject.ask(PROMPT, said(usage=UNKNOWN_USAGE)).usage
        wrong = untold.known and not untold.raw  # some formats cannot but tell figures
        expect(not wrong, "an answer that tells no usage is taken for one that used nothing")
        unknown = charge_of(binding, UNKNOWN_USAGE)
        free = binding.prices.source == "local" and unknown == 0
        expect(unknown is None or free, f"an unknown usage is charged {unknown}")

    @rule(
        "silver",
        "a figure in an answer is only good where it is read",
        "mend `field` and `per_usd` under [charge]",
    )
    def test_a_reported_charge_is_read(self, subject: Subject) -> None:
        """What an answer says it cost is what is charged."""
        told = subject.profile.charge
        book = subject.bind(subject.model()).prices
        if told is None or book.source != "reported":
            return
        raw: Mapping[str, object] = {}
        for name in reversed(told.field.split(".")):
            raw = {name: raw or 3}
        charge = book.charge(Usage(input=1, raw=raw), datetime(2026, 11, 21, tzinfo=UTC))
        same(Decimal(3) / told.per_usd, charge, "the charge")

    @rule(
        "bronze",
        "a price without a date and a source is a rumour",
        "state `valid_from` and `source` with each [[model.rate]]",
    )
    def test_prices_are_dated(self, subject: Subject) -> None:
        """Every price that is stated says since when it holds and where it is from."""
        for model in subject.profile.models:
            for rate in model.rates:
                expect(rate.valid_from > date.min, f"a price of `{model.id}` has no date")
                expect(rate.source, f"a price of `{model.id}` has no source")

    @rule(
        "silver",
        "a figure under the wrong unit is a bill a thousand times too high, or too low",
        "look at the unit: `per_1M_tokens` is what most price lists mean",
    )
    def test_prices_are_plausible(self, subject: Subject) -> None:
        """A million tokens cost nothing, or between a twentieth of a cent and a thousand dollars, where it is those."""
        for model in subject.profile.models:
            for rate in (one for one in model.rates if one.currency == "USD"):
                for name, price in rate.standard.prices.items():
                    kind, many = UNITS[price.unit]
                    cost = Decimal(price.figure) * 1_000_000 / many
                    fair = not cost or CHEAPEST <= cost <= DEAREST
                    expect(
                        kind != "tokens" or fair, f"`{model.id}`: a million tokens of {name} cost {cost:f}"
                    )


class Policies:
    """Rules about what core does with this provider's failures; time is injected, nothing waits."""

    @rule(
        "silver",
        "who waits less is limited again, who waits more wastes time",
        "let `parse_error` read `retry-after`",
        Capability.CHAT,
    )
    def test_it_waits_as_long_as_it_is_told(self, subject: Subject) -> None:
        """After a 429 with `retry-after: 7` the same call is made again after 7 seconds, give or take a tenth."""
        slow = Reply(429, Headers({**JSON, "retry-after": "7"}), b'{"error": {"message": "slow"}}')
        clock, answer = _retried(subject, slow, ANSWER)
        same(ANSWER.text, answer.text, "the text")
        told = subject.bind(subject.model()).wire.parse_error(slow).retry_after
        if told is not None:  # else test_it_says_when_to_come_back says so
            expect(len(clock.slept) == 1 and told <= clock.slept[0] <= 1.1 * told, f"it waited {clock.slept}")
        same(2, len(subject.stage.calls), "the number of requests")

    @rule(
        "silver",
        "outages pass",
        "let `parse_error` say that a 503 is one",
        Capability.CHAT,
    )
    def test_an_outage_is_tried_again(self, subject: Subject) -> None:
        """A 503 is tried again as often as allowed, and then told with all attempts."""
        down = Reply(503, Headers(JSON), b'{"error": {"message": "down"}}')
        try:
            _retried(subject, down, down, down)
        except Unavailable as exc:
            same(3, len(exc.attempts), "the number of attempts")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}")
        else:
            unmet("nothing was raised")

    @rule(
        "silver",
        "a request that is wrong stays wrong, and may be charged each time",
        "let `parse_error` say that a 400 is the request's fault",
        Capability.CHAT,
    )
    def test_a_wrong_request_is_not_tried_again(self, subject: Subject) -> None:
        """A 400 is made once."""
        wrong = Reply(400, Headers(JSON), b'{"error": {"message": "no such field"}}')
        try:
            _retried(subject, wrong, ANSWER)
        except InvalidRequest:
            same(1, len(subject.stage.calls), "the number of requests")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}")
        else:
            unmet("it was tried again")

    @rule(
        "silver",
        "what is down must be left alone; what a caller did wrong says nothing of the provider",
        "let `parse_error` tell outages from faults of the request",
        Capability.CHAT,
    )
    def test_only_outages_open_the_breaker(self, subject: Subject) -> None:
        """After many a 400 calls are still made; after as many a 503 one is refused with nothing sent."""
        for status, sent in ((400, 1), (503, 0)):
            reply = Reply(status, Headers(JSON), b'{"error": {"message": "no"}}')
            client = _timed(subject, Clock(), breaker={"failures": MANY})
            for _ in range(MANY + 1):
                try:
                    subject.ask(PROMPT, reply, client=client, timeout=2)
                except JackfieldError:
                    continue
            same(sent, len(subject.stage.calls), f"the calls sent after {MANY} times {status}")

    @rule(
        "silver",
        "a clock that runs out is told as such, whoever's it is",
        "raise nothing of your own where bytes do not come",
        Capability.CHAT,
    )
    def test_a_clock_that_runs_out_is_told(self, subject: Subject) -> None:
        """A timeout of the transport reaches the caller as `TimedOut`, with provider and model."""
        try:
            subject.ask(PROMPT, TimedOut("nothing came"))
        except TimedOut as exc:
            same(subject.profile.id, exc.info.provider, "the provider")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}")

    @rule(
        "silver",
        "limits are kept to by the figures vendors send",
        "let `parse_error` classify 429 as `throttle` or a window",
    )
    def test_a_limit_is_told_as_one(self, subject: Subject) -> None:
        """A 429 is `RateLimited`, about key or window, and was not charged."""
        wire = subject.bind(subject.model()).wire
        info = wire.parse_error(Reply(429, Headers(JSON), b'{"error": {"message": "slow"}}'))
        if "429" not in subject.profile.errors:
            same((RateLimited, "no"), (info.leaf, info.billed), "the error and whether it was charged")


def _retried(subject: Subject, *script: Reply | Completion) -> tuple[Clock, Completion]:
    clock = Clock()
    client = _timed(subject, clock)
    return clock, subject.ask(PROMPT, *script, client=client, max_retries=2, timeout=300)


def _timed(subject: Subject, clock: Clock, **general: Any) -> Client:
    """A client whose time is that of a clock."""
    client = subject.fresh(**general)
    client._driver = SyncDriver(subject.stage, clock, clock.sleep)  # the client's own: there is no other way
    return client
