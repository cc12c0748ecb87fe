"""Completion for bash, zsh and fish, written from the commands themselves.

The scripts are plain text with the words in them, so that Tab starts no Python. Only values of the
account, such as ids, are asked for: `moby completions --values KIND`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from moby.calls import STATES
from moby.command_names import GROUPS
from moby.help.catalogue import TOPICS, OptionFacts, all_commands, shared_options
from moby.help.pages import man_page
from moby.store.settings import COUNTRY_CODES, SETTINGS

if TYPE_CHECKING:
    from cleo.application import Application

_WORDS = {
    "rates": COUNTRY_CODES,
    "completions": "bash zsh fish",
    "config get": " ".join(SETTINGS),
    "config set": " ".join(SETTINGS),
    "help": " ".join(TOPICS),
}
_VALUES = {
    "country": COUNTRY_CODES,
    "allow": COUNTRY_CODES,
    "channel": "sms call",
    "state": f"active {' '.join(STATES)}",
}
# Commands, and options, whose values moby is asked for, by the kinds of moby.help.values.
_ASKED_WORDS = {
    "auth sessions revoke": "devices",
    "caller-id default": "phones",
    "caller-id register": "phones",
    "caller-id remove": "phones",
    "calls hangup": "running",
    "calls show": "calls",
    "keys": "running",
    "topups show": "topups",
}
# The --from of `rates` is a country, so that of `call` has its command before it.
_ASKED_VALUES = {"--caller-id": "phones", "--profile": "profiles", "call --from": "phones"}


def shared_files(application: "Application") -> dict[str, str]:
    """Return the texts of the manual page and the completions, by their paths below `share`."""
    return {
        "man/man1/moby.1": man_page(application),
        "bash-completion/completions/moby": script_for("bash", application),
        "zsh/site-functions/_moby": script_for("zsh", application),
        "fish/vendor_completions.d/moby.fish": script_for("fish", application),
    }


@dataclass(frozen=True)
class Position:
    """A beginning of a command line, and the words and options that may follow it."""

    name: str
    words: dict[str, str]
    options: tuple[OptionFacts, ...]


def _positions(application: "Application") -> list[Position]:
    commands = {c.name: c for c in all_commands(application)}
    meanings = {**GROUPS, **{c.name: c.description for c in commands.values()}}
    after: dict[str, dict[str, str]] = {name: {} for name in commands}
    for name in commands:
        words = name.split(" ")
        for position, word in enumerate(words):
            meaning = meanings.get(" ".join(words[: position + 1]), "")
            after.setdefault(" ".join(words[:position]), {})[word] = meaning
    return [
        Position(name, after[name], commands[name].options if name in commands else ())
        for name in sorted(after)
    ]


def script_for(shell: str, application: "Application") -> str:
    """Return the script of bash, zsh or fish."""
    if shell == "fish":
        return _fish(application)
    is_bash = shell == "bash"
    template, case, value, ask, asks = (_BASH, *_BASH_CASES) if is_bash else (_ZSH, *_ZSH_CASES)
    quote = '"' if is_bash else "'"
    positions = _positions(application)

    def described(words: dict[str, str]) -> str:
        if is_bash:
            return " ".join(words)
        # _describe divides at the first colon; one in the description stands behind a backslash.
        texts = [text.replace("'", "’").replace(":", "\\:") for text in words.values()]
        return " ".join(f"'{word}:{text}'" for word, text in zip(words, texts, strict=True))

    def flags(options: tuple[OptionFacts, ...]) -> str:
        return described({f"--{option.name}": option.description for option in options})

    def asked(name: str) -> str:
        return asks.format(kind=_ASKED_WORDS[name]) if name in _ASKED_WORDS else ""

    cases = [
        case.format(
            name=p.name,
            words=described(p.words) or _WORDS.get(p.name) or asked(p.name),
            flags=flags(p.options),
        )
        for p in positions
    ]
    return template.format(
        values="\n".join(
            [value.format(name=name, words=words) for name, words in _VALUES.items()]
            + [ask.format(end=end, kind=kind) for end, kind in _ASKED_VALUES.items()]
        ),
        cases="\n".join(cases),
        known=" | ".join(f"{quote}{p.name}{quote}" for p in positions if p.name),
        shared=flags(shared_options(application)),
    )


# A position of the command line, and an option whose values are known.
_BASH_CASES = (
    '    "{name}") words="{words}"; flags="{flags}" ;;',
    '    *" --{name}") COMPREPLY=($(compgen -W "{words}" -- "$cur")); return ;;',
    '    *"{end}") COMPREPLY=($(compgen -W "$(_moby_values {kind})" -- "$cur")); return ;;',
    "$(_moby_values {kind})",
)
# A line of moby is a value, a tab and its meaning; _describe wants a colon between.
_ZSH_ASKS = "${{(@)${{(f)\"$(moby completions --values {kind} 2>/dev/null)\"}}//$'\\t'/:}}"
_ZSH_CASES = (
    "    '{name}') words_here=({words}); flags=({flags}) ;;",
    "    *' --{name}') compadd -- {words}; return ;;",
    "    *'{end}') words_here=({asks}); _describe value words_here; return ;;".replace(
        "{asks}", _ZSH_ASKS
    ),
    _ZSH_ASKS,
)
_BASH = """\
# bash completion for moby
_moby_values() {{ moby completions --values "$1" 2>/dev/null | cut -f1; }}
_moby() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local name="" word next words="" flags=""
  COMPREPLY=()
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next="${{name:+$name }}$word"
    case "$next" in
      {known}) name="$next" ;;
    esac
  done
  case "$name $previous" in
{values}
    *" --host" | *" --token") return ;;
  esac
  case "$name" in
{cases}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags {shared}" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}}
complete -F _moby moby
"""


_ZSH = """\
#compdef moby
_moby() {{
  local name="" word next
  local -a words_here flags
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    next="${{name:+$name }}$word"
    case "$next" in
      {known}) name="$next" ;;
    esac
  done
  case "$name ${{words[CURRENT-1]}}" in
{values}
    *' --host' | *' --token') return ;;
  esac
  case "$name" in
{cases}
  esac
  if [[ "${{words[CURRENT]}}" == -* ]]; then
    flags+=({shared})
    _describe option flags
  else
    _describe command words_here
  fi
}}
# Autoloaded, the file is the body of the first call; sourced, it only says what completes moby.
if [[ "${{funcstack[1]}}" == _moby ]]; then
  _moby "$@"
else
  compdef _moby moby
fi
"""


def _fish(application: "Application") -> str:
    lines = [_FISH.strip("\n")]
    lines += [f"complete -c moby{_fish_option(o)}" for o in shared_options(application)]
    for p in _positions(application):
        where = f"-n '__moby_at \"{p.name}\"'"
        lines += [
            f"complete -c moby -f {where} -a {word} -d {_fish_text(meaning)}"
            for word, meaning in p.words.items()
        ]
        lines += [f"complete -c moby {where}{_fish_option(o, p.name)}" for o in p.options]
        if p.name in _WORDS:
            lines.append(f"complete -c moby -f {where} -a '{_WORDS[p.name]}'")
        if kind := _ASKED_WORDS.get(p.name):
            lines.append(f"complete -c moby -f {where} -a '{_FISH_ASKS.format(kind=kind)}'")
    return "\n".join(lines) + "\n"


def _fish_option(option: OptionFacts, command: str = "") -> str:
    short = f" -s {option.shortcut}" if option.shortcut else ""
    value = " -x" if option.value else ""
    typed = f"{command} --{option.name}"
    asked = next((kind for end, kind in _ASKED_VALUES.items() if typed.endswith(end)), None)
    offered = _FISH_ASKS.format(kind=asked) if asked else _VALUES.get(option.name)
    choices = f" -a '{offered}'" if offered else ""
    return f"{short} -l {option.name}{value}{choices} -d {_fish_text(option.description)}"


def _fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH_ASKS = "(moby completions --values {kind} 2>/dev/null)"
_FISH = """
# fish completion for moby
function __moby_at
  set -l words (commandline -opc)
  set -l plain
  for word in $words[2..-1]
    string match -q -- '-*' $word; or set -a plain $word
  end
  test "$plain" = "$argv[1]"
end
complete -c moby -f
"""
