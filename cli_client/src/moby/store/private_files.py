"""Files that only their owner may read: 0600 in a 0700 folder, replaced whole, never a symlink."""

import errno
import json
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from moby.errors import MobyError

_LOCK_SECONDS = 5.0
_LOCKLESS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP}
# For a file that does not hold what moby wrote there.
REMEDY = "Repair it, or remove it and sign in again: moby auth login"
# Files that others could read until this run, which a note names at its end.
tightened: list[Path] = []


def read_json(path: Path) -> dict[str, object]:
    """Return the object in the file, or an empty one where there is no file."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _unreadable(path, error) from error
    with os.fdopen(handle, encoding="utf-8") as file:
        facts = os.fstat(file.fileno())
        if hasattr(os, "getuid") and facts.st_uid not in (os.getuid(), 0):
            raise _unreadable(path, OSError("it belongs to another user"))
        if facts.st_mode & 0o077:
            with suppress(OSError):
                os.fchmod(file.fileno(), 0o600)
                # A drive without permissions (Windows, in WSL) takes the call and changes nothing.
                if not os.fstat(file.fileno()).st_mode & 0o077:
                    tightened.append(path)
        try:
            document = json.load(file)
        except ValueError as error:
            raise _broken(path) from error
    if not isinstance(document, dict):
        raise _broken(path)
    return document


def write_json(path: Path, document: dict[str, object]) -> None:
    """Write a new file beside the old one and put it in its place."""
    with _draft(path) as draft, draft.open("w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
        draft.replace(path)


def check_writable(path: Path) -> None:
    """Raise the error that writing the file would raise, and leave the file as it is."""
    with _draft(path) as draft:
        draft.unlink()


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """Yield an empty file beside the one to be written; remove it afterwards in any case."""
    prepare_folder(path.parent)
    if path.is_symlink():
        raise _unreadable(path, OSError("it is a symbolic link"))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            yield draft
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _unreadable(path, error) from error


def remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unreadable(path, error) from error


def prepare_folder(folder: Path) -> None:
    """Make a folder that only this user may enter; refuse one that is a link or another user's."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        raise _unreadable(folder, error) from error
    if not stat.S_ISDIR(facts.st_mode):
        raise _unreadable(folder, OSError("it is a symbolic link or no folder"))
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        raise _unreadable(folder, OSError("it belongs to another user"))
    if facts.st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except OSError as error:
            raise _unreadable(folder, error) from error


@contextmanager
def locked(
    folder: Path, name: str = "lock", *, wait_seconds: float = _LOCK_SECONDS
) -> Iterator[None]:
    """Let one process at a time through; give up after the time with `bad_configuration`."""
    prepare_folder(folder)
    if sys.platform == "win32":
        yield
        return
    import fcntl

    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(folder / name, flags, 0o600)
    except OSError as error:
        raise _unreadable(folder / name, error) from error
    try:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise MobyError(
                        "bad_configuration",
                        f"another moby holds {folder / name}",
                        "Wait for the other command to end, then try again.",
                    ) from error
                time.sleep(0.05)
            except OSError as error:
                if error.errno not in _LOCKLESS:
                    raise _unreadable(folder / name, error) from error
                break  # a network drive without locks: writers replace files whole all the same
        yield
    finally:
        os.close(handle)


def _unreadable(path: Path, error: OSError) -> MobyError:
    reason = error.strerror or str(error)
    return MobyError(
        "insecure_file",
        f"{path} cannot be used: {reason}",
        "Make it a plain file or folder of your own, or set MOBY_CONFIG_DIR to another folder.",
    )


def _broken(path: Path) -> MobyError:
    return MobyError("bad_configuration", f"{path} is damaged: it is not a JSON object", REMEDY)
