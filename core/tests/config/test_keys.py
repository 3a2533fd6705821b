"""The keys that configuration may have."""

from __future__ import annotations

from typing import Any

import pytest

from jackfield.config.keys import FILE, keys, seconds

CANARY = "sk-canary-0123456789"


@pytest.mark.parametrize("raw", [3, [], [CANARY, 3], {"a": CANARY}])
def test_what_is_no_key_is_told_without_it(raw: object) -> None:
    """One key or several; a problem never shows any of them."""
    problems: list[str] = []

    assert keys(raw, "api_key", problems) is None
    assert ["api_key: must be a key, or an array of keys"] == problems


@pytest.mark.parametrize("raw", [0, -1, True, "3", float("inf"), float("nan")])
def test_a_time_is_a_number_above_nothing(raw: object) -> None:
    """And an end there is to it."""
    problems: list[str] = []

    assert seconds(raw, "timeout", problems) is None
    assert ["timeout: must be a number of seconds above 0 and up to a year"] == problems


def test_settings_of_a_providers_own_are_single_values() -> None:
    """They are written as in a header; what is not said is not there; what has parts is refused."""
    problems: list[str] = []
    own: dict[str, Any] = {"zone": 3, "beta": True, "none": None, "parts": ["a"]}

    found = FILE({"providers": {"Acme Cloud": own}}, "", problems)

    assert ["3", "true"] == [found["providers"]["acme-cloud"][name] for name in ("zone", "beta")]
    assert "none" not in found["providers"]["acme-cloud"]
    assert ["providers.Acme Cloud.parts: must be a single value"] == problems
