"""Pricing v2 for voice. https://www.twilio.com/docs/voice/pricing"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.twilio.answers import meta, not_found, whole_number
from sandbox.twilio.prices import Country, Price, PriceList

BASE = "https://pricing.twilio.com/v2/Voice"
INBOUND = {"base_price": "0.0085", "current_price": "0.0085", "number_type": "local"}


class Pricing:
    def __init__(self, prices: PriceList) -> None:
        self._prices = prices

    def routes(self) -> list[Route]:
        return [
            Route("/v2/Voice/Countries", self.list_all, methods=["GET"]),
            Route("/v2/Voice/Countries/{iso_code}", self.fetch_country, methods=["GET"]),
        ]

    async def list_all(self, request: Request) -> Response:
        size = min(max(whole_number(request.query_params.get("PageSize"), 50), 1), 1000)
        page = whole_number(request.query_params.get("Page"), 0)
        rows = [
            {"country": c.name, "iso_country": c.iso_code, "url": f"{BASE}/Countries/{c.iso_code}"}
            for c in self._prices.countries.values()
        ]
        here = rows[page * size : (page + 1) * size]
        has_more = len(rows) > (page + 1) * size
        return JSONResponse(
            {
                "countries": here,
                "meta": meta(f"{BASE}/Countries", "countries", page, size, has_more=has_more),
            }
        )

    async def fetch_country(self, request: Request) -> Response:
        country = self._prices.countries.get(request.path_params["iso_code"])
        if country is None:
            raise not_found(request.url.path.removeprefix("/pricing.twilio.com"))
        return JSONResponse(country_json(country, self._prices.currency))


def country_json(country: Country, currency: str) -> dict[str, Any]:
    return {
        "country": country.name,
        "iso_country": country.iso_code,
        "outbound_prefix_prices": [
            amounts(price)
            | {
                "friendly_name": price.friendly_name,
                "origination_prefixes": list(price.origins),
                "destination_prefixes": list(price.destinations),
            }
            for price in country.prices
        ],
        "inbound_call_prices": [INBOUND] if country.iso_code in ("US", "GB", "CA") else [],
        "price_unit": currency,
        "url": f"{BASE}/Countries/{country.iso_code}",
    }


def amounts(price: Price) -> dict[str, str]:
    return {"base_price": str(price.per_minute), "current_price": str(price.per_minute)}
