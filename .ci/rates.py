"""Turns rows of merged public price data into ``[[model.rate]]`` tables: what is said of a price, in our form.

Nothing is guessed: what a row does not say stays unknown, what sources disagree about stays side by side, and a
price that changes keeps its past. What a row says in a way that needs reading is decided here, once:

- where a model has prices by token and by another size of the same thing, the size is for answers without tokens;
- a price per picture "put in", of a model that makes pictures and has no other price, is for those it makes;
- a row named after a quality and a size is the price of such pictures of a model; of several the one by picture;
- "standard" is the quality of pictures for which none is asked, where the data says nothing else of those;
- a transcription has no seconds that come out; its price is told twice in the data;
- a row of zeroes is no price, unless the name says that it is free: an unknown price is often written as 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

# The data's name -> the table of a rate, and what is counted in it.
NAMES: Mapping[str, tuple[str, str]] = {
    "input": ("per_1M_tokens", "input"),
    "cached_input": ("per_1M_tokens", "cache_read"),
    "cached_input_explicit": ("per_1M_tokens", "cache_read_explicit"),
    "cached_input_audio": ("per_1M_tokens", "cache_read_audio"),
    "cached_input_image": ("per_1M_tokens", "cache_read_image"),
    "cache_write": ("per_1M_tokens", "cache_write"),
    "cache_write_1h": ("per_1M_tokens", "cache_write_1h"),
    "cache_write_audio": ("per_1M_tokens", "cache_write_audio"),
    "input_audio": ("per_1M_tokens", "input_audio"),
    "input_image": ("per_1M_tokens", "input_image"),
    "input_video": ("per_1M_tokens", "input_video"),
    "input_video_mtok": ("per_1M_tokens", "input_video"),
    "output": ("per_1M_tokens", "output"),
    "reasoning": ("per_1M_tokens", "reasoning"),
    "output_audio": ("per_1M_tokens", "output_audio"),
    "output_image": ("per_1M_tokens", "output_image"),
    "output_video": ("per_1M_tokens", "output_video"),
    "citation": ("per_1M_tokens", "citations"),
    "input_characters": ("per_1M_characters", "characters_in"),
    "output_characters": ("per_1M_characters", "characters_out"),
    "audio_hours": ("per_hour", "seconds_in"),
    "input_audio_hours": ("per_hour", "seconds_in"),
    "per_second_input": ("per_second", "seconds_in"),
    "per_second_input_audio": ("per_second", "audio_seconds_in"),
    "per_second_input_video": ("per_second", "video_seconds_in"),
    "per_second_output": ("per_second", "seconds_out"),
    "per_second_output_video": ("per_second", "seconds_out"),
    **{
        f"per_second_output_{size}": ("per_second", f"seconds_out_{size}")
        for size in ("480p", "720p", "768p", "1080p", "2k", "4k")
    },
    "per_image": ("per_image", "images_out"),
    "per_image_input": ("per_image", "images_in"),
    "per_pixel": ("per_pixel", "pixels_out"),
    "per_pixel_input": ("per_pixel", "pixels_in"),
    "per_page": ("per_page", "pages"),
    "per_page_annotation": ("per_page", "annotated_pages"),
    "input_document_kpages": ("per_1K_pages", "pages"),
    "input_annotated_document_kpages": ("per_1K_pages", "annotated_pages"),
    "per_query": ("per_search", "queries"),
    "per_maps_query": ("per_search", "maps_searches"),
    "web_searches_kcount": ("per_1K_searches", "searches"),
    "storage_searches_kcount": ("per_1K_searches", "file_searches"),
    "per_request": ("per_request", "requests"),
    "per_text_message": ("per_message", "messages"),
    "input_text_messages_kcount": ("per_1K_messages", "messages"),
    "per_code_session": ("per_session", "sessions"),
}

OFF_PEAK: Mapping[str, str] = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "cache_creation_input_token_cost": "cache_write",
}

Table = dict[str, dict[str, str]]
Rate = dict[str, Any]

DRAWING = ("image_generation", "image_edit")
_GP_TIER = re.compile(r"(?:service_tier|processing|speed)=(.+)")
# Prices by something else than a token that add to those by token, whatever the mode.
_ADDED = frozenset({"searches", "messages", "pages", "requests", "sessions"})


def figure(value: str) -> str:
    """A decimal figure without an exponent."""
    return value if re.fullmatch(r"\d+(\.\d+)?", value) else f"{Decimal(value):f}"


def prices(row: Mapping[str, Any]) -> Table:
    """The prices of a row by the table they stand in."""
    found: Table = {}
    taken: set[str] = set()
    for name, (unit, quantity) in NAMES.items():
        if isinstance(row.get(name), str) and quantity not in taken:
            found.setdefault(unit, {})[quantity] = figure(row[name])
            taken.add(quantity)
    by_size = row.get("per_web_search")
    if by_size and "searches" not in taken:
        same = len(set(by_size.values())) == 1
        sizes = (
            {"searches": figure(next(iter(by_size.values())))}
            if same
            else {f"searches_{size}": figure(price) for size, price in sorted(by_size.items())}
        )
        found.setdefault("per_search", {}).update(sizes)
    return found


def read(row: Mapping[str, Any]) -> tuple[Table, Table]:
    """The prices of a row, and those that are for answers without tokens."""
    table, mode = prices(row), row.get("mode")
    if mode == "audio_transcription":
        table.get("per_second", {}).pop("seconds_out", None)
    tokens = table.get("per_1M_tokens", {})
    if mode in DRAWING and not tokens:
        for kind in ("images", "pixels"):
            of_kind = table.get(f"per_{kind[:-1]}", {})
            if f"{kind}_in" in of_kind and not any(map(_costs, (of_kind.get(f"{kind}_out", "0"),))):
                of_kind[f"{kind}_out"] = of_kind.pop(f"{kind}_in")
    untold: Table = {}
    for unit, quantity in [(unit, name) for unit, found in table.items() for name in found]:
        if _replaces_tokens(unit, quantity, tokens, mode):
            untold.setdefault(unit, {})[quantity] = table[unit].pop(quantity)
    return _filled(table), untold


def _replaces_tokens(unit: str, quantity: str, tokens: Mapping[str, str], mode: str | None) -> bool:
    """Whether a price is the one by token told in another size."""
    if unit == "per_1M_tokens" or mode is None or any(word in unit for word in ("search", "page", "request")):
        return False
    if any(word in unit for word in ("message", "session")):
        return False
    side = "output" if "_out" in quantity else "input"
    by_token = any(_costs(price) for name, price in tokens.items() if name.startswith(side))
    return by_token and (mode != "embedding" or "characters" in unit)


def _costs(price: str) -> bool:
    return Decimal(price) != 0


def _filled(table: Table) -> Table:
    return {unit: found for unit, found in table.items() if found}


def schedule(row: Mapping[str, Any]) -> Rate:
    """Prices with those of longer inputs."""
    found: Rate = dict(read(row)[0])
    steps = [{"input_tokens": step["above_input_tokens"], **prices(step)} for step in row.get("tiers", ())]
    ranges = row.get("tiered", ())
    for step in ranges:
        if step["range_tokens"][0] == 0:
            found |= prices(step)
        else:
            steps.append({"input_tokens": step["range_tokens"][0], **prices(step)})
    return {**found, "above": sorted(steps, key=lambda step: step["input_tokens"])} if steps else found


def tiers(row: Mapping[str, Any]) -> dict[str, Rate]:
    """The prices of batch, flex, priority and whatever else there is."""
    found = {name: schedule({"mode": None, **variant}) for name, variant in row.get("variants", {}).items()}
    for name, variant in row.get("variants_gp", {}).items():
        match = _GP_TIER.fullmatch(name)
        if match:
            found.setdefault(match[1], schedule(variant))
        else:  # a way to ask that changes some prices: the others stay
            found[name] = schedule({**row, **variant})
    return {name: prices for name, prices in sorted(found.items()) if prices}


def off_peak(row: Mapping[str, Any]) -> Rate | None:
    """The prices of some hours."""
    stated = row.get("off_peak")
    if not stated:
        return None
    per_million = {
        ours: f"{(Decimal(stated[theirs]) * 1_000_000).normalize():f}"
        for theirs, ours in OFF_PEAK.items()
        if theirs in stated
    }
    hours = [text for window in stated["windows"] for text in _hours(window)]
    return {"utc": hours, **prices(per_million)}


def _hours(window: Mapping[str, Any]) -> Iterator[str]:
    spans, days = window["hours_utc"], window["weekdays"]
    on = f"{days[0]}-{days[-1]}" if len(days) > 1 else str(days[0])
    assert days == list(range(days[0], days[-1] + 1)), days
    for span in [spans] if isinstance(spans, str) else spans:
        begin, _, end = span.partition("-")
        yield f"{begin}-{'24:00' if end == '00:00' else end} on {on}"


def elsewhere(row: Mapping[str, Any]) -> list[Rate]:
    """What other sources say where they differ."""
    found = []
    other = row.get("genai_prices", {})
    differing = {name: other[name] for name in row.get("price_conflict", ()) if name in other}
    if differing:
        found.append({"source": "genai-prices", "checked": day(other["as_of"]), **prices(differing)})
    older = row.get("models_dev_differs", {})
    if prices(older):
        found.append({"source": "models.dev", "checked": day(older["as_of"]), **prices(older)})
    return found


def day(text: str) -> date:
    """A date."""
    return date.fromisoformat(text[:10])


def is_priced(name: str, rate: Rate) -> bool:
    """Whether a row states a price. Zeroes alone are none, unless it is called free."""
    figures = [Decimal(price) for table in _tables(rate) for price in table.values()]
    return any(figures) or (bool(figures) and "free" in name.lower())


def _tables(rate: Rate) -> Iterator[Mapping[str, str]]:
    for name, value in rate.items():
        if name.startswith("per_"):
            yield value
        elif name in ("off_peak", "without_tokens"):
            yield from _tables(value)
        elif name == "above":
            for step in value:
                yield from _tables(step)
        elif name == "tiers":
            for tier in value.values():
                yield from _tables(tier)


PICTURES = re.compile(r"(?:(?P<quality>[a-z]+)/)?(?P<width>\d+)-x-(?P<height>\d+)/(?P<model>[^/]+)")


def folded(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows, with those of pictures by quality and size put into the row of their model as ``pictures``."""
    found = {name: dict(row) for name, row in rows.items()}
    for name, row in sorted(rows.items()):
        match = PICTURES.fullmatch(name)
        price = None if match is None else _of_a_picture(row)
        if match is None or price is None:
            continue
        about = {key: row[key] for key in ("mode", "as_of", "source", "source_url") if key in row}
        pictures = found.setdefault(match["model"], about).setdefault("pictures", {})
        size, (unit, kind, figure_) = f"{match['width']}x{match['height']}", price
        quality = match["quality"]
        pictures[f"{kind}_{quality}_{size}" if quality else f"{kind}_{size}"] = (unit, figure_)
        if quality == "standard":
            pictures.setdefault(f"{kind}_{size}", (unit, figure_))
    return found


def _of_a_picture(row: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The price of one picture, as it is stated; nothing where it is 0."""
    fields = {"per_image": "images_out", "per_image_input": "images_out"}
    fields |= {"per_pixel": "pixels_out", "per_pixel_input": "pixels_out"}
    for field, kind in fields.items():
        if _costs(row.get(field, "0")):
            return field.removesuffix("_input"), kind, figure(row[field])
    return None


def _with_pictures(rate: Rate, pictures: Mapping[str, tuple[str, str]]) -> Rate:
    """A rate with prices by quality and size: instead of those by token where it has such, else besides the usual."""
    found: Table = {}
    for name, (unit, price) in pictures.items():
        found.setdefault(unit, {})[name] = price
    by_token = any(_costs(price) for price in rate.get("per_1M_tokens", {}).values())
    there: Mapping[str, Any] = rate.get("without_tokens", {}) if by_token else rate
    joined = {unit: {**there.get(unit, {}), **prices} for unit, prices in found.items()}
    return {**rate, "without_tokens": {**there, **joined}} if by_token else {**rate, **joined}


def rate_of_row(name: str, row: Mapping[str, Any]) -> Rate | None:
    """The rate a row states; nothing where it states none."""
    untold, hours = read(row)[1], off_peak(row)
    found: Rate = schedule(row)
    found |= {"without_tokens": untold} if untold else {}
    found = _with_pictures(found, row["pictures"]) if "pictures" in row else found
    found |= {"tiers": tiers(row)} if tiers(row) else {}
    found |= {"off_peak": hours} if hours else {}
    if not is_priced(name, found):
        return None
    others = elsewhere(row)
    found |= {"elsewhere": others} if others else {}
    source, url = row["source"].partition(" model_prices")[0], row.get("source_url", "")
    since = day(row.get("price_since") or row["as_of"])
    found = {"valid_from": since, "checked": day(row["as_of"]), "source": source, **found}
    return {**found, "url": url} if url and '"' not in url and "\\" not in url else found


ABOUT = frozenset({"valid_from", "valid_to", "checked", "source", "url", "note", "elsewhere", "uplift"})


def with_past(past: Iterable[Rate], now: Rate) -> list[Rate]:
    """The rates of a model from its first to ``now``: one that changed ends where the next begins."""
    kept = [rate for rate in past if rate.get("region") == now.get("region")]
    if not kept:
        return [now]
    last = kept[-1]
    if _content(last) == _content(now):
        return [*kept[:-1], {**now, "valid_from": last["valid_from"]}]
    begins = (
        max(now["valid_from"], now["checked"])
        if now["valid_from"] <= last["valid_from"]
        else now["valid_from"]
    )
    if begins <= last["valid_from"]:  # the same day's data, corrected
        return [*kept[:-1], {**now, "valid_from": last["valid_from"]}]
    return [*kept[:-1], {**last, "valid_to": begins}, {**now, "valid_from": begins}]


def _content(rate: Rate) -> Rate:
    return {name: value for name, value in rate.items() if name not in ABOUT}


def toml(head: str, rate: Rate, model: str = "") -> str:
    """One rate as TOML."""
    order = ("valid_from", "valid_to", "region")
    lines = [head] + ([f"model = {json.dumps(model, ensure_ascii=False)}"] if model else [])
    lines += [f"{name} = {inline(rate[name])}" for name in order if name in rate]
    last = ("checked", "source", "url")
    lines += [
        f"{name} = {inline(value)}" for name, value in rate.items() if name not in (*order, *last, "tiers")
    ]
    for tier, found in rate.get("tiers", {}).items():  # a line each: together they are too long to read
        lines += [f"tiers.{_key(tier)}.{name} = {inline(value)}" for name, value in found.items()]
    lines += [f"{name} = {inline(rate[name])}" for name in last if name in rate]
    return "\n".join(lines) + "\n"


def inline(value: Any) -> str:
    """A value as TOML in one line."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {inline(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
