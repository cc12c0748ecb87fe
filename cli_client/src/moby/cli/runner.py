"""The run of one command: every outcome becomes an exit code, a failure an error message too."""

import re
import traceback
from contextlib import suppress

from cleo.exceptions import CleoError
from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.stream_output import StreamOutput

from moby.cli.application import Application
from moby.cli.arguments import arrange, usage_error, wants_json
from moby.cli.tracing import redact_text
from moby.context import Context
from moby.errors import ExitCode, MobyError, interrupted
from moby.store.private_files import tightened
from moby.text import clean, days_until, from_now

_NOTICE_DAYS = 7
# Python hands on bytes that are not UTF-8 as halves of surrogate pairs.
_NO_TEXT = re.compile("[\ud800-\udfff]")


def run(words: list[str], context: Context) -> int:
    application = Application(context)
    console = application.console
    console.json = wants_json(words)
    tightened.clear()
    try:
        if unreadable := next(filter(_NO_TEXT.search, words), None):
            raise MobyError("usage", f"{unreadable!r} is not text in UTF-8", "Write it again.")
        source = ArgvInput(["moby", *arrange(words)])
        source.set_stream(context.stdin)
        out, err = StreamOutput(context.stdout), StreamOutput(context.stderr)
        try:
            code = application.run(source, out, err)
        except CleoError as error:
            raise usage_error(error, words, application) from error
        for path in dict.fromkeys(tightened):
            console.remark(
                f"Note: other users could read {path}; now only you can. If others have been on "
                "this machine, sign in again: moby auth login --force"
            )
        with suppress(MobyError):  # what was done is done, whatever a notice meets
            warn_of_expiry(application)
        console.finish()
        return code
    except MobyError as error:
        console.fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        console.fail(interrupted())
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # the last line of defence: no bare traceback
        if console.verbosity >= 2:
            # Frames without source lines or values: nothing secret can be in them.
            for frame in traceback.extract_tb(error.__traceback__):
                console.say(f"  {frame.filename}:{frame.lineno} in {frame.name}")
        failed = f"moby failed unexpectedly ({type(error).__name__}: {redact_text(clean(error))})"
        hint = "That is a mistake in moby. Run it again with -vv and report what it prints."
        console.fail(MobyError("internal_error", failed, hint))
        return ExitCode.FAILURE


def warn_of_expiry(application: Application) -> None:
    """Say that the token expires soon; for a stored one at most once a day."""
    session = application.session
    expires_at = session.token_expires_at if session else None
    if session is None or not expires_at:
        return
    if days_until(expires_at, session.context.clock.now()) >= _NOTICE_DAYS:
        return
    login = session.credentials.login
    today = from_now(0, session.context.clock.now())[:10]
    is_stored = session.credentials.sources()[:1] in (["keyring"], ["file"])
    if login is not None and is_stored:
        if login.get("warned_on") == today:
            return
        with suppress(MobyError):  # a second warning harms less than none
            session.config.remember(session.profile, session.host, {**login, "warned_on": today})
    application.console.remark(
        f"Note: this token expires {expires_at[:10]}. Renew it with: moby auth refresh"
    )
