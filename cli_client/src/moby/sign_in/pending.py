"""A login that was started and left: kept privately until it is resumed or has run out."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from moby.errors import MobyError
from moby.sign_in.device_login import PendingLogin
from moby.store.private_files import locked, read_json, remove, write_json


class PendingLogins:
    def __init__(self, folder: Path, profile: str, host: str) -> None:
        self._folder = folder
        self._path = folder / "pending-login.json"
        self._key = f"{profile} {host}"

    def keep(self, pending: PendingLogin, storage: str) -> None:
        with locked(self._folder):
            facts = {**pending.as_facts(), "storage": storage}
            write_json(self._path, {**read_json(self._path), self._key: facts})

    def load(self) -> tuple[PendingLogin, str]:
        """The login under way, and where its token is to be kept."""
        facts = read_json(self._path).get(self._key)
        if not isinstance(facts, dict):
            raise MobyError(
                "not_signed_in",
                "no login is under way",
                "Start one with: moby auth login --no-wait",
            )
        names = [field.name for field in fields(PendingLogin)]
        known: dict[str, Any] = {name: facts[name] for name in names if name in facts}
        return PendingLogin(**known), str(facts.get("storage", "keyring"))

    def drop(self) -> None:
        if not self._path.exists():
            return
        with locked(self._folder):
            kept = read_json(self._path)
            kept.pop(self._key, None)
            if kept:
                write_json(self._path, kept)
            else:
                remove(self._path)
