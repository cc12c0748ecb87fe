"""Every command and option as plain facts: what help, completions, manual and reference print."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moby.command_names import GROUPS

if TYPE_CHECKING:
    from cleo.application import Application
    from cleo.commands.command import Command as CleoCommand
    from cleo.io.inputs.option import Option

SECTIONS = {
    "Sign in": ("auth",),
    "Call": ("call", "calls", "caller-id", "rates"),
    "Money": ("balance", "topup", "topups", "transactions"),
    "moby itself": ("completions", "doctor", "help", "self-update"),
}
# What the value of an option is, where its own name does not say it.
_VALUES = {
    "allow": "PLACE",
    "caller-id": "PHONE",
    "expires": "DAYS",
    "from": "PHONE",
    "grace": "SECONDS",
    "limit": "NUMBER",
    "max-cost": "AMOUNT",
    "max-per-call": "AMOUNT",
    "max-per-day": "AMOUNT",
    "since": "DAY",
    "timeout": "SECONDS",
    "until": "DAY",
}


@dataclass(frozen=True)
class OptionFacts:
    name: str
    shortcut: str
    value: str  # the name of its value, empty for a flag
    description: str

    @property
    def usage(self) -> str:
        short = f"-{self.shortcut}, " if self.shortcut else ""
        return f"{short}--{self.name}" + (f" {self.value}" if self.value else "")


@dataclass(frozen=True)
class CommandFacts:
    name: str
    description: str
    help: str
    usage: str
    arguments: tuple[tuple[str, str], ...]
    options: tuple[OptionFacts, ...]


def describe(command: "CleoCommand") -> CommandFacts:
    # The command's own definition, without the words and options that all commands share.
    definition = command._definition
    arguments = tuple((a.name, a.description) for a in definition.arguments)
    words = [
        f"[{a.name.upper()}]" if not a.is_required() else a.name.upper()
        for a in definition.arguments
    ]
    usage = " ".join(["moby", str(command.name), *words])
    options = tuple(_option(o) for o in definition.options)
    return CommandFacts(
        str(command.name),
        command.description,
        command.help,
        f"{usage} [OPTIONS]" if options else usage,
        arguments,
        options,
    )


def shared_options(application: "Application") -> tuple[OptionFacts, ...]:
    return tuple(_option(o) for o in application.definition.options)


def all_commands(application: "Application") -> Iterator[CommandFacts]:
    """Every command that runs, in the order of the sections; groups and old names are left out."""
    commands = application.all()
    for heads in SECTIONS.values():
        for name in sorted(commands):
            is_group = name in GROUPS
            if name.split(" ")[0] in heads and not commands[name].hidden and not is_group:
                yield describe(commands[name])


def section_of(name: str) -> str:
    head = name.split(" ")[0]
    return next(title for title, heads in SECTIONS.items() if head in heads)


def _option(option: "Option") -> OptionFacts:
    named = _VALUES.get(option.name, option.name.rsplit("-", 1)[-1].upper())
    value = "" if option.is_flag() else named
    shortcut = (option.shortcut or "").split("|")[0]
    return OptionFacts(option.name, shortcut, value, option.description)
