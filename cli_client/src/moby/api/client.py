"""The HTTP API as moby uses it, and the session: profile, host and token that go together."""

import json
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Protocol, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from moby import __version__
from moby.api.answers import Token
from moby.context import Context
from moby.errors import ExitCode, MobyError, exit_code_for
from moby.faults import TransportError
from moby.installation import site
from moby.network import DEFAULT_HOST, Request, Response, read_host
from moby.store.credentials import (
    DEFAULT_PROFILE,
    Config,
    Credential,
    Credentials,
    Login,
    read_profile_name,
)
from moby.store.settings import Value, value_of
from moby.text import clean

BASE_PATH = "/api/cli/v1/"
CLIENT_ID = "moby-cli"
_TRIES = 3
_LONGEST_PAUSE_SECONDS = 10.0
_NAMED_SOURCES = ("--token", "MOBY_TOKEN", "MOBY_TOKEN_FILE")
_WORTH_RETRYING = {429, 500, 502, 503, 504}
T = TypeVar("T")


class Watcher(Protocol):
    """The terminal, which shows what requests do and that one takes its time."""

    def trace(self, request: Request, response: Response | None, seconds: float) -> None: ...

    def show_waiting(self, text: str) -> None:
        """Show the text for as long as the request lasts; remove it if it is empty."""


class Api:
    """Requests to one host, with headers, repetition and errors in one place."""

    def __init__(
        self,
        *,
        context: Context,
        host: str,
        credential: Callable[[], Credential],
        advice: str,
        watcher: Watcher,
    ) -> None:
        self.host = host
        self.token_expires_at: str | None = None
        self._context = context
        self._credential = credential
        self._advice = advice
        self._watcher = watcher

    def get(
        self,
        path: str,
        kind: type[T],
        query: Mapping[str, str | None] | None = None,
        *,
        public: bool = False,
    ) -> T:
        filled = {name: value for name, value in (query or {}).items() if value}
        target = f"{BASE_PATH}{path}" + (f"?{urlencode(filled)}" if filled else "")
        return _shaped(self._answer("GET", target, public=public), kind)

    def get_newer(self, path: str, kind: type[T], version: int) -> tuple[T | None, str]:
        """Return what is at a path, or None while its version is the same, and the Date header."""
        target = f"{BASE_PATH}{path}?{urlencode({'after': version})}"
        response = self._answer("GET", target)
        newer = None if response.status == 304 else _shaped(response, kind)
        return newer, response.headers.get("date", "")

    def post(
        self,
        path: str,
        kind: type[T],
        body: Mapping[str, object] | None = None,
        *,
        key: str | None = None,
        is_idempotent: bool = False,
    ) -> T:
        """Send a body, and return the answer; `is_idempotent` allows sending it again."""
        filled = {name: value for name, value in (body or {}).items() if value is not None}
        return _shaped(
            self._answer("POST", BASE_PATH + path, body=filled, key=key, again=is_idempotent), kind
        )

    def delete(self, path: str) -> None:
        self._answer("DELETE", BASE_PATH + path)

    def form(self, path: str, fields: Mapping[str, str | None]) -> Response:
        """Send one OAuth request, whose errors have a shape of their own, and never repeat it."""
        filled = {name: value for name, value in fields.items() if value is not None}
        headers = self._headers() | {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(filled).encode()
        return self._send_up_to(1, Request("POST", self.host + path, headers, body), None)

    def _answer(
        self,
        method: str,
        target: str,
        *,
        body: Mapping[str, object] | None = None,
        key: str | None = None,
        public: bool = False,
        again: bool = False,
    ) -> Response:
        headers = self._headers()
        source = None
        if not public:
            credential = self._credential()
            source = credential.source
            headers["Authorization"] = f"Bearer {credential.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        payload = None if body is None else json.dumps(body).encode()
        request = Request(method, self.host + target, headers, payload)
        # Safe to repeat: reads, writes with a key, and those that say so.
        tries = _TRIES if method == "GET" or key or again else 1
        response = self._send_up_to(tries, request, key)
        self.token_expires_at = response.headers.get("x-token-expires-at", self.token_expires_at)
        if response.status >= 300 and response.status != 304:
            raise self._refusal(response, source)
        return response

    def _headers(self) -> dict[str, str]:
        # The client id asks for refusals in words for a terminal.
        return {
            "Accept": "application/json",
            "User-Agent": user_agent(),
            "X-Client-Id": CLIENT_ID,
        }

    def _send_up_to(self, tries: int, request: Request, key: str | None) -> Response:
        """Send a request, and return the answer. Repeat it after a fault that may pass.

        No try begins once twice the time of one try has passed. `key` is its idempotency key.
        """
        place = urlsplit(self.host).netloc
        overall_ends_at = time.monotonic() + 2 * self._context.transport.try_seconds
        for number in range(1, tries + 1):
            try:
                response = self._send(request, number)
            except MobyError as error:
                is_late = time.monotonic() >= overall_ends_at
                if number == tries or is_late or not error.retryable:
                    raise
                lost = "secure connection to" if error.code == "tls_error" else "answer from"
                self._wait_for_next(
                    f"No {lost} {place}", _pause_seconds(number, None), number, tries
                )
                continue
            is_passing = response.status in _WORTH_RETRYING
            if response.status == 409 and key:
                code = (_error_object(response) or {}).get("code")
                is_passing = code == "idempotency_in_progress"
            pause = _pause_seconds(number, response.headers.get("retry-after"))
            if number == tries or not is_passing or pause > _LONGEST_PAUSE_SECONDS:
                return response
            busy = f"{place} is busy (HTTP {response.status})"
            self._wait_for_next(busy, pause, number, tries)
        raise AssertionError("the loop returns or raises")

    def _wait_for_next(self, why: str, pause_seconds: float, number: int, tries: int) -> None:
        self._watcher.show_waiting(f"{why}; trying again ({number + 1} of {tries}) …")
        self._context.clock.sleep(pause_seconds)

    def _send(self, request: Request, number: int) -> Response:
        started = self._context.clock.now()
        place = urlsplit(self.host).netloc + (f", try {number}" if number > 1 else "")

        def still_waiting(seconds: float) -> None:
            self._watcher.show_waiting(f"Waiting for {place}, {seconds:.0f} s …")

        response = None
        try:
            response = self._context.transport.send(request, still_waiting)
        except TransportError as error:
            unreachable = f"cannot reach {self.host}: {error.message}"
            exit_code = ExitCode.USAGE if error.is_setup else None
            raise MobyError(error.code, unreachable, error.hint, exit_code=exit_code) from error
        finally:
            self._watcher.show_waiting("")
            self._watcher.trace(request, response, self._context.clock.now() - started)
        return response

    def _refusal(self, response: Response, source: str | None) -> MobyError:
        error = _error_object(response)
        if error is None:
            return unexpected(self.host, response)
        code = clean(error.get("code") or "error")
        hint = clean(error.get("hint") or "")
        if response.status == 401:
            hint = self._advice
            if source in _NAMED_SOURCES:
                replace = f"The token comes from {source}. Replace it there, or leave it out."
                hint = f"{replace} {self._advice}"
        elif source in _NAMED_SOURCES and code.startswith(("insufficient_scope", "guard_")):
            hint = f"The token comes from {source}. Use one there that may do this."
        details = error.get("details")
        return MobyError(
            code,
            clean(error.get("message") or code),
            hint,
            exit_code=exit_code_for(response.status, code),
            request_id=clean(error.get("request_id") or response.headers.get("x-request-id") or ""),
            details=details if isinstance(details, dict) else None,
        )


def user_agent() -> str:
    system = os.uname() if hasattr(os, "uname") else None
    if system is None:
        return f"moby/{__version__} ({sys.platform})"
    place = f"{system.sysname} {system.release}; {device_name()}"
    return f"moby/{__version__} ({place})"


def device_name() -> str:
    """Return the name of this machine, without characters that a header may not have."""
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    plain = "".join(c for c in name if c.isascii() and c.isprintable() and c not in "();")
    return plain[:100] or "unknown"


def unexpected(host: str, response: Response) -> MobyError:
    message = f"{host} gave an answer that moby does not understand (HTTP {response.status})"
    hint = "Is the host right? If it is, the service may be down: try again in a minute."
    if response.status >= 500:
        message = f"{host} is not working at the moment (HTTP {response.status})"
        hint = "Try again in a minute."
    return MobyError(
        "unexpected_answer",
        message,
        hint,
        exit_code=ExitCode.UNAVAILABLE,
        request_id=clean(response.headers.get("x-request-id", "")) or None,
    )


def read_object(response: Response) -> dict[str, object] | None:
    """Return the JSON object in an answer, or None if there is none."""
    try:
        document = json.loads(response.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _error_object(response: Response) -> dict[str, object] | None:
    error = (read_object(response) or {}).get("error")
    return error if isinstance(error, dict) else None


def _shaped(response: Response, kind: type[T]) -> T:
    """Return the answer; raise if it lacks a field that the kind (a TypedDict) requires."""
    document = read_object(response)
    required: frozenset[str] = getattr(kind, "__required_keys__", frozenset())
    if document is None or not required <= document.keys():
        missing = ", ".join(sorted(required - (document or {}).keys()))
        error = unexpected("the server", response)
        error.message += f": missing {missing}" if document is not None else ""
        raise error
    return cast("T", document)


def _pause_seconds(attempt: int, retry_after: str | None) -> float:
    """Return the pause that the server asks for, else one that doubles, with jitter."""
    if retry_after and retry_after.isdigit():
        return float(retry_after)
    return 0.2 * 2.0**attempt * random.uniform(0.5, 1.0)  # noqa: S311  # jitter is no secret


class Session:
    """One run of moby: the profile, the host, the token and the API that go together."""

    def __init__(
        self,
        context: Context,
        *,
        host: str | None,
        token: str | None,
        profile: str | None,
        watcher: Watcher,
    ) -> None:
        self.context = context
        self._host = host
        self._token = token
        self._profile = profile
        self._watcher = watcher
        self._api: Api | None = None

    @cached_property
    def profile(self) -> str:
        name = self._profile or self.context.environ.get("MOBY_PROFILE") or DEFAULT_PROFILE
        return read_profile_name(name)

    @cached_property
    def config(self) -> Config:
        return Config(self.context.config_dir)

    def without_config(self) -> "Session":
        """Return the session without its configuration, to report that the file cannot be read."""
        bare = Session(
            self.context,
            host=self._host,
            token=self._token,
            profile=self._profile,
            watcher=self._watcher,
        )
        bare.config = Config(self.context.config_dir, ignored=True)
        return bare

    @cached_property
    def host(self) -> str:
        """The server, by --host, MOBY_HOST, the profile's last login, or where moby came from."""
        text = self._host or self.context.environ.get("MOBY_HOST")
        return read_host(text or self._usual_host)

    @property
    def _usual_host(self) -> str:
        return self.config.profile(self.profile).get("host") or site() or DEFAULT_HOST

    @property
    def options(self) -> str:
        """The options that name this profile and host in a later command, with a space before."""
        profile = "" if self.profile == DEFAULT_PROFILE else f" --profile {self.profile}"
        return profile + ("" if self.host == self._usual_host else f" --host {self.host}")

    def beside(self, context: Context, watcher: Watcher) -> "Session":
        """Return the same session for another thread, which reads the stored token by itself."""
        return Session(
            context, host=self.host, token=self._token, profile=self.profile, watcher=watcher
        )

    def setting(self, name: str) -> Value:
        """Return what a setting of `moby config` is in this run."""
        return value_of(
            name, config=self.config, profile=self.profile, environ=self.context.environ
        )

    @cached_property
    def credentials(self) -> Credentials:
        return self.credentials_for(self.profile, self.host, self._token)

    def credentials_for(self, profile: str, host: str, option: str | None = None) -> Credentials:
        return Credentials(
            environ=self.context.environ,
            option=option,
            config=self.config,
            profile=profile,
            host=host,
        )

    @property
    def api(self) -> Api:
        if self._api is None:
            self._api = self.api_for(self.credentials.require)
        return self._api

    @property
    def token_expires_at(self) -> str | None:
        """The expiry that the server reported in this run; None if the server was not asked."""
        return self._api.token_expires_at if self._api else None

    def api_for(self, credential: Callable[[], Credential], host: str | None = None) -> Api:
        return Api(
            context=self.context,
            host=host or self.host,
            credential=credential,
            advice=self.credentials.advice,
            watcher=self._watcher,
        )

    def api_with(self, token: str, host: str | None = None) -> Api:
        """Return the API as the holder of that token, whatever the environment says."""
        return self.api_for(lambda: Credential(token, "sign-in"), host)

    def remember(self, place: Login, email: str, token: Token) -> None:
        """Store who signed in and where the token is, so that later runs know without asking."""
        login: Login = {
            **place,
            "email": email,
            "token_name": token["name"],
            "scopes": token["scopes"],
            "expires_at": token["expires_at"],
        }
        self.config.remember(self.profile, self.host, login)
