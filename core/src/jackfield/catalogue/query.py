"""Questions to the catalogue: which models there are that can, cost and are allowed what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from attrs import field, frozen

from jackfield.capability import MODES, Capability
from jackfield.catalogue.features import ProviderFacts
from jackfield.catalogue.index import Shelf
from jackfield.catalogue.listed import Listed, Status, price_on
from jackfield.errors import ErrorInfo, InvalidRequest, ModelNotFound

if TYPE_CHECKING:
    from decimal import Decimal

MODALITIES = {
    "image": Capability.IMAGES_IN,
    "audio": Capability.AUDIO_IN,
    "document": Capability.DOCUMENTS_IN,
    "video": Capability.VIDEO_IN,
    "speech": Capability.SPEECH_IN,
    "image-out": Capability.IMAGES_OUT,
    "video-out": Capability.VIDEO_OUT,
    "speech-out": Capability.SPEECH_OUT,
}
"""What goes in, and what comes out, besides text."""


@frozen
class Query:
    """Which models are asked for. All that is said must hold; what nobody states of a model does not hold."""

    words: tuple[str, ...] = ()  # each occurs in the name or an alias
    providers: tuple[str, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    mode: str | None = None
    category: str | None = None
    feature: str | None = None
    region: str | None = None
    compliance: tuple[str, ...] = ()
    context_min: int | None = None
    output_min: int | None = None
    max_price_in: Decimal | None = None  # USD per million tokens
    max_price_out: Decimal | None = None
    status: tuple[Status, ...] = ()  # any, if none is named
    at: date = field(factory=date.today)


class Catalogue:
    """The models of all installed providers; each provider's are read when they are first needed."""

    def __init__(self, shelves: Callable[[Sequence[str]], Iterable[Shelf]]) -> None:
        self.shelves = shelves  # the tables of the providers that are named, of all if none is

    def find(self, query: Query | None = None) -> tuple[Listed, ...]:
        """The models a query is about, in the order their providers list them."""
        query = query or Query()
        shelves = self.shelves(query.providers)
        return tuple(Listed(shelf, row) for shelf in shelves for row in rows(shelf, query))

    def cheapest(self, query: Query | None = None, weights: tuple[int, int] = (3, 1)) -> tuple[Listed, ...]:
        """The same, cheapest first, by ``weights`` parts of input and output; those of unknown price are left out."""
        query = query or Query()
        into, out = weights
        priced = [(_costs(found, query.at), found.name, found) for found in self.find(query)]
        known = [
            (price[0] * into + price[1] * out, name, found)
            for price, name, found in priced
            if price is not None
        ]
        return tuple(found for _, _, found in sorted(known, key=lambda one: one[:2]))

    def get(self, name: str) -> Listed:
        """The model of that name or alias; ``ModelNotFound`` names those that are near."""
        provider, slash, model = name.strip().partition("/")
        asked = (provider,) if slash else ()
        found = [
            listed for shelf in self.shelves(asked) for listed in named(shelf, model if slash else provider)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            msg, hint = f"model `{name}` is listed by several providers", _one_of(item.name for item in found)
            raise ModelNotFound(ErrorInfo("model.missing", msg, model=name, hint=f"write {hint}", sent="no"))
        near = self.near(name)
        hint = f"did you mean {_one_of(near)}?" if near else "`jackfield models` lists all"
        raise ModelNotFound(
            ErrorInfo("model.missing", f"model `{name}` not found", model=name, hint=hint, sent="no")
        )

    def near(self, name: str, most: int = 3) -> tuple[str, ...]:
        """The names that are most like one, with the provider or without."""
        from difflib import get_close_matches

        names = [f"{shelf.provider}/{model}" for shelf in self.shelves(()) for model in shelf.ids]
        tails = {full.partition("/")[2]: full for full in names}
        whole = get_close_matches(name, names, most)
        return tuple(whole or (tails[tail] for tail in get_close_matches(name, tails, most)))

    def providers(
        self,
        category: str | None = None,
        feature: str | None = None,
        auth: str | None = None,
        region: str | None = None,
        compliance: str | None = None,
    ) -> tuple[ProviderFacts, ...]:
        """The providers of a category, with a feature, with a way to authenticate, with a region, with a tag."""
        query = Query(
            category=category, feature=feature, region=region, compliance=(compliance,) if compliance else ()
        )
        found = (ProviderFacts(shelf) for shelf in self.shelves(()) if takes(shelf, query))
        return tuple(facts for facts in found if auth is None or auth in facts.auth)

    def provider(self, name: str) -> ProviderFacts:
        """One provider; ``UnknownProvider`` names those that are near."""
        return ProviderFacts(next(iter(self.shelves((name,)))))


def _costs(found: Listed, at: date) -> tuple[Decimal, Decimal] | None:
    """The price of what goes in and comes out; what answers with no text costs nothing for it."""
    from decimal import Decimal

    price = found.price(at)
    out = price.output if price.output is not None or found.mode in _TALKING else Decimal(0)
    return None if price.input is None or out is None else (price.input, out)


_TALKING = frozenset({"chat", "completion", "realtime", "speech", "image", "video"})


def _one_of(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def capability_named(name: str) -> Capability:
    """The capability or modality of that name; ``InvalidRequest`` says which it may have been."""
    word = name.strip().lower().replace("-", "_")
    found = MODALITIES.get(name.strip().lower())
    if found is not None:
        return found
    try:
        return Capability(word)
    except ValueError:
        from difflib import get_close_matches

        known = [*Capability, *MODALITIES]
        near = get_close_matches(word, known, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
    raise InvalidRequest(
        ErrorInfo("request.invalid", f"there is no capability `{name}`", hint=hint, sent="no")
    )


# -- one provider's models -----------------------------------------------------------------------


def named(shelf: Shelf, model: str) -> list[Listed]:
    """The model of that id or alias among a provider's, if it is there."""
    if model in shelf.ids:
        return [Listed(shelf, shelf.ids.index(model))]
    return [Listed(shelf, row) for row, aliases in shelf.column("aliases") if model in aliases][:1]


def takes(shelf: Shelf, query: Query) -> bool:
    """Whether what is asked of providers holds for this one."""
    facts = shelf.facts
    return (
        (query.category is None or query.category == facts["category"])
        and (query.region is None or query.region in facts["regions"])
        and all(tag in facts["compliance"] for tag in query.compliance)
        and (query.feature is None or ProviderFacts(shelf).has(query.feature))
    )


def rows(shelf: Shelf, query: Query) -> Iterable[int]:
    """The places of a provider's models that a query is about."""
    if not takes(shelf, query):
        return ()
    found: Iterable[int] = range(len(shelf))
    for capability in query.capabilities:
        found = _able(shelf, capability, found)
    if query.words:
        found = _mentioning(shelf, tuple(map(str.lower, query.words)), found)
    if query.mode is not None:
        found = _made_for(shelf, query.mode, found)
    for column, least in ((shelf.context, query.context_min), (shelf.max_output, query.output_min)):
        if least is not None:
            found = [row for row in found if (column[row] or 0) >= least]
    if query.max_price_in is not None or query.max_price_out is not None:
        found = _affordable(shelf, query, found)
    if query.status:
        found = [row for row in found if Listed(shelf, row).status(query.at) in query.status]
    return found


def _able(shelf: Shelf, capability: Capability, among: Iterable[int]) -> list[int]:
    """The models with a capability; those made for it alone, if there are such."""
    stated = shelf.patterns_with(capability)
    able = [row for row, pattern in enumerate(shelf.supports) if pattern in stated]
    mode = _MADE_FOR.get(capability)
    if mode is not None:
        others = dict(shelf.column("mode"))
        able = [row for row in able if others.get(row, "chat") == mode] or able
    if isinstance(among, range):
        return able
    kept = frozenset(able)
    return [row for row in among if row in kept]


_MADE_FOR = {capability: mode for mode, capability in MODES.items()}


def _mentioning(shelf: Shelf, words: tuple[str, ...], among: Iterable[int]) -> Iterable[int]:
    head, ids = f"{shelf.provider}/", shelf.ids
    aliases = dict(shelf.column("aliases"))
    for word in words:
        if word not in head:  # which all of them have
            among = [
                row
                for row in among
                if word in f"{head}{ids[row]}".lower()
                or (row in aliases and word in " ".join(aliases[row]).lower())
            ]
    return among


def _made_for(shelf: Shelf, mode: str, among: Iterable[int]) -> list[int]:
    modes = dict(shelf.column("mode"))
    return [row for row in among if modes.get(row, "chat") == mode]


def _affordable(shelf: Shelf, query: Query, among: Iterable[int]) -> Iterator[int]:
    """The models whose price is known and not above what is asked; many have the same."""
    day = query.at.isoformat()
    caps = (query.max_price_in, query.max_price_out)
    judged: dict[str, bool] = {}
    for row in among:
        text = shelf.prices[row]
        affordable = judged.get(text)
        if affordable is None:
            figures = price_on(shelf, row, day)[:2]
            affordable = judged[text] = all(
                cap is None or (figure is not None and figure <= cap)
                for cap, figure in zip(caps, figures, strict=True)
            )
        if affordable:
            yield row
