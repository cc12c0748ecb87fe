"""The account itself, so that its credentials can be tried. https://www.twilio.com/docs/iam/api/account"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.settings import Settings
from sandbox.twilio.answers import not_found, rfc2822


class Account:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._created_at = rfc2822(clock.instant())

    def routes(self) -> list[Route]:
        return [Route("/2010-04-01/Accounts/{sid}.json", self.fetch, methods=["GET"])]

    async def fetch(self, request: Request) -> Response:
        sid = request.path_params["sid"]
        if sid != self._settings.twilio_account_sid:
            raise not_found(request.url.path.removeprefix("/api.twilio.com"))
        return JSONResponse(
            {
                "sid": sid,
                "friendly_name": "Sandbox",
                "status": "active",
                "type": "Full",
                "owner_account_sid": sid,
                "date_created": self._created_at,
                "date_updated": self._created_at,
                "uri": f"/2010-04-01/Accounts/{sid}.json",
                "subresource_uris": {"calls": f"/2010-04-01/Accounts/{sid}/Calls.json"},
            }
        )
