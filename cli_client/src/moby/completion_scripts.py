"""Completion for bash, zsh and fish, written from the commands themselves.

The scripts are plain text with everything in them, so that pressing Tab starts no Python.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from moby.catalogue import CommandFacts, OptionFacts, all_commands, shared_options
from moby.countries import CODES
from moby.topics import TOPICS

if TYPE_CHECKING:
    from moby.application import Application

_WORDS = {"rates": CODES, "completions": "bash zsh fish", "help": " ".join(TOPICS)}
_VALUES = {"country": CODES, "allow": CODES, "channel": "sms call"}


def script_for(shell: str, application: "Application") -> str:
    write: Callable[[Application], str] = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]
    return write(application)


def _words_after(commands: list[CommandFacts], groups: dict[str, str]) -> dict[str, dict[str, str]]:
    """What may follow each beginning of a command name, with what it means."""
    after: dict[str, dict[str, str]] = {}
    meanings = {**groups, **{c.name: c.description for c in commands}}
    for command in commands:
        words = command.name.split(" ")
        for position, word in enumerate(words):
            start = " ".join(words[:position])
            meaning = meanings.get(" ".join(words[: position + 1]), "")
            after.setdefault(start, {})[word] = meaning
    return after


def _flags(options: tuple[OptionFacts, ...]) -> str:
    return " ".join(f"--{option.name}" for option in options)


def _bash(application: "Application") -> str:
    commands, shared = list(all_commands(application)), shared_options(application)
    after = _words_after(commands, application.groups)
    cases = []
    for start in sorted({*after, *(c.name for c in commands)}):
        options = next((c.options for c in commands if c.name == start), ())
        words = " ".join(after.get(start, {})) or _WORDS.get(start, "")
        cases.append(f'    "{start}") words="{words}"; flags="{_flags(options)}" ;;')
    values = [
        f'    --{name}) COMPREPLY=($(compgen -W "{v}" -- "$cur")); return ;;'
        for name, v in _VALUES.items()
    ]
    starts = " | ".join(f'"{start}"' for start in sorted(after) if start)
    leaves = " | ".join(f'"{c.name}"' for c in commands)
    return _BASH.format(
        values="\n".join(values),
        cases="\n".join(cases),
        known=f"{starts} | {leaves}",
        shared=_flags(shared),
    )


_BASH = """\
# bash completion for moby
_moby() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local name="" word next words="" flags=""
  COMPREPLY=()
  case "$previous" in
{values}
    --host | --token | --profile) return ;;
  esac
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    next="${{name:+$name }}$word"
    case "$next" in
      {known}) name="$next" ;;
    esac
  done
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


def _zsh(application: "Application") -> str:
    commands, shared = list(all_commands(application)), shared_options(application)
    after = _words_after(commands, application.groups)
    cases = []
    for start in sorted({*after, *(c.name for c in commands)}):
        options = next((c.options for c in commands if c.name == start), ())
        words = [_zsh_pair(w, d) for w, d in after.get(start, {}).items()]
        words = words or _WORDS.get(start, "").split()
        flags = [_zsh_pair(f"--{o.name}", o.description) for o in options]
        cases.append(f"    '{start}') words_here=({' '.join(words)}); flags=({' '.join(flags)}) ;;")
    known = " | ".join(
        f"'{name}'" for name in sorted({*(s for s in after if s), *(c.name for c in commands)})
    )
    values = [f"    --{name}) compadd -- {v}; return ;;" for name, v in _VALUES.items()]
    return _ZSH.format(
        values="\n".join(values),
        cases="\n".join(cases),
        known=known,
        shared=" ".join(_zsh_pair(f"--{o.name}", o.description) for o in shared),
    )


def _zsh_pair(word: str, description: str) -> str:
    text = description.replace("'", "’").replace(":", ",")
    return f"'{word}:{text}'"


_ZSH = """\
#compdef moby
_moby() {{
  local name="" word next
  local -a words_here flags
  case "${{words[CURRENT-1]}}" in
{values}
    --host | --token | --profile) return ;;
  esac
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    next="${{name:+$name }}$word"
    case "$next" in
      {known}) name="$next" ;;
    esac
  done
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
compdef _moby moby
"""


def _fish(application: "Application") -> str:
    commands = list(all_commands(application))
    lines = [_FISH.strip("\n")]
    for start, words in _words_after(commands, application.groups).items():
        for word, meaning in words.items():
            lines.append(
                f"complete -c moby -f -n '__moby_at \"{start}\"' -a {word} -d {_fish_text(meaning)}"
            )
    lines += [f"complete -c moby{_fish_option(o)}" for o in shared_options(application)]
    for command in commands:
        where = f"-n '__moby_at \"{command.name}\"'"
        lines += [f"complete -c moby {where}{_fish_option(o)}" for o in command.options]
        if command.name in _WORDS:
            lines.append(f"complete -c moby -f {where} -a '{_WORDS[command.name]}'")
    return "\n".join(lines) + "\n"


def _fish_option(option: OptionFacts) -> str:
    short = f" -s {option.shortcut}" if option.shortcut else ""
    value = " -x" if option.value else ""
    choices = f" -a '{_VALUES[option.name]}'" if option.name in _VALUES else ""
    return f"{short} -l {option.name}{value}{choices} -d {_fish_text(option.description)}"


def _fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


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
