"""Ledgers in files and in a PostgreSQL of one's own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from jackfield.ledger import book_at

BINARIES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin")


def found(name):
    """A program of PostgreSQL, which distributions hide."""
    for pattern in BINARIES:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (folder / name).exists():
                return str(folder / name)
    return shutil.which(name)


def user():
    """Whose server it is: PostgreSQL refuses to serve for root."""
    return "postgres" if os.getuid() == 0 else None


def run(*command):
    subprocess.run(command, user=user(), check=True, capture_output=True, timeout=300, cwd="/")


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server on a free port; its address."""
    pytest.importorskip("psycopg")
    initdb, postgres = found("initdb"), found("postgres")
    if initdb is None or postgres is None:
        assert not os.environ.get("CI"), "there is no PostgreSQL: apt-get install postgresql"
        pytest.skip("PostgreSQL is not installed")
    # not in pytest's own folder, which it keeps from other users
    with tempfile.TemporaryDirectory(prefix="jackfield-", ignore_cleanup_errors=True) as home:
        if user():
            shutil.chown(home, user())
        run(initdb, "-D", f"{home}/data", "-U", "jackfield", "-A", "trust", "--no-sync")
        yield from served(postgres, home)


def served(postgres, home):
    """Serve from a folder until the tests are over."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        f"port={port}",
        "-k",
        home,
        "-c",
        "max_connections=200",
    ]
    command = [postgres, "-D", f"{home}/data", *settings]
    with subprocess.Popen(command, user=user(), stderr=subprocess.DEVNULL, cwd="/") as process:
        address = f"postgresql://jackfield@127.0.0.1:{port}/postgres"
        try:
            answers(address, process)
            yield address
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody needs the data any more


def answers(address, process):
    """Wait until the server lets somebody in."""
    import psycopg

    for _ in range(200):
        assert process.poll() is None, "the server did not come up"
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(address)


@pytest.fixture
def database(server):
    """An empty database; its address."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP VIEW IF EXISTS attempts")
        connection.execute("DROP TABLE IF EXISTS ledger, owners, ledger_version")
    return server


@pytest.fixture(params=["sqlite", "postgres"])
def target(request, tmp_path):
    """Where a ledger is kept: each test that takes it runs on all databases."""
    if request.param == "postgres":
        return request.getfixturevalue("database")
    return str(tmp_path / "state" / "ledger.sqlite")


@pytest.fixture
def book(target):
    """A ledger."""
    made = book_at(target)
    yield made
    made.close()
