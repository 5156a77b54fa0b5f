"""Settings of worker and command line, from the environment (`TRIALPATH_...`). Wrong values are refused at once."""

import os
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "TRIALPATH_"
OTHERS = ("TRIALPATH_STAFF", "TRIALPATH_POSTGRESQL_PROGRAMS", "TRIALPATH_TEST")
"""Names that are no setting of an installation: who sends, and what tests read (as a start)."""
HIGHEST_PORT = 65_535


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text and not (host and port.isdecimal() and 0 < int(port) <= HIGHEST_PORT):
        raise ValueError("host:port is expected, for example 127.0.0.1:9090")
    return text


def _numeric_address(text: str) -> str:
    try:
        ip_address(_address(text).rpartition(":")[0].strip("[]") or "::")
    except ValueError:
        raise ValueError("IP:port is expected, for example 127.0.0.1:9090") from None
    return text


Address = Annotated[str, AfterValidator(_address)]
NumericAddress = Annotated[str, AfterValidator(_numeric_address)]


class Settings(BaseSettings):
    """Where things are. Temporal's own address and namespace come from Temporal's configuration (`TEMPORAL_...`)."""

    model_config = SettingsConfigDict(env_prefix="TRIALPATH_", frozen=True)

    trial: str = Field("NCT06978153", description="the trial this installation runs")
    data: Path = Field(Path("data"), description="folder for the journal, notices, laboratory files and the key")
    journal_url: str = Field("", description="database URL of the journal; empty: SQLite in the data folder")
    models_url: str = Field("", description="database URL of the read models; empty: read-models.db in the data folder")
    models_schema: str = Field(
        "read_models", pattern="^[a-z_][a-z0-9_]{0,62}$", description="their schema, where the database is PostgreSQL"
    )
    journal_owner_url: str = Field(
        "", description="database URL of the journal's owner, for migrations alone; empty: the journal's own URL"
    )
    lab_folder: Path | None = Field(None, description="folder of FHIR bundles; empty: lab/ in the data folder")
    lab_url: str = Field("", description="base of the laboratory's FHIR R4 server; empty: the folder above")
    lab_token_file: Path | None = Field(None, description="file with the bearer token for it; read again when asked")
    lab_client_certificate: Path | None = Field(None, description="our certificate for it, PEM")
    lab_client_key: Path | None = Field(
        None, description="the certificate's key, PEM; empty: in the certificate's file"
    )
    lab_ca_file: Path | None = Field(None, description="certificates to trust for it, PEM; empty: those of the system")
    lab_identifier_system: str = Field("urn:trialpath:subject", description="system of subject numbers at that server")
    lab_search: Literal[
        "subject.identifier", "subject:Patient.identifier", "patient.identifier", "subject:identifier", "patient"
    ] = Field("subject.identifier", description="how it is searched; `patient`: the Patient first, then the results")
    lab_connect_seconds: float = Field(5, gt=0, le=50, description="longest wait for a connection to it")
    lab_read_seconds: float = Field(15, gt=0, le=50, description="longest pause within an answer")
    lab_timeout_seconds: float = Field(30, gt=0, le=50, description="longest fetch in all, every page included")
    lab_again_seconds: int = Field(
        3600, ge=1, le=86_400, description="seconds between two questions whether it changed what it had answered"
    )
    notice_file: Path | None = Field(None, description="file of notices; empty: notices.jsonl in the data folder")
    notice_settings: Path | None = Field(
        None, description="file that says who is told how (docs/notices.md); empty: notices go to the notice file alone"
    )
    key_file: Path | None = Field(
        None, description="key of the allocation list; empty: allocation.key in the data folder"
    )
    history_folder: Path | None = Field(
        None, description="folder of the histories of closed runs; empty: histories/ in the data folder"
    )
    task_queue: str = Field("trialpath", description="Temporal task queue")
    deployment: str = Field(
        "trialpath", pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", description="worker deployment that a build belongs to"
    )
    build: str = Field(
        "",
        pattern="^$|^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
        description="this release among the deployment's versions (docs/releases.md); empty: workers without versions",
    )
    max_cached_workflows: int = Field(1000, ge=2, description="open patients kept in memory")
    demo_seed: str = Field("", description="demonstration only: the allocation list follows from this seed")
    watchdog_seconds: int = Field(30, ge=1, description="seconds between two looks of the watchdog")
    watchdog_grace_seconds: float = Field(
        30, ge=1, le=86_400, description="how late a due instant may be before the watchdog acts; trial time"
    )
    health_address: Address = Field("", description="host:port on which a worker serves /health; empty: none")
    metrics_address: NumericAddress = Field(
        "", description="IP:port on which it serves /metrics to Prometheus; empty: none"
    )
    trace_address: str = Field(
        "", pattern=r"^$|^https?://\S+$", description="OTLP address to which it sends traces over HTTP; empty: none"
    )
    least_free_megabytes: int = Field(500, ge=0, description="free space of the data folder below which health is red")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @model_validator(mode="after")
    def _no_unknown_name(self) -> Self:
        """Refuse a name that looks like a setting: one misspelled would leave the default in force, unseen."""
        known = [f"{PREFIX}{name.upper()}" for name in type(self).model_fields]
        for name in (name.upper() for name in os.environ):
            if name.startswith(PREFIX) and name not in known and not name.startswith(OTHERS):
                near = get_close_matches(name, known, 1)
                raise ValueError(f"{name} is none" + (f"; is {near[0]} meant?" if near else "; see docs/operations.md"))
        return self

    @property
    def url(self) -> str:
        """The journal's database URL."""
        return self.journal_url or f"sqlite:///{self.data / 'journal.db'}"

    @property
    def read_models_url(self) -> str:
        """The read models' database URL."""
        return self.models_url or f"sqlite:///{self.data / 'read-models.db'}"

    @property
    def versioned_as(self) -> str:
        """The worker deployment; empty for workers without versions."""
        return self.deployment if self.build else ""

    @property
    def labs(self) -> Path:
        """The folder of FHIR bundles."""
        return self.lab_folder or self.data / "lab"

    @property
    def notices(self) -> Path:
        """The file of notices."""
        return self.notice_file or self.data / "notices.jsonl"

    @property
    def deliveries(self) -> Path:
        """The ledger of notices: which channel accepted which, and when."""
        return self.data / "deliveries.jsonl"

    @property
    def histories(self) -> Path:
        """The folder of the histories of closed runs."""
        return self.history_folder or self.data / "histories"

    @property
    def allocation_key(self) -> Path:
        """The key file of the allocation list."""
        return self.key_file or self.data / "allocation.key"


def wrong_settings(problem: ValidationError) -> list[str]:
    """Give a line for each setting that is wrong: its name, and what is expected."""
    lines = []
    for error in problem.errors(include_url=False):
        name = f" {PREFIX}{'_'.join(map(str, error['loc'])).upper()}:" if error["loc"] else ":"
        lines.append(f"setting{name} {error['msg'].removeprefix('Value error, ')}")
    return lines
