"""Variables of the environment, each described where the settings read it.

The description, the default and the bounds are the source of the table in docs/operations.md, of
deploy/mobayilo.env (both by `make tables`) and of the check of bounds.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset(environ.Env.BOOLEAN_TRUE_STRINGS)
FALSE = frozenset({"false", "off", "no", "n", "0", ""})
REQUIRED = environ.Env.NOTSET


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as operators read of it; `default` is None where a value must be given.

    `example` is the value in mobayilo.env where a production server sets another than the default.
    """

    section: str
    name: str
    about: str
    default: str | None
    example: str | None
    bounds: tuple[float, float] | None

    def as_row(self) -> str:
        """Return the row of the table in docs/operations.md."""
        default = "" if self.default is None else f"`{self.default}`" if self.default else "none"
        default = default.replace("|", r"\|")  # would end the cell
        return f"| `{self.name}` | {default} | {self.about} |\n"

    def as_lines(self) -> str:
        """Return the lines of mobayilo.env: the description, then the variable.

        A variable that keeps its default is commented out.
        """
        about = self.about.replace("`", "")
        comment = textwrap.wrap(
            f"{about[:1].upper()}{about[1:]}.", 100, initial_indent="# ", subsequent_indent="# "
        )
        is_set = self.example is not None or self.default is None
        value = self.example or "" if is_set else self.default
        return "\n".join([*comment, f"{'' if is_set else '#'}{self.name}={value}\n"])


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # environ has no types
    """The environment: each value is in NAME or in the file NAME_FILE. It lists what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: list[Variable] = []
        self._section = ""

    def section(self, title: str) -> None:
        """Begin a part of the settings; variables that are read from here on belong to it."""
        self._section = title

    def text(self, name: str, about: str, **options: Any) -> str:
        value: str = self._read(name, about, str, **options)
        return value

    def flag(self, name: str, about: str, **options: Any) -> bool:
        value: bool = self._read(name, about, bool, **options)
        return value

    def integer(self, name: str, about: str, **options: Any) -> int:
        value: int = self._read(name, about, int, **options)
        return value

    def decimal(self, name: str, about: str, **options: Any) -> float:
        value: float = self._read(name, about, float, **options)
        return value

    def words(self, name: str, about: str, *, default: Sequence[str] = ()) -> list[str]:
        value: list[str] = self._read(name, about, list, default=list(default))
        return value

    def one_of(self, name: str, about: str, *, known: tuple[str, ...], default: str) -> str:
        """Return a word out of a few; raise ImproperlyConfigured for any other."""
        word: str = self._read(name, about, str, default=default)
        if word not in known:
            raise ImproperlyConfigured(f"{name} must be one of {', '.join(known)}")
        return word

    def address(
        self, name: str, about: str, *, schemes: tuple[str, ...], looks_like: str, **options: Any
    ) -> str:
        """Return the URL of a service; raise ImproperlyConfigured if its scheme is another.

        It may be empty where that is the default.
        """
        url: str = self._read(name, about, str, **options)
        if url != options.get("default") and url.partition(":")[0] not in schemes:
            raise ImproperlyConfigured(f"{name} must look like {looks_like}")
        return url

    def _read(
        self,
        name: str,
        about: str,
        cast: Any,  # noqa: ANN401 - as environ has it
        *,
        default: Any = REQUIRED,  # noqa: ANN401 - as environ has it
        shown_default: str | None = None,
        example: str | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> Any:  # noqa: ANN401 - as environ has it
        bounds = None if at_least is None or at_most is None else (at_least, at_most)
        if shown_default is None and default is not REQUIRED:
            shown_default = ",".join(default) if cast is list else str(default)
        self.variables.append(Variable(self._section, name, about, shown_default, example, bounds))
        return self.get_value(name, cast=cast, default=default)

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as environ has it
        try:
            return super().get_value(var, *args, **options)
        except (ValueError, OSError) as error:
            raise ImproperlyConfigured(f"{var} cannot be read: {error}") from None

    @classmethod
    def parse_value(cls, value: str, cast: Any) -> Any:  # noqa: ANN401 - as environ has it
        """Return a value of the type `cast`; refuse a switch that is neither on nor off.

        Spaces around the items of a list are dropped.
        """
        if cast is bool and value.strip().lower() not in TRUE | FALSE:
            raise ValueError(f"{value!r} is neither true nor false")
        parsed = super().parse_value(value, cast)
        return [item.strip() for item in parsed] if cast is list else parsed
