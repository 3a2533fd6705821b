"""The ledger of several machines: PostgreSQL, with the same tables (extra ``postgres``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.ledger import sql
from jackfield.ledger.store import Batch, Dialect, keep_for_ever
from jackfield.ledger.writer import failed

PATIENCE = 5  # seconds to connect, for a lock, and for an answer to one statement
_INSERTS = sql.Inserts("%s")
_TELLING = 4  # letters: what is cut out of a text is told by its gap if it is shorter

DIALECT = Dialect(
    integer="BIGINT",
    real="DOUBLE PRECISION",
    money="NUMERIC",
    exact_sum="CAST(sum({}) AS TEXT)",
    hour="to_char(to_timestamp({} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00\"Z\"')",
    day="to_char(to_timestamp({} / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
)
_LOCK = 7_235_461  # of those who make the tables at the same time


class PostgresStore:
    """A ledger in a PostgreSQL database. Its address may hold a password, and is never shown."""

    dialect = DIALECT

    def __init__(self, address: str) -> None:
        self._address: Callable[[], str] = lambda: address  # out of sight of whatever prints local variables
        self.name = "in PostgreSQL"
        self._connection: Any = None

    def open(self) -> None:
        """Connect, and make the tables where they are not there."""
        self._connection = self._connect()
        if self.run("SELECT to_regclass('ledger_version')")[0][0] is not None:
            self._check_version()
            return
        self.run("BEGIN")
        try:
            self.run(f"SELECT pg_advisory_xact_lock({_LOCK})")
            self._make()
            self.run("COMMIT")
        except BaseException:
            self.run("ROLLBACK")
            raise
        self._check_version()

    def _make(self) -> None:
        for statement in sql.schema(self.dialect):
            self.run(statement)
        self.run("DROP VIEW IF EXISTS attempts")
        self.run(sql.VIEW)
        self.run("CREATE TABLE IF NOT EXISTS ledger_version (version INTEGER PRIMARY KEY)")
        self.run("INSERT INTO ledger_version VALUES (?) ON CONFLICT DO NOTHING", (sql.VERSION,))

    def _check_version(self) -> None:
        version = self.run("SELECT max(version) FROM ledger_version")[0][0]
        if version > sql.VERSION:
            msg = f"its tables were made by a later version ({version})"
            raise failed(self.name, msg, "update jackfield, or name another database")

    def _connect(self) -> Any:
        psycopg = _library()
        try:
            connection = psycopg.connect(self._address(), autocommit=True, connect_timeout=PATIENCE)
            for setting in ("statement_timeout", "lock_timeout"):
                connection.execute(f"SET {setting} = {PATIENCE * 1000}")
        except _errors() as exc:
            why = _why(exc, self._address())
        else:
            return connection
        raise failed(self.name, why, "check that the server is up, and the address, user and password")

    def write(self, batch: Batch) -> None:
        """Add rows in one transaction; once more if the connection had gone. They are added once all the same."""
        statements = _INSERTS.of(batch)
        for last in (False, True):
            try:
                self._write(statements)
                return
            except _errors() as exc:
                why = _why(exc, self._address())
                gone = self._connection is None or self._connection.closed
            if last or not gone:
                raise failed(self.name, why)
            self._connection = self._connect()

    def _write(self, statements: list[tuple[str, list[Any]]]) -> None:
        connection = self._connection
        assert connection is not None
        if len(statements) == 1:
            connection.execute(*statements[0])
            return
        with connection.pipeline(), connection.transaction():
            for statement in statements:
                connection.execute(*statement)

    def run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute a statement."""
        assert self._connection is not None
        return _fetched(self._executed(self._connection, statement, values))

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute a statement; how many rows it changed."""
        assert self._connection is not None
        changed: int = self._executed(self._connection, statement, values).rowcount
        return changed

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        connection = self._connect()
        try:
            connection.execute("SET statement_timeout = 0")
            return _fetched(self._executed(connection, statement, values))
        finally:
            connection.close()

    def _executed(self, connection: Any, statement: str, values: Sequence[Any]) -> Any:
        try:
            return connection.execute(statement.replace("?", "%s"), values or None)
        except _errors() as exc:
            why = _why(exc, self._address())
        raise failed(self.name, why)

    def close(self) -> None:
        """Disconnect."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abandon(self) -> None:
        """Leave the parent's connection as it is."""
        if self._connection is not None:
            keep_for_ever(self._connection)
        self._connection = None


def _fetched(cursor: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = [] if cursor.description is None else cursor.fetchall()
    return found


def _library() -> Any:
    try:
        import psycopg
    except ImportError:
        msg = "the ledger in PostgreSQL needs psycopg, which is not installed"
        raise BadConfig(ErrorInfo("config", msg, hint="pip install 'jackfield[postgres]'")) from None
    return psycopg


def _errors() -> type[BaseException]:
    found: type[BaseException] = _library().Error
    return found


def _why(exc: BaseException, address: str) -> str:
    """The first line of what the server or the driver says, without the address, or a piece of its password."""
    line = str(exc).strip().partition("\n")[0].replace(address, "…")
    secret = address.partition("://")[2].rpartition("@")[0].partition(":")[2]
    for piece in filter(None, (secret, *secret.split("@"))):
        if len(piece) < _TELLING and piece in line:
            return type(exc).__name__  # what is left out of a word would tell the piece
        line = line.replace(piece, "…")
    return line[:200] or type(exc).__name__
