"""The phone for a person: what came in, and calls to answer, decline or hang up."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.control import operate
from sandbox.forms import read_form
from sandbox.pages import render
from sandbox.phones import Phones
from sandbox.twilio.leg import Leg
from sandbox.twilio.switchboard import Switchboard

SHOWN = 30


class PhonePages:
    def __init__(self, phones: Phones, board: Switchboard) -> None:
        self._phones = phones
        self._board = board

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index, methods=["GET"]),
            Route("/phone", self.choose, methods=["GET"]),
            Route("/phone/{number}", self.show, methods=["GET"]),
            Route("/phone/{number}/live", self.live, methods=["GET"]),
            Route("/phone/{number}/manner", self.set_manner, methods=["POST"]),
            Route("/phone/{number}/calls/{sid}", self.operate, methods=["POST"]),
        ]

    async def index(self, request: Request) -> Response:
        return render(request, "index.html", {})

    async def choose(self, request: Request) -> Response:
        number = request.query_params.get("number", "").strip().replace(" ", "")
        if number:
            return RedirectResponse(f"/phone/{number}", status_code=303)
        numbers = self._phones.known_numbers() | {leg.to for leg in self._board.running.values()}
        return render(request, "phones.html", {"numbers": sorted(numbers)})

    async def show(self, request: Request) -> Response:
        return render(request, "phone.html", self._context(request))

    async def live(self, request: Request) -> Response:
        """Render the part that changes by itself; the page's script fetches it every second."""
        return render(request, "phone_live.html", self._context(request))

    async def set_manner(self, request: Request) -> Response:
        number = request.path_params["number"]
        outcome = (await read_form(request)).get("outcome", "answer")
        # A person who answers by hand presses the keys by hand too.
        keys = "" if outcome == "manual" else "1"
        self._phones.set_number(number, {"outcome": outcome, "keys": keys})
        return RedirectResponse(f"/phone/{number}", status_code=303)

    async def operate(self, request: Request) -> Response:
        number = request.path_params["number"]
        leg = self._board.legs.get(request.path_params["sid"])
        if leg is not None and not leg.is_over:
            operate(self._board, leg, (await read_form(request)).get("action", ""))
        return RedirectResponse(f"/phone/{number}", status_code=303)

    def _context(self, request: Request) -> dict[str, Any]:
        number = request.path_params["number"]
        legs = self._board.legs_to(number)[::-1]
        return {
            "number": number,
            "is_manual": self._phones.is_manual(number),
            "messages": self._phones.messages(number)[::-1][:SHOWN],
            "running": [self._line(leg) for leg in legs if not leg.is_over],
            "past": [leg for leg in legs if leg.is_over][:SHOWN],
        }

    def _line(self, leg: Leg) -> dict[str, Any]:
        since = leg.answered if leg.answered is not None else leg.began
        return {
            "sid": leg.sid,
            "caller": leg.caller,
            "takes_star": leg.on_star is not None,
            "takes_keys": leg.on_key is not None,
            "status": leg.status,
            "seconds": int(leg.timeline.now() - since),
        }
