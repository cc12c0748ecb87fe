"""The audit of the ledger: each stored total is compared with the sum of the rows behind it.

The database makes the sums, so that memory does not grow with history. Each check yields a line for
each difference; if there are very many, the first are shown and the others counted.
"""

from collections.abc import Iterator
from itertools import islice

from django.db import connection, transaction
from django.db.models import (
    Case,
    Count,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Concat

from billing.models import AuditReport, Book, Hold, Refund, TopUp, Transfer, Wallet
from mobayilo.lib.money import format_micros

LINES_PER_CHECK = 20
CLAWED_BACK = (
    Transfer.Kind.DISPUTE,
    Transfer.Kind.DISPUTE_RETURNED,
    Transfer.Kind.REFUND,
    Transfer.Kind.REFUND_RETURNED,
)

# Wallets whose owners sent promotional credit to a card, and the largest amount of it. `kept` is
# the running sum of the owner's own acts: payments and credits, less calls and the refunds that
# the owner asked for. `promoted` is the running sum of promotions and calls; `unspent` is its rise
# above its lowest point, or above zero. Owners get a refund only from money that is available
# beyond unspent promotions, so `kept` never falls below `unspent`. Left out of `kept` are debits
# by others, which may use up promotions too: disputes, refunds by staff or made in Stripe's
# dashboard, debits by staff.
PROMOTIONS_SENT_TO_CARDS = """
WITH own_refund AS (
    SELECT 'refund:' || refund.public_id AS name
    FROM billing_refund refund
    JOIN billing_topup topup ON topup.id = refund.topup_id
    JOIN accounts_user asker ON asker.id = refund.user_id AND asker.account_id = topup.account_id
    JOIN billing_transfer taken ON taken.key = 'refund:' || refund.public_id || ':settle'
), own_key AS (
    SELECT name || ':settle' AS key FROM own_refund
    UNION ALL SELECT name || ':returned' FROM own_refund
), running AS (
    SELECT moved.wallet_id, moved.id,
        SUM(CASE
            WHEN moved.kind IN ('refund', 'refund_returned') AND own_key.key IS NULL THEN 0
            WHEN moved.kind IN ('dispute', 'dispute_returned') THEN 0
            WHEN moved.kind IN ('adjustment', 'call_refund', 'write_off')
                AND moved.amount_micros < 0 THEN 0
            ELSE moved.amount_micros
        END) OVER so_far AS kept,
        SUM(CASE WHEN moved.kind IN ('promotion', 'call') THEN moved.amount_micros ELSE 0 END)
            OVER so_far AS promoted
    FROM billing_transfer moved LEFT JOIN own_key ON own_key.key = moved.key
    WINDOW so_far AS (PARTITION BY moved.wallet_id ORDER BY moved.id)
), unspent AS (
    SELECT wallet_id, kept, promoted - CASE WHEN lowest < 0 THEN lowest ELSE 0 END AS unspent
    FROM (
        SELECT wallet_id, kept, promoted,
            MIN(promoted) OVER (PARTITION BY wallet_id ORDER BY id) AS lowest
        FROM running
    ) AS with_lowest
)
SELECT account.public_id, MAX(unspent.unspent - unspent.kept)
FROM unspent
JOIN billing_wallet wallet ON wallet.id = unspent.wallet_id
JOIN accounts_account account ON account.id = wallet.account_id
WHERE unspent.kept < unspent.unspent
GROUP BY account.public_id
ORDER BY account.public_id
"""


def audit_ledger() -> AuditReport:
    """Compare the whole ledger at one instant, and store the report for support."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        lines = list(differences())
        summary = list(totals())
    return AuditReport.objects.create(
        subject=AuditReport.Subject.LEDGER,
        difference_count=len(lines),
        text="\n".join([*summary, "", *(lines or ["No difference."])]),
    )


def totals() -> Iterator[str]:
    """Yield the sums of all wallets and of each book, as lines for a person."""
    wallets = Wallet.objects.aggregate(
        number=Count("pk"), balance=Sum("balance_micros"), held=Sum("held_micros")
    )
    transfers = Transfer.objects.count()
    yield f"{_counted(wallets['number'], 'wallet')}, {_counted(transfers, 'transfer')}"
    yield _line("wallets", wallets["balance"])
    yield _line("of that held", wallets["held"])
    by_book = Transfer.objects.order_by().values_list("book").annotate(Sum("amount_micros"))
    gained = dict(by_book)
    for book in Book:
        yield _line(book.value, -int(gained.get(book.value, 0)))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _line(name: str, micros: int | None) -> str:
    return f"{name:<20}{format_micros(int(micros or 0)):>20}"


def differences() -> Iterator[str]:
    """Yield a line for each difference; a correct ledger yields none."""
    for check in (
        wrong_balances,
        wrong_running_balances,
        wrong_held_amounts,
        unexplained_debts,
        repeated_keys,
        wrong_captures,
        captures_without_hold,
        wrong_topups,
        credits_without_topup,
        wrong_refunded_amounts,
        wrong_disputed_amounts,
        wrong_refunds,
        wrong_refund_holds,
        promotions_sent_to_cards,
    ):
        found = check()
        yield from islice(found, LINES_PER_CHECK)
        if more := sum(1 for _ in found):
            yield f"… and {more} more of the last kind"


def wrong_balances() -> Iterator[str]:
    """Compare each wallet's balance with the sum of its transfers."""
    total = Coalesce(Sum("transfers__amount_micros"), 0)
    wallets = Wallet.objects.annotate(total=total).exclude(total=F("balance_micros"))
    for wallet in wallets.iterator():
        yield _difference(f"{wallet}: balance", wallet.balance_micros, wallet.total)


def wrong_running_balances() -> Iterator[str]:
    """Compare the balance after each transfer with the sum of the wallet's transfers up to it."""
    running = Window(Sum("amount_micros"), partition_by="wallet_id", order_by="id")
    wrong = Transfer.objects.annotate(running=running).exclude(running=F("balance_after_micros"))
    rows = wrong.values_list("public_id", "balance_after_micros", "running")
    for public_id, stored_micros, running_micros in rows.iterator():
        yield _difference(f"transfer {public_id}: balance after", stored_micros, running_micros)


def wrong_held_amounts() -> Iterator[str]:
    """Compare each wallet's held amount with the sum of its open holds."""
    is_open = Q(holds__state=Hold.State.OPEN)
    total = Coalesce(Sum("holds__amount_micros", filter=is_open), 0)
    wallets = Wallet.objects.annotate(total=total).exclude(total=F("held_micros"))
    for wallet in wallets.iterator():
        yield _difference(f"{wallet}: held", wallet.held_micros, wallet.total)


def unexplained_debts() -> Iterator[str]:
    """Find wallets that owe more than disputes and refunds took from them."""
    taken = -Coalesce(Sum("transfers__amount_micros", filter=Q(transfers__kind__in=CLAWED_BACK)), 0)
    in_debt = Wallet.objects.filter(owed_micros__gt=0).annotate(taken=taken)
    for wallet in in_debt.filter(owed_micros__gt=F("taken")).iterator():
        yield _difference(f"{wallet}: owed", wallet.owed_micros, wallet.taken, " at most")


def repeated_keys() -> Iterator[str]:
    """Find causes that moved money more than once."""
    keys = Transfer.objects.order_by().values_list("key").annotate(number=Count("pk"))
    for key, number in keys.filter(number__gt=1).iterator():
        yield f"key {key}: {number} transfers"


def wrong_captures() -> Iterator[str]:
    """Compare the captured amount of each hold with its transfer; 0 is no transfer."""
    moved = _moved_by(Concat(OuterRef("key"), Value(":settle")))
    holds = Hold.objects.annotate(taken=-moved).exclude(taken=F("captured_micros"))
    for hold in holds.iterator():
        yield _difference(f"hold {hold}: captured", hold.captured_micros, hold.taken)


def captures_without_hold() -> Iterator[str]:
    holds = Hold.objects.filter(captured_micros__gt=0).count()
    settled = Transfer.objects.filter(key__endswith=":settle").count()
    if holds != settled:
        yield f"{settled} transfers settle holds, {holds} holds were captured"


def wrong_topups() -> Iterator[str]:
    """Find paid top-ups that were not credited in full, and others that were credited."""
    moved = _moved_by(Concat(Value("topup:"), OuterRef("public_id")))
    due = Case(When(status=TopUp.Status.PAID, then=F("amount_micros")), default=0)
    topups = TopUp.objects.annotate(due=due, moved=moved).exclude(moved=F("due"))
    for topup in topups.iterator():
        yield _difference(f"top-up {topup}: to be credited", topup.due, topup.moved)


def credits_without_topup() -> Iterator[str]:
    paid = TopUp.objects.filter(status=TopUp.Status.PAID).count()
    credited = Transfer.objects.filter(kind=Transfer.Kind.TOPUP).count()
    if paid != credited:
        yield f"{credited} transfers credit top-ups, {paid} top-ups are paid"


def wrong_refunded_amounts() -> Iterator[str]:
    """Compare the refunded amount of each top-up with the sum of its refunds that did not fail."""
    total = Coalesce(Sum("refunds__amount_micros", filter=~Q(refunds__status="failed")), 0)
    topups = TopUp.objects.annotate(total=total).exclude(total=F("refunded_micros"))
    for topup in topups.iterator():
        yield _difference(f"top-up {topup}: refunded", topup.refunded_micros, topup.total)


def wrong_disputed_amounts() -> Iterator[str]:
    """Compare the disputed amount of each top-up with the wallet's transfers for its disputes."""
    lost = Transfer.objects.filter(reference=OuterRef("public_id"), book=Book.DISPUTES)
    total = lost.order_by().values("reference").annotate(total=-Sum("amount_micros"))
    topups = TopUp.objects.annotate(total=Coalesce(Subquery(total.values("total")), 0))
    for topup in topups.exclude(total=F("disputed_micros")).iterator():
        yield _difference(f"top-up {topup}: disputed", topup.disputed_micros, topup.total)


def wrong_refunds() -> Iterator[str]:
    """Find succeeded refunds that did not take their amount, and failed ones that took some."""
    parts = [
        _moved_by(Concat(Value("refund:"), OuterRef("public_id"), Value(end)))
        for end in (":settle", ":outside", ":returned")
    ]
    due = Case(When(status=Refund.Status.SUCCEEDED, then=-F("amount_micros")), default=0)
    refunds = Refund.objects.annotate(due=due, moved=parts[0] + parts[1] + parts[2])
    closed = refunds.exclude(status=Refund.Status.PENDING)
    for refund in closed.exclude(moved=F("due")).iterator():
        yield _difference(f"refund {refund}: to be moved", refund.due, refund.moved)


def wrong_refund_holds() -> Iterator[str]:
    """Find refunds under way that neither hold their amount nor have taken it."""
    key = Concat(Value("refund:"), OuterRef("public_id"))
    is_open = Hold.objects.filter(key=key, state=Hold.State.OPEN)
    held = Coalesce(Subquery(is_open.values("amount_micros")), 0)
    outside = _moved_by(Concat(Value("refund:"), OuterRef("public_id"), Value(":outside")))
    pending = Refund.objects.filter(status=Refund.Status.PENDING).annotate(held=held)
    wrong = pending.annotate(set_aside=F("held") - outside)
    for refund in wrong.exclude(set_aside=F("amount_micros")).iterator():
        yield _difference(f"refund {refund}: set aside", refund.set_aside, refund.amount_micros)
    holds = Hold.objects.filter(state=Hold.State.OPEN, key__startswith="refund:").count()
    holding = pending.filter(held__gt=0).count()
    if holds != holding:
        yield f"{holds} holds are for refunds, {holding} refunds under way have one"


def promotions_sent_to_cards() -> Iterator[str]:
    """Find accounts whose refunds to a card included promotional credit at some moment."""
    with connection.cursor() as cursor:
        cursor.execute(PROMOTIONS_SENT_TO_CARDS)
        found = cursor.fetchall()
    for account_id, micros in found:
        yield f"wallet of {account_id}: {format_micros(int(micros))} of promotions went to a card"


def _moved_by(key: Concat) -> Coalesce:
    """Return the amount of the transfer of a key, 0 if there is none."""
    return Coalesce(Subquery(Transfer.objects.filter(key=key).values("amount_micros")), 0)


def _difference(subject: str, stored_micros: int, summed_micros: int, bound: str = "") -> str:
    stored, summed = format_micros(stored_micros), format_micros(int(summed_micros))
    return f"{subject} is {stored}, should be {summed}{bound}"
