"""What a use costs, calculated straight from the rows of the price data: nothing of the library is imported here.

Written against the data's own description (``_meta``) and the rules on docs/prices.md, as a second opinion. It
works line by line, as a bill does, in fractions.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any

MILLION = 1_000_000

# Our bucket -> the fields of a row that state its price, the first that is there.
TOKEN_FIELDS = {
    "input": ["input"],
    "cache_read": ["cached_input"],
    "cache_write": ["cache_write"],
    "cache_write_1h": ["cache_write_1h"],
    "input_audio": ["input_audio"],
    "input_image": ["input_image", "input"],
    "input_video": ["input_video", "input_video_mtok", "input"],
    "cache_read_audio": ["cached_input_audio"],
    "cache_read_image": ["cached_input_image"],
    "cache_read_explicit": ["cached_input_explicit"],
    "cache_write_audio": ["cache_write_audio"],
    "output": ["output"],
    "reasoning": ["reasoning", "output"],
    "output_audio": ["output_audio"],
    "output_image": ["output_image"],
    "output_video": ["output_video"],
    "citations": ["citation"],
}
GOES_IN = [
    "input", "cache_read", "cache_write", "cache_write_1h", "input_audio", "input_image", "input_video",
    "cache_read_audio", "cache_read_image", "cache_read_explicit", "cache_write_audio",
]  # fmt: skip
SIZES = {
    "characters_in": [("input_characters", MILLION)],
    "characters_out": [("output_characters", MILLION)],
    "seconds_in": [("audio_hours", 3600), ("input_audio_hours", 3600), ("per_second_input", 1)],
    "audio_seconds_in": [("per_second_input_audio", 1)],
    "video_seconds_in": [("per_second_input_video", 1)],
    "seconds_out": [("per_second_output", 1), ("per_second_output_video", 1)],
    **{
        f"seconds_out_{size}": [(f"per_second_output_{size}", 1)]
        for size in ["480p", "720p", "768p", "1080p", "2k", "4k"]
    },
    "images_in": [("per_image_input", 1)],
    "images_out": [("per_image", 1)],
    "pixels_in": [("per_pixel_input", 1)],
    "pixels_out": [("per_pixel", 1)],
    "pages": [("per_page", 1), ("input_document_kpages", 1000)],
    "annotated_pages": [("per_page_annotation", 1), ("input_annotated_document_kpages", 1000)],
}
COUNTS = {
    "maps_searches": [("per_maps_query", 1)],
    "file_searches": [("storage_searches_kcount", 1000)],
    "messages": [("per_text_message", 1), ("input_text_messages_kcount", 1000)],
    "sessions": [("per_code_session", 1)],
}
TIERS_OF_ANOTHER_SOURCE = ("service_tier", "processing", "speed")
DRAWS = ("image_generation", "image_edit")


def cost(name: str, row: dict[str, Any], used: dict[str, Any], tier: str, at: datetime) -> Fraction | None:
    """The bill of one use; ``None`` where any line of it has no price."""
    if not _takes(name, row):
        return None
    known = used.pop("tokens_known", True)
    prices = _prices(row, tier, at)
    if prices is None:
        return None
    if not known:
        return _without_tokens(row, used) if tier == "" else None
    prices = _at_length(prices, used)
    sizes = _sizes(row, prices)
    told = {what: price for what, price in sizes.items() if used.get(what) is not None}
    if _must_be_told(row, prices, sizes) and not _must_be_told(row, prices, sizes) & set(told):
        return None
    total = sum((_exact(used[what]) * price for what, price in told.items()), Fraction(0))
    by_token = any(field in prices for fields in TOKEN_FIELDS.values() for field in fields)
    covered = bool(sizes) or any(field in row for field in ("per_request", "per_text_message", "per_query",
        "input_text_messages_kcount", "per_code_session"))  # fmt: skip
    if by_token or not covered:
        for bucket, fields in TOKEN_FIELDS.items():
            if used.get(bucket):
                price = next((prices[field] for field in fields if field in prices), None)
                if price is None:
                    return None
                total += Fraction(used[bucket]) * Fraction(price) / MILLION
    elif any(used.get(bucket) for bucket in ("input_video", "output_video", "citations", "cache_read_audio",
        "cache_read_image", "cache_read_explicit", "cache_write_audio")):  # fmt: skip
        return None
    besides = _besides({**row, **prices}, used)
    return None if besides is None else total + besides


def _exact(quantity: Any) -> Fraction:
    """A part of a second is what it is written as."""
    return Fraction(str(quantity))


def _takes(name: str, row: dict[str, Any]) -> bool:
    """Whether the row is a price: zeroes alone are not believed unless it is called free."""
    figures = list(_figures(row))
    return any(Fraction(figure) for figure in figures) or (bool(figures) and "free" in name.lower())


def _figures(row: dict[str, Any]) -> Any:
    fields = {field for fields in TOKEN_FIELDS.values() for field in fields}
    fields |= {field for prices in (*SIZES.values(), *COUNTS.values()) for field, _ in prices}
    fields |= {"per_request", "per_query", "web_searches_kcount"}
    if row.get("mode") == "audio_transcription":
        fields -= {"per_second_output"}
    yield from (row[field] for field in fields if isinstance(row.get(field), str))
    yield from row.get("per_web_search", {}).values()
    for inner in (*row.get("tiers", ()), *row.get("tiered", ()), *row.get("variants", {}).values()):
        yield from _figures(inner)
    for inner in row.get("variants_gp", {}).values():
        yield from _figures(inner)


def _prices(row: dict[str, Any], tier: str, at: datetime) -> dict[str, Any] | None:
    """The fields that hold for a tier, or for an hour."""
    if tier:
        if tier in row.get("variants", {}):
            return dict(row["variants"][tier])
        for key, variant in row.get("variants_gp", {}).items():
            kind, _, value = key.partition("=")
            if kind in TIERS_OF_ANOTHER_SOURCE and value == tier:
                return dict(variant)
            if kind not in TIERS_OF_ANOTHER_SOURCE and key == tier:
                return {**row, **variant}
        return None
    off = row.get("off_peak")
    if off and any(_open(window, at) for window in off["windows"]):
        fields = {"input": "input_cost_per_token", "output": "output_cost_per_token",
            "cached_input": "cache_read_input_token_cost", "cache_write": "cache_creation_input_token_cost"}  # fmt: skip
        return {ours: Fraction(off[theirs]) * MILLION for ours, theirs in fields.items() if theirs in off}
    return row


def _open(window: dict[str, Any], at: datetime) -> bool:
    if at.isoweekday() not in window["weekdays"]:
        return False
    spans = window["hours_utc"]
    for span in [spans] if isinstance(spans, str) else spans:
        begin, end = span.split("-")
        if begin <= f"{at:%H:%M}" and (f"{at:%H:%M}" < end or end == "00:00"):
            return True
    return False


def _at_length(prices: dict[str, Any], used: dict[str, Any]) -> dict[str, Any]:
    """The whole request is at the prices of the highest step its input exceeds."""
    size = sum(int(used.get(bucket) or 0) for bucket in GOES_IN)
    steps = [(step["above_input_tokens"], step) for step in prices.get("tiers", ())]
    steps += [(step["range_tokens"][0], step) for step in prices.get("tiered", ()) if step["range_tokens"][0]]
    first = [step for step in prices.get("tiered", ()) if not step["range_tokens"][0]]
    found = [(above, step) for above, step in steps if size > above]
    if found:
        return dict(max(found, key=lambda one: one[0])[1])
    return {**prices, **first[0]} if first else prices


def _said(prices: dict[str, Any], side: str) -> bool:
    """Whether tokens of a side cost something."""
    ours = [bucket for bucket in TOKEN_FIELDS if bucket.startswith(side)]
    return any(
        Fraction(prices[TOKEN_FIELDS[bucket][0]]) for bucket in ours if TOKEN_FIELDS[bucket][0] in prices
    )


def _replaced(row: dict[str, Any], what: str) -> bool:
    """Whether a size is the price by token told in another way."""
    mode = row.get("mode")
    if mode is None or "page" in what:
        return False
    return _said(row, "output" if "_out" in what else "input") and (
        mode != "embedding" or "characters" in what
    )


def _all_sizes(row: dict[str, Any]) -> dict[str, Fraction]:
    found = {}
    for what, fields in SIZES.items():
        stated = [(row[field], per) for field, per in fields if isinstance(row.get(field), str)]
        if stated and not (row.get("mode") == "audio_transcription" and what == "seconds_out"):
            found[what] = Fraction(stated[0][0]) / stated[0][1]
    by_token = any(isinstance(row.get(field), str) for fields in TOKEN_FIELDS.values() for field in fields)
    if row.get("mode") in DRAWS and not by_token:
        for kind in ("images", "pixels"):
            if f"{kind}_in" in found and not found.get(f"{kind}_out"):
                found[f"{kind}_out"] = found.pop(f"{kind}_in")
    return found


def _sizes(row: dict[str, Any], prices: dict[str, Any]) -> dict[str, Fraction]:
    """The prices by size that are added to those by token; a tier may state its own."""
    usual = {what: price for what, price in _all_sizes(row).items() if not _replaced(row, what)}
    own = {} if prices is row else _all_sizes({**prices, "mode": None})
    return {**usual, **own}


def _must_be_told(row: dict[str, Any], prices: dict[str, Any], sizes: dict[str, Fraction]) -> set[str]:
    costing = {what for what, price in sizes.items() if price}
    for out, side in ((True, "output"), (False, "input")):
        found = {what for what in costing if ("_out" in what) is out}
        if found and not Fraction(prices.get(side, 0)):
            return found
    return set()


def _without_tokens(row: dict[str, Any], used: dict[str, Any]) -> Fraction | None:
    """Of an answer that told no tokens: by size alone."""
    every = _all_sizes(row)
    instead = {what: price for what, price in every.items() if _replaced(row, what)}
    sizes = instead or every
    told = {what for what in sizes if used.get(what) is not None}
    if not any(what in used for what in (*SIZES, *COUNTS)):
        return None
    free = all(not Fraction(row[field]) for fields in TOKEN_FIELDS.values() for field in fields if isinstance(row.get(field), str))  # fmt: skip
    if not instead and not free:
        return None
    needed = _must_be_told(row, {} if instead else row, sizes)
    if needed and not needed & told:
        return None
    total = sum((_exact(used[what]) * sizes[what] for what in told), Fraction(0))
    besides = _besides({} if instead else row, used)
    return None if besides is None else total + besides


def _besides(row: dict[str, Any], used: dict[str, Any]) -> Fraction | None:
    """Searches, messages, sessions, and the request itself."""
    parts = [_searched(row, used), _counted(row, used)]
    if used.get("dbu") or None in parts:  # the first is a unit whose price in USD is a contract's
        return None
    return sum(parts, Fraction(row.get("per_request", 0)) * used.get("requests", 1))


def _counted(row: dict[str, Any], used: dict[str, Any]) -> Fraction | None:
    total = Fraction(0)
    for what, fields in COUNTS.items():
        if used.get(what):
            price = next((Fraction(row[field]) / per for field, per in fields if field in row), None)
            if price is None:
                return None
            total += used[what] * price
    return total


def _searched(row: dict[str, Any], used: dict[str, Any]) -> Fraction | None:
    """Searches, of which some are told, or priced, by their size."""
    by_size = row.get("per_web_search") or {}
    differ = len({*by_size.values()}) > 1
    sized = [size for size in ("low", "medium", "high") if used.get(f"searches_{size}") is not None]
    if differ and not sized and "web_searches_kcount" not in row:
        return None
    if not differ and any(used[f"searches_{size}"] for size in sized):
        return None
    total = sum((used[f"searches_{size}"] * Fraction(by_size[size]) for size in sized if differ), Fraction(0))
    count = used.get("searches") or 0
    if "per_query" in row:
        queries = used.get("queries") or count
        return total + queries * Fraction(row["per_query"]) if queries else None
    if not count:
        return total
    if "web_searches_kcount" in row:
        return total + count * Fraction(row["web_searches_kcount"]) / 1000
    return None if differ or not by_size else total + count * Fraction(next(iter(by_size.values())))
