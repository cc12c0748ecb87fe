"""Voice dialing permissions. https://www.twilio.com/docs/voice/api/dialingpermissions-country-resource"""

from dataclasses import dataclass
from typing import Any

import phonenumbers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio.answers import not_found
from sandbox.twilio.prices import PriceList

BASE = "https://voice.twilio.com/v1/DialingPermissions/Countries"


@dataclass(frozen=True)
class Unreachable:
    """The codes and the reason of a refusal."""

    api_code: int
    dial_code: int
    message: str


class DialingPermissions:
    def __init__(self, prices: PriceList) -> None:
        self._prices = prices
        self.closed_countries: set[str] = set()

    def reset(self) -> None:
        self.closed_countries.clear()

    def routes(self) -> list[Route]:
        path = "/v1/DialingPermissions/Countries/{iso_code}"
        return [Route(path, self.fetch, methods=["GET"])]

    def may_call(self, number: str) -> bool:
        parsed = phonenumbers.parse(number, None)
        return phonenumbers.region_code_for_number(parsed) not in self.closed_countries

    async def fetch(self, request: Request) -> Response:
        iso_code = request.path_params["iso_code"]
        country = self._prices.countries.get(iso_code)
        if country is None:
            raise not_found(request.url.path.removeprefix("/voice.twilio.com"))
        return JSONResponse(self._as_json(iso_code, country.name))

    def _as_json(self, iso_code: str, name: str) -> dict[str, Any]:
        code = phonenumbers.country_code_for_region(iso_code)
        return {
            "iso_code": iso_code,
            "name": name,
            "continent": None,
            "country_codes": [f"+{code}"],
            "low_risk_numbers_enabled": iso_code not in self.closed_countries,
            "high_risk_special_numbers_enabled": False,
            "high_risk_tollfraud_numbers_enabled": False,
            "url": f"{BASE}/{iso_code}",
            "links": {"highrisk_special_prefixes": f"{BASE}/{iso_code}/HighRiskSpecialPrefixes"},
        }
