"""``jackfield simulate``: the simulator at a terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation

if TYPE_CHECKING:
    from jackfield_simulator.app import Simulated

PORT = 4141
HOST = "127.0.0.1"
BACKLOG = 4096


@click.command(cls=Command)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any free one."
)
@click.option(
    "--scenario", type=click.Path(exists=True, dir_okay=False), help="What it is told to be, in TOML."
)
@click.option("--env", "env", is_flag=True, help="Print what points all clients at it, and exit.")
@click.option(
    "--server",
    type=click.Choice(["own", "uvicorn"]),
    default="own",
    show_default=True,
    help="Its own injects faults; uvicorn serves the same answers without.",
)
def simulate(port: int, scenario: str | None, env: bool, server: str) -> None:
    """Serve every installed provider on this machine, for tests and demonstrations.

    No key is needed and nothing is charged. Clients are pointed at it by

        eval "$(jackfield simulate --env)"
    """
    from jackfield_simulator.app import Simulated

    run = invocation()
    app = Simulated(scenario)
    if env:
        _environment(run, app, port)
    elif server == "uvicorn":
        _politely(run, app, port)
    else:
        _with_faults(run, app, port)


def _environment(run: Invocation, app: Simulated, port: int) -> None:
    """Print the variables; on stderr, whether anybody listens."""
    from jackfield_simulator.settings import variables

    app.url = f"http://{HOST}:{port}"
    found = dict(variables(app))
    if run.json:
        run.console.json(found)
    else:
        for name, value in found.items():
            run.console.out(f"export {name}={shlex.quote(value)}")
    if not _listens(port):
        run.console.note(
            f"nothing listens at {app.url} yet: run `jackfield simulate --port {port}` beside this"
        )


def _listens(port: int) -> bool:
    import socket

    try:
        with socket.create_connection((HOST, port), timeout=0.5):
            return True
    except OSError:
        return False


def _with_faults(run: Invocation, app: Simulated, port: int) -> None:
    """Serve until somebody interrupts."""
    import asyncio

    from jackfield_simulator.socket_server import SocketServer

    async def serve() -> None:
        server = SocketServer(app, host=HOST, port=port)
        try:
            await server.start()
        except OSError as exc:
            raise _taken(port, exc) from None
        _tell(run, app)
        try:
            await asyncio.Event().wait()
        finally:
            await server.stop()

    asyncio.run(serve())


def _politely(run: Invocation, app: Simulated, port: int) -> None:
    """Serve by an ASGI server."""
    import socket

    import uvicorn

    from jackfield_simulator.asgi import Application

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(BACKLOG)  # from now on nobody is turned away, be it that nobody is answered yet
    except OSError as exc:
        raise _taken(port, exc) from None
    app.url = f"http://{HOST}:{listener.getsockname()[1]}"
    _tell(run, app)
    uvicorn.Server(uvicorn.Config(Application(app), log_level="warning", backlog=BACKLOG)).run([listener])


def _tell(run: Invocation, app: Simulated) -> None:
    """Where it is: for programs on stdout, for people on stderr."""
    ids = app.router.registry.ids()
    if run.json:
        run.console.json({"url": app.url, "page": f"{app.url}/_simulator/", "providers": list(ids)})
        return
    port = app.url.rpartition(":")[2]
    run.console.out(app.url)
    run.console.note(f"{len(ids)} providers at {app.url}; what happens is shown at {app.url}/_simulator/")
    run.console.note(
        f'point clients here: eval "$(jackfield simulate --port {port} --env)"; stop with Ctrl-C'
    )


def _taken(port: int, exc: OSError) -> Exception:
    from jackfield.errors import BadConfig, ErrorInfo

    words = f"port {port} cannot be listened at: {exc.strerror or exc}"
    return BadConfig(ErrorInfo("config", words, hint="`--port 0` takes any free one"))
