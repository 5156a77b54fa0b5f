"""The composition, read as far as reading goes: no engine runs here."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import make_url

from activities.adapters.notice_settings import read
from settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {"databases", "temporal-schema", "journal-schema", "temporal-namespace"}
WORKERS = ("worker-1", "worker-2")
PROFILES = {"hapi": "laboratory", "mail": "mail", "prometheus": "monitoring", "grafana": "monitoring"}
LASTING = {"postgres", "temporal", "temporal-ui", *WORKERS, *PROFILES}
CANNOT_SAY = {"hapi": "its image has no shell and no program that could ask; the workers' pages tell"}
WRITES_ITS_ROOT = {"temporal-ui": "some releases write their configuration at the start"}
RESET = "taken away"
SECRET_NAME = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)
EXACT_TAG = re.compile(r"^[a-z0-9./-]+:v?[0-9]+\.[0-9]+\.[0-9]+[0-9a-z.-]*$|^postgres:[0-9]+\.[0-9]+-[a-z]+$")

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def mounts(kind: str) -> Iterator[tuple[str, str]]:
    """Give (service, source) of each bind mount or each named volume."""
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if (kind == "bind") == source.startswith("."):
                yield name, source


def copied() -> list[str]:
    """Give what the Dockerfile copies from this repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_the_services_are_those_of_the_design() -> None:
    """PostgreSQL with the job of its roles, Temporal with two jobs, its UI, two workers, and what a profile adds."""
    assert set(SERVICES) == JOBS | LASTING


@each_service
def test_what_a_service_waits_for_can_come_true(name: str) -> None:
    """Each dependency has a condition, and its target can meet it."""
    for target, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[target]
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert target in JOBS


def test_services_start_in_an_order_that_exists() -> None:
    """The graph of dependencies has no cycle, and the worker comes after all that it needs."""
    left = dict(SERVICES)
    order: list[str] = []
    while left:
        ready = [name for name, service in left.items() if set(service.get("depends_on", {})) <= set(order)]
        assert ready, f"a cycle among {sorted(left)}"
        order += ready
        left = {name: service for name, service in left.items() if name not in ready}
    for worker in WORKERS:
        assert order.index(worker) > order.index("temporal-namespace") > order.index("temporal-schema")
        assert order.index(worker) > order.index("journal-schema") > order.index("databases")
    assert order.index("temporal-schema") > order.index("databases")


@pytest.mark.parametrize("name", sorted(LASTING - set(CANNOT_SAY)))
def test_a_lasting_service_says_whether_it_is_well(name: str) -> None:
    """It has a health check with limits, by a program of its image and without a shell."""
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@pytest.mark.parametrize("name", sorted(LASTING))
def test_a_lasting_service_comes_back_after_a_crash(name: str) -> None:
    """Until somebody stops it."""
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_profiles_add_and_nothing_rests_on_them() -> None:
    """What a profile adds runs when it is asked for; no other service waits for it."""
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        name: [profile] for name, profile in PROFILES.items()
    }
    for name, service in SERVICES.items():
        for target in service.get("depends_on", {}):
            assert PROFILES.get(target) in (None, PROFILES.get(name))


def test_there_are_two_workers_alike() -> None:
    """They differ in their name alone: the same work, the same data folder with its ledger of notices."""
    first, second = (SERVICES[name] for name in WORKERS)
    assert first == second
    for name in ("HEALTH", "METRICS"):
        assert first["environment"][f"TRIALPATH_{name}_ADDRESS"].startswith("0.0.0.0:")
    assert "ports" not in first


def test_a_workers_health_is_that_of_its_page() -> None:
    """Its health check asks the page that its settings name; Prometheus asks each worker for its figures."""
    environment = SERVICES["worker-1"]["environment"]
    assert SERVICES["worker-1"]["healthcheck"]["test"] == ["CMD", "python", "-m", "deploy.worker_health"]
    asked = yaml.safe_load((ROOT / "deploy/monitoring/prometheus.yml").read_text())["scrape_configs"][0]
    port = environment["TRIALPATH_METRICS_ADDRESS"].rpartition(":")[2]
    assert asked["static_configs"] == [{"targets": [f"{name}:{port}" for name in WORKERS]}]


def test_grafana_finds_prometheus_and_the_dashboard() -> None:
    """Source and dashboards are provisioned from files that are mounted where they are looked for."""
    mounted = {mount.split(":")[1]: ROOT / mount.split(":")[0] for mount in SERVICES["grafana"]["volumes"]}
    source = yaml.safe_load(mounted["/etc/grafana/provisioning/datasources/trialpath.yml"].read_text())
    provider = yaml.safe_load(mounted["/etc/grafana/provisioning/dashboards/trialpath.yml"].read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    assert provider["providers"][0]["options"]["path"] == "/etc/grafana/dashboards"
    assert mounted["/etc/grafana/dashboards/trialpath.json"].name == "dashboard.json"
    rules = yaml.safe_load((ROOT / "deploy/monitoring/prometheus.yml").read_text())["rule_files"]
    given = {Path(mount.split(":")[1]).name for mount in SERVICES["prometheus"]["volumes"]}
    assert set(rules) <= given


def test_the_mail_catcher_gets_what_is_for_everybody() -> None:
    """Its notice settings are sound, and name its service and port."""
    text = (ROOT / "deploy/site/mail-catcher.toml").read_text()
    assert read(ROOT / "deploy/site/mail-catcher.toml").channels
    assert "mailto://mail:1025?" in text


def test_a_sites_own_settings_are_settings() -> None:
    """Each line of the example is a setting of ours, and a file it names lies in the folder the workers see."""
    text = (ROOT / "deploy/site/site.env.example").read_text()
    rows = [line.lstrip("#").split("=", 1) for line in text.splitlines() if line.startswith("#TRIALPATH")]
    assert rows
    for name, value in rows:
        assert name.removeprefix("TRIALPATH_").lower() in Settings.model_fields
        assert not value.startswith("/") or value.startswith("/etc/trialpath/")
    assert SERVICES["worker-1"]["env_file"] == [{"path": "./deploy/site/site.env", "required": False}]
    assert "./deploy/site:/etc/trialpath:ro" in SERVICES["worker-1"]["volumes"]
    assert not any(name in SERVICES["worker-1"]["environment"] for name, _ in rows), "site.env would not be heard"


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_ends(name: str) -> None:
    """It is tried again only when it failed, and not for ever."""
    assert re.fullmatch(r"on-failure:\d+", SERVICES[name]["restart"])


@each_service
def test_an_image_is_named_exactly(name: str) -> None:
    """Each image has a version, so that the same file starts the same programs."""
    assert EXACT_TAG.match(SERVICES[name]["image"])


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    """What looks like a secret by its name is the path of a file, and each secret is declared."""
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET_NAME.search(variable):
            assert variable.endswith("FILE")
            assert value.startswith(("/run/secrets/", "/run/trialpath/", "/var/lib/trialpath-key/"))
        assert "://" not in value or make_url(value).password is None
    assert set(SERVICES[name].get("secrets", [])) <= set(COMPOSE["secrets"])


@pytest.mark.parametrize("secret", sorted(COMPOSE["secrets"]))
def test_a_secret_is_a_file_that_git_ignores(secret: str) -> None:
    """No secret can be committed by mistake."""
    folder = (ROOT / COMPOSE["secrets"][secret]["file"]).parent
    assert (folder / ".gitignore").read_text().split() == ["*", "!.gitignore"]


@each_service
def test_ports_open_on_loopback_alone(name: str) -> None:
    """Whoever reaches Temporal's port can end a workflow, so no port is open to the network."""
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_service
def test_a_service_has_no_rights_it_does_not_need(name: str) -> None:
    """It runs as a numbered user that is not root, without capabilities, over a read-only root except the UI."""
    service = SERVICES[name]
    assert int(service["user"].split(":")[0]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) is (name not in WRITES_ITS_ROOT)


@pytest.mark.parametrize(
    ("network", "members"),
    [
        ("storage", {"postgres", "databases", "temporal-schema", "temporal"}),
        ("journal", {"postgres", "journal-schema", *WORKERS}),
    ],
)
def test_only_who_needs_the_database_reaches_it(network: str, members: set[str]) -> None:
    """Its two networks have no way out: Temporal is in the one, our programs are in the other, the UI in none."""
    assert COMPOSE["networks"][network]["internal"] is True
    assert {name for name, service in SERVICES.items() if network in service["networks"]} == members


def test_what_must_last_is_on_named_volumes() -> None:
    """The volumes are declared: database, data, histories and key; the key is apart from what it opens."""
    named = dict(mounts("named"))
    assert {source for _, source in mounts("named")} == set(COMPOSE["volumes"])
    assert named["postgres"] == "database"
    for worker in WORKERS:
        of_worker = {source for name, source in mounts("named") if name == worker}
        assert of_worker == {"worker-data", "histories", "allocation-key"}


def test_what_is_mounted_is_in_the_repository() -> None:
    """Each mounted file exists; a missing one would come up as an empty folder."""
    assert all((ROOT / source).exists() for _, source in mounts("bind"))


def test_the_namespace_keeps_closed_histories_for_a_year() -> None:
    """Retention is set, and server, UI and worker mean the same namespace."""
    job = SERVICES["temporal-namespace"]["environment"]
    assert job["RETENTION"] == "365d"
    assert SERVICES["worker-1"]["environment"]["TEMPORAL_NAMESPACE"] == job["TEMPORAL_NAMESPACE"]
    assert SERVICES["temporal-ui"]["environment"]["TEMPORAL_DEFAULT_NAMESPACE"] == job["TEMPORAL_NAMESPACE"]


def test_somebody_elses_temporal_leaves_out_our_own() -> None:
    """What is not started is waited for by nobody who is, and `site.env` is heard."""

    class Reader(yaml.SafeLoader):
        """It knows the composition's word for taking something away."""

    Reader.add_constructor("!reset", lambda *_: RESET)
    changed = yaml.load((ROOT / "deploy/other-temporal.yml").read_text(), Reader)["services"]  # noqa: S506 - a safe one
    left_out = {name for name, change in changed.items() if change.get("profiles") == ["own-temporal"]}
    assert left_out == {name for name in SERVICES if name.startswith("temporal")}
    for name, service in SERVICES.items():
        change = changed.get(name, {})
        waits_for = {
            other for other in service.get("depends_on", {}) if change.get("depends_on", {}).get(other) != RESET
        }
        assert name in left_out or not waits_for & left_out, name
        here = {key for key in service.get("environment", {}) if key.startswith("TEMPORAL_")}
        assert name in left_out or here <= {key for key, to in change.get("environment", {}).items() if to == RESET}


@pytest.mark.parametrize(
    ("name", "variable", "role", "secret"),
    [
        ("journal-schema", "TRIALPATH_JOURNAL_OWNER_URL", "trialpath_owner", "journal_owner_password"),
        ("worker-1", "TRIALPATH_JOURNAL_URL", "trialpath", "journal_password"),
    ],
)
def test_the_journal_is_in_postgresql(name: str, variable: str, role: str, secret: str) -> None:
    """The owner prepares it for the worker's role; each has its own password, and neither can read the other's."""
    service = SERVICES[name]
    url = make_url(service["environment"][variable])
    assert (url.get_backend_name(), url.username, url.password, url.host) == ("postgresql", role, None, "postgres")
    assert url.database == "trialpath"
    assert {key for key in service["environment"] if key.startswith("TRIALPATH_JOURNAL")} == {variable}
    assert service["secrets"] == [secret]
    assert service["environment"]["JOURNAL_PASSWORD_FILE"] == f"/run/secrets/{secret}"
    private = Path(service["environment"]["PGPASSFILE"]).parent
    assert f"{private}:uid=10001,gid=10001,mode=0700" in service["tmpfs"]
    assert service["entrypoint"][-1] in copied()


def test_the_journals_schema_is_there_before_the_worker() -> None:
    """The job prepares the worker's role, and the worker waits until it has ended well."""
    role = make_url(SERVICES["worker-1"]["environment"]["TRIALPATH_JOURNAL_URL"]).username
    assert SERVICES["journal-schema"]["command"] == ["python", "starter.py", "journal", "prepare", "--role", role]
    assert SERVICES["worker-1"]["depends_on"]["journal-schema"] == {"condition": "service_completed_successfully"}
    assert SERVICES["worker-1"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_histories_are_on_a_volume_of_their_own() -> None:
    """What gives a lost journal back is not lost with it."""
    named = [mount for mount in SERVICES["worker-1"]["volumes"] if not mount.startswith(".")]
    folders = dict(reversed(mount.split(":")[:2]) for mount in named)
    assert folders[SERVICES["worker-1"]["environment"]["TRIALPATH_HISTORY_FOLDER"]] == "histories"
    assert sorted(name for name, source in mounts("named") if source == "histories") == sorted(WORKERS)
    assert all(folder in (ROOT / "Dockerfile").read_text().split() for folder in folders)


def test_the_image_holds_all_that_the_worker_imports(tmp_path: Path) -> None:
    """What the Dockerfile copies is enough to load the worker, its health check and the job on the journal."""
    for source in copied():
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    load = [
        sys.executable,
        "-c",
        "import worker, starter, cli.journal, deploy.worker_health, activities.adapters.sealed_list",
    ]
    result = subprocess.run(load, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_what_the_image_copies_is_not_kept_from_the_builder() -> None:
    """A source that .dockerignore leaves out ends the build at its COPY."""
    ignored, *lines = [row for row in (ROOT / ".dockerignore").read_text().splitlines() if not row.startswith("#")]
    let_in = {row.removeprefix("!") for row in lines if row.startswith("!")}
    sources = [*copied(), "requirements.txt"]
    assert ignored == "*"
    assert "deploy/with-journal-password.sh" in sources
    assert [source for source in sources if source not in let_in] == []


def test_the_image_runs_as_the_user_of_the_composition() -> None:
    """The Dockerfile ends as a user that is not root and owns the volumes, with dependencies pinned by hash."""
    text = (ROOT / "Dockerfile").read_text()
    uid = SERVICES["worker-1"]["user"].split(":")[0]
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["trialpath"]
    assert f"--uid {uid}" in text
    assert "--require-hashes -r requirements.txt" in text
    final = text.rpartition("\nFROM ")[2]
    assert not re.search(r"gcc|build-essential|apt-get|pip install", final), "the final image has no compiler"
    assert all(re.search(r":\d+\.\d+\.\d+-", image) for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE))


def test_the_server_starts_with_the_password_of_the_file(tmp_path: Path) -> None:
    """The password goes from the secret's file to the server's environment, and to no argument."""
    (tmp_path / "password").write_text("of the file")
    server = tmp_path / "temporal-server"
    server.write_text('#!/bin/sh\necho "$*|$POSTGRES_PWD"\n')
    server.chmod(0o755)
    told = subprocess.run(
        ["/bin/sh", str(ROOT / "deploy/start-temporal.sh")],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "TEMPORAL_DATABASE_PASSWORD_FILE": str(tmp_path / "password")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "start|of the file\n"


def test_a_program_finds_its_password_in_a_private_file(tmp_path: Path) -> None:
    """The client library refuses a file that others may read: the copy is for its owner alone. Nothing is printed."""
    (tmp_path / "password").write_text("of the file")
    told = subprocess.run(
        ["/bin/sh", str(ROOT / "deploy/with-journal-password.sh"), "stat", "-c", "%a", str(tmp_path / "pgpass")],
        env={
            "PATH": os.environ["PATH"],
            "JOURNAL_PASSWORD_FILE": str(tmp_path / "password"),
            "PGPASSFILE": str(tmp_path / "pgpass"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert (told.stdout, told.stderr) == ("600\n", "")
    assert (tmp_path / "pgpass").read_text() == "*:*:*:*:of the file\n"


def test_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    """Every password is another, in every installation; a second call leaves the first one's alone."""
    found = []
    for place in ("a", "b"):
        secrets = tmp_path / place / "secrets"
        secrets.mkdir(parents=True)
        script = shutil.copy(ROOT / "deploy/make-secrets.sh", tmp_path / place)
        for _ in range(2):
            subprocess.run(["/bin/sh", script], check=True, capture_output=True)
            found.append({file.name: file.read_text() for file in secrets.iterdir()})
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert set(found[0]) == set(COMPOSE["secrets"])
    passwords = [*found[0].values(), *found[2].values()]
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch(r"[0-9a-f]{64}", password) for password in passwords)
    assert stat.S_IMODE((tmp_path / "a/secrets").stat().st_mode) == 0o700
