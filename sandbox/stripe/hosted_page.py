"""The page where a person pays: pay, prove it is their card, be declined, or leave."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.forms import read_form
from sandbox.pages import render
from sandbox.stripe.answers import Resource, StripeError
from sandbox.stripe.sessions import Sessions

PATH = "/c/pay/{id}"


class HostedPage:
    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def routes(self) -> list[Route]:
        return [
            Route(PATH, self.show, methods=["GET"]),
            Route(PATH, self.act, methods=["POST"]),
            Route("/checkout", self.list_all, methods=["GET"]),
        ]

    async def list_all(self, request: Request) -> Response:
        return render(request, "checkouts.html", {"sessions": self._sessions.open_sessions()})

    async def show(self, request: Request) -> Response:
        session = self._find(request)
        if session is None:
            return render(request, "gone.html", {"what": "page"}, status=404)
        return self._page(request, session)

    async def act(self, request: Request) -> Response:
        session = self._find(request)
        if session is None:
            return render(request, "gone.html", {"what": "page"}, status=404)
        action = (await read_form(request)).get("action", "")
        try:
            return self._carry_out(request, session, action)
        except StripeError as error:
            return self._page(request, session, notice=error.message, status=409)

    def _carry_out(self, request: Request, session: Resource, action: str) -> Response:
        if action == "leave":
            return redirect(session["cancel_url"] or session["success_url"])
        if action == "decline":
            self._sessions.decline(session)
            notice = "Your card was declined. Try another one."
            return self._page(request, session, notice=notice)
        needs_proof = action == "three_d_secure" or self._sessions.wants_three_d_secure(session)
        if action in ("pay", "three_d_secure") and needs_proof:
            return render(request, "three_d_secure.html", {"session": session})
        self._sessions.pay(
            session,
            is_authenticated=action == "authenticated",
            settles_later=action == "pay_later",
        )
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))

    def _find(self, request: Request) -> Resource | None:
        try:
            return self._sessions.find(request.path_params["id"])
        except StripeError:
            return None

    def _page(
        self, request: Request, session: Resource, *, notice: str = "", status: int = 200
    ) -> Response:
        context = {
            "session": session,
            "items": session["_items"],
            "notice": notice,
            "settles_later": self._sessions.offers(session, settles_later=True),
        }
        return render(request, "checkout.html", context, status=status)


def redirect(url: str) -> Response:
    return RedirectResponse(url, status_code=303)
