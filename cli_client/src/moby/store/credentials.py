"""Which token this run uses, where it came from, and where a new one is kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moby.errors import MobyError
from moby.store.config import Config, Login
from moby.store.file_store import FileStore
from moby.store.keyring_store import KeyringStore, KeyringUnavailableError
from moby.store.tokens import header_safe

# Names that people and scripts guess; a token in one of them is not read, and should not be missed.
MISSPELT = ("MOBY_API_TOKEN", "MOBY_API_KEY", "MOBY_ACCESS_TOKEN", "MOBY_AUTH_TOKEN")


@dataclass(frozen=True)
class Credential:
    token: str
    source: str  # --token, MOBY_TOKEN, MOBY_TOKEN_FILE, keyring or file
    storage: str | None = None  # keyring or file, where moby itself keeps it


class Credentials:
    """Precedence: --token, MOBY_TOKEN, MOBY_TOKEN_FILE, then what the profile has stored."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        option: str | None,
        config: Config,
        profile: str,
        host: str,
    ) -> None:
        self._environ = environ
        self._option = option
        self._config = config
        self._profile = profile
        self._host = host
        self.file = FileStore(config.folder)

    @property
    def login(self) -> Login | None:
        return self._config.login(self._profile, self._host)

    def sources(self) -> list[str]:
        """Every source that offers a token, the winner first. Reads no secret."""
        return list(self._sources())

    def find(self) -> Credential | None:
        source = next(self._sources(), None)
        if source is None:
            return None
        if source in ("keyring", "file"):
            return self.stored()
        return Credential(header_safe(self._from_outside(source), source), source)

    def require(self) -> Credential:
        found = self.find()
        if found is None:
            raise MobyError("not_signed_in", f"you are not signed in to {self._host}", self.advice)
        return found

    @property
    def advice(self) -> str:
        wrong = next((name for name in MISSPELT if self._environ.get(name)), None)
        if wrong:
            return f"{wrong} is set, and moby does not read it. Did you mean MOBY_TOKEN?"
        profile = "" if self._profile == "default" else f" --profile {self._profile}"
        return f"Sign in with: moby auth login{profile}"

    def stored(self) -> Credential | None:
        """The token that moby itself keeps for this profile and host."""
        login = self.login
        if login is None:
            return None
        if login.get("storage") == "file":
            token = self.file.get(self._profile, self._host)
        else:
            token = self._from_keyring(login)
        storage = login.get("storage", "keyring")
        return Credential(token, storage, storage) if token else None

    def keyring(self) -> KeyringStore:
        """The keyring, with the backend remembered from the last login."""
        return KeyringStore(self._environ, (self.login or {}).get("keyring_backend"))

    def forget(self) -> None:
        """Remove the stored token and all memory of it; a keyring that is gone is no obstacle."""
        login = self.login
        if login is None:
            return
        try:
            if login.get("storage") == "keyring":
                self.keyring().delete(self._profile, self._host)
        finally:
            self.file.delete(self._profile, self._host)
            self._config.forget(self._profile, self._host)

    def _sources(self) -> Iterator[str]:
        if self._option:
            yield "--token"
        for name in ("MOBY_TOKEN", "MOBY_TOKEN_FILE"):
            if self._environ.get(name):
                yield name
        login = self.login
        if login is not None:
            yield login.get("storage", "keyring")

    def _from_outside(self, source: str) -> str:
        if source == "--token":
            return self._option or ""
        if source == "MOBY_TOKEN":
            return self._environ["MOBY_TOKEN"]
        path = Path(self._environ["MOBY_TOKEN_FILE"]).expanduser()
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise MobyError(
                "bad_token",
                f"the token file {path} cannot be read: {reason}",
                "Check MOBY_TOKEN_FILE, or unset it to use the stored login.",
            ) from error

    def _from_keyring(self, login: Login) -> str | None:
        try:
            return self.keyring().get(self._profile, self._host)
        except KeyringUnavailableError as error:
            raise MobyError(
                "keyring_unavailable",
                f"your token is in the keyring, and {error}",
                "Unlock the keyring, or sign in again with: moby auth login --insecure-storage",
            ) from error
