"""Tokens in the system's keyring, which may be missing, locked, hanging, or swallow what it gets.

Every call is bounded: over SSH and in CI a keyring can wait for ever for an unlock window that
nobody sees.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

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
