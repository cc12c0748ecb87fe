"""Every command, option and topic as plain facts: help in all formats is written from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moby.command_names import GROUPS
from moby.errors import MEANINGS

if TYPE_CHECKING:
    from cleo.application import Application
    from cleo.commands.command import Command as CleoCommand
    from cleo.io.inputs.option import Option

SECTIONS = {
    "Sign in": ("auth", "logout", "whoami"),
    "Call": ("call", "calls", "agent", "keys", "caller-id", "rates"),
    "Money": ("balance", "topup", "topups", "transactions"),
    "moby itself": ("completions", "config", "doctor", "help", "self-update", "version"),
}
# Names for the values of options, where the name of the option does not say it; those of one
# command come first.
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
    "rates from": "COUNTRY",
    "since": "DAY",
    "timeout": "SECONDS",
    "until": "DAY",
}
# A test types each, so that none has an option that is not there.
_EXAMPLES: dict[str, tuple[str, ...]] = {
    "agent run": ("agent run", "agent run --headless"),
    "agent status": ("agent status", "agent status --json"),
    "agent stop": ("agent stop",),
    "auth login": (
        "auth login",
        "auth login --allow GB",
        "auth login --max-per-day 5.00",
    ),
    "auth logout": ("auth logout", "auth logout --all"),
    "auth refresh": ("auth refresh", "auth refresh --grace 0"),
    "auth sessions list": ("auth sessions list",),
    "auth sessions revoke": ("auth sessions revoke tok_2",),
    "auth status": ("auth status", "auth status --json", "auth status --offline"),
    "auth token": ("auth token",),
    "balance": ("balance", "balance --json"),
    "call": (
        'call "020 7946 0018" --country GB',
        "call +442079460018 --max-minutes 10 --max-cost 2.00",
        "call +442079460018 --computer",
        "call +442079460018 --dry-run",
    ),
    "caller-id ask-for-key": ("caller-id ask-for-key", "caller-id ask-for-key off"),
    "caller-id confirm": ("caller-id confirm 123456",),
    "caller-id call-mode": ("caller-id call-mode", "caller-id call-mode computer"),
    "caller-id country": ("caller-id country", "caller-id country GB"),
    "caller-id default": ("caller-id default +447400123456",),
    "caller-id list": ("caller-id list",),
    "caller-id only-my-number": ("caller-id only-my-number", "caller-id only-my-number on"),
    "caller-id register": ("caller-id register +447400123456",),
    "caller-id remove": ("caller-id remove +447400123456",),
    "caller-id request": (
        "caller-id request 07400123456 --country GB",
        "caller-id request +447400123456 --channel call",
    ),
    "calls hangup": ("calls hangup", "calls hangup call_1"),
    "calls list": (
        "calls list --state ended --since 7d",
        "calls list --country Germany --limit 5",
        "calls list --csv",
    ),
    "calls show": ("calls show", "calls show call_1 --json", "calls show --web"),
    "completions": ("completions bash", "completions --install"),
    "config get": ("config get country",),
    "config list": ("config list", "config list --json"),
    "config set": ("config set country GB", "config set confirm-above 1.00"),
    "doctor": ("doctor",),
    "help": ("help calls list", "help exit-codes"),
    "keys": ("keys '1#'", "keys call_1 '1#'"),
    "login": ("login",),
    "logout": ("logout",),
    "rates": ("rates GB", "rates Ghana", "rates +442079460018"),
    "self-update": ("self-update --check", "self-update"),
    "status": ("status",),
    "topup": ("topup 20 --open", "topup 20 --json"),
    "topups list": ("topups list", "topups list --all"),
    "topups show": ("topups show", "topups show top_1"),
    "transactions": ("transactions --since 7d", "transactions --csv"),
    "version": ("version",),
    "whoami": ("whoami",),
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
    examples: tuple[str, ...]
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
    options = tuple(_option(o, str(command.name)) for o in definition.options)
    return CommandFacts(
        str(command.name),
        command.description,
        command.help,
        f"{usage} [OPTIONS]" if options else usage,
        tuple(f"moby {words}" for words in _EXAMPLES.get(str(command.name), ())),
        arguments,
        options,
    )


def shared_options(application: "Application") -> tuple[OptionFacts, ...]:
    return tuple(_option(o) for o in application.definition.options)


def _option(option: "Option", command: str = "") -> OptionFacts:
    last_word = option.name.rsplit("-", 1)[-1].upper()
    named = _VALUES.get(f"{command} {option.name}") or _VALUES.get(option.name, last_word)
    value = "" if option.is_flag() else named
    shortcut = (option.shortcut or "").split("|")[0]
    return OptionFacts(option.name, shortcut, value, option.description)


def sections(application: "Application") -> dict[str, list[CommandFacts]]:
    """Return every command that runs, by section; groups and old names are left out."""
    commands = application.all()
    names = [name for name in sorted(commands) if name not in GROUPS and not commands[name].hidden]
    return {
        title: [describe(commands[name]) for name in names if name.split(" ")[0] in heads]
        for title, heads in SECTIONS.items()
    }


def all_commands(application: "Application") -> Iterator[CommandFacts]:
    """Yield the commands in the order of the sections."""
    for commands in sections(application).values():
        yield from commands


_EXIT_CODES = "\n".join(f"  {code.value:<3}  {meaning}" for code, meaning in MEANINGS.items())

# The pages of moby help that belong to no single command.
TOPICS: dict[str, str] = {
    "exit-codes": f"""What moby ends with:

{_EXIT_CODES}
""",
    "environment": """Variables that moby reads:

  MOBY_HOST           the server (where moby came from, or https://mobayilo.com)
  MOBY_TOKEN          a token, before any stored one
  MOBY_TOKEN_FILE     a file that holds a token, after MOBY_TOKEN
  MOBY_PROFILE        the profile, where you have several sign-ins (default)
  MOBY_CONFIG_DIR     where moby keeps its files (~/.config/moby)
  MOBY_KEYRING        off: never use the system's keyring
  MOBY_CONFIRM_ABOVE  ask before calls above this price a minute (0.50)
  MOBY_BROWSER        the Chrome or Chromium that --headless uses
  MOBY_AGENT_PORT     the port of the agent on this computer (7788)
  NO_COLOR            no colours
  BROWSER             the browser to open
  HTTPS_PROXY         the proxy of a server that is not on this machine
  ALL_PROXY           the same, where HTTPS_PROXY is not set
  NO_PROXY            servers that are asked without the proxy
  REQUESTS_CA_BUNDLE  certificates to trust; else CURL_CA_BUNDLE, SSL_CERT_FILE

A token is taken from the first of: --token, MOBY_TOKEN, MOBY_TOKEN_FILE, the
keyring, the file of the profile. moby auth status names the one in use.
""",
    "json": """With --json, stdout is exactly one JSON document. On failure stdout is empty and
stderr ends with one object:

  {"error": {"code", "message", "hint", "request_id", "retryable"}}

"details" is added where the server gives some, such as the candidates of an
ambiguous number. moby auth status --json always prints its document, and
its exit code shows the state. Money is a decimal string in US dollars.
""",
    "options": """Options of every command, before or after its name:

  --json              print one JSON document instead of text
  --host HOST         the server to use
  --token TOKEN       a token for this command; other users may see it
  --profile PROFILE   the profile to use, where you have several sign-ins
  -q, --quiet         print only errors, and what --json and --csv give
  -v, --verbose       show requests; -vvv shows bodies; secrets never
  -n, --no-interaction  never ask
  --ansi, --no-ansi   force or forbid colours
  -h, --help          help for the command
  -V, --version       the version of moby
""",
}
