"""The statements that are written by hand: the ledger's hot ones, and one of its audit.

All but CAPTURE_AT_ONCE run on PostgreSQL and SQLite alike.
"""

# Moves a wallet's totals by %(balance)s and %(held)s. WHERE refuses to go below zero, or further
# below it, unless %(may_owe)s is 1. `owed_micros` follows: a clawback raises it to what is missing
# now, anything else can only lower it.
MOVE_WALLET = """
UPDATE billing_wallet SET
    balance_micros = balance_micros + %(balance)s,
    held_micros = held_micros + %(held)s,
    owed_micros = CASE
        WHEN balance_micros + %(balance)s >= held_micros + %(held)s THEN 0
        WHEN %(may_owe)s = 0
            AND owed_micros < held_micros + %(held)s - balance_micros - %(balance)s
            THEN owed_micros
        ELSE held_micros + %(held)s - balance_micros - %(balance)s
    END
WHERE id = %(wallet)s AND (
    %(may_owe)s = 1
    OR %(balance)s >= %(held)s
    OR balance_micros + %(balance)s >= held_micros + %(held)s
)
RETURNING balance_micros
"""

# Reserves part of what is available, in an account that is not frozen or with %(even_frozen)s 1.
# The row stays locked to the end of the transaction.
RESERVE = """
UPDATE billing_wallet SET held_micros = held_micros + %(amount)s
WHERE account_id = %(account)s
    AND balance_micros - held_micros >= %(amount)s
    AND (%(even_frozen)s = 1 OR NOT EXISTS (
        SELECT 1 FROM accounts_account
        WHERE accounts_account.id = billing_wallet.account_id
            AND accounts_account.frozen_at IS NOT NULL
    ))
RETURNING id
"""

# A call ends here, so this is one round trip: the hold closes, the wallet pays what was used and
# gets back the rest, and the transfer says so. PostgreSQL only; SQLite takes the steps one by one.
CAPTURE_AT_ONCE = """
WITH hold AS (
    UPDATE billing_hold
    SET state = 'captured', captured_micros = %(amount)s, closed_at = %(now)s
    WHERE key = %(hold_key)s AND state = 'open' AND amount_micros >= %(amount)s
    RETURNING wallet_id, amount_micros
), wallet AS (
    UPDATE billing_wallet SET
        balance_micros = balance_micros - %(amount)s,
        held_micros = held_micros - hold.amount_micros,
        owed_micros = LEAST(owed_micros, GREATEST(
            0, held_micros - hold.amount_micros - balance_micros + %(amount)s
        ))
    FROM hold WHERE billing_wallet.id = hold.wallet_id
    RETURNING billing_wallet.id, balance_micros
)
INSERT INTO billing_transfer (
    public_id, wallet_id, book, kind, amount_micros, balance_after_micros,
    key, description, reference, created_at
)
SELECT %(public_id)s, id, %(book)s, %(kind)s, -%(amount)s, balance_micros,
    %(key)s, %(description)s, %(reference)s, %(now)s
FROM wallet
RETURNING id, wallet_id, balance_after_micros
"""

# Wallets whose owners sent promotional credit to a card, and how much at worst. `kept` is the
# running sum of what the owner's own acts leave: payments and credits, less calls and the refunds
# that the owner asked for. `promoted` is the running sum of promotions and calls; what is unspent
# is how far it has risen above its lowest point, or above zero. An owner's refund is granted only
# from what is available beyond unspent promotions, so `kept` never falls below `unspent`. Left out
# of `kept`: what others take, even out of promotions (disputes, refunds by staff or made in
# Stripe's dashboard, debits by staff).
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
