"""Errors of one call. https://www.twilio.com/docs/usage/api/notification"""

import hashlib
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio.answers import not_found, page_of, rfc2822
from sandbox.twilio.leg import API_VERSION
from sandbox.twilio.switchboard import Switchboard

PATH = "/2010-04-01/Accounts/{account_sid}/Calls/{call_sid}/Notifications"
WARNING = "1"  # 0 is an error; every refusal of a <Dial> is a warning


class Notifications:
    def __init__(self, board: Switchboard) -> None:
        self._board = board

    def routes(self) -> list[Route]:
        return [Route(f"{PATH}.json", self.list_all, methods=["GET"])]

    async def list_all(self, request: Request) -> Response:
        leg = self._board.legs.get(request.path_params["call_sid"])
        if leg is None or leg.account_sid != request.path_params["account_sid"]:
            raise not_found(request.url.path.removeprefix("/api.twilio.com"))
        rows = [
            self._as_json(trouble, leg.account_sid)
            for trouble in self._board.troubles
            if trouble["call_sid"] == leg.sid
        ]
        return JSONResponse(page_of(request, "notifications", rows))

    def _as_json(self, trouble: dict[str, str], account_sid: str) -> dict[str, Any]:
        digest = hashlib.md5("".join(trouble.values()).encode(), usedforsecurity=False)
        sid = f"NO{digest.hexdigest()}"
        at = rfc2822(datetime.fromisoformat(trouble["at"]))
        path = PATH.format(account_sid=account_sid, call_sid=trouble["call_sid"])
        return {
            "sid": sid,
            "account_sid": account_sid,
            "call_sid": trouble["call_sid"],
            "api_version": API_VERSION,
            "log": WARNING,
            "error_code": trouble["error_code"],
            "message_text": trouble["message"],
            "more_info": f"https://www.twilio.com/docs/errors/{trouble['error_code']}",
            "message_date": at,
            "date_created": at,
            "date_updated": at,
            "request_method": "POST",
            "request_url": trouble["url"] or None,
            "uri": f"{path}/{sid}.json",
        }
