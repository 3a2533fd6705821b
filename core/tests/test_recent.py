"""Tables that do not grow without end."""

from __future__ import annotations

import threading

from jackfield.types.recent import Recent


def filled(most: int, count: int) -> Recent[int, str]:
    """A table that was asked for so many things, one after the other."""
    table: Recent[int, str] = Recent(most)
    for number in range(count):
        table.recall(number, lambda made=number: str(made))
    return table


def test_a_table_never_holds_more_than_twice_what_it_keeps_at_least():
    """However many names there are."""
    sizes = [len(filled(10, count).kept()) for count in (5, 20, 1003)]

    assert [5, 20, 13] == sizes


def test_the_entries_used_last_are_kept():
    """As many of them as the table is to keep at least."""
    kept = filled(10, 1003).kept()

    assert set(range(993, 1003)) <= kept.keys()


def test_what_is_used_again_and_again_is_made_once():
    """Whatever else is asked for meanwhile."""
    table, made = Recent[str, int](10), []

    for number in range(200):
        table.get("often") or table.recall("often", lambda: made.append(1) or 7)
        table.recall(f"once {number}", lambda: 1)

    assert [1] == made


def test_what_threads_ask_for_at_once_is_made_once():
    """All of them get the same."""
    table, made, start = Recent[str, object](10), [], threading.Barrier(16)

    def ask() -> None:
        start.wait(10)
        found.append(table.recall("one", lambda: made.append(1) or object()))

    found: list[object] = []
    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert ([1], 1, 16) == (made, len(set(found)), len(found))


def test_what_could_not_be_made_is_not_kept():
    """Who asks again tries again."""
    table: Recent[str, int] = Recent(10)

    try:
        table.recall("one", lambda: int("none"))
    except ValueError:
        found = table.recall("one", lambda: 2)

    assert ({"one": 2}, 2) == (table.kept(), found)
