"""Verify v2: a code sent to a number, and checked. https://www.twilio.com/docs/verify/api"""

from dataclasses import dataclass, field
from typing import Any

import phonenumbers
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.forms import read_form
from sandbox.ids import decimal_code, twilio_sid
from sandbox.phones import Message, Phones
from sandbox.settings import Settings
from sandbox.twilio.answers import TwilioError, iso8601, not_found
from sandbox.twilio.dial import is_dialable
from sandbox.twilio.reach import UNVERIFIED, Reach

PATH = "/v2/Services/{service_sid}"
BASE = "https://verify.twilio.com/v2/Services"
LIFE_SECONDS = 600
MAX_SENDS = 5
MAX_CHECKS = 5
CHANNELS = ("sms", "call")
SERVICE_NAME = "Mobayilo"
# HTTP status and text of what Verify answers on demand. https://www.twilio.com/docs/api/errors
REFUSALS = {
    21608: (400, "The 'to' phone number provided is not yet verified for this account"),
    60200: (400, "Invalid parameter `To`"),
    60202: (429, "Max check attempts reached"),
    60203: (429, "Max send attempts reached"),
    60205: (403, "SMS is not supported by landline phone number"),
    60207: (429, "Max rate limit reached"),
    60212: (429, "Too many concurrent requests for phone number"),
    60220: (403, "Verification not allowed to this destination in this region"),
    60223: (403, "Delivery channel disabled"),
    60238: (403, "Verification creation is blocked"),
    60410: (403, "The destination phone number has been temporarily blocked by Twilio"),
    60605: (403, "Verification delivery attempt blocked: geo permissions of Verify"),
    20429: (429, "Too Many Requests"),
}


def refusal(code: int) -> TwilioError:
    status, message = REFUSALS.get(code, (400, "Refused on demand"))
    return TwilioError(status, code, message)


@dataclass(kw_only=True)
class Verification:
    account_sid: str
    service_sid: str
    to: str
    channel: str
    code: str
    began: float
    began_at: str
    updated_at: str
    status: str = "pending"
    checks: int = 0
    sends: list[dict[str, str]] = field(default_factory=list)
    sid: str = field(default_factory=lambda: twilio_sid("VE"))

    def _common(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "service_sid": self.service_sid,
            "account_sid": self.account_sid,
            "to": self.to,
            "channel": self.channel,
            "status": self.status,
            "valid": self.status == "approved",
            "amount": None,
            "payee": None,
            "date_created": self.began_at,
            "date_updated": self.updated_at,
        }

    def as_json(self) -> dict[str, Any]:
        return self._common() | {
            "lookup": {"carrier": None},
            "send_code_attempts": self.sends,
            "sna": None,
            "url": f"{BASE}/{self.service_sid}/Verifications/{self.sid}",
        }

    def check_json(self) -> dict[str, Any]:
        return self._common() | {"sna_attempts_error_codes": []}


class Verify:
    def __init__(self, settings: Settings, clock: Clock, phones: Phones, reach: Reach) -> None:
        self._settings = settings
        self._clock = clock
        self._phones = phones
        self._reach = reach
        self._created_at = iso8601(clock.instant())
        self._open: dict[str, Verification] = {}  # by number

    def reset(self) -> None:
        self._open.clear()

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.fetch_service, methods=["GET"]),
            Route(f"{PATH}/Verifications", self.create, methods=["POST"]),
            Route(f"{PATH}/Verifications/{{sid}}", self.update, methods=["POST"]),
            Route(f"{PATH}/VerificationCheck", self.check, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        self._check_service(request)
        form = await read_form(request)
        to, channel = form.get("To", ""), form.get("Channel", "")
        self._check_target(to, channel)
        one = self._pending(to) or self._begin(to, form)
        if len(one.sends) >= MAX_SENDS:
            raise refusal(60203)
        one.channel, one.updated_at = channel, iso8601(self._clock.instant())
        attempt = {"time": one.updated_at, "channel": channel, "attempt_sid": twilio_sid("VL")}
        one.sends.append(attempt)
        self._send_code(one, form.get("CustomFriendlyName", SERVICE_NAME))
        return JSONResponse(one.as_json(), status_code=201)

    async def update(self, request: Request) -> Response:
        one = self._find(request, sid=request.path_params["sid"])
        status = (await read_form(request)).get("Status", "")
        if status not in ("canceled", "approved"):
            raise TwilioError(400, 60200, f"Invalid parameter `Status`: {status}")
        self._close(one, status)
        return JSONResponse(one.as_json())

    async def check(self, request: Request) -> Response:
        form = await read_form(request)
        code = form.get("Code", "")
        if not code.isdigit() or not 4 <= len(code) <= 10:
            raise TwilioError(400, 60200, "Invalid parameter `Code`")
        if not form.get("To") and not form.get("VerificationSid"):
            raise TwilioError(400, 60200, "Missing parameter `To` or `VerificationSid`")
        one = self._find(request, sid=form.get("VerificationSid"), to=form.get("To"))
        if one.checks >= MAX_CHECKS:
            one.status = "max_attempts_reached"
            raise refusal(60202)
        one.checks += 1
        one.updated_at = iso8601(self._clock.instant())
        if code == one.code:
            self._close(one, "approved")
        return JSONResponse(one.check_json(), status_code=201)

    async def fetch_service(self, request: Request) -> Response:
        self._check_service(request)
        url = f"{BASE}/{self._settings.twilio_verify_service_sid}"
        return JSONResponse(
            {
                "sid": self._settings.twilio_verify_service_sid,
                "account_sid": self._settings.twilio_account_sid,
                "friendly_name": SERVICE_NAME,
                "code_length": 6,
                "lookup_enabled": True,
                "psd2_enabled": False,
                "skip_sms_to_landlines": True,
                "dtmf_input_required": False,
                "tts_name": None,
                "do_not_share_warning_enabled": False,
                "custom_code_enabled": False,
                "push": None,
                "totp": None,
                "default_template_sid": None,
                "whatsapp": None,
                "passkeys": None,
                "verify_event_subscription_enabled": False,
                "date_created": self._created_at,
                "date_updated": self._created_at,
                "url": url,
                "links": {"verifications": f"{url}/Verifications"},
            }
        )

    def _check_service(self, request: Request) -> None:
        if request.path_params["service_sid"] != self._settings.twilio_verify_service_sid:
            raise not_found(request.url.path.removeprefix("/verify.twilio.com"))

    def _check_target(self, to: str, channel: str) -> None:
        if not is_dialable(to):
            raise TwilioError(400, 60200, f"Invalid parameter `To`: {to}")
        if channel not in CHANNELS:
            raise TwilioError(400, 60200, f"Invalid parameter `Channel`: {channel}")
        error = self._phones.behaviour(to, "customer").verify_error
        if error is not None:
            raise refusal(error)
        if self._reach.find_refusal(to) is UNVERIFIED:
            raise refusal(21608)
        if channel == "sms" and is_landline(to):
            raise refusal(60205)

    def _begin(self, to: str, form: QueryParams) -> Verification:
        now = iso8601(self._clock.instant())
        one = self._open[to] = Verification(
            account_sid=self._settings.twilio_account_sid,
            service_sid=self._settings.twilio_verify_service_sid,
            to=to,
            channel=form["Channel"],
            code=decimal_code(6),
            began=self._clock.wall.now(),
            began_at=now,
            updated_at=now,
        )
        return one

    def _pending(self, to: str) -> Verification | None:
        """Return the open verification: a number has one code for ten minutes, also sent again."""
        one = self._open.get(to)
        if one and self._clock.wall.now() - one.began >= LIFE_SECONDS:
            del self._open[to]
            return None
        return one

    def _find(
        self, request: Request, *, sid: str | None = None, to: str | None = None
    ) -> Verification:
        """Return an open verification. An approved, canceled or expired one is gone: 20404."""
        self._check_service(request)
        if to is None:
            to = next((one.to for one in self._open.values() if one.sid == sid), "")
        one = self._pending(to)
        if one is None or sid not in (None, one.sid):
            raise not_found(request.url.path.removeprefix("/verify.twilio.com"))
        return one

    def _close(self, one: Verification, status: str) -> None:
        one.status = status
        one.updated_at = iso8601(self._clock.instant())
        del self._open[one.to]

    def _send_code(self, one: Verification, sender: str) -> None:
        body = f"Your {sender} verification code is: {one.code}"
        self._phones.deliver(
            Message(to=one.to, channel=one.channel, body=body, sent_at=self._clock.instant())
        )


def is_landline(number: str) -> bool:
    kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    return kind == phonenumbers.PhoneNumberType.FIXED_LINE
