"""When to come back: every form a provider has for it, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.wire.hints import duration, http_date, resets, retry_after

DATE = "Sun, 06 Nov 1994 08:49:07 GMT"
THEN = 784111747.0  # that moment


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "0"}, 0),
        ({"retry-after": "2"}, 2),
        ({"retry-after": " 2.25 "}, 2.25),
        ({"retry-after": "2592000"}, 2_592_000),
        ({"retry-after": "2592001"}, None),
        ({"retry-after": "2, 7, 3"}, 7),
        ({"retry-after": "soon, 7"}, 7),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1),
        ({"retry-after-ms": "junk", "retry-after": "1"}, 1),
        ({"retry-after-ms": "2592000001", "retry-after": "1"}, 1),
        ({"retry-after-ms": "100, 300"}, 0.3),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "+1"}, None),
        ({"retry-after": "NaN"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "3\u00a0"}, None),
        ({"retry-after": "9" * 600}, None),
        ({}, None),
    ],
)
def test_numbers(headers, seconds):
    """Milliseconds first; whole or fractional; the larger of several; nothing absurd."""
    assert seconds == retry_after(headers)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 30),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 30),
        ("Sun Nov  6 08:49:37 1994", 30),
        ("sun, 06 nov 1994 08:49:37 gmt", 30),
        (DATE, 0),
        ("Sun, 06 Nov 1994 08:49:06 GMT", None),
        ("Tue, 06 Dec 1994 08:49:07 GMT", 2_592_000),
        ("Tue, 06 Dec 1994 08:49:08 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:50:07 GMT", 60),
        ("5, Sun, 06 Nov 1994 08:49:37 GMT", 30),
        ("45, Sun, 06 Nov 1994 08:49:37 GMT", 45),
        ("Sun, 32 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 25:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
    ],
)
def test_dates(text, seconds):
    """Three forms, held against the reply's own date, whatever our clock says."""
    assert seconds == retry_after({"retry-after": text, "date": DATE})


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_date_without_the_replys_own_says_nothing(date):
    """Our clock is not the one that wrote it."""
    assert retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT", "date": date}) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (DATE, THEN),
        ("Sunday, 06-Nov-94 08:49:07 GMT", THEN),
        ("Wednesday, 06-Nov-24 08:49:07 GMT", 1730882947.0),
        ("Sunday, 06-Nov-70 00:00:00 GMT", 26697600.0),
        ("Sat, 31 Dec 2016 23:59:60 GMT", 1483228799.0),
        ("x" * 600, None),
    ],
)
def test_http_dates(text, moment):
    """Years of two digits are of this century or of the end of the last; a leap second is none."""
    assert moment == http_date(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("46s", 46),
        ("10h17m5.7s", 37025.7),
        ("2m59.56s", 179.56),
        ("20ms", 0.02),
        ("1d2h", 93600),
        ("1h", 3600),
        ("6m0s", 360),
        ("1s500ms", 1.5),
        ("", None),
        ("46", None),
        ("s", None),
        ("-1s", None),
        ("1m2h", None),
    ],
)
def test_durations(text, seconds):
    """Days to milliseconds, each at most once and in that order."""
    assert (seconds if seconds is None else pytest.approx(seconds)) == duration(text)


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ([{"retryDelay": "46s"}], 46),
        ([{"reason": "x"}, "y", {"retryDelay": "10h17m5.7s"}], 37025.7),
        ([{"retryDelay": "0s"}], None),
        ([{"retryDelay": "2592001s"}], None),
        ([{"retryDelay": 46}], None),
        ([{"retryDelay": "46h"}], None),
        ({"retryDelay": "46s"}, None),
        (None, None),
    ],
)
def test_details_of_a_body(details, seconds):
    """The first delay that is one; it counts where headers say nothing."""
    assert seconds == retry_after({}, details)
    assert 3 == retry_after({"retry-after": "3"}, details)


NO = {"x-ratelimit-remaining-requests": "0"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({**NO, "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({**NO, "x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "9s",
          "x-ratelimit-remaining-tokens": "17"}, 0.02),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "9s"}, 9),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1s"}, None),
        ({"acme-ratelimit-tokens-remaining": "0", "acme-ratelimit-tokens-reset": "1994-11-06T08:49:37Z"}, 30),
        ({"acme-ratelimit-tokens-reset": "1994-11-06T09:49:37.123+01:00"}, 30),
        ({"acme-ratelimit-tokens-reset": "1994-11-06T07:49:37-01:00"}, 30),
        ({"acme-ratelimit-tokens-reset": "1994-13-06T08:49:37Z"}, None),
        ({"acme-ratelimit-tokens-reset": "1994-11-06T08:49:00Z"}, None),
        ({"ratelimit-reset": "45"}, 45),
        ({"ratelimit-reset": "2592001"}, None),
        ({"x-ratelimit-reset": "784111777", "date": "Tue, 01 Jan 2030 00:00:00 GMT"}, None),
        ({"x-ratelimit-reset": "1893456030", "date": "Tue, 01 Jan 2030 00:00:00 GMT"}, 30),
        ({"x-ratelimit-reset": "1893456030000", "date": "Tue, 01 Jan 2030 00:00:00 GMT"}, 30),
        ({"x-ratelimit-reset": "1893456030000", "date": ""}, None),
        ({"x-ratelimit-reset": "Sun, 06 Nov 1994 08:49:37 GMT"}, 30),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-reset": "5"}, None),
        ({"x-ratelimit-remaining": "0"}, None),
    ],
)  # fmt: skip
def test_resets(headers, seconds):
    """The longest of the limits that are used up: durations, seconds, moments of several kinds."""
    assert seconds == resets({"date": DATE, **headers})


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_them(text, date):
    """Whatever stands there, it is a length of time within bounds, or nothing."""
    headers = {"retry-after": text, "retry-after-ms": text, "date": date, "x-ratelimit-reset": text}

    for found in (retry_after(headers, [{"retryDelay": text}]), resets(headers)):
        assert found is None or 0 <= found <= 2_592_000
