"""Runs one command and turns whatever comes of it into an exit code and an error message."""

import re
import traceback
from contextlib import suppress
from difflib import get_close_matches

from cleo.exceptions import CleoError
from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.stream_output import StreamOutput

from moby.cli.application import Application
from moby.cli.arguments import arrange, named_command, negative_number, wants_json
from moby.cli.tracing import redact_text
from moby.context import Context
from moby.errors import ExitCode, MobyError, interrupted
from moby.help.catalogue import describe, shared_options
from moby.store.private_files import tightened
from moby.text import clean, days_until, from_now


def run(words: list[str], context: Context) -> int:
    application = Application(context)
    application.console.json = wants_json(words)
    tightened.clear()
    try:
        code = _run(application, words)
        _warn_of_loose_files(application)
        with suppress(MobyError):  # what was done is done, whatever a notice meets
            warn_of_expiry(application)
        application.console.finish()
        return code
    except MobyError as error:
        application.console.fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        application.console.fail(interrupted())
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # the last line of defence: no bare traceback
        application.console.fail(_internal_error(application, error))
        return ExitCode.FAILURE


def _warn_of_loose_files(application: Application) -> None:
    for path in dict.fromkeys(tightened):
        application.console.note(
            f"Note: other users could read {path}; now only you can. If others have been on this "
            "machine, sign in anew: moby auth login --force"
        )


def _run(application: Application, words: list[str]) -> int:
    source = ArgvInput(["moby", *arrange(words)])
    source.set_stream(application.context.stdin)
    out = StreamOutput(application.context.stdout)
    err = StreamOutput(application.context.stderr)
    try:
        return application.run(source, out, err)
    except CleoError as error:
        raise usage_error(error, words, application) from error


def _internal_error(application: Application, error: Exception) -> MobyError:
    if application.console.verbosity >= 2:
        # Frames without source lines or values: nothing secret can be in them.
        for frame in traceback.extract_tb(error.__traceback__):
            application.console.say(f"  {frame.filename}:{frame.lineno} in {frame.name}")
    reason = redact_text(clean(error))
    return MobyError(
        "internal_error",
        f"moby failed unexpectedly ({type(error).__name__}: {reason})",
        "That is a mistake in moby. Run it again with -vv and report what it prints.",
    )


_NOTICE_DAYS = 7


def warn_of_expiry(application: Application) -> None:
    session = application.session
    expires_at = session.token_expires_at if session else None
    if session is None or not expires_at:
        return
    if days_until(expires_at, session.context.clock.now()) >= _NOTICE_DAYS:
        return
    login = session.credentials.login
    today = from_now(0, session.context.clock.now())[:10]
    stored = session.credentials.sources()[:1] in (["keyring"], ["file"])
    if login is not None and stored:
        if login.get("warned_on") == today:
            return
        with suppress(MobyError):  # told again then, which harms less than not being told
            session.config.remember(session.profile, session.host, {**login, "warned_on": today})
    application.console.note(
        f"Note: this token expires {expires_at[:10]}. Renew it with: moby auth refresh"
    )


def usage_error(error: "CleoError", words: list[str], application: "Application") -> MobyError:
    name = named_command(words)
    more = f"See: moby {name} --help" if name else "See what there is: moby --help"
    number = negative_number(words)
    if number and name == "topup":
        what = f"{number} is not an amount: it is below zero"
        return MobyError("bad_amount", what, "For example: moby topup 20")
    if number:
        return MobyError("bad_amount", f"{number} is below zero", more)
    message, _, similar = str(error).partition("\n\n")
    meant = _similar_option(message, name, application) or _similar_commands(similar)
    return MobyError("usage", _plain(message), f"Did you mean: {meant}" if meant else more)


def _similar_option(message: str, name: str, application: "Application") -> str:
    unknown = re.fullmatch('The option "--(.+)" does not exist', message)
    if not unknown or not name:
        return ""
    options = (*describe(application.get(name)).options, *shared_options(application))
    close = get_close_matches(unknown[1], [option.name for option in options], 1)
    return f"--{close[0]}" if close else ""


def _similar_commands(text: str) -> str:
    """The best of those that Cleo names, one on each line after its question."""
    return ", ".join(f"moby {name.strip()}" for name in text.splitlines()[1:4])


def _plain(message: str) -> str:
    """Cleo's sentence in the manner of ours: no capital, no full stop."""
    text = clean(message).rstrip(".")
    return text[:1].lower() + text[1:]
