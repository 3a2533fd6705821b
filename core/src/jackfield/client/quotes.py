"""What calls cost, asked without making them: quotes, charges of known usages, comparisons. Nothing is sent.

No key is needed either: only prices are looked up, as the ``pricing`` hook answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import attrs

from jackfield.auth.none import NoAuth
from jackfield.catalogue.compare import Cost, by_cost, cost_of, quoted
from jackfield.catalogue.quote import Asked, Quote, quote_of
from jackfield.catalogue.rates import PLACE
from jackfield.client.binding import Binding
from jackfield.client.plan import plan_completion, plan_operation
from jackfield.client.requests import drawing
from jackfield.errors import BadConfig, BudgetExceeded, ErrorInfo, JackfieldError
from jackfield.profile import Capability
from jackfield.types import CachePoint, HostedTool, Request, Usage
from jackfield.types.charge import Charge
from jackfield.types.recent import Recent

if TYPE_CHECKING:
    from jackfield.catalogue.query import Catalogue
    from jackfield.client.answers import CoreAnswers
    from jackfield.client.plan import Plan
    from jackfield.client.prompt import Prompt
    from jackfield.client.savings import Saving
    from jackfield.config import Settings
    from jackfield.options import ImageOptions, Options
    from jackfield.registry import Registry
    from jackfield.types import Image

Counter: TypeAlias = Callable[[Request], tuple[int, int | None]]
"""Counts the tokens of a request: at least, and at most, which is ``None`` where nobody can tell."""

_NOWHERE = "https://unset.invalid"


class Quotes:
    """The questions about cost that both clients answer."""

    if TYPE_CHECKING:
        settings: Settings
        registry: Registry
        _core: CoreAnswers
        _bound: Recent[str, Binding]
        _with_model: Callable[[str], str]
        settled_on: Callable[[str | None, Prompt, Mapping[str, Any]], tuple[str | None, Mapping[str, Any]]]

        @property
        def catalogue(self) -> Catalogue:
            """The models there are."""

    def quote(
        self, model: str | None, prompt: Prompt, *, count: Counter | None = None, **options: Unpack[Options]
    ) -> Quote:
        """What ``complete`` with the same words may cost: at least and at most. Nothing is sent.

        The tokens are estimated, with their error; ``count`` counts them in another way.
        """
        name, left = self.settled_on(model, prompt, options)
        binding = self.pricing(name)
        plan = plan_completion(binding, prompt, left, stream=False)
        return quote_plan(binding, plan, count)

    def quote_image(
        self,
        model: str | None,
        prompt: str,
        images: Sequence[Image] = (),
        mask: Image | None = None,
        **options: Unpack[ImageOptions],
    ) -> Quote:
        """What ``image`` with the same words may cost, by the quality and size asked for. Nothing is sent."""
        binding = self.pricing(model)
        plan = plan_operation(binding, "image", drawing(prompt, images, mask), options)
        return quote_drawing(binding, plan)

    def savings(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> tuple[Saving, ...]:
        """What could make ``complete`` with the same words cheaper, with an estimate, the best first. Nothing is sent."""
        from jackfield.client.savings import savings_of

        name, left = self.settled_on(model, prompt, options)
        binding = self.pricing(name)
        return savings_of(binding, plan_completion(binding, prompt, left, stream=False), moment(None))

    def charge(
        self, model: str | None, usage: Usage, *, at: date | datetime | None = None, tier: str = ""
    ) -> Charge | None:
        """What a usage costs with this model, now or at another time; ``None`` where that is unknown."""
        found = self.pricing(model)
        amount = found.prices.charge(usage.in_tier(tier), moment(at))
        if amount is None or isinstance(amount, Charge):
            return amount
        return Charge(amount, found.prices.source, None, amount)

    def compare_costs(
        self,
        models: Iterable[str],
        of: Usage | Prompt,
        *,
        at: date | datetime | None = None,
        **options: Unpack[Options],
    ) -> tuple[Cost, ...]:
        """What a usage, or a prompt that was not sent, costs with each of the models: the cheapest first.

        Models that cannot take the request, and those of unknown price, come last and say why.
        """
        if not isinstance(of, Usage):
            return by_cost(self._quoted(model, of, options) for model in models)
        found = ((model, self.pricing(model)) for model in models)
        return by_cost(cost_of(binding.name, binding.prices, of, moment(at)) for _, binding in found)

    def _quoted(self, model: str, prompt: Prompt, options: Any) -> Cost:
        try:
            return quoted(self.pricing(model).name, self.quote(model, prompt, **options))
        except JackfieldError as exc:
            return Cost(model, None, why=exc.info.message)

    def cheapest(
        self,
        *needs: Capability | str,
        usage: Usage | None = None,
        most: int = 10,
        **query: Any,
    ) -> tuple[Cost, ...]:
        """The models that can do all that is needed, cheapest first, by what a usage costs.

        ``query`` narrows them as ``Query`` does: ``providers``, ``context_min``, ``words`` … . The usage is 3,000
        tokens in and 1,000 out unless another is named.
        """
        from jackfield.catalogue.query import Query, capability_named

        used = Usage(input=3000, output=1000) if usage is None else usage
        wanted = tuple(need if isinstance(need, Capability) else capability_named(need) for need in needs)
        query.setdefault("mode", "chat")
        into, out = used.total_input or 1, used.total_output or 1
        found = self.catalogue.cheapest(Query(capabilities=wanted, **query), (into, out))
        costs = by_cost(self._cost(model.name, used) for model in found[: most * 2])
        return tuple(cost for cost in costs if cost.amount is not None)[:most]

    def _cost(self, model: str, usage: Usage) -> Cost:
        binding = self.pricing(model)
        return cost_of(binding.name, binding.prices, usage, moment(None))

    def pricing(self, model: str | None) -> Binding:
        """The model with its prices, whether or not it could be called: no key is looked for."""
        name = model or self.settings.default or ""
        shelf: Recent[str, Binding] = self.__dict__.setdefault("_priced", Recent())
        return self._bound.get(name) or shelf.recall(name, lambda: self._unkeyed(name))

    def _unkeyed(self, name: str) -> Binding:
        profile, model = self.registry.resolve(self._with_model(name))
        settings = self.settings.provider(profile)
        hooks = self.registry.hooks(profile.id, self._core)
        facts: Mapping[str, Any] = {"profile": profile, "model": model}
        placed = attrs.evolve(settings, base_url=settings.base_url or profile.base_url or _NOWHERE)
        prices = hooks.pricing(**facts, settings=placed)
        try:
            wire = hooks.completion(**facts, settings=placed)
            decoder = hooks.streaming(**facts, settings=placed, wire=wire)
        except BadConfig as exc:  # as of a region that is not set; its prices are known all the same
            wire = decoder = _Unset(exc)
        return Binding(
            profile,
            model,
            NoAuth(),
            wire,
            decoder,
            prices,
            capabilities={capability: profile.supports(capability, model.id) for capability in Capability},
        )


class _Unset:
    """A wire that nobody can speak yet: whoever needs it is told why."""

    def __init__(self, failure: BadConfig) -> None:
        self._failure = failure

    def __getattr__(self, name: str) -> Any:
        raise self._failure

    def __call__(self) -> Any:
        raise self._failure


def moment(at: date | datetime | None) -> datetime:
    """A moment; of a day its noon, so that it is that day wherever one is."""
    if at is None:
        return datetime.now(UTC)
    if isinstance(at, datetime):
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return datetime.combine(at, time(12), UTC)


# -- of a plan ---------------------------------------------------------------------------------------


def quote_plan(
    binding: Binding, plan: Plan, count: Counter | None = None, at: datetime | None = None
) -> Quote:
    """What a planned completion may cost."""
    return quote_of(binding.prices, asked_of(binding, plan.request, count), moment(at))


def quote_drawing(binding: Binding, plan: Plan) -> Quote:
    """What planned pictures may cost."""
    from jackfield.catalogue.pictures import Drawing, quote_pictures
    from jackfield.tokens.estimate import estimate_text

    request: Any = plan.request
    said = request.options
    words = estimate_text(request.prompt)
    asked = Drawing(
        int(said.get("n") or 1),
        str(said.get("quality") or ""),
        str(said.get("size") or ""),
        words.low,
        None if request.images else words.high,
    )
    return quote_pictures(binding.prices, asked, moment(None))


def asked_of(binding: Binding, request: Request, count: Counter | None = None) -> Asked:
    """What matters of a request for its price."""
    fewest, most = _estimated(binding, request) if count is None else count(request)
    return Asked(
        fewest,
        most,
        _most_out(binding, request, fewest),
        answers=int(request.options.get("n") or 1),
        tier=_tier(request),
        hosted_tools=any(isinstance(tool, HostedTool) for tool in request.tools),
        kept_an_hour=_kept_an_hour(request),
    )


def _tier(request: Request) -> str:
    """The tier that is asked for; a place that it is to be kept to is one, too."""
    place = str(request.extra.get("inference_geo") or "")
    if place not in ("", "global"):
        return f"{PLACE}{place}"
    return Usage().in_tier(request.options.get("service_tier")).tier


def _estimated(binding: Binding, request: Request) -> tuple[int, int | None]:
    from jackfield.tokens.estimate import estimate, media

    counting = binding.profile.counting(binding.model.id)
    found = estimate(request, counting)
    return found.low, None if media(request, counting) else found.high


def _most_out(binding: Binding, request: Request, fewest: int) -> int | None:
    """The most tokens one answer may have: what was asked for, or what the model can at all."""
    told = request.options.get("max_tokens")
    if isinstance(told, int):
        return told
    model = binding.model
    if model.max_output is not None:
        return model.max_output
    return None if model.context is None else max(0, model.context - fewest)


def assuming(asked: Asked, binding: Binding, request: Request, tokens: int) -> Asked:
    """The same with a bound for all that nobody states: so many tokens of answer, and all that media may make."""
    from jackfield.tokens.estimate import estimate

    most_in, most_out = asked.most_in, asked.most_out
    if most_in is None:
        most_in = estimate(request, binding.profile.counting(binding.model.id)).high
    if request.options.get("max_tokens") is None and binding.model.max_output is None:
        most_out = tokens if most_out is None else min(tokens, most_out)
    return attrs.evolve(asked, most_in=most_in, most_out=most_out, hosted_tools=False)


def _kept_an_hour(request: Request) -> bool:
    points = (part for message in request.messages for part in message.parts if isinstance(part, CachePoint))
    return any((point.ttl or "").startswith(("1h", "60m", "3600")) for point in points)


def within(quote: Quote, limit: Decimal, name: str) -> None:
    """Refuse a call that may cost more than the caller will pay, and one of which nobody knows."""
    if quote.high is not None and quote.high <= limit:
        return
    if quote.high is None:
        msg = f"what `{name}` may cost is not known, and at most ${limit:f} was allowed: {quote.why}; nothing was sent"
        hint = "set `max_tokens`, name a model with known prices, or leave out the limit"
    else:
        msg = f"`{name}` may cost ${quote.high:f}, and at most ${limit:f} was allowed; nothing was sent"
        hint = "a smaller `max_tokens`, a cheaper model, or a higher limit"
    raise BudgetExceeded(ErrorInfo(BUDGET, msg, hint=hint, sent="no"))


BUDGET = "local.budget"
