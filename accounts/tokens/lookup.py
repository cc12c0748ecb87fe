"""The look-up of a token in one query that is compiled once and planned once.

Django would compile the same SQL for each request, which costs more than running it. An app may
join a row of its own, so that an endpoint that needs no more than that row makes one query.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from accounts.models import AccessToken, Account, User
from mobayilo.lib.prepared import fetch_prepared

Reader = Callable[[Sequence[Any]], Any]
Joined = type[models.Model] | None


def find_token(token_digest: str, *, joined: Joined = None) -> AccessToken | None:
    """Return the token with that digest, with `user` and `user.account`; None if there is none.

    `joined` is a model with a one-to-one `account`; its row, or None, is put where Django keeps
    that relation of the account, so that reading it makes no query.
    """
    statement, readers = _compiled(joined, connection.vendor)
    row = fetch_prepared(statement, [token_digest])
    if row is None:
        return None
    token, user, account, *joined_rows = (read(row) for read in readers)
    token.user = user
    user.account = account
    if joined is not None:
        # Django keeps the related row of an instance here.
        account._state.fields_cache[joined._meta.model_name] = joined_rows[0]
    result: AccessToken = token
    return result


@cache
def _compiled(joined: Joined, vendor: str) -> tuple[str, tuple[Reader, ...]]:
    """Return the statement, and for each model the function that makes its instance from a row."""
    tables: list[type[models.Model]] = [AccessToken, User, Account]
    if joined:
        tables.append(joined)
    columns: list[str] = []
    readers: list[Reader] = []
    for number, model in enumerate(tables):
        fields = model._meta.concrete_fields
        readers.append(_reader(model, start=len(columns)))
        columns += [f"t{number}.{connection.ops.quote_name(str(field.column))}" for field in fields]
    names = [model._meta.db_table for model in tables]
    statement = (  # made of names of our models, and nothing else
        f"SELECT {', '.join(columns)} FROM {names[0]} t0"  # noqa: S608 - made of names of our models
        f" JOIN {names[1]} t1 ON t1.id = t0.user_id JOIN {names[2]} t2 ON t2.id = t1.account_id"
        + (f" LEFT JOIN {names[3]} t3 ON t3.account_id = t2.id" if joined else "")
        + " WHERE t0.digest = %s"
    )
    return statement, tuple(readers)


def _reader(model: type[models.Model], *, start: int) -> Reader:
    """Return a function that makes an instance of the columns from `start` on, or None.

    The values are converted as Django's own queries convert them. The instance is None if the
    primary key is NULL: a joined row that does not exist.
    """
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    end = start + len(fields)
    converters = [
        (position, column, [*connection.ops.get_db_converters(column), *own])
        for position, field in enumerate(fields)
        for column in [field.get_col(model._meta.db_table)]
        for own in [field.get_db_converters(connection)]
        if own or connection.ops.get_db_converters(column)
    ]
    key_position = names.index(model._meta.pk.attname)

    def read(row: Sequence[Any]) -> models.Model | None:
        values = list(row[start:end])
        if values[key_position] is None:
            return None
        for position, column, column_converters in converters:
            for convert in column_converters:
                values[position] = convert(values[position], column, connection)
        return model.from_db(connection.alias, names, values)

    return read
