"""Outgoing caller IDs, and the call that validates one.

https://www.twilio.com/docs/voice/api/outgoing-caller-ids
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.forms import read_form
from sandbox.ids import decimal_code, twilio_sid
from sandbox.phones import Phones
from sandbox.settings import Settings
from sandbox.twilio.answers import TwilioError, not_found, page_of, read_number, rfc2822
from sandbox.twilio.dial import is_dialable
from sandbox.twilio.leg import Leg
from sandbox.twilio.permissions import DialingPermissions
from sandbox.twilio.switchboard import Switchboard

PATH = "/2010-04-01/Accounts/{account_sid}/OutgoingCallerIds"
TWILIO_NUMBER = "+14157234000"  # where the validation call comes from
FICTION = re.compile(r"\+1\d{3}55501\d\d")
KEYING_SECONDS = 6.0


@dataclass(kw_only=True)
class CallerId:
    account_sid: str
    phone_number: str
    friendly_name: str
    created_at: datetime
    sid: str = field(default_factory=lambda: twilio_sid("PN"))

    def as_json(self) -> dict[str, Any]:
        path = PATH.format(account_sid=self.account_sid)
        return {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "phone_number": self.phone_number,
            "friendly_name": self.friendly_name,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.created_at),
            "uri": f"{path}/{self.sid}.json",
        }


class CallerIds:
    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        phones: Phones,
        board: Switchboard,
        permissions: DialingPermissions,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._phones = phones
        self._board = board
        self._permissions = permissions
        self.reset()

    def reset(self) -> None:
        self._by_sid: dict[str, CallerId] = {}
        self._by_call: dict[str, CallerId] = {}
        number = self._settings.twilio_from_number
        self.purchased = {number} if number else set()

    def routes(self) -> list[Route]:
        return [
            Route(f"{PATH}.json", self.validate, methods=["POST"]),
            Route(f"{PATH}.json", self.list_all, methods=["GET"]),
            Route(f"{PATH}/{{sid}}.json", self.fetch, methods=["GET"]),
            Route(f"{PATH}/{{sid}}.json", self.delete, methods=["DELETE"]),
        ]

    def may_call_from(self, number: str) -> bool:
        """Return whether the number is ours. Numbers for fiction are, if no number was bought."""
        if number in self.purchased or (not self.purchased and FICTION.fullmatch(number)):
            return True
        return self.is_registered(number)

    def is_registered(self, number: str) -> bool:
        return any(one.phone_number == number for one in self._by_sid.values())

    async def validate(self, request: Request) -> Response:
        form = await read_form(request)
        number = form.get("PhoneNumber", "")
        if not is_dialable(number):
            raise TwilioError(400, 21401, f"Invalid phone number: {number}")
        if not self._permissions.may_call(number):
            raise TwilioError(400, 21215, f"Account not authorized to call {number}.")
        refusal = self._phones.behaviour(number, "customer").validation_error
        if refusal is not None:
            raise TwilioError(400, refusal, "Refused on demand")
        if self.is_registered(number):
            raise TwilioError(400, 21450, f"Phone number already validated: {number}")
        delay = read_number(form, "CallDelay", default=0, lowest=0, highest=60)
        code = decimal_code(6)
        name = form.get("FriendlyName") or number
        leg = self._board.open_leg(to=number, caller=TWILIO_NUMBER)
        leg.on_answer = lambda leg: leg.after(KEYING_SECONDS, lambda: self._heard(leg, name))
        leg.on_end = lambda leg: self._report(
            leg, form.get("StatusCallback"), form.get("StatusCallbackMethod", "POST")
        )
        leg.after(delay, lambda: self._board.ring(leg, timeout_seconds=30))
        return JSONResponse(
            {
                "account_sid": leg.account_sid,
                "call_sid": leg.sid,
                "friendly_name": name,
                "phone_number": number,
                "validation_code": code,
            }
        )

    async def list_all(self, request: Request) -> Response:
        query = request.query_params
        rows = [
            one.as_json()
            for one in self._by_sid.values()
            if query.get("PhoneNumber") in (None, one.phone_number)
            and query.get("FriendlyName") in (None, one.friendly_name)
        ]
        return JSONResponse(page_of(request, "outgoing_caller_ids", rows))

    async def fetch(self, request: Request) -> Response:
        return JSONResponse(self._find(request).as_json())

    async def delete(self, request: Request) -> Response:
        del self._by_sid[self._find(request).sid]
        return Response(status_code=204)

    def _find(self, request: Request) -> CallerId:
        one = self._by_sid.get(request.path_params["sid"])
        if one is None or one.account_sid != request.path_params["account_sid"]:
            raise not_found(request.url.path.removeprefix("/api.twilio.com"))
        return one

    def _heard(self, leg: Leg, name: str) -> None:
        keys_in = self._phones.behaviour(leg.to, "customer").keys_in_code
        if keys_in and not self.is_registered(leg.to):  # of two calls at once the first counts
            one = CallerId(
                account_sid=leg.account_sid,
                phone_number=leg.to,
                friendly_name=name,
                created_at=self._clock.instant(),
            )
            self._by_sid[one.sid] = self._by_call[leg.sid] = one
        self._board.end(leg, "completed")

    def _report(self, leg: Leg, url: str | None, method: str) -> None:
        if not url:
            return
        done = self._by_call.get(leg.sid)
        fields = leg.fields() | {"VerificationStatus": "success" if done else "failed"}
        if done:
            fields["OutgoingCallerIdSid"] = done.sid
        self._board.send(kind="caller_id", url=url, method=method, fields=fields)
