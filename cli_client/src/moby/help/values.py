"""Values of an account that a shell completes: ids, phones and profiles, each with its meaning."""

from collections.abc import Callable, Iterator

from moby.api.answers import CallerIds, Calls, Sessions, TopUps
from moby.api.client import Session
from moby.calls import STATES
from moby.text import cents_as_dollars

Values = Iterator[tuple[str, str]]
_NEWEST = {"limit": "20"}


def _calls(session: Session, state: str | None = None) -> Values:
    for call in session.api.get("calls", Calls, {**_NEWEST, "state": state})["items"]:
        yield call["call_id"], f"{call['to']}, {STATES.get(call['state'], call['state'])}"


def _topups(session: Session) -> Values:
    for topup in session.api.get("topups", TopUps, _NEWEST)["items"]:
        yield topup["topup_id"], f"{cents_as_dollars(topup['amount_cents'])}, {topup['status']}"


def _phones(session: Session) -> Values:
    for phone in session.api.get("caller-ids", CallerIds)["items"]:
        yield phone["e164"], "the default" if phone["is_default"] else "your phone"


def _devices(session: Session) -> Values:
    for device in session.api.get("sessions", Sessions, _NEWEST)["items"]:
        yield device["id"], device["device"]


def _profiles(session: Session) -> Values:
    for name, host, login in session.config.logins():
        yield name, f"{login.get('email', '')} on {host}"


KINDS: dict[str, Callable[[Session], Values]] = {
    "calls": _calls,
    "running": lambda session: _calls(session, "active"),
    "topups": _topups,
    "phones": _phones,
    "devices": _devices,
    "profiles": _profiles,
}
