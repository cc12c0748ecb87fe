"""Runs one command and turns whatever comes of it into an exit code and an error message."""

import traceback
from contextlib import suppress

from cleo.exceptions import CleoError
from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.stream_output import StreamOutput

from moby.cli.application import Application
from moby.cli.arguments import arrange, wants_json
from moby.cli.expiry_notice import warn_of_expiry
from moby.context import Context
from moby.errors import MobyError, interrupted
from moby.exit_codes import ExitCode
from moby.net.redaction import redact_text
from moby.store.private_files import tightened
from moby.text import clean


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
        from moby.cli.usage import usage_error

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
