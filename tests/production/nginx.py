"""nginx by the configuration of deploy/, on loopback, with a certificate of its own."""

import os
import shutil
import subprocess
from pathlib import Path

from dev.stack import ROOT, free_port

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
DEPLOY = ROOT / "deploy" / "nginx"
NAME = "mobayilo.com"  # as in the configuration


def make_certificate(folder: Path) -> None:
    """Write `fullchain.pem` and `privkey.pem`, signed by itself."""
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90"]
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*request, *subject, *files], capture_output=True, check=True)


def start_nginx(
    folder: Path, *, port: int, web_port: int, changes: dict[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Serve the site on a port of loopback by the certificate of a folder, before a web process."""
    (folder / "mobayilo").mkdir()
    shutil.copy(DEPLOY / "proxy.conf", folder / "mobayilo")
    site = (DEPLOY / "mobayilo.conf").read_text()
    for old, new in {
        "/etc/mobayilo/tls": str(folder),
        "/var/log/nginx": str(folder),
        "127.0.0.1:8000": f"127.0.0.1:{web_port}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen [::]:443 ssl;": "",
        "listen [::]:80;": "",
        **(changes or {}),
    }.items():
        site = site.replace(old, new)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid;\ndaemon off;\nevents {{}}\nhttp {{ access_log off;\n{site}\n}}\n"
    )
    options = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "log")]
    return subprocess.Popen([str(NGINX), *options])
