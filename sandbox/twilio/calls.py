"""The Calls resource of the API 2010-04-01. https://www.twilio.com/docs/voice/api/call-resource"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.forms import read_form
from sandbox.phones import Phones
from sandbox.twilio.answers import TwilioError, not_found, page_of, read_number
from sandbox.twilio.caller_ids import CallerIds
from sandbox.twilio.dial import is_dialable
from sandbox.twilio.leg import EVENTS, Leg, StatusCallback
from sandbox.twilio.reach import Reach
from sandbox.twilio.script import Script
from sandbox.twilio.shown import ShownNumbers
from sandbox.twilio.switchboard import Switchboard

PATH = "/2010-04-01/Accounts/{account_sid}/Calls"
# Of refusals on demand that are no 400: of the account's keys and rights
# (https://www.twilio.com/docs/api/errors).
STATUSES = {20003: 401, 20006: 403, 20008: 403, 20403: 403, 70051: 403}
MAX_TWIML = 4000


class Calls:
    def __init__(
        self,
        board: Switchboard,
        phones: Phones,
        caller_ids: CallerIds,
        reach: Reach,
        shown: ShownNumbers,
    ) -> None:
        self._board = board
        self._phones = phones
        self._caller_ids = caller_ids
        self._reach = reach
        self._shown = shown
        self._scripts: dict[str, Script] = {}

    def reset(self) -> None:
        self._scripts.clear()

    def routes(self) -> list[Route]:
        return [
            Route(f"{PATH}.json", self.create, methods=["POST"]),
            Route(f"{PATH}.json", self.list_all, methods=["GET"]),
            Route(f"{PATH}/{{sid}}.json", self.fetch, methods=["GET"]),
            Route(f"{PATH}/{{sid}}.json", self.update, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        form = await read_form(request)
        self._check(form)
        callback = read_callback(form)
        timeout = read_number(form, "Timeout", default=60, lowest=1, highest=600)
        time_limit = read_number(form, "TimeLimit", default=14_400, lowest=1, highest=86_400)
        leg = self._board.open_leg(to=form["To"], caller=form["From"], callback=callback)
        leg.time_limit = float(time_limit)
        leg.digits_sent = form.get("SendDigits", "")
        leg.on_answer = lambda leg: self.run(leg, form)
        self._board.ring(leg, timeout_seconds=timeout)
        return JSONResponse(leg.as_json(), status_code=201)

    def receive(self, *, caller: str, to: str, url: str) -> Leg:
        """Answer a call to a number of the account with the document of its voice URL."""
        leg = self._board.open_leg(to=to, caller=caller, direction="inbound")
        leg.status, leg.answered = "in-progress", leg.time
        script = self._scripts[leg.sid] = self._script(leg)
        script.fetch(url)
        return leg

    async def list_all(self, request: Request) -> Response:
        wanted = read_filters(request.query_params)
        legs = reversed(self._candidates(request.query_params))
        rows = [leg for leg in legs if all(is_wanted(leg) for is_wanted in wanted)]
        page = page_of(request, "calls", rows)
        return JSONResponse(page | {"calls": [leg.as_json() for leg in page["calls"]]})

    def _candidates(self, query: QueryParams) -> Sequence[Leg]:
        """The fewest calls that hold all that are wanted, without looking at each."""
        if "ParentCallSid" in query:
            parent = self._board.legs.get(query["ParentCallSid"])
            return parent.children if parent else []
        if "To" in query:
            return self._board.legs_to(query["To"])
        return list(self._board.legs.values())

    async def fetch(self, request: Request) -> Response:
        return JSONResponse(self._find(request).as_json())

    async def update(self, request: Request) -> Response:
        leg = self._find(request)
        form = await read_form(request)
        if leg.is_over:
            raise TwilioError(400, 21220, "Call is not in-progress. Cannot redirect.")
        leg.catch_up()
        if "TimeLimit" in form:
            limit = read_number(form, "TimeLimit", default=0, lowest=1, highest=86_400)
            leg.time_limit = float(limit)
            self._board.watch_limit(leg)
        if "Status" in form:
            self._set_status(leg, form["Status"])
        elif "Url" in form or "Twiml" in form:
            if leg.status != "in-progress":
                raise TwilioError(400, 21220, "Call is not in-progress. Cannot redirect.")
            self.run(leg, form)
        return JSONResponse(leg.as_json())

    def _check(self, form: QueryParams) -> None:
        if not form.get("To"):
            raise TwilioError(400, 21201, "No 'To' number is specified")
        if not form.get("From"):
            raise TwilioError(400, 21213, "No 'From' number is specified")
        if not form.get("Url") and not form.get("Twiml"):
            raise TwilioError(400, 21205, "Url parameter is required.")
        if not is_dialable(form["To"]):
            raise TwilioError(
                400,
                21211,
                f"The phone number you are attempting to call, {form['To']}, is not valid.",
            )
        if not self._caller_ids.may_call_from(form["From"]):
            raise TwilioError(
                400,
                21210,
                f"The source phone number provided, {form['From']}, is not yet verified for your "
                "account. You may only make calls from phone numbers that you've verified or "
                "purchased from Twilio.",
            )
        self._reach.check(form["To"])
        refusal = self._phones.behaviour(form["To"], "customer").call_error
        if refusal is not None:
            raise TwilioError(STATUSES.get(refusal, 400), refusal, "Refused on demand")
        for name in ("Url", "StatusCallback"):
            check_url(form.get(name))
        if len(form.get("Twiml", "")) > MAX_TWIML:
            raise TwilioError(400, 21218, "Twiml is longer than 4000 characters")

    def _find(self, request: Request) -> Leg:
        leg = self._board.legs.get(request.path_params["sid"])
        if leg is None or leg.account_sid != request.path_params["account_sid"]:
            raise not_found(request.url.path.removeprefix("/api.twilio.com"))
        return leg

    def run(self, leg: Leg, form: QueryParams, *, extra: Mapping[str, str] | None = None) -> None:
        """Give the leg a document: at answer, or in place of the one it is at.

        `extra` are fields that the request for the document has beside those of the leg.
        """
        if former := self._scripts.pop(leg.sid, None):
            former.replace()
        script = self._scripts[leg.sid] = self._script(leg)
        if url := form.get("Url"):
            script.fetch(url, method=form.get("Method", "POST"), extra=extra)
        else:
            script.load(form["Twiml"])

    def _script(self, leg: Leg) -> Script:
        return Script(
            self._board,
            leg,
            may_show=self._may_show,
            find_refusal=self._reach.find_refusal,
            refused_dial=self._shown.refused_dial,
            on_done=lambda: self._board.end(leg, "completed"),
        )

    def _may_show(self, parent: Leg, number: str, called: str) -> bool:
        """Either end of the call under way, or a number of this account (error 13214).

        A client has no number that it could show.
        """
        if self._shown.refuses(number, called):
            return False
        is_an_end = parent.client is None and number in (parent.to, parent.caller)
        return is_an_end or self._caller_ids.may_call_from(number)

    def _set_status(self, leg: Leg, status: str) -> None:
        if status == "canceled" and leg.status == "in-progress":
            raise TwilioError(400, 21220, "Call is in-progress. Cannot cancel.")
        if status not in ("completed", "canceled"):
            raise TwilioError(400, 21218, f"Status {status} is not allowed here")
        self._board.hang_up(leg)


def check_url(url: str | None) -> None:
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "_" in parts.hostname:
        raise TwilioError(400, 21205, f"Url is not a valid URL: {url}")


def read_callback(form: QueryParams) -> StatusCallback | None:
    url = form.get("StatusCallback")
    if not url:
        return None
    events = tuple(form.getlist("StatusCallbackEvent")) or ("completed",)
    if not set(events) <= set(EVENTS):
        raise TwilioError(400, 21626, f"Invalid status callback events: {' '.join(events)}")
    return StatusCallback(url=url, method=form.get("StatusCallbackMethod", "POST"), events=events)


def read_filters(query: QueryParams) -> list[Callable[[Leg], bool]]:
    filters = [
        time_filter(name, value)
        for name, value in query.multi_items()
        if name.startswith(("StartTime", "EndTime"))
    ]
    if "To" in query:
        filters.append(lambda leg: leg.to == query["To"])
    if "From" in query:
        filters.append(lambda leg: leg.caller == query["From"])
    if "Status" in query:
        filters.append(lambda leg: leg.listed_status == query["Status"])
    return filters


def time_filter(name: str, value: str) -> Callable[[Leg], bool]:
    """`StartTime`, `StartTime<`, `StartTime>`: a day, or an instant, each bound included."""
    try:
        since = datetime.fromisoformat(value)
    except ValueError as error:
        raise TwilioError(400, 20001, f"{name} is no date: {value}") from error
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    until = since + timedelta(days=1) if len(value) == len("2026-01-31") else since

    def is_wanted(leg: Leg) -> bool:
        instant = leg.instant(leg.answered if name.startswith("StartTime") else leg.ended)
        if instant is None:
            return False
        if name.endswith("<"):
            return instant < until if until > since else instant <= until
        return instant >= since and (name.endswith(">") or instant < until)

    return is_wanted
