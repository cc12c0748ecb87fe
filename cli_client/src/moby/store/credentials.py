"""The sign-ins that moby keeps: profiles and their logins, and the stores that hold the tokens."""

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast
from urllib.parse import urlsplit

from moby.bounded import run_bounded
from moby.errors import MobyError
from moby.store.private_files import REMEDY, check_writable, locked, read_json, remove, write_json

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

DEFAULT_PROFILE = "default"
# Names that people and scripts guess; a token there is not read, which should be noticed.
MISSPELT = ("MOBY_API_TOKEN", "MOBY_API_KEY", "MOBY_ACCESS_TOKEN", "MOBY_AUTH_TOKEN")
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"moby_(?:pat|dev)_([0-9A-Za-z]{30})([0-9A-Za-z]{6})")
_KEYRING_SECONDS = 3.0
_NO_STORES = ("keyring.backends.fail.", "keyring.backends.null.")
_PLAIN_STORES = ("keyrings.alt.", "keyring.backends.file.")
_PROBE = "moby-probe"
T = TypeVar("T")


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
    settings: dict[str, str]  # by the names of moby.store.settings


class Config:
    """The configuration that moby keeps: profiles, their logins and settings, without secrets."""

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
        """Store the login, and make its host the host of the profile."""
        with self._changing() as profiles:
            profile = profiles.setdefault(name, {})
            profile["host"] = host
            profile.setdefault("logins", {})[host] = login

    def forget(self, name: str, host: str) -> None:
        with self._changing() as profiles:
            profiles.get(name, {}).get("logins", {}).pop(host, None)

    def keep_setting(self, profile: str, name: str, value: str | None) -> None:
        """Store a setting of the profile, or take it away."""
        with self._changing() as profiles:
            settings = profiles.setdefault(profile, {}).setdefault("settings", {})
            settings.pop(name, None)
            if value is not None:
                settings[name] = value

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Hold a lock of that name, which no other moby on this machine holds at the time."""
        return locked(self.folder, name)

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
                f"{self._path} is damaged: it does not hold what moby writes there",
                REMEDY,
            )
        return cast("dict[str, Profile]", profiles)


def _is_profile(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("host", ""), str):
        return False
    logins, settings = value.get("logins", {}), value.get("settings", {})
    if not isinstance(settings, dict) or not all(isinstance(one, str) for one in settings.values()):
        return False
    return isinstance(logins, dict) and all(isinstance(one, dict) for one in logins.values())


def read_profile_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", text):
        raise MobyError(
            "bad_profile",
            f"{text!r} is not a usable profile name",
            "Use letters, digits, dots, dashes and underscores.",
        )
    return text


@dataclass(frozen=True)
class Credential:
    token: str
    source: str  # --token, MOBY_TOKEN, MOBY_TOKEN_FILE, keyring or file
    storage: str | None = None  # keyring or file, where moby itself keeps it


class Credentials:
    """The token of this run: --token, MOBY_TOKEN, MOBY_TOKEN_FILE, or the stored one."""

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
        """Return every source that offers a token, the winner first, without reading a secret."""
        return list(self._sources())

    def find(self) -> Credential | None:
        source = next(self._sources(), None)
        if source is None:
            return None
        if source in ("keyring", "file"):
            return self.stored()
        if source == "--token":
            text = self._option or ""
        elif source == "MOBY_TOKEN":
            text = self._environ["MOBY_TOKEN"]
        else:
            path = Path(self._environ["MOBY_TOKEN_FILE"]).expanduser()
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is not text"
                raise MobyError(
                    "bad_token",
                    f"the token file {path} cannot be read: {reason}",
                    "Check MOBY_TOKEN_FILE, or unset it to use the stored login.",
                ) from error
        return Credential(header_safe(text, source), source)

    def require(self) -> Credential:
        credential = self.find()
        if credential is None:
            raise MobyError("not_signed_in", f"you are not signed in to {self._host}", self.advice)
        return credential

    @property
    def advice(self) -> str:
        wrong = next((name for name in MISSPELT if self._environ.get(name)), None)
        if wrong:
            return f"{wrong} is set, and moby does not read it. Did you mean MOBY_TOKEN?"
        profile = "" if self._profile == "default" else f" --profile {self._profile}"
        return f"Sign in with: moby auth login{profile}"

    def stored(self) -> Credential | None:
        """Return the token that moby itself keeps for this profile and host."""
        login = self.login
        if login is None:
            return None
        if login.get("storage") == "file":
            token = self.file.get(self._profile, self._host)
        else:
            try:
                token = self.keyring().get(self._profile, self._host)
            except KeyringUnavailableError as error:
                what, remedy = f"your token is in the keyring, and {error}", "Unlock the keyring"
                if _is_switched_off(self._environ):
                    what = "your token is in the keyring, which MOBY_KEYRING switches off"
                    remedy = "Unset MOBY_KEYRING"
                hint = f"{remedy}, or sign in again: moby auth login --insecure-storage"
                raise MobyError("keyring_unavailable", what, hint) from error
        storage = login.get("storage", "keyring")
        return Credential(token, storage, storage) if token else None

    def keyring(self) -> "KeyringStore":
        """Return the keyring, with the backend remembered from the last login."""
        return KeyringStore(self._environ, (self.login or {}).get("keyring_backend"))

    def forget(self) -> None:
        """Remove the stored token and its login, also where the keyring is gone."""
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


def checksum(body: str) -> str:
    """Return the CRC32 of the random part in base62, six characters: a typing aid, no security."""
    number = zlib.crc32(body.encode("ascii"))
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _ALPHABET[rest] + digits
    return digits.rjust(6, "0")


def read_token(text: str) -> str:
    """Return the token in the text; raise `bad_token` if it has not the form of one."""
    token = text.strip()
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise MobyError(
            "bad_token",
            "that is not a Mobayilo token",
            "A token is one word that begins with moby_pat_ or moby_dev_.",
        )
    if checksum(match[1]) != match[2]:
        raise MobyError(
            "bad_token", "that token holds a typing mistake", "Copy it again, whole, from the page."
        )
    return token


def header_safe(text: str, source: str) -> str:
    """Return a token from outside, which may go into a header; the server knows if it is valid."""
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise MobyError(
            "bad_token", f"{source} does not hold a token", "It has to be one word, without spaces."
        )
    return token


class FileStore:
    """Tokens in a file, for machines without a keyring and people who agreed to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "credentials.json"

    def check(self) -> None:
        """Write the tokens again, so that a place that cannot keep one is found now."""
        with locked(self._folder):
            if tokens := self._tokens():
                write_json(self.path, {"tokens": tokens})
            else:
                check_writable(self.path)

    def get(self, profile: str, host: str) -> str | None:
        token = self._tokens().get(_key(profile, host))
        return token if isinstance(token, str) else None

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


class KeyringUnavailableError(Exception):
    """Raised when the keyring cannot be used; the message gives the reason to the person."""


class KeyringStore:
    """Tokens in the system's keyring, which may be missing, locked or hanging, or keep nothing.

    Every call is bounded: over SSH and in CI a keyring can wait for ever for an unlock window
    that is out of sight.
    """

    def __init__(self, environ: Mapping[str, str], backend_name: str | None = None) -> None:
        self._environ = environ
        self._remembered = backend_name
        self._backend: KeyringBackend | None = None

    @property
    def backend_name(self) -> str:
        """The full name of the backend in use; remembered, it saves a scan of all backends."""
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
        if _is_switched_off(self._environ):
            raise KeyringUnavailableError("it is switched off by MOBY_KEYRING")
        if self._backend is None:
            # A cold disk is no keyring that hangs, so it is read before the time runs.
            import keyring.core  # noqa: F401

            remembered = None if self._environ.get("PYTHON_KEYRING_BACKEND") else self._remembered
            self._backend = _bounded(lambda: _load(remembered), "opened")
        return self._backend


def _is_switched_off(environ: Mapping[str, str]) -> bool:
    """Return whether MOBY_KEYRING forbids the use of the keyring."""
    return environ.get("MOBY_KEYRING", "").lower() in ("off", "0", "no", "false")


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
    name = _name(backend)
    if name.startswith(_NO_STORES) or name.endswith(".ChainerBackend"):
        raise KeyringUnavailableError("this system has no keyring that moby can use")
    if name.startswith(_PLAIN_STORES):
        raise KeyringUnavailableError(f"{name} keeps secrets in plain text")
    return backend


def _name(backend: "KeyringBackend") -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _bounded(action: Callable[[], T], verb: str) -> T:
    """Return what an action on the keyring returns, in three seconds at most.

    Raise KeyringUnavailableError after that time, and for any error of the backend.
    """
    try:
        return run_bounded(action, _KEYRING_SECONDS)
    except TimeoutError as error:
        message = f"it did not answer within {_KEYRING_SECONDS:.0f} seconds"
        raise KeyringUnavailableError(message) from error
    except KeyringUnavailableError:
        raise
    except BaseException as error:  # backends raise what they like
        kind = type(error).__name__
        reasons = {
            "KeyringLocked": "it is locked; unlock it and try again",
            "NoKeyringError": "this system has no keyring that moby can use",
        }
        reason = reasons.get(kind, f"it could not be {verb} ({kind})")
        raise KeyringUnavailableError(reason) from error
