"""Keyring backends as people meet them; loaded by name through keyring's own mechanism."""

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, NoKeyringError, PasswordSetError


class Working(KeyringBackend):
    """A keyring that keeps its entries in the file named by TEST_KEYRING."""

    priority = 9.0

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._entries(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        del entries[f"{service}/{username}"]
        self._write(entries)

    def _entries(self) -> dict[str, str]:
        path = Path(os.environ["TEST_KEYRING"])
        entries: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return entries

    def _write(self, entries: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(entries))


class Missing(Working):
    def get_password(self, service: str, username: str) -> str | None:
        raise NoKeyringError("no recommended backend was available")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NoKeyringError("no recommended backend was available")


class Locked(Working):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("failed to unlock the collection")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("failed to unlock the collection")


class ReadOnly(Working):
    """A keyring that returns its entries and takes no new one."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PasswordSetError("the collection is read-only")


class Treacherous(Working):
    """A keyring that passes the trial, and fails when the token comes."""

    def set_password(self, service: str, username: str, password: str) -> None:
        if username != "moby-probe":
            raise KeyringLocked("locked a moment ago")
        super().set_password(service, username, password)


class Forgetful(Working):
    """A keyring that takes every entry and keeps none."""

    def set_password(self, service: str, username: str, password: str) -> None: ...


class Hanging(Working):
    """A keyring that waits for a password in a window out of sight. It marks when it is opened."""

    def get_password(self, service: str, username: str) -> str | None:
        self._hang()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self._hang()

    def _hang(self) -> None:
        Path(os.environ["TEST_KEYRING"]).with_suffix(".opened").touch()
        time.sleep(300)
