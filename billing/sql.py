"""The ledger's hot statements. All but CAPTURE_AT_ONCE run on PostgreSQL and SQLite alike."""

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
