"""`Idempotency-Key`: a POST that is sent twice is done once.

After draft-ietf-httpapi-idempotency-key-header.
"""

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import account_of
from accounts.models import IdempotencyKey
from mobayilo.lib.errors import ProductError

KEY_LIFE = timedelta(hours=24)
# A request that runs longer than this died with its process; the next one takes over.
ABANDONED_AFTER = timedelta(seconds=90)
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotentPost(APIView):
    """A view that replays the first answer to a POST of the same key and body.

    Of an answer that may pass (5xx, 429) only its status is kept: the same body runs again, while
    another body stays a conflict, since the first one may have had its effect. While a POST runs,
    `self.idempotency_key` holds the key; an operation that stores it with its row recognises a
    request whose first process died half-way.
    """

    # Members of the answer that are kept encrypted, under a key that only the token in use gives.
    sealed_fields: tuple[str, ...] = ()
    idempotency_key: str | None = None
    _entry: IdempotencyKey | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get("Idempotency-Key")
        if request.method == "POST" and key is not None:
            self.idempotency_key = key
            self._entry = _begin(request, key)

    def dispatch(self, *args: Any, **kwargs: Any) -> Response:
        try:
            response = cast(Response, super().dispatch(*args, **kwargs))
        except BaseException:
            self._keep(500, None)
            raise
        if self._entry is None:
            return response
        body = None
        if not _may_pass(response.status_code):
            body = json.loads(JSONRenderer().render(response.data))
            if self.sealed_fields and isinstance(body, dict):
                body = seal(body, fields=self.sealed_fields, request=self.request)
        self._keep(response.status_code, body)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _ReplayError):
            body = exc.entry.body
            if self.sealed_fields and isinstance(body, dict):
                body = unseal(body, fields=self.sealed_fields, request=self.request)
            replayed = Response(body, status=exc.entry.status)
            replayed["Idempotent-Replayed"] = "true"
            return replayed
        return super().handle_exception(exc)

    def _keep(self, status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
        if self._entry is not None:
            IdempotencyKey.objects.filter(pk=self._entry.pk).update(status=status, body=body)


def _may_pass(status: int) -> bool:
    """Return whether the same request may succeed later."""
    return status >= 500 or status == 429


class _ReplayError(Exception):
    """The stored answer to a repeated POST, raised so that the view does not run."""

    def __init__(self, entry: IdempotencyKey) -> None:
        super().__init__("replay")
        self.entry = entry


def _begin(request: Request, key: str) -> IdempotencyKey:
    """Claim a key for this request; the insert decides between two requests at once."""
    if not _VISIBLE_ASCII.fullmatch(key):
        raise ProductError(
            "invalid_request",
            "Idempotency-Key must be 1 to 255 visible ASCII characters.",
            hint="Send a UUID, for example.",
        )
    body_digest = hashlib.sha256(
        json.dumps(request.data, sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()
    claim = {"account": account_of(request), "path": request.path, "key": key}
    now = timezone.now()
    try:
        # Nearly every key is new, so none is looked for first.
        with transaction.atomic():
            return IdempotencyKey.objects.create(**claim, body_digest=body_digest, started_at=now)
    except IntegrityError:
        entry = IdempotencyKey.objects.get(**claim)
    if _take_over(entry, body_digest):
        return entry
    if entry.body_digest != body_digest:
        raise key_conflict()
    if entry.status is None or _may_pass(entry.status):
        raise ProductError("idempotency_in_progress", "The first request with this key is running.")
    raise _ReplayError(entry)


def key_conflict() -> ProductError:
    """Return the refusal of a key whose first request asked for something else."""
    return ProductError("idempotency_conflict", "This Idempotency-Key was used with another body.")


def forget_old_keys(rows: QuerySet[Any]) -> bool:
    """Take the key away from rows older than a day; return whether there was one.

    A key stands for one request for a day. After that it may stand for another.
    """
    old = rows.filter(created_at__lt=timezone.now() - KEY_LIFE)
    return old.update(idempotency_key=None) > 0


def _take_over(entry: IdempotencyKey, body_digest: str) -> bool:
    """Claim the key of an earlier request; return False if that request still counts.

    An earlier request no longer counts if its process died, if it failed in a way that may pass, or
    if its key is too old.
    """
    now = timezone.now()
    died = Q(status=None, started_at__lt=now - ABANDONED_AFTER, body_digest=body_digest)
    passed = Q(Q(status__gte=500) | Q(status=429), body_digest=body_digest)
    out_of_date = Q(started_at__lt=now - KEY_LIFE)
    taken = IdempotencyKey.objects.filter(
        died | passed | out_of_date, pk=entry.pk, started_at=entry.started_at
    )
    return taken.update(started_at=now, status=None, body=None, body_digest=body_digest) == 1


def seal(body: dict[str, Any], *, fields: tuple[str, ...], request: Request) -> dict[str, Any]:
    """Return the body with some of its members encrypted; a member without a value has no secret.

    The key comes from the secret of the token in use and the Idempotency-Key. Neither that secret
    nor the derived key is stored, so the row alone cannot be decrypted, not even by us.
    """
    box = _box(request)
    return {
        name: box.encrypt(value.encode()).decode() if name in fields and value else value
        for name, value in body.items()
    }


def unseal(body: dict[str, Any], *, fields: tuple[str, ...], request: Request) -> dict[str, Any]:
    """Return the body as it was; raise `idempotency_conflict` if another token asks."""
    box = _box(request)
    try:
        return {
            name: box.decrypt(value.encode()).decode() if name in fields and value else value
            for name, value in body.items()
        }
    except InvalidToken:
        raise ProductError(
            "idempotency_conflict", "This Idempotency-Key was used with another token."
        ) from None


def _box(request: Request) -> Fernet:
    secret = request.headers.get("Authorization", "").split()[-1]
    idempotency_key = request.headers.get("Idempotency-Key", "")
    derived = hmac.digest(secret.encode(), idempotency_key.encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(derived))
