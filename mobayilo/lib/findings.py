"""Findings of a check before opening: a thing, whether it is right, and how to mend it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `is_right` is None where it cannot be known without an effect."""

    subject: str
    is_right: bool | None
    says: str
    remedy: str = ""


def right(subject: str, says: str) -> Finding:
    return Finding(subject, True, says)


def wrong(subject: str, says: str, remedy: str) -> Finding:
    return Finding(subject, False, says, remedy)


def unchecked(subject: str, why: str) -> Finding:
    return Finding(subject, None, why)


def judge(subject: str, is_right: bool, says: str, otherwise: str, remedy: str) -> Finding:
    """Return the finding that says one thing where it is right and another where it is not."""
    return right(subject, says) if is_right else wrong(subject, otherwise, remedy)
