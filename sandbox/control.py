"""The control API: how tests arrange what happens next, and see what happened. See README.md."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.courier import Courier, Rule
from sandbox.faults import Fault, Faults
from sandbox.forms import Endpoint, read_json
from sandbox.phones import KEYS, ROLES, Phones
from sandbox.twilio.account import Account
from sandbox.twilio.caller_ids import CallerIds
from sandbox.twilio.calls import Calls
from sandbox.twilio.dial import RefusedDial
from sandbox.twilio.leg import Leg
from sandbox.twilio.owned_numbers import OwnedNumbers
from sandbox.twilio.permissions import DialingPermissions
from sandbox.twilio.prices import PriceList
from sandbox.twilio.reach import Reach
from sandbox.twilio.shown import Refusal, ShownNumbers
from sandbox.twilio.switchboard import Switchboard
from sandbox.voice.application import Application


class Control:
    def __init__(
        self,
        *,
        clock: Clock,
        phones: Phones,
        board: Switchboard,
        caller_ids: CallerIds,
        permissions: DialingPermissions,
        reach: Reach,
        prices: PriceList,
        calls: Calls,
        shown: ShownNumbers,
        courier: Courier,
        faults: Faults,
        account: Account,
        owned_numbers: OwnedNumbers,
        application: Application,
        reset: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._phones = phones
        self._board = board
        self._caller_ids = caller_ids
        self._permissions = permissions
        self._reach = reach
        self._prices = prices
        self._calls = calls
        self._shown = shown
        self._courier = courier
        self._faults = faults
        self._account = account
        self._owned_numbers = owned_numbers
        self._application = application
        self._reset = reset

    def routes(self) -> list[Route]:
        def get(path: str, endpoint: Endpoint) -> Route:
            return Route(f"/control/{path}", endpoint, methods=["GET"])

        def post(path: str, endpoint: Endpoint) -> Route:
            return Route(f"/control/{path}", endpoint, methods=["POST"])

        return [
            get("clock", self.show_clock),
            post("speed", self.set_speed),
            post("advance", self.advance),
            post("reset", self.reset),
            get("idle", self.show_idle),
            get("numbers", self.show_numbers),
            post("numbers", self.set_number),
            get("messages", self.show_messages),
            get("calls", self.show_calls),
            post("calls", self.call_us),
            post("calls/{sid}/{action}", self.operate_call),
            get("troubles", self.show_troubles),
            post("twilio", self.set_account),
            get("exchanges", self.show_exchanges),
            get("faults", self.show_faults),
            post("faults", self.add_fault),
            Route("/control/faults", self.clear_faults, methods=["DELETE"]),
            get("webhooks", self.show_webhooks),
            post("webhooks/rules", self.add_rule),
            Route("/control/webhooks/rules", self.clear_rules, methods=["DELETE"]),
            post("webhooks/release", self.release),
            post("webhooks/{id}/resend", self.resend),
        ]

    async def show_clock(self, _request: Request) -> Response:
        return JSONResponse(
            {"speed": self._clock.pace.speed, "now": self._clock.instant().isoformat()}
        )

    async def set_speed(self, request: Request) -> Response:
        speed = read_amount(await read_json(request), "speed")
        if not 0 < speed <= 10_000:
            raise HTTPException(400, "speed must be above 0, at most 10000")
        self._clock.pace.set_speed(speed)
        return await self.show_clock(request)

    async def advance(self, request: Request) -> Response:
        self._clock.advance(read_amount(await read_json(request), "seconds"))
        return await self.show_clock(request)

    async def reset(self, _request: Request) -> Response:
        self._reset()
        return JSONResponse({})

    async def show_idle(self, _request: Request) -> Response:
        """Report what goes on; `requests` are at the product now, or leave at any moment."""
        await asyncio.sleep(0)  # a delivery that was started has begun then
        calls, webhooks = len(self._board.running), self._courier.in_flight()
        idle = not calls and not webhooks
        # A leg whose TwiML has come catches up: its timers may be due, whatever the speed.
        requests = self._courier.being_sent() + self._clock.pace.overdue()
        return JSONResponse(
            {"idle": idle, "calls": calls, "webhooks": webhooks, "requests": requests}
        )

    async def show_numbers(self, _request: Request) -> Response:
        return JSONResponse(self._phones.as_json())

    async def set_number(self, request: Request) -> Response:
        content = await read_json(request)
        number, role = content.pop("number", None), content.pop("role", None)
        try:
            if number:
                self._phones.set_number(number, content)
            elif role in ROLES:
                self._phones.set_role(role, content)
            else:
                raise HTTPException(400, "Name a number, or a role: customer, destination")
        except (TypeError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
        return JSONResponse(self._phones.as_json())

    async def show_messages(self, request: Request) -> Response:
        messages = self._phones.messages(request.query_params.get("to"))
        return JSONResponse({"messages": [message.as_json() for message in messages]})

    async def show_calls(self, request: Request) -> Response:
        number = request.query_params.get("number")
        running = "running" in request.query_params
        legs = self._board.legs.values() if number is None else self._board.legs_to(number)
        rows = [
            leg.as_json()
            | {
                "digits_sent": leg.digits_sent,
                "takes_keys": leg.on_key is not None,
                "digits_heard": leg.digits_heard,
                "status_callback": leg.callback.url if leg.callback else None,
            }
            for leg in legs
            if not (running and leg.is_over)
        ]
        return JSONResponse({"calls": rows})

    async def call_us(self, request: Request) -> Response:
        """Call a number of the account, `to`, from a phone, `from`."""
        content = await read_json(request)
        caller, to = str(content.get("from")), str(content.get("to"))
        if to not in self._caller_ids.purchased:
            raise HTTPException(400, f"{to} is no number of the account")
        url = self._owned_numbers.voice_url(to)
        return JSONResponse(self._calls.receive(caller=caller, to=to, url=url).as_json())

    async def operate_call(self, request: Request) -> Response:
        """Act as the person at the called phone: answer, decline, hangup, star, press-1."""
        leg = self._board.legs.get(request.path_params["sid"])
        if leg is None:
            raise HTTPException(404, "No such call")
        operate(self._board, leg, request.path_params["action"])
        return JSONResponse(leg.as_json())

    async def show_troubles(self, _request: Request) -> Response:
        return JSONResponse({"troubles": self._board.troubles})

    async def set_account(self, request: Request) -> Response:
        """Set what Twilio says of the account, and what it refuses to call or to show."""
        content = await read_json(request)
        self._account.kind = content.get("account_type", self._account.kind)
        self._board.calls_per_second = content.get("calls_per_second", self._board.calls_per_second)
        self._prices.currency = content.get("currency", self._prices.currency)
        self._account.profile = content.get("profile", self._account.profile)
        self._owned_numbers.changes |= content.get("owned_numbers", {})
        self._application.changes |= content.get("application", {})
        self._caller_ids.purchased |= set(content.get("purchased_numbers", []))
        if "closed_countries" in content:
            self._permissions.closed_countries = set(content["closed_countries"])
        if "high_risk_prefixes" in content:
            self._reach.high_risk_prefixes = set(content["high_risk_prefixes"])
        try:
            if "refused_callers" in content:
                self._shown.refusals = [Refusal(**one) for one in content["refused_callers"]]
            if "refused_dial" in content:
                self._shown.refused_dial = RefusedDial(**content["refused_dial"])
        except TypeError as error:
            raise HTTPException(400, str(error)) from error
        return JSONResponse(
            {
                "purchased_numbers": sorted(self._caller_ids.purchased),
                "closed_countries": sorted(self._permissions.closed_countries),
                "high_risk_prefixes": sorted(self._reach.high_risk_prefixes),
                "refused_callers": [asdict(one) for one in self._shown.refusals],
                "refused_dial": asdict(self._shown.refused_dial),
            }
        )

    async def show_exchanges(self, request: Request) -> Response:
        provider = request.query_params.get("provider")
        exchanges = [e for e in self._faults.exchanges if provider in (None, e["provider"])]
        return JSONResponse({"exchanges": exchanges})

    async def show_faults(self, _request: Request) -> Response:
        return JSONResponse({"faults": [asdict(fault) for fault in self._faults.faults]})

    async def add_fault(self, request: Request) -> Response:
        try:
            self._faults.faults.append(Fault(**await read_json(request)))
        except (TypeError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
        return await self.show_faults(request)

    async def clear_faults(self, request: Request) -> Response:
        self._faults.clear()
        return await self.show_faults(request)

    async def show_webhooks(self, request: Request) -> Response:
        kind = request.query_params.get("kind", "*")
        record = [webhook.as_json() for webhook in self._courier.record(kind)]
        rules = [asdict(rule) for rule in self._courier.rules]
        return JSONResponse({"webhooks": record, "held": self._courier.held(), "rules": rules})

    async def add_rule(self, request: Request) -> Response:
        try:
            self._courier.rules.append(Rule(**await read_json(request)))
        except (TypeError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
        return await self.show_webhooks(request)

    async def clear_rules(self, request: Request) -> Response:
        self._courier.rules.clear()
        return await self.show_webhooks(request)

    async def release(self, request: Request) -> Response:
        """`{"order": "reverse" | [positions or ids]}`; without order, as they were made."""
        held = self._courier.held()
        order = (await read_json(request)).get("order")
        if order == "reverse":
            ids = held[::-1]
        elif isinstance(order, list):
            ids = [held[one] if isinstance(one, int) else one for one in order]
        else:
            ids = held
        await self._courier.release(ids)
        return await self.show_webhooks(request)

    async def resend(self, request: Request) -> Response:
        try:
            webhook = await self._courier.resend(request.path_params["id"])
        except KeyError as error:
            raise HTTPException(404, "No such webhook") from error
        return JSONResponse(webhook.as_json())


def read_amount(content: dict[str, Any], name: str) -> float:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HTTPException(400, f"{name} must be a number")
    return float(value)


def operate(board: Switchboard, leg: Leg, action: str) -> None:
    leg.catch_up()
    if action == "answer":
        board.answer(leg)
    elif action == "decline" and leg.status == "ringing":
        board.end(leg, "busy")
    elif action == "hangup":
        board.hang_up(leg)
    elif action == "star" and leg.status == "in-progress":
        if leg.on_star is not None:  # else the other side hears the tone
            leg.on_star()
    elif action.removeprefix("press-") in KEYS and leg.status == "in-progress":
        board.press(leg, action.removeprefix("press-"))
    else:
        raise HTTPException(409, f"A call that is {leg.status} cannot {action}")
