"""moby topup and moby topups: pay money in, and see the payments."""

from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import Balance, TopUp, TopUps
from moby.cli.command import KEY_OPTION, WEB_OPTION, Command, read_key, repeatable
from moby.cli.lists import PAGE_OPTIONS, given_or_newest, read_pages, remark_more
from moby.context import NO_BROWSER
from moby.errors import MobyError, interrupted
from moby.text import cents_as_dollars, clean, clock_time, local, read_cents

SMALLEST_CENTS = 500
_PROBLEMS = {
    "canceled": "it was canceled",
    "expired": "the page ran out before anything was paid",
    "failed": "the payment did not go through",
}
_ON_ITS_WAY = "the payment is on its way: a bank takes one to five working days"
_STATUS_STYLES = {
    "paid": "green",
    "pending": "yellow",
    "canceled": "dim",
    "expired": "dim",
    "failed": "red",
    "disputed": "red",
}
_RETURNED = {
    "refunded": "it was paid, and has gone back to where you paid from",
    "partly_refunded": "it was paid, and a part has gone back to where you paid from",
    "disputed": "it was paid, and the bank has taken it back",
}
_POLL_SECONDS = 2.0
_WAIT_SECONDS = 600
_TICK_SECONDS = 1.0


class TopupCommand(Command):
    name = "topup"
    description = "Pay money in, on a secure page"
    arguments = [argument("amount", "US dollars, such as 20 or 20.00; at least 5.", optional=True)]
    options = [
        option("open", None, "Open the page in the browser, and wait for the money.", flag=True),
        option("wait", None, "Wait until the money is there.", flag=True),
        option("no-wait", None, "Do not wait, also with --open.", flag=True),
        option("timeout", None, "How many seconds to wait at most (600).", flag=False),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        cents = read_cents(self.word("amount", "How much, in US dollars"))
        if cents < SMALLEST_CENTS:
            raise MobyError(
                "amount_too_small",
                f"{cents_as_dollars(cents)} is below the smallest top-up, which is "
                f"{cents_as_dollars(SMALLEST_CENTS)}",
                "For example: moby topup 20",
            )
        timeout = self.text("timeout") or str(_WAIT_SECONDS)
        if not (timeout.isascii() and timeout.isdigit()):
            problem = f"--timeout {timeout!r} is not a number of seconds"
            raise MobyError("usage", problem, "For example: --timeout 600")
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            topup = self.api.post("topups", TopUp, {"amount_cents": cents}, key=key)
        waits = self.waits(on_terminal=self.flag("open"))
        if topup["checkout_url"]:
            self._offer(topup, topup["checkout_url"], waits=waits)
        if not waits:
            return self.answer(topup)
        hint = f"Look again: moby topups show {clean(topup['topup_id'])}"
        try:
            topup = self._wait(topup, int(timeout), hint)
        except KeyboardInterrupt as error:
            message = "no longer waiting; the page stays open and nothing is lost"
            raise interrupted(message, hint) from error
        return self._report(topup)

    def _offer(self, topup: TopUp, url: str, *, waits: bool) -> None:
        """Show the link, whether or not a browser opens.

        With --json the document comes after the wait, so the link goes to stderr before it.
        """
        offer = f"Pay {cents_as_dollars(topup['amount_cents'])} here:\n\n  {clean(url)}\n"
        if self.console.json and waits:
            self.console.say(offer)
        self.console.write(offer)
        if self.flag("open") and not self.context.open_in_browser(url):
            self.console.remark(NO_BROWSER)

    def _wait(self, topup: TopUp, timeout_seconds: int, hint: str) -> TopUp:
        """Poll the top-up until it is no longer pending, and return it.

        Raise `pending` with a hint at the time-out, and when the payment takes a bank some days.
        """
        if not self.console.shows_live:
            self.console.remark("Waiting for the payment …")
        clock = self.context.clock
        deadline = clock.now() + timeout_seconds
        fault_line = ""
        while topup["status"] == "pending":
            if topup.get("processing_since"):
                raise MobyError("pending", _ON_ITS_WAY, hint)
            if clock.now() >= deadline:
                problem = "no payment has come yet; the page stays open and nothing is lost"
                raise MobyError("pending", problem, hint)
            next_poll_at = min(deadline, clock.now() + _POLL_SECONDS)
            now = clock.now()
            while now < next_poll_at:
                countdown = f"Waiting for the payment, {clock_time(deadline - now)} left"
                self.console.live(fault_line or countdown)
                clock.sleep(min(_TICK_SECONDS, next_poll_at - now))
                now = clock.now()
            try:
                topup = self.api.get(f"topups/{topup['topup_id']}", TopUp)
                fault_line = ""
            except MobyError as error:
                if not error.retryable:  # anything else may pass, so the wait goes on
                    raise
                if not fault_line and not self.console.shows_live:
                    self.console.remark(f"{error.message}. Trying again …")
                fault_line = f"{error.message}; trying again …"
        self.console.end_live()
        return topup

    def _report(self, topup: TopUp) -> int:
        """Report the payment and the new balance; raise `topup_failed` if it was not paid."""
        if topup["status"] in _RETURNED:
            raise MobyError("topup_failed", _RETURNED[topup["status"]])
        if topup["status"] != "paid":
            problem = _PROBLEMS.get(topup["status"], f"it is {clean(topup['status'])}")
            hint = "Start again: moby topup AMOUNT"
            raise MobyError("topup_failed", f"{problem}; nothing was charged", hint)
        self.answer(topup, f"{cents_as_dollars(topup['amount_cents'])} is on your account.")
        if not self.console.json:
            balance = self.api.get("balance", Balance)
            self.console.write(f"Balance: {cents_as_dollars(balance['balance_cents'])}")
        return 0


def _status(topup: TopUp) -> str:
    """Return the status in words: "on its way" for a payment that takes a bank some days."""
    if topup["status"] == "pending" and topup.get("processing_since"):
        return "on its way"
    return topup["status"].replace("_", " ")


class TopupsListCommand(Command):
    name = "topups list"
    description = "List the payments made and begun, newest first"
    options = [*PAGE_OPTIONS, WEB_OPTION]

    def handle(self) -> int:
        if self.opens_page("/topup"):
            return 0
        page = read_pages(self, "topups", TopUps)
        if self.console.json or not page["items"]:
            return self.answer(page, "No top-ups yet. Try: moby topup 20 --open")
        rows = [
            (
                self.console.when(topup["created_at"]),
                cents_as_dollars(topup["amount_cents"]),
                _status(topup),
                self.console.when(topup["paid_at"]),
                topup["topup_id"],
            )
            for topup in page["items"]
        ]
        headings = ("Begun", "Amount", "Status", "Paid", "Id")
        self.console.table(headings, rows, right="Amount", styles=_STATUS_STYLES)
        remark_more(self, page["next_cursor"])
        return 0


class TopupsShowCommand(Command):
    name = "topups show"
    description = "Show one payment"
    arguments = [argument("topup", "Its id (top_…); else the newest.", optional=True)]

    def handle(self) -> int:
        none_yet, hint = "there are no top-ups yet", "Try: moby topup 20"
        topup_id = given_or_newest(self, "topup", TopUps, none_yet=none_yet, hint=hint)
        topup = self.api.get(f"topups/{quote(topup_id, safe='')}", TopUp)
        if self.console.json:
            return self.answer(topup)
        self.console.fields(
            [
                ("Top-up", topup["topup_id"]),
                ("Amount", cents_as_dollars(topup["amount_cents"])),
                ("Status", _status(topup)),
                ("Begun", local(topup["created_at"])),
                ("Paid", local(topup["paid_at"]) if topup["paid_at"] else None),
                ("Pay here", topup["checkout_url"]),
            ]
        )
        return 0
