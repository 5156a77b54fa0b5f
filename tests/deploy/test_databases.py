"""The composition's jobs on the database, run against a PostgreSQL server that asks for passwords."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from bench.postgres import Cluster, programs
from journal.schema import APPEND_ONLY

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
PASSWORDS = {
    "postgres_password": "of the superuser",
    "temporal_database_password": "of 'Temporal'",
    "journal_owner_password": "of the owner",
    "journal_password": "of the worker",
}


@dataclass(frozen=True)
class Site:
    """A server of its own, the secrets of a site, and where our programs keep their private files."""

    cluster: Cluster
    folder: Path

    def job(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the composition."""
        path = f"{programs()}:{os.environ['PATH']}"
        whole = {"PATH": path, "PYTHONPATH": str(ROOT), "TRIALPATH_DATA": str(self.folder / "data"), **env}
        return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True, check=False, timeout=60)

    def databases(self) -> subprocess.CompletedProcess[str]:
        """Run the job that makes roles and database."""
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(self.cluster.port), "PGUSER": "owner"}
        script = SERVICES["databases"]["entrypoint"][-1].removeprefix("/")
        return self.job("/bin/sh", script, SECRETS=str(self.folder), **where)

    def ours(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a service of the composition does, with its entry point, its address and its secret."""
        env = {name: value for name, value in SERVICES[service]["environment"].items() if "JOURNAL" in name}
        env = {
            name: value.replace("@postgres:5432/", f"@127.0.0.1:{self.cluster.port}/") for name, value in env.items()
        }
        env["JOURNAL_PASSWORD_FILE"] = env["JOURNAL_PASSWORD_FILE"].replace("/run/secrets", str(self.folder))
        env["PGPASSFILE"] = str(self.folder / f"{service}.pgpass")
        told = [sys.executable if word == "python" else word for word in command]
        return self.job(*SERVICES[service]["entrypoint"], *told, **env)

    def connect(self, role: str, password: str, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect with a password."""
        return psycopg.connect(self.cluster.url(database, role), password=password, connect_timeout=5)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose jobs have each run twice. The server asks everybody but its superuser for a password."""
    cluster, folder = Cluster(), tmp_path_factory.mktemp("site")
    for name, password in PASSWORDS.items():
        (folder / name).write_text(password)
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        shown = admin.execute("SHOW hba_file").fetchone()
        assert shown is not None
        rules = "host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        Path(shown[0]).write_text(rules, encoding="ascii")
        admin.execute("SELECT pg_reload_conf()")
    made = Site(cluster, folder)
    for _ in range(2):
        for told in (made.databases(), made.ours("journal-schema", *SERVICES["journal-schema"]["command"])):
            assert told.returncode == 0, told.stdout + told.stderr
            assert not any(password in told.stdout + told.stderr for password in PASSWORDS.values())
    yield made
    cluster.close()


def test_the_workers_role_reads_and_adds_and_no_more(site: Site) -> None:
    """It has the password of its secret, and none of the rights that would let it change a row."""
    with site.connect("trialpath", PASSWORDS["journal_password"], "trialpath") as own:
        assert own.execute("SELECT count(*) FROM facts").fetchone() == (0,)
        for table in APPEND_ONLY:
            rights = "SELECT has_table_privilege(%s, 'UPDATE, DELETE, TRUNCATE'), has_table_privilege(%s, 'INSERT')"
            assert own.execute(rights, (table.name, table.name)).fetchone() == (False, True)


def test_our_program_reaches_the_journal_with_the_password_of_its_file(site: Site) -> None:
    """As the worker's container does; with another password it says that the journal cannot be read."""
    right = site.ours("worker-1", "python", "starter.py", "journal", "verify")
    (site.folder / "journal_password").write_text("another")
    wrong = site.ours("worker-1", "python", "starter.py", "journal", "verify")
    (site.folder / "journal_password").write_text(PASSWORDS["journal_password"])

    assert (right.returncode, right.stdout[:6]) == (0, "sound:"), right.stderr
    assert wrong.returncode == 4
    assert "password authentication failed" in wrong.stderr


@pytest.mark.parametrize("role", ["temporal", "trialpath_owner", "trialpath"])
def test_no_role_of_a_program_is_a_superuser_or_makes_roles(site: Site, role: str) -> None:
    """Temporal makes its two databases itself; nobody else may."""
    with psycopg.connect(site.cluster.url("postgres")) as admin:
        rights = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = %s"
        assert admin.execute(rights, (role,)).fetchone() == (False, False, role == "temporal", True)


def test_temporal_cannot_open_the_journals_database(site: Site) -> None:
    """Who holds Temporal's password neither reads nor changes the journal; it makes its own databases."""
    password = PASSWORDS["temporal_database_password"]
    with pytest.raises(psycopg.OperationalError, match='permission denied for database "trialpath"'):
        site.connect("temporal", password, "trialpath")
    with site.connect("temporal", password, "postgres") as own:
        own.autocommit = True
        own.execute("CREATE DATABASE temporal_visibility")
    with site.connect("temporal", password, "temporal_visibility") as own:
        own.execute("CREATE TABLE own (number integer)")


def test_a_changed_secret_becomes_the_roles_password(site: Site) -> None:
    """The job runs again at the next start."""
    (site.folder / "journal_owner_password").write_text("changed")
    assert site.databases().returncode == 0
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        site.connect("trialpath_owner", PASSWORDS["journal_owner_password"], "trialpath")
    site.connect("trialpath_owner", "changed", "trialpath").close()
