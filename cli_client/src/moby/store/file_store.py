"""Tokens in a file, for machines without a keyring and people who agreed to it."""

from pathlib import Path

from moby.store.private_files import check_writable, locked, read_json, remove, write_json


class FileStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "credentials.json"

    def check(self) -> None:
        """Write what is there once more, so that a place that cannot keep a token shows."""
        with locked(self._folder):
            if tokens := self._tokens():
                write_json(self.path, {"tokens": tokens})
            else:
                check_writable(self.path)

    def get(self, profile: str, host: str) -> str | None:
        found = self._tokens().get(_key(profile, host))
        return found if isinstance(found, str) else None

    def set(self, profile: str, host: str, token: str) -> None:
        with locked(self._folder):
            write_json(self.path, {"tokens": {**self._tokens(), _key(profile, host): token}})

    def delete(self, profile: str, host: str) -> None:
        if not self.path.exists():
            return
        with locked(self._folder):
            tokens = self._tokens()
            tokens.pop(_key(profile, host), None)
            if tokens:
                write_json(self.path, {"tokens": tokens})
            else:
                remove(self.path)

    def _tokens(self) -> dict[str, object]:
        tokens = read_json(self.path).get("tokens", {})
        return tokens if isinstance(tokens, dict) else {}


def _key(profile: str, host: str) -> str:
    return f"{profile} {host}"
