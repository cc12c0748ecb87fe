"""The control API of clients' calls: what the far end heard, and a network that breaks."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.forms import read_json
from sandbox.twilio.switchboard import Switchboard
from sandbox.voice.client_call import ClientCall
from sandbox.voice.signalling import ClientConnection, Signalling


class VoiceControl:
    def __init__(self, board: Switchboard, signalling: Signalling) -> None:
        self._board = board
        self._signalling = signalling

    def routes(self) -> list[Route]:
        path = "/control/calls/{sid}"
        return [
            Route(f"{path}/sound", self.show_sound, methods=["GET"]),
            Route(f"{path}/cut", self.cut, methods=["POST"]),
            Route("/control/clients", self.set_reachable, methods=["POST"]),
        ]

    async def show_sound(self, request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self._find(request).sound.heard))

    async def cut(self, request: Request) -> Response:
        """Break the client's signalling connection; the SDK opens another."""
        connection = self._find(request).connection
        if not isinstance(connection, ClientConnection):
            raise HTTPException(409, "The client has no connection at the moment")
        connection.cut()
        return JSONResponse({})

    async def set_reachable(self, request: Request) -> Response:
        wanted = (await read_json(request)).get("reachable")
        if not isinstance(wanted, bool):
            raise HTTPException(400, "reachable is true or false")
        self._signalling.set_reachable(wanted)
        return JSONResponse({})

    def _find(self, request: Request) -> ClientCall:
        """Return the client's call by the SID of either of its legs."""
        leg = self._board.legs.get(request.path_params["sid"])
        call = self._signalling.by_sid.get((leg.parent or leg).sid) if leg else None
        if call is None:
            raise HTTPException(404, "No such call of a client")
        return call
