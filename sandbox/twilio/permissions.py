"""Voice dialing permissions. https://www.twilio.com/docs/voice/api/dialingpermissions-country-resource"""

from dataclasses import dataclass
from typing import Any

import phonenumbers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio.answers import meta, not_found, whole_number
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
        path = "/v1/DialingPermissions/Countries"
        return [
            Route(path, self.list_all, methods=["GET"]),
            Route(f"{path}/{{iso_code}}", self.fetch, methods=["GET"]),
        ]

    def may_call(self, number: str) -> bool:
        parsed = phonenumbers.parse(number, None)
        return phonenumbers.region_code_for_number(parsed) not in self.closed_countries

    async def list_all(self, request: Request) -> Response:
        size = min(max(whole_number(request.query_params.get("PageSize"), 50), 1), 1000)
        page = whole_number(request.query_params.get("Page"), 0)
        countries = [
            (iso, one.name) for iso, one in self._prices.countries.items() if len(iso) == 2
        ]
        rows = [self._as_json(*one) for one in countries[page * size : (page + 1) * size]]
        has_more = len(countries) > (page + 1) * size
        return JSONResponse(
            {"content": rows, "meta": meta(BASE, "content", page, size, has_more=has_more)}
        )

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
