"""Where answers are kept: in memory and on disk."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading

import pytest

from jackfield.policy.caches import MemoryTier
from jackfield.state.base import Kept
from jackfield.state.disk import DiskTier

NOW = 1_800_000_000.0


@pytest.fixture
def disk(tmp_path):
    """A tier of a thousand bytes."""
    tier = DiskTier(tmp_path / "cache", 1000)
    yield tier
    tier.close()


def test_memory_keeps_what_was_used_last():
    """The third of two drives out the one that was not asked for."""
    tier = MemoryTier(entries=2)
    tier.put("a", b"1", NOW + 60)
    tier.put("b", b"2", NOW + 60)
    tier.get("a", NOW)

    tier.put("c", b"3", NOW + 60)

    assert [True, False, True] == [tier.get(key, NOW) is not None for key in "abc"]
    assert (2, 2) == (len(tier), tier.used)


def test_memory_has_a_size():
    """However few the values are; one larger than all of it is not kept, and drives out nothing."""
    tier = MemoryTier(size=10)
    for key in "abc":
        tier.put(key, b"12345", NOW + 60)

    tier.put("d", b"12345678901", NOW + 60)

    assert [False, True, True, False] == [tier.get(key, NOW) is not None for key in "abcd"]
    assert 10 == tier.used


def test_memory_forgets_what_has_ended():
    """At the moment it was to end; a new value takes an old one's place."""
    tier = MemoryTier()
    tier.put("a", b"old", NOW + 60)
    tier.put("a", b"new", NOW + 60)

    assert Kept(b"new", NOW + 60) == tier.get("a", NOW + 59.9)
    assert tier.get("a", NOW + 60) is None
    assert (0, 0) == (len(tier), tier.used)


@pytest.mark.parametrize(("prefix", "left"), [("a", 1), ("", 0), ("x", 3)])
def test_memory_is_dropped_by_the_beginning_of_keys(prefix, left):
    """All of it by none."""
    tier = MemoryTier()
    for key in ("a1", "a2", "b1"):
        tier.put(key, b"x", NOW + 60)

    assert 3 - left == tier.drop(prefix)
    assert left == len(tier) == tier.used


def test_disk_outlives_its_process(disk, tmp_path):
    """Another one finds what was kept, until it ends."""
    disk.put("a", b"\x00\xff", NOW + 60, NOW)
    disk.close()

    other = DiskTier(tmp_path / "cache", 1000)

    assert [Kept(b"\x00\xff", NOW + 60), None, None] == [
        other.get("a", NOW),
        other.get("b", NOW),
        other.get("a", NOW + 60),
    ]


def test_disk_is_for_its_owner_alone(disk):
    """Whatever files are made of usually, no others may read it."""
    before = os.umask(0)
    try:
        disk.put("a", b"x", NOW + 60, NOW)
    finally:
        os.umask(before)

    assert 0o600 == stat.S_IMODE(disk.file.stat().st_mode)
    assert 0o700 == stat.S_IMODE(disk.file.parent.stat().st_mode)


def test_disk_has_a_size(disk):
    """What has ended makes room first, then what was used longest ago; one that is too large is not kept."""
    disk.put("ended", b"x" * 300, NOW + 1, NOW)
    for place, key in enumerate("abc"):
        disk.put(key, b"x" * 300, NOW + 600, NOW + 10 + place)
    disk.get("a", NOW + 20)
    disk.put("d", b"x" * 300, NOW + 600, NOW + 30)
    disk.put("large", b"x" * 1001, NOW + 600, NOW + 30)

    kept = [disk.get(key, NOW + 30) is not None for key in ("ended", "a", "b", "c", "d", "large")]
    assert [False, True, False, True, True, False] == kept
    assert (3, 900) == disk.facts()[:2]


def test_disk_counts_what_is_replaced_once(disk):
    """The bytes are those of the values that are there."""
    disk.put("a", b"x" * 300, NOW + 60, NOW)
    disk.put("a", b"x" * 100, NOW + 60, NOW)

    assert (1, 100) == disk.facts()[:2]
    assert (1, 0) == (disk.drop("a"), disk.facts().used)


def test_disk_counts_how_it_was_used(disk):
    """Over all processes and for good."""
    disk.count(1, 0, 500)
    disk.count(0, 1, 0)
    disk.count(1, 0, 500)

    assert (2, 1, 1000) == disk.facts()[2:]


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"\x80\x04pickle"])
def test_a_damaged_file_is_begun_anew(disk, content):
    """It is a miss, and the next value is kept."""
    disk.file.parent.mkdir()
    disk.file.write_bytes(content)

    assert disk.get("a", NOW) is None
    disk.put("a", b"x", NOW + 60, NOW)

    assert Kept(b"x", NOW + 60) == disk.get("a", NOW)


def test_a_file_of_another_form_is_begun_anew(disk):
    """What a later version wrote is not understood, and not missed."""
    disk.file.parent.mkdir()
    with sqlite3.connect(disk.file) as other:
        other.execute("PRAGMA user_version = 99")
        other.execute("CREATE TABLE kept (x)")
    other.close()

    disk.get("a", NOW)
    disk.put("a", b"x", NOW + 60, NOW)

    assert disk.get("a", NOW) is not None


def test_values_of_other_types_are_a_miss(disk):
    """Whoever else writes to the file is not trusted."""
    disk.put("a", b"x", NOW + 60, NOW)
    with sqlite3.connect(disk.file) as other:
        other.execute("UPDATE kept SET data = 'text'")
    other.close()

    assert disk.get("a", NOW) is None


def test_a_folder_that_cannot_be_written_is_a_miss(tmp_path):
    """Caches are never a reason to fail."""
    (tmp_path / "cache").write_text("a file")
    disk = DiskTier(tmp_path / "cache", 1000)

    disk.put("a", b"x", NOW + 60, NOW)

    assert (None, 0) == (disk.get("a", NOW), disk.drop())
    disk.count(1, 0, 0)
    assert (0, 0, 0, 0, 0) == disk.facts()


def test_threads_share_the_disk(disk):
    """One connection serves them all."""
    threads = [threading.Thread(target=disk.put, args=(str(key), b"x", NOW + 60, NOW)) for key in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 20 == disk.facts().entries


def test_a_forked_process_opens_the_file_itself(disk):
    """Connections are not carried over."""
    disk.put("a", b"x", NOW + 60, NOW)

    child = os.fork()
    if child == 0:
        disk.put("b", b"y", NOW + 60, NOW)
        os._exit(0 if disk.get("a", NOW) else 1)

    assert (child, 0) == os.waitpid(child, 0)
    assert disk.get("b", NOW) is not None
