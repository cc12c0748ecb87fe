"""What moby remembers between runs, secrets excepted: profiles and where their tokens are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, cast

from moby.errors import MobyError
from moby.store.private_files import locked, read_json, write_json

DEFAULT_PROFILE = "default"


class Login(TypedDict, total=False):
    """One token on one host, without the token."""

    storage: str  # "keyring" or "file"
    keyring_backend: str
    email: str
    token_name: str
    scopes: list[str]
    expires_at: str | None
    warned_on: str  # the day of the last notice that it expires soon


class Profile(TypedDict, total=False):
    host: str
    logins: dict[str, Login]


class Config:
    def __init__(self, folder: Path, *, ignored: bool = False) -> None:
        self.folder = folder
        self._path = folder / "config.json"
        self._profiles = {} if ignored else self._read()

    def profile(self, name: str) -> Profile:
        return self._profiles.get(name, {})

    def login(self, name: str, host: str) -> Login | None:
        return self.profile(name).get("logins", {}).get(host)

    def logins(self) -> Iterator[tuple[str, str, Login]]:
        for name, profile in self._profiles.items():
            for host, login in profile.get("logins", {}).items():
                yield name, host, login

    def remember(self, name: str, host: str, login: Login) -> None:
        """Keep the login and make its host the profile's own."""
        with self._changing() as profiles:
            profile = profiles.setdefault(name, {})
            profile["host"] = host
            profile.setdefault("logins", {})[host] = login

    def forget(self, name: str, host: str) -> None:
        with self._changing() as profiles:
            profiles.get(name, {}).get("logins", {}).pop(host, None)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Profile]]:
        with locked(self.folder):
            self._profiles = self._read()
            yield self._profiles
            write_json(self._path, {"version": 1, "profiles": self._profiles})

    def _read(self) -> dict[str, Profile]:
        profiles = read_json(self._path).get("profiles", {})
        if not isinstance(profiles, dict) or not all(map(_is_profile, profiles.values())):
            raise MobyError(
                "bad_configuration",
                f"{self._path} does not hold what moby writes there",
                f"Repair it or remove it: {self._path}",
            )
        return cast("dict[str, Profile]", profiles)


def _is_profile(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("host", ""), str):
        return False
    logins = value.get("logins", {})
    return isinstance(logins, dict) and all(isinstance(one, dict) for one in logins.values())


def read_profile_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise MobyError(
            "bad_profile",
            f"{text!r} is not a usable profile name",
            "Use letters, digits, dots, dashes and underscores.",
        )
    return text
