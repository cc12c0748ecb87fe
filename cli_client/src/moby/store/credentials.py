"""The token of this run: its source, its form, and the stores that keep it."""

import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from moby.errors import MobyError
from moby.store.config import Config, Login
from moby.store.private_files import check_writable, locked, read_json, remove, write_json

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(r"moby_(?:pat|dev)_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")


def checksum(body: str) -> str:
    """CRC32 of the random part in base62, six characters: a typing aid, no security."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits.rjust(6, "0")


def read_token(text: str) -> str:
    """The token in the text, refused when it cannot be one."""
    token = text.strip()
    found = _FORM.fullmatch(token)
    if found is None:
        raise MobyError(
            "bad_token",
            "that is not a Mobayilo token",
            "A token is one word that begins with moby_pat_ or moby_dev_.",
        )
    if checksum(found[1]) != found[2]:
        raise MobyError(
            "bad_token", "that token holds a typing mistake", "Copy it again, whole, from the page."
        )
    return token


def header_safe(text: str, source: str) -> str:
    """A token from outside that may go into a header; whether it is valid, the server says."""
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise MobyError(
            "bad_token", f"{source} does not hold a token", "It has to be one word, without spaces."
        )
    return token


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


WAIT_SECONDS = 3.0
_NO_STORES = ("keyring.backends.fail.", "keyring.backends.null.")
_PLAIN_STORES = ("keyrings.alt.", "keyring.backends.file.")
_PROBE = "moby-probe"
T = TypeVar("T")


class KeyringUnavailableError(Exception):
    """The keyring cannot be used; the message says why, in words for the person."""


class KeyringStore:
    def __init__(self, environ: Mapping[str, str], backend_name: str | None = None) -> None:
        self._environ = environ
        self._remembered = backend_name
        self._backend: KeyringBackend | None = None

    @property
    def backend_name(self) -> str:
        """The full name of the backend in use; remembered, it saves the scan of all of them."""
        kind = type(self._open())
        return f"{kind.__module__}.{kind.__qualname__}"

    def check(self, host: str) -> None:
        """Write, read and remove a harmless entry, so that a store that cannot keep one shows."""
        self.set(_PROBE, host, _PROBE)
        self.delete(_PROBE, host)

    def get(self, profile: str, host: str) -> str | None:
        backend = self._open()
        return _bounded(lambda: backend.get_password(_service(host), profile), "read")

    def set(self, profile: str, host: str, token: str) -> None:
        backend = self._open()
        _bounded(lambda: backend.set_password(_service(host), profile, token), "written")
        if self.get(profile, host) != token:
            raise KeyringUnavailableError("the keyring did not keep what was written to it")

    def delete(self, profile: str, host: str) -> None:
        backend = self._open()
        if self.get(profile, host) is not None:
            _bounded(lambda: backend.delete_password(_service(host), profile), "changed")

    def _open(self) -> "KeyringBackend":
        if self._environ.get("MOBY_KEYRING", "").lower() in ("off", "0", "no", "false"):
            raise KeyringUnavailableError("it is switched off by MOBY_KEYRING")
        if self._backend is None:
            remembered = None if self._environ.get("PYTHON_KEYRING_BACKEND") else self._remembered
            self._backend = _bounded(lambda: _load(remembered), "opened")
        return self._backend


def _service(host: str) -> str:
    return f"moby:{urlsplit(host).netloc}"


def _load(remembered: str | None) -> "KeyringBackend":
    import keyring.core

    if remembered:
        return keyring.core.load_keyring(remembered)
    backend = keyring.core.get_keyring()
    members = getattr(backend, "backends", None)
    if members:  # the chainer: take its first real store, so that a second run finds the same
        backend = next((b for b in members if not _name(b).startswith(_PLAIN_STORES)), backend)
    _refuse_useless(backend)
    return backend


def _refuse_useless(backend: "KeyringBackend") -> None:
    name = _name(backend)
    if name.startswith(_NO_STORES) or name.endswith(".ChainerBackend"):
        raise KeyringUnavailableError("this system has no keyring that moby can use")
    if name.startswith(_PLAIN_STORES):
        raise KeyringUnavailableError(f"{name} keeps secrets in plain text")


def _name(backend: "KeyringBackend") -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _bounded(action: Callable[[], T], verb: str) -> T:
    """Run the action in a thread of its own and wait three seconds, no more."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(action())
        except BaseException as error:  # backends raise what they like
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True, name="keyring")
    thread.start()
    thread.join(WAIT_SECONDS)
    if thread.is_alive():
        raise KeyringUnavailableError(f"it did not answer within {WAIT_SECONDS:.0f} seconds")
    if failure:
        raise _explained(failure[0], verb) from failure[0]
    return outcome[0]


def _explained(error: BaseException, verb: str) -> KeyringUnavailableError:
    if isinstance(error, KeyringUnavailableError):
        return error
    kind = type(error).__name__
    if kind == "KeyringLocked":
        return KeyringUnavailableError("it is locked; unlock it and try again")
    if kind == "NoKeyringError":
        return KeyringUnavailableError("this system has no keyring that moby can use")
    return KeyringUnavailableError(f"it could not be {verb} ({kind})")


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
