"""What pictures may cost before they are drawn: by the quality and size that are asked for.

Where one of the two is left to the provider, it may be any that has a price. A model that bills what it draws in
tokens has prices by the picture only as rounded figures: the bounds hold whatever they were rounded from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from jackfield.catalogue.book import FreePrices, PriceBook
from jackfield.catalogue.quote import Quote, listed
from jackfield.catalogue.rates import Amount, CompiledRate, amount_of, decimal_of, pixels
from jackfield.profile.rates import ANY, Price, Prices, picture_of


@frozen
class Drawing:
    """What is known of pictures before they are drawn, as far as it matters for their price."""

    pictures: int = 1
    quality: str = ""
    size: str = ""  # "1024x1024"
    fewest_in: int = 0  # tokens
    most_in: int | None = 0  # None: not to be told, as of pictures that go in


def quote_pictures(book: PriceBook, asked: Drawing, at: datetime) -> Quote:
    """What pictures may cost by this book."""
    shown = (asked.fewest_in, asked.most_in)
    if isinstance(book, FreePrices):
        return Quote(Decimal(0), Decimal(0), shown, source=book.source)
    found = listed(book)
    compiled = None if found is None else found.compiled(at)
    if found is None or compiled is None:
        return Quote(None, None, shown, why="nobody states a price for this model")
    each, (least, most) = _each(compiled, asked), _input(compiled, asked)
    about: dict[str, Any] = {"input": shown, "source": found.source, "rate": compiled.rate}
    if each is None:
        return Quote(decimal_of(least), None, **about, why=_missing(compiled))
    low = decimal_of(asked.pictures * each[0] + least)
    if most is None:
        return Quote(low, None, **about, why="how many tokens go in is not known")
    return Quote(low, decimal_of(asked.pictures * each[1] + most), **about)


def _missing(compiled: CompiledRate) -> str:
    if any(compiled.standard.base.amounts.get(name) for name in ("output_image", "output")):
        return "how many tokens a picture takes is not known"
    return "nobody states a price for pictures of that quality and size"


def _each(compiled: CompiledRate, asked: Drawing) -> tuple[Amount, Amount] | None:
    """The least and the most that one picture may cost."""
    rate = compiled.rate
    for prices, rounded in ((rate.without_tokens, True), (rate.standard.prices, False)):
        off = _rounded(prices) if rounded else Decimal(0)
        found = [_bounds(price, size, off) for price, size in _fitting(prices, asked)]
        if found:
            times = compiled.times
            return min(low for low, _ in found) * times, max(high for _, high in found) * times
    return None


def _fitting(prices: Prices, asked: Drawing) -> Iterator[tuple[Price, str]]:
    """The prices that pictures as asked for may have, with their size where it counts."""
    said = (asked.quality, asked.size)
    told = ((name, picture_of(name)) for name in prices)
    forms = {name: form for name, form in told if form is not None and any(form)}
    wanted = [name for name, form in forms.items() if all(map(_may_be, said, form))]
    for name in wanted:
        yield prices[name], forms[name][1]
    if wanted and not any(word in ANY for word in said):
        return
    for name in ("images_out", "pixels_out"):
        if name in prices and (name == "images_out" or asked.size not in ANY):
            yield prices[name], asked.size


def _may_be(asked: str, stated: str) -> bool:
    """Whether what is asked for may turn out to be what a price is stated for."""
    return asked in ANY or asked == stated


def _rounded(prices: Prices) -> Decimal:
    """By how much prices may be off that are told in so many digits."""
    digits = [Decimal(price.figure).as_tuple().exponent for name, price in prices.items() if picture_of(name)]
    return Decimal(5).scaleb(min(map(int, digits), default=0) - 1)


def _bounds(price: Price, size: str, off: Decimal) -> tuple[Amount, Amount]:
    number = pixels(size) if "pixel" in price.unit else 1
    figure = Decimal(price.figure)
    low, high = (
        amount_of(f"{one:f}", price.unit) * number for one in (max(figure - off, Decimal(0)), figure + off)
    )
    return low, high


def _input(compiled: CompiledRate, asked: Drawing) -> tuple[Amount, Amount | None]:
    """What goes in, at least and at most; free where nobody states a price for it."""
    amounts = compiled.standard.base.amounts
    price, fixed = amounts.get("input", 0), amounts.get("requests", 0)
    if asked.most_in is None and price:
        return fixed, None
    return fixed, (asked.most_in or 0) * price + fixed
