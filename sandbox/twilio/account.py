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
        self.reset()

    def reset(self) -> None:
        self.kind = "Full"
        self.profile = "twilio-approved"

    @property
    def is_trial(self) -> bool:
        return self.kind == "Trial"

    @property
    def has_profile(self) -> bool:
        return self.profile == "twilio-approved"

    def routes(self) -> list[Route]:
        return [Route("/2010-04-01/Accounts/{sid}.json", self.fetch, methods=["GET"])]

    def trust_routes(self) -> list[Route]:
        return [Route("/v1/CustomerProfiles", self.list_profiles, methods=["GET"])]

    async def list_profiles(self, request: Request) -> Response:
        """https://www.twilio.com/docs/trust-hub/trusthub-rest-api/customer-profiles"""
        row = {
            "sid": "BU" + "0" * 32,
            "account_sid": self._settings.twilio_account_sid,
            "friendly_name": "Primary Customer Profile",
            "status": self.profile,
        }
        wanted = request.query_params.get("Status", self.profile)
        rows = [row] if wanted == self.profile else []
        return JSONResponse({"results": rows, "meta": {"key": "results", "next_page_url": None}})

    async def fetch(self, request: Request) -> Response:
        sid = request.path_params["sid"]
        if sid != self._settings.twilio_account_sid:
            raise not_found(request.url.path.removeprefix("/api.twilio.com"))
        return JSONResponse(
            {
                "sid": sid,
                "friendly_name": "Sandbox",
                "status": "active",
                "type": self.kind,
                "owner_account_sid": sid,
                "date_created": self._created_at,
                "date_updated": self._created_at,
                "uri": f"/2010-04-01/Accounts/{sid}.json",
                "subresource_uris": {"calls": f"/2010-04-01/Accounts/{sid}/Calls.json"},
            }
        )
