"""The page for whoever runs it names what there is, and nothing that there is not."""

import re
from pathlib import Path

import pytest
import yaml
from temporalio.envconfig import ClientConfig
from temporalio.service import TLSConfig

from settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
ROW = re.compile(r"^\| (.+?) \| (.*?) \| (.+) \|$", re.MULTILINE)


def settings_table() -> dict[str, tuple[str, str]]:
    """Give default and text of each setting as the page has them."""
    rows = ROW.findall(section("Every setting"))
    return {name.strip("`"): (default, text) for name, default, text in rows if name.startswith("`TRIALPATH_")}


def section(title: str) -> str:
    """Give a section of the page."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def told() -> set[str]:
    """Give the Temporal variables the page names."""
    return set(re.findall(r"TEMPORAL_[A-Z_]+[A-Z]\b\*?", section("Every setting")))


def test_every_setting_stands_there_with_its_default() -> None:
    """None is missing, none is invented, and each default is the one that counts."""
    expected = {}
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        expected[f"TRIALPATH_{name.upper()}"] = f"`{default}`" if default not in (None, "") else ""
    assert {name: default for name, (default, _) in settings_table().items()} == expected
    assert all(text.strip() for _, text in settings_table().values())


def test_no_setting_is_named_elsewhere_that_there_is_not() -> None:
    """In the whole page, the composition and the example of a site's settings."""
    known = {f"TRIALPATH_{name.upper()}" for name in Settings.model_fields}
    for file in ("docs/operations.md", "docker-compose.yml", "deploy/site/site.env.example"):
        found = set(re.findall(r"TRIALPATH_[A-Z_]*[A-Z]", (ROOT / file).read_text()))
        assert found <= known, file


def loaded(tmp_path: Path, **variables: str) -> dict[str, object]:
    """Give what a client would be made with under these variables alone."""
    config = ClientConfig.load_client_connect_config(
        override_env_vars={"TEMPORAL_CONFIG_FILE": str(tmp_path / "none.toml"), **variables}
    )
    return dict(config)


def tls(tmp_path: Path, **variables: str) -> TLSConfig:
    """Give the TLS settings under these variables alone."""
    found = loaded(tmp_path, **variables)["tls"]
    assert isinstance(found, TLSConfig)
    return found


def test_temporals_variables_are_heard(tmp_path: Path) -> None:
    """Each variable the page names does what the page says; no other is named."""
    pem = tmp_path / "a.pem"
    pem.write_text("of the file")
    profile = tmp_path / "temporal.toml"
    profile.write_text('[profile.site]\naddress = "there:1"\n')

    assert loaded(tmp_path, TEMPORAL_ADDRESS="there:7233", TEMPORAL_NAMESPACE="trial") == {
        "target_host": "there:7233",
        "namespace": "trial",
    }
    assert loaded(tmp_path, TEMPORAL_API_KEY="key") == {"api_key": "key", "tls": True}
    assert loaded(tmp_path, TEMPORAL_API_KEY="key", TEMPORAL_TLS="false")["tls"] is False
    assert tls(tmp_path, TEMPORAL_TLS="true").client_cert is None
    for kind, value, expected in (("PATH", str(pem), b"of the file"), ("DATA", "as text", b"as text")):
        found = tls(
            tmp_path,
            **{
                f"TEMPORAL_TLS_CLIENT_CERT_{kind}": value,
                f"TEMPORAL_TLS_CLIENT_KEY_{kind}": value,
                f"TEMPORAL_TLS_SERVER_CA_CERT_{kind}": value,
            },
        )
        assert (found.client_cert, found.client_private_key, found.server_root_ca_cert) == (expected,) * 3
    assert tls(tmp_path, TEMPORAL_TLS_SERVER_NAME="trial.example").domain == "trial.example"
    assert loaded(tmp_path, TEMPORAL_GRPC_META_X_TEAM="trials") == {"rpc_metadata": {"x-team": "trials"}}
    assert loaded(tmp_path, TEMPORAL_CONFIG_FILE=str(profile), TEMPORAL_PROFILE="site") == {"target_host": "there:1"}

    kinds = {f"TEMPORAL_TLS_{name}_{kind}" for name in ("CLIENT_CERT", "CLIENT_KEY", "SERVER_CA_CERT")
             for kind in ("PATH", "DATA")}  # fmt: skip
    shown = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_TLS", "TEMPORAL_TLS_SERVER_NAME",
             "TEMPORAL_CONFIG_FILE", "TEMPORAL_PROFILE", "TEMPORAL_GRPC_META_X_TEAM", *kinds}  # fmt: skip
    assert {name for name in told() if not name.endswith("META")} == shown


def test_each_alert_has_its_row() -> None:
    """No alert without what to do, and no row for one that is gone; how urgent it is stands there too."""
    rules = yaml.safe_load((ROOT / "deploy/monitoring/alerts.yml").read_text())["groups"][0]["rules"]
    rows = re.findall(
        r"^\| `(Trialpath\w+)` \| (\w+) \| .+ \| .{20,} \|$", section("What to do for each alert"), re.MULTILINE
    )
    assert dict(rows) == {rule["alert"]: rule["labels"]["severity"] for rule in rules}


@pytest.mark.parametrize("name", ["journal", "disk", "laboratory", "notices", "temporal", "workers", "watchdog"])
def test_each_part_of_health_has_its_row(name: str) -> None:
    """Whatever turns red, the page says what to do."""
    assert re.search(rf"^\| {name} \| .{{20,}} \|$", section("What to do for each alert"), re.MULTILINE)


def test_each_port_is_told() -> None:
    """Every port the composition opens on this machine."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ports = {port.split(":")[1] for service in services.values() for port in service.get("ports", [])}
    assert ports
    assert [port for port in sorted(ports) if not re.search(rf"\b{port}\b", section("Install"))] == []


def test_files_it_names_are_there() -> None:
    """Each link leads to a file of the repository; the page of releases is another's."""
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", PAGE) if not link.startswith("http")}
    missing = [link for link in sorted(links) if not (ROOT / "docs" / link).exists()]
    assert missing == []
