"""One run of moby: the profile, the host, the token and the API that go together."""

from collections.abc import Callable
from functools import cached_property

from moby.api.answers import Token
from moby.api.client import Api, Trace
from moby.context import Context
from moby.net.hosts import DEFAULT_HOST, read_host
from moby.store.config import DEFAULT_PROFILE, Config, Login, read_profile_name
from moby.store.credentials import Credential, Credentials


class Session:
    def __init__(
        self,
        context: Context,
        *,
        host: str | None,
        token: str | None,
        profile: str | None,
        trace: Trace,
    ) -> None:
        self.context = context
        self._host = host
        self._token = token
        self._profile = profile
        self._trace = trace
        self._api: Api | None = None

    @cached_property
    def profile(self) -> str:
        named = self._profile or self.context.environ.get("MOBY_PROFILE") or DEFAULT_PROFILE
        return read_profile_name(named)

    @cached_property
    def config(self) -> Config:
        return Config(self.context.config_dir)

    def without_config(self) -> "Session":
        """The same, as if nothing were remembered: for telling of a file that cannot be read."""
        bare = Session(
            self.context,
            host=self._host,
            token=self._token,
            profile=self._profile,
            trace=self._trace,
        )
        bare.config = Config(self.context.config_dir, ignored=True)
        return bare

    @cached_property
    def host(self) -> str:
        """--host, MOBY_HOST, the host of the profile's last login, the default."""
        named = self._host or self.context.environ.get("MOBY_HOST")
        return read_host(named or self.config.profile(self.profile).get("host") or DEFAULT_HOST)

    @property
    def options(self) -> str:
        """What a later command needs to mean the same profile and host, with a space before."""
        profile = "" if self.profile == DEFAULT_PROFILE else f" --profile {self.profile}"
        usual = self.config.profile(self.profile).get("host") or DEFAULT_HOST
        return profile + ("" if self.host == usual else f" --host {self.host}")

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
        """What the server said of the token in this run; None when it was not asked."""
        return self._api.token_expires_at if self._api else None

    def api_for(self, credential: Callable[[], Credential], host: str | None = None) -> Api:
        return Api(
            context=self.context,
            host=host or self.host,
            credential=credential,
            advice=self.credentials.advice,
            trace=self._trace,
        )

    def remember(self, place: Login, email: str, token: Token) -> None:
        """Keep who signed in and where the token is, so that later runs know without asking."""
        login: Login = {
            **place,
            "email": email,
            "token_name": token["name"],
            "scopes": token["scopes"],
            "expires_at": token["expires_at"],
        }
        self.config.remember(self.profile, self.host, login)
