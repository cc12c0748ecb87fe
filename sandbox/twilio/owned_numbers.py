"""The numbers that the account bought. https://www.twilio.com/docs/phone-numbers/api"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.ids import twilio_sid
from sandbox.twilio.answers import page_of, rfc2822
from sandbox.twilio.caller_ids import CallerIds

PATH = "/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers"
CAPABILITIES = {"voice": True, "sms": True, "mms": False, "fax": False}


class OwnedNumbers:
    def __init__(self, caller_ids: CallerIds, clock: Clock) -> None:
        self._caller_ids = caller_ids
        self._bought_at = rfc2822(clock.instant())
        self._sids: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        self.changes: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [Route(f"{PATH}.json", self.list_all, methods=["GET"])]

    def voice_url(self, number: str) -> str:
        return str(self._as_json(number, "")["voice_url"])

    async def list_all(self, request: Request) -> Response:
        """Twilio finds a number by any part of it."""
        part = request.query_params.get("PhoneNumber", "")
        account_sid = request.path_params["account_sid"]
        rows = [
            self._as_json(number, account_sid)
            for number in sorted(self._caller_ids.purchased)
            if part in number
        ]
        return JSONResponse(page_of(request, "incoming_phone_numbers", rows))

    def _as_json(self, number: str, account_sid: str) -> dict[str, Any]:
        sid = self._sids.setdefault(number, twilio_sid("PN"))
        return {
            "sid": sid,
            "account_sid": account_sid,
            "phone_number": number,
            "friendly_name": number,
            "capabilities": CAPABILITIES,
            "status": "in-use",
            "voice_url": "https://handler.twilio.com/twiml/EH" + "0" * 32,
            "voice_application_sid": "",
            "date_created": self._bought_at,
            "date_updated": self._bought_at,
            "uri": f"{PATH.format(account_sid=account_sid)}/{sid}.json",
            **self.changes,
        }
