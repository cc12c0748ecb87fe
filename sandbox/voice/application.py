"""The TwiML app that clients call. https://www.twilio.com/docs/usage/api/applications"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.settings import Settings
from sandbox.twilio.answers import not_found, rfc2822
from sandbox.twilio.leg import API_VERSION

PATH = f"/{API_VERSION}/Accounts/{{account_sid}}/Applications/{{sid}}"


class Application:
    """`changes` are fields that the account's owner set otherwise than the product needs them."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._created_at = rfc2822(clock.instant())
        self.reset()

    def reset(self) -> None:
        self.changes: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [Route(f"{PATH}.json", self.fetch, methods=["GET"])]

    async def fetch(self, request: Request) -> Response:
        given = request.path_params["account_sid"], request.path_params["sid"]
        if given != (self._settings.twilio_account_sid, self._settings.twilio_twiml_app_sid):
            raise not_found(request.url.path.removeprefix("/api.twilio.com"))
        return JSONResponse(self.as_json())

    def as_json(self) -> dict[str, Any]:
        account_sid, sid = self._settings.twilio_account_sid, self._settings.twilio_twiml_app_sid
        webhook = f"{self._settings.web_url}/webhooks/twilio/client"
        return {
            "sid": sid,
            "account_sid": account_sid,
            "friendly_name": "Sandbox",
            "api_version": API_VERSION,
            "voice_url": webhook,
            "voice_method": "POST",
            "voice_fallback_url": None,
            "voice_fallback_method": "POST",
            "voice_caller_id_lookup": False,
            "status_callback": f"{webhook}/status",
            "status_callback_method": "POST",
            "sms_url": None,
            "sms_method": "POST",
            "sms_fallback_url": None,
            "sms_fallback_method": "POST",
            "sms_status_callback": None,
            "message_status_callback": None,
            "public_application_connect_enabled": False,
            "date_created": self._created_at,
            "date_updated": self._created_at,
            "uri": f"{PATH.format(account_sid=account_sid, sid=sid)}.json",
            **self.changes,
        }
