"""The product as it runs on several machines: three web processes, nginx, Redis, two runners."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psycopg
from psycopg.rows import TupleRow

from dev.stack import BIN, ROOT, Stack, free_port

WEB_PROCESSES = 3
THREADS = 4
SETTINGS = {
    "WEB_PROCESSES": str(WEB_PROCESSES),
    "WEB_WORKERS": "1",
    "WEB_THREADS": str(THREADS),
    "TRUSTED_PROXY_COUNT": "1",
    # Few customers stand for many; the limits of one customer are tested by tests/telephony.
    "CALLS_AT_ONCE": "1000",
    "CALLS_AT_ONCE_NEW_ACCOUNT": "1000",
    "CALLS_PER_HOUR": "100000",
    "NEW_NUMBERS_PER_HOUR": "100000",
}
NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream mobayilo {{
        {servers}
        keepalive 32;
        keepalive_timeout 60s;
    }}
    server {{
        listen 127.0.0.1:{port};
        include {proxy};
    }}
}}
"""


def missing_tools() -> list[str]:
    """Return the programs that this machine lacks. nginx is often outside the path of users."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    return [tool for tool in ("nginx", "redis-server") if not shutil.which(tool, path=path)]


class Cluster(Stack):
    """`web` is nginx's address; `ports` are those of the web processes behind it."""

    def __init__(
        self, folder: Path, *, database_url: str, settings: Mapping[str, str] | None = None
    ) -> None:
        self.redis_port = free_port()
        self.ports = [free_port() for _ in range(WEB_PROCESSES)]
        self.webs: list[subprocess.Popen[bytes]] = []
        redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        wanted = {**SETTINGS, "REDIS_URL": redis_url, **(settings or {})}
        super().__init__(folder, database_url=database_url, settings=wanted)
        self.env["PATH"] = f"{self.env['PATH']}:/usr/sbin:/sbin"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.redis = self.start_redis()
        super().__enter__()
        self._start("periodic-2", [str(BIN / "python"), "manage.py", "run_periodic"])
        return self

    def start_redis(self) -> subprocess.Popen[bytes]:
        options = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        return self._start("redis", ["redis-server", *options, "--dir", str(self.folder)])

    def start_web(self) -> subprocess.Popen[bytes]:
        self.webs = [self.start_web_process(port) for port in self.ports]
        for port in self.ports:
            self._wait_for(f"http://localhost:{port}/healthz")
        nginx = self._start("nginx", ["nginx", "-c", str(self._nginx_configuration())])
        self._wait_for(f"{self.web}/healthz")
        return nginx

    def start_web_process(self, port: int) -> subprocess.Popen[bytes]:
        """Start one web process, as on a machine of its own, by the configuration of deploy/."""
        self.env["WEB_BIND"] = f"127.0.0.1:{port}"
        command = [str(BIN / "gunicorn"), "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
        return self._start(f"web-{port}", command)

    def restart_web(self, number: int) -> None:
        """Start a web process that was killed; return once it answers."""
        self.webs[number] = self.start_web_process(self.ports[number])
        self._wait_for(f"http://localhost:{self.ports[number]}/healthz")

    def _nginx_configuration(self) -> Path:
        """Write nginx's configuration: the rules of deploy/ on a port of loopback."""
        servers = [f"server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;" for port in self.ports]
        text = NGINX.format(
            folder=self.folder,
            user="user root;" if os.geteuid() == 0 else "",
            servers=" ".join(servers),
            port=self.port,
            proxy=ROOT / "deploy" / "nginx" / "proxy.conf",
        )
        path = self.folder / "nginx.conf"
        path.write_text(text)
        return path

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process and its children at once, as when a machine loses its power."""
        self.processes.remove(process)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for pid in (process.pid, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        process.wait()

    def query(self, sql: str) -> list[TupleRow]:
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(sql).fetchall()

    def count(self, sql: str) -> int:
        return int(self.query(sql)[0][0])
