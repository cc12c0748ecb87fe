"""Settings from the environment, where a value that means nothing is refused by its name."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset(environ.Env.BOOLEAN_TRUE_STRINGS)
FALSE = frozenset({"false", "off", "no", "n", "0", ""})


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # environ has no types
    """NAME, or NAME_FILE holding the path of a file with the value."""

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as environ has it
        try:
            return super().get_value(var, *args, **options)
        except (ValueError, OSError) as error:
            raise ImproperlyConfigured(f"{var} cannot be read: {error}") from None

    @classmethod
    def parse_value(cls, value: str, cast: Any) -> Any:  # noqa: ANN401 - as environ has it
        """A switch is on or off, never off for a slip; spaces around the items of a list go."""
        if cast is bool and value.strip().lower() not in TRUE | FALSE:
            raise ValueError(f"{value!r} is neither true nor false")
        parsed = super().parse_value(value, cast)
        return [item.strip() for item in parsed] if cast is list else parsed

    def one_of(self, var: str, known: tuple[str, ...], default: str) -> str:
        """A word out of a few."""
        word: str = self.str(var, default=default)
        if word not in known:
            raise ImproperlyConfigured(f"{var} must be one of {', '.join(known)}")
        return word

    def address(self, var: str, schemes: tuple[str, ...], example: str, **options: Any) -> str:
        """The address of a service, by one of its schemes; empty where that is the default."""
        url: str = self.str(var, **options)
        if url != options.get("default") and url.partition(":")[0] not in schemes:
            raise ImproperlyConfigured(f"{var} must look like {example}")
        return url
