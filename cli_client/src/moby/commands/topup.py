from urllib.parse import quote

from cleo.helpers import argument, option

from moby.api.answers import Balance, TopUp, TopUps
from moby.cli.command import KEY_OPTION, Command, read_key, repeatable
from moby.cli.lists import PAGE_OPTIONS, note_more, read_pages
from moby.errors import MobyError, interrupted
from moby.network import is_web_page
from moby.text import cents_as_dollars, clean, clock_time, dollars, local, read_cents

SMALLEST_CENTS = 500
_PROBLEMS = {
    "expired": "the page was canceled, or ran out before anything was paid",
    "failed": "the payment did not go through",
}
_GONE_BACK = ("refunded", "partly_refunded")
_POLL_SECONDS = 2.0
_WAIT_SECONDS = 600
_TICK_SECONDS = 1.0


class TopupCommand(Command):
    name = "topup"
    description = "Pay money in, on a secure page"
    arguments = [argument("amount", "US dollars, such as 20 or 20.00; at least 5.")]
    options = [
        option("open", None, "Open the page in the browser, and wait for the money.", flag=True),
        option("wait", None, "Wait until the money is there.", flag=True),
        option("no-wait", None, "Do not wait, also with --open.", flag=True),
        option("timeout", None, "How many seconds to wait at most (600).", flag=False),
        KEY_OPTION,
    ]

    def handle(self) -> int:
        cents = read_cents(self.argument("amount"))
        if cents < SMALLEST_CENTS:
            raise MobyError(
                "amount_too_small",
                f"{cents_as_dollars(cents)} is below the smallest top-up, which is "
                f"{cents_as_dollars(SMALLEST_CENTS)}",
                "For example: moby topup 20",
            )
        seconds = self._seconds()
        topup = self._start(cents)
        self._offer(topup)
        if self._waits():
            return self._wait_or_leave(topup, seconds)
        if self.console.json:
            self.console.document(topup)
        return 0

    def _start(self, cents: int) -> TopUp:
        key = read_key(self.text("idempotency-key"))
        with repeatable(key):
            return self.api.post("topups", TopUp, {"amount_cents": cents}, key=key)

    def _seconds(self) -> int:
        text = self.text("timeout")
        if text is None:
            return _WAIT_SECONDS
        if not (text.isascii() and text.isdigit()):
            raise MobyError("usage", f"--timeout {text!r} is not a number of seconds")
        return int(text)

    def _offer(self, topup: TopUp) -> None:
        """The link is always shown, whether or not a browser opens."""
        url = topup["checkout_url"]
        if not url:
            return
        self.console.write(
            f"Pay {cents_as_dollars(topup['amount_cents'])} here:\n\n  {clean(url)}\n"
        )
        if not self.flag("open"):
            return
        if not is_web_page(url) or not self.context.open_browser(url):
            self.console.note("No browser could be opened here; open the page yourself.")

    def _waits(self) -> bool:
        if self.flag("no-wait") or self.flag("wait"):
            return not self.flag("no-wait")
        return self.flag("open") and self.context.stdout.isatty() and not self.console.json

    def _wait_or_leave(self, topup: TopUp, seconds: int) -> int:
        try:
            return self._wait(topup, seconds)
        except KeyboardInterrupt as error:
            raise interrupted(
                "no longer waiting; the page stays open and nothing is lost",
                f"Look again: moby topups show {clean(topup['topup_id'])}",
            ) from error

    def _wait(self, topup: TopUp, seconds: int) -> int:
        if not self.console.shows_live:
            self.console.note("Waiting for the payment …")
        clock = self.context.clock
        deadline = clock.now() + seconds
        path = f"topups/{topup['topup_id']}"
        while topup["status"] == "pending":
            if clock.now() >= deadline:
                raise self._still_pending(topup)
            self._rest(deadline)
            topup = self._look(path, topup)
        self.console.end_live()
        return self._finished(topup)

    def _rest(self, deadline: float) -> None:
        clock = self.context.clock
        due = min(deadline, clock.now() + _POLL_SECONDS)
        while (now := clock.now()) < due:
            self.console.live(f"Waiting for the payment, {clock_time(deadline - now)} left")
            clock.sleep(min(_TICK_SECONDS, due - now))

    def _look(self, path: str, topup: TopUp) -> TopUp:
        """A network that is away for a moment does not end the waiting."""
        try:
            return self.api.get(path, TopUp)
        except MobyError as error:
            if not error.retryable:
                raise
            return topup

    def _finished(self, topup: TopUp) -> int:
        if topup["status"] in _GONE_BACK:
            raise MobyError("topup_failed", "it was paid, and refunded to the card since")
        if topup["status"] != "paid":
            problem = _PROBLEMS.get(topup["status"], f"it is {clean(topup['status'])}")
            again = "Start again: moby topup AMOUNT"
            raise MobyError("topup_failed", f"{problem}; nothing was charged", again)
        if self.console.json:
            self.console.document(topup)
            return 0
        self.console.write(f"{cents_as_dollars(topup['amount_cents'])} is on your account.")
        balance = self.api.get("balance", Balance)
        self.console.write(f"Balance: {dollars(balance['balance'])}")
        return 0

    def _still_pending(self, topup: TopUp) -> MobyError:
        return MobyError(
            "pending",
            "no payment has come yet; the page stays open and nothing is lost",
            f"Look again: moby topups show {clean(topup['topup_id'])}",
        )


class TopupsListCommand(Command):
    name = "topups list"
    description = "List the payments made and begun, newest first"
    options = [*PAGE_OPTIONS]

    def handle(self) -> int:
        page = read_pages(self, "topups", TopUps)
        if self.console.json:
            self.console.document(page)
            return 0
        if not page["items"]:
            self.console.write("No top-ups yet. Try: moby topup 20 --open")
            return 0
        rows = [
            (
                local(t["created_at"]),
                cents_as_dollars(t["amount_cents"]),
                t["status"].replace("_", " "),
                local(t["paid_at"]),
                t["topup_id"],
            )
            for t in page["items"]
        ]
        self.console.table(("Begun", "Amount", "Status", "Paid", "Id"), rows, right="Amount")
        note_more(self, page["next_cursor"])
        return 0


class TopupsShowCommand(Command):
    name = "topups show"
    description = "Show one payment"
    arguments = [argument("topup", "Its id (top_…).")]

    def handle(self) -> int:
        topup = self.api.get(f"topups/{quote(self.word('topup'), safe='')}", TopUp)
        if self.console.json:
            self.console.document(topup)
            return 0
        self.console.fields(
            [
                ("Top-up", topup["topup_id"]),
                ("Amount", cents_as_dollars(topup["amount_cents"])),
                ("Status", topup["status"].replace("_", " ")),
                ("Begun", local(topup["created_at"])),
                ("Paid", local(topup["paid_at"]) if topup["paid_at"] else None),
                ("Pay here", topup["checkout_url"]),
            ]
        )
        return 0
