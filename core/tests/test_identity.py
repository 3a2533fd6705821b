"""Ids of our own making."""

from __future__ import annotations

import os
import threading
import time
import uuid

from jackfield.identity import attempt_id, first_id, request_id


def test_an_id_is_a_uuid_of_version_7():
    """Anybody's library can read it, and the time it was made."""
    made = uuid.UUID(request_id())

    assert (7, uuid.RFC_4122) == (made.version, made.variant)
    assert abs((made.int >> 80) / 1000 - time.time()) < 5


def test_ids_of_a_process_sort_by_the_order_they_were_made_in():
    """Also many of one millisecond, and whatever the clock does."""
    made = [request_id() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_ids_of_threads_are_all_different():
    """They share one counter."""
    made: list[str] = []

    def work():
        made.extend([request_id() for _ in range(2000)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 16_000 == len(set(made))


def test_a_forked_child_makes_ids_of_its_own():
    """The random half is not the parent's."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, request_id()[-17:].encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 100).decode()
    os.close(read)
    os.close(write)

    assert theirs != request_id()[-17:]
    assert 17 == len(theirs)


def test_ids_made_later_sort_behind_a_moment():
    """So a stretch of time is a stretch of ids."""
    before = first_id(time.time() - 1)
    after = first_id(time.time() + 60)

    assert before < request_id() < after
    assert "x.2" == attempt_id("x", 2)
