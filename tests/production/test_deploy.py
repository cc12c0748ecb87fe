"""Files of deploy/ fit the code: variables, units, nginx, alerts, backups."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from django.test import Client
from pytest_django import Settings

from dev.soak.cluster import Cluster
from dev.stack import ROOT, wait_until
from tests.live_keys import live_key
from tests.templates import copy_database, url_of

DEPLOY = ROOT / "deploy"
LINE = re.compile(r"^(#?)([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)


def variables() -> dict[str, tuple[bool, str]]:
    """Each variable of the file: whether it is set, and to what."""
    text = (DEPLOY / "mobayilo.env").read_text()
    return {name: (not mark, value) for mark, name, value in LINE.findall(text)}


def test_environment_file_starts_once_its_gaps_are_filled(tmp_path: Path) -> None:
    gaps = {
        "SECRET_KEY": "f2Kx9" * 12 + "!z-_#Q",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 31 + "1",
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_VERIFY_SERVICE_SID": "VA" + "0" * 31 + "1",
        "TWILIO_FROM_NUMBER": "+12025550100",
        "STRIPE_API_KEY": live_key(),
        "COMPANY_NAME": "Mobayilo Ltd",
        "COMPANY_ADDRESS": "1 Example Street; London; United Kingdom",
        "STRIPE_WEBHOOK_SECRET": "whsec_0",
    }
    empty = {name for name, (is_set, value) in variables().items() if is_set and not value}
    path = tmp_path / "mobayilo.env"
    filled = LINE.sub(
        lambda m: f"{m[0]}{gaps.get(m[2], '')}", (DEPLOY / "mobayilo.env").read_text()
    )
    # The release lies where the test runs instead of at /srv/mobayilo, with no wheel built.
    moby = "MOBY_INSTALL_COMMAND=pipx install https://example.org/moby-0.1.0-py3-none-any.whl\n"
    path.write_text(filled.replace("/srv/mobayilo", str(ROOT)) + moby)
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"]
    env = {"PATH": os.environ["PATH"], "ENV_FILE": str(path)}
    checked = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert empty - gaps.keys() == {"METRICS_TOKEN"}
    assert checked.returncode == 0, checked.stderr


def test_units_are_understood_by_systemd() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("not installed: systemd-analyze")
    units = sorted(map(str, (DEPLOY / "systemd").glob("*.*")))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    # The product is not installed at /srv/mobayilo here.
    assert [line for line in done.stderr.splitlines() if "is not executable" not in line] == []


def test_nginx_understands_the_configuration(tmp_path: Path) -> None:
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    nginx = shutil.which("nginx", path=path)
    if nginx is None:
        pytest.skip("not installed: nginx")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]
    files = ["-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run([*request, *files], capture_output=True, check=True)
    (tmp_path / "mobayilo").mkdir()
    shutil.copy(DEPLOY / "nginx" / "proxy.conf", tmp_path / "mobayilo")
    site = (DEPLOY / "nginx" / "mobayilo.conf").read_text()
    site = site.replace("/etc/mobayilo/tls", str(tmp_path)).replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ access_log off;\n{site}\n}}\n"
    )
    command = [nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(
        [*command, "-e", str(tmp_path / "error.log")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def alerts() -> list[dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_prometheus_understands_each_alert(rule: dict[str, Any]) -> None:
    # One expression that it does not understand, and Prometheus loads none of the file.
    assert promql_parser.parse(rule["expr"])


def test_each_alert_has_its_entry_in_the_runbook() -> None:
    headings = re.findall(
        r"^### (\w+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE
    )
    anchors = {f"docs/operations.md#{heading.lower()}" for heading in headings}
    assert len(alerts()) > 10
    assert {rule["annotations"]["runbook"] for rule in alerts()} <= anchors
    assert {rule["alert"] for rule in alerts()} == {h for h in headings if h.startswith("Mobayilo")}


@pytest.mark.django_db
def test_each_alert_asks_for_metrics_that_exist(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "scrape-me"
    client.get("/healthz")
    text = client.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).content.decode()
    told = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    told |= set(re.findall(r"^(\w+)\{", text, re.MULTILINE))
    queues = set(re.findall(r'queue="(\w+)"', text))
    for rule in alerts():
        assert set(re.findall(r"mobayilo_\w+", rule["expr"])) <= told, rule["alert"]
        assert set(re.findall(r'queue="(\w+)"', rule["expr"])) <= queues, rule["alert"]


def backup(
    cluster: Cluster, database_url: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    # The tools must not be older than the server, so its own are taken.
    tools = cluster.query("SELECT setting FROM pg_config WHERE name = 'BINDIR'")[0][0]
    env = {**cluster.env, "DATABASE_URL": database_url, "PATH": f"{tools}:{cluster.env['PATH']}"}
    command = [sys.executable, str(DEPLOY / "backup.py"), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.production
def test_backup_restores_into_an_empty_database_with_a_proven_ledger(
    cluster: Cluster, caller: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsettled = "SELECT count(*) FROM telephony_call WHERE settled_at IS NULL"
    wait_until(lambda: not cluster.count(unsettled), "earlier calls to end", seconds=120)
    copy_database("template1", "restored")
    source, empty = cluster.env["DATABASE_URL"], url_of("restored")
    saved = backup(cluster, source, "save", str(tmp_path / "dumps"))
    assert saved.returncode == 0, saved.stderr
    dump = Path(saved.stdout.strip())
    restored = backup(cluster, empty, "restore", str(dump))
    assert restored.returncode == 0, restored.stderr
    transfers = cluster.query("SELECT public_id, amount_micros FROM billing_transfer ORDER BY id")
    monkeypatch.setitem(cluster.env, "DATABASE_URL", empty)
    kept = cluster.query("SELECT public_id, amount_micros FROM billing_transfer ORDER BY id")
    audit = cluster.manage("audit_ledger", check=False)
    assert (kept, audit.returncode) == (transfers, 0)
    assert len(kept) > 0
    assert dump.stat().st_mode & 0o077 == 0
    again = backup(cluster, empty, "restore", str(dump))
    assert (again.returncode, "empty one" in again.stderr) == (1, True)


@pytest.mark.parametrize("url", [None, "sqlite:///var/mobayilo.sqlite3"])
def test_backup_without_a_postgresql_says_what_it_needs(url: str | None, tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], **({"DATABASE_URL": url} if url else {})}
    command = [sys.executable, str(DEPLOY / "backup.py"), "save", str(tmp_path)]
    told = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False
    )
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "DATABASE_URL must be" in told.stderr
