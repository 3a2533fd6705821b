"""Pools of keys."""

from __future__ import annotations

from typing import Any

import pytest

from jackfield.auth.bearer import Bearer
from jackfield.auth.pool import KeyPool, pooled
from jackfield.secret import Secret


@pytest.fixture
def pool() -> KeyPool:
    """Three keys."""
    return KeyPool([Bearer(Secret(f"key-{number}")) for number in (1, 2, 3)])


def test_one_key_is_no_pool() -> None:
    """It is used as it is."""
    only = Bearer(Secret("key-1"))

    assert only is pooled([only])


def test_one_key_is_used_at_a_time(world: Any, pool: KeyPool) -> None:
    """It stays while all is well."""
    assert ["Bearer key-1"] * 3 == [world.signed(pool) for _ in range(3)]


def test_keys_are_exchanged_after_an_hour(world: Any, pool: KeyPool) -> None:
    """And come round again."""
    seen = []
    for _ in range(4):
        seen.append(world.signed(pool)[-1])
        world.now += 3600

    assert ["1", "2", "3", "1"] == seen


def test_three_errors_in_a_row_exchange_a_key(pool: KeyPool) -> None:
    """An answer in between starts the count anew."""
    seen = []
    for outcome in ["bad", "bad", "good", "bad", "bad", "bad", "good"]:
        seen.append(pool.order(0)[0])
        if outcome == "good":
            pool.answered(seen[-1])
        else:
            pool.failed(seen[-1])

    assert [0, 0, 0, 0, 0, 0, 1] == seen


def test_a_key_at_fault_is_exchanged_at_once(pool: KeyPool) -> None:
    """The next is its neighbour."""
    pool.failed(0, own=True)

    assert [1, 2, 0] == pool.order(0)


def test_two_calls_at_once_cost_one_key(pool: KeyPool) -> None:
    """A key that was replaced meanwhile is not blamed a second time."""
    pool.failed(0, own=True)
    pool.failed(0, own=True)

    assert 1 == pool.order(0)[0]
