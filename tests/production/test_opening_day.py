"""The chapter "Install" of docs/operations.md, command by command, until `check_live` is content.

The providers are the sandbox in live mode, DNS is a table on loopback, and the site stands at its
public name behind nginx, with a certificate that this test makes: a hosts file of its own leads to
this machine. The virtual environment is the one in which the test runs.
"""

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dev.machines import COMMANDS, chapter, fill
from dev.stack import BIN, ROOT, Stack, free_port, wait_until
from mobayilo.overview.periodic import JOBS
from tests.database import ON_SQLITE
from tests.live_keys import live_key
from tests.mobayilo.overview.resolver import resolver
from tests.production.nginx import NAME, NGINX, make_certificate, start_nginx
from tests.telephony.decks import GOOD, HEADER
from tests.templates import copy_database, url_of

PHONE = "+442079460018"  # that the documentation calls
RECORDS = {NAME: "v=spf1 include:_spf.example.net -all", f"_dmarc.{NAME}": "v=DMARC1; p=reject"}
# A hosts file of its own, in a mount namespace of its own; the process stays the one that is known.
AT_HOME = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--mount", "sh", "-c"]


def lacking() -> str:
    """Return what the machine lacks for this, or an empty string."""
    if ON_SQLITE:
        return "PostgreSQL"
    tools = [tool for tool in ("redis-server", "openssl", "unshare") if not shutil.which(tool)]
    if missing := [*tools, *([] if NGINX else ["nginx"])]:
        return ", ".join(missing)
    allowed = subprocess.run([*AT_HOME, "mount --bind /etc/hosts /etc/hosts"], check=False)
    return "" if allowed.returncode == 0 else "the right to mount a hosts file"


class NewSite(Stack):
    """A site installed by the guide, whose settings are a file; `serve` starts what units start."""

    def __init__(self, folder: Path, resolver_address: str) -> None:
        super().__init__(folder)
        self.web_port, self.redis_port = free_port(), free_port()
        self.web = f"https://{NAME}:{self.port}"
        (folder / "hosts").write_text(f"127.0.0.1 localhost {NAME}\n")
        self.settings = {
            "PUBLIC_URL": self.web,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": url_of("opening-day"),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "STATIC_ROOT": str(folder / "static"),
            "BACKUP_FOLDER": str(folder / "dumps"),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "SUPPORT_EMAIL": f"support@{NAME}",
            "COMPANY_NAME": "Example Ltd",
            "COMPANY_ADDRESS": "1 Example Street; London; United Kingdom",
            "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "TWILIO_VERIFY_SERVICE_SID": "VA" + secrets.token_hex(16),
            "TWILIO_FROM_NUMBER": "+12025550100",
            "TWILIO_API_URL": self.sandbox,
            "STRIPE_API_KEY": live_key(secrets.token_hex(12)),
            "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
            "STRIPE_API_URL": self.sandbox,
            "DNS_RESOLVER": resolver_address,
            "WEB_BIND": f"127.0.0.1:{self.web_port}",
        }
        self.file = folder / "mobayilo.env"
        filled = fill((ROOT / "deploy" / "mobayilo.env").read_text(), self.settings)
        self.file.write_text(filled)
        make_certificate(folder)
        certificate = str(folder / "fullchain.pem")
        self.env = {
            "PATH": f"{self.tools()}:{os.environ['PATH']}:/usr/sbin",
            "LANG": "C.UTF-8",
            "REQUESTS_CA_BUNDLE": certificate,
            "SSL_CERT_FILE": certificate,
            **dict(re.findall(r"^([A-Z_]+)=(.*)$", filled, re.MULTILINE)),  # as EnvironmentFile
        }

    def tools(self) -> str:
        """Return the folder of PostgreSQL's tools, which must not be older than the server."""
        with psycopg.connect(self.settings["DATABASE_URL"]) as server:
            found = server.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
            return str(found.fetchall()[0][0])

    def translate(self, command: str) -> str:
        """Return a command of the guide or of a unit for the places of this test."""
        command = re.sub(r"(/srv/mobayilo/)?\.venv/bin/", f"{BIN}/", command)
        command = re.sub(r"\$\{(\w+)\}", lambda name: self.settings[name[1]], command)
        return command.replace("/etc/mobayilo/mobayilo.env", str(self.file))

    def type(self, commands: str) -> str:
        """Type commands of the guide, and return what they print. Raise if one fails."""
        script = f'mount --bind "{self.folder}/hosts" /etc/hosts\n{self.translate(commands)}'
        done = subprocess.run(
            [*AT_HOME[:-1], "-ec", script], cwd=ROOT, env=self.env, capture_output=True, text=True,
            check=False, timeout=280,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _start(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        script = f'mount --bind "{self.folder}/hosts" /etc/hosts && exec "$@"'
        return super()._start(name, [*AT_HOME, script, "sh", *command])

    def command_of(self, unit: str) -> str:
        text = (ROOT / "deploy" / "systemd" / f"{unit}.service").read_text()
        return str(re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0])

    def serve(self) -> None:
        """Start Redis, nginx with a certificate, and the units, and wait for a first round."""
        options = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        self._start("redis", ["redis-server", *options, "--dir", str(self.folder)])
        nginx = start_nginx(self.folder, port=self.port, web_port=self.web_port)
        self.processes.append(nginx)
        self.logs[nginx.pid] = self.folder / "log"
        for unit in ("mobayilo-web", "mobayilo-periodic"):
            self._start(unit, self.translate(self.command_of(unit)).split())
        self.type(self.command_of("mobayilo-backup"))
        self._wait_for(f"http://127.0.0.1:{self.web_port}/readyz")
        rounds = "SELECT count(*) FROM overview_periodicjob WHERE last_ended_at IS NOT NULL"
        with psycopg.connect(self.settings["DATABASE_URL"], autocommit=True) as books:
            wait_until(
                lambda: books.execute(rounds).fetchall() == [(len(JOBS),)],
                "a first round of the periodic work",
                seconds=120,
            )

    def open_providers(self) -> None:
        self._start_sandbox()
        self._wait_for(f"{self.sandbox}/")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[NewSite]:
    if missing := lacking():
        pytest.skip(f"not here: {missing}")
    copy_database("template1", "opening-day")
    with resolver(RECORDS) as address:
        new = NewSite(tmp_path, address)
        try:
            new.open_providers()
            yield new
        finally:
            new.stop()


@pytest.mark.production
def test_guide_leads_from_nothing_to_a_site_that_may_open(site: NewSite) -> None:
    _environment, preparation, opening = COMMANDS.findall(chapter("Install"))
    site.type(preparation)
    deck = site.folder / "deck.csv"
    deck.write_text(HEADER + GOOD)
    site.type(f".venv/bin/python manage.py import_rates {deck}")
    site.serve()
    site.control("speed", {"speed": 40})
    said = site.type(opening)
    assert "✗" not in said
    assert said.endswith("Ready to open.\n")
