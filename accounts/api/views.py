"""The API about tokens and the devices that are signed in."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import token_of, user_of
from accounts.api.idempotency import IdempotentPost
from accounts.api.serializers import (
    LeakedTokensRequestSerializer,
    NewTokenAnswerSerializer,
    NewTokenRequestSerializer,
    RotationRequestSerializer,
    SessionSerializer,
    TokenSerializer,
)
from accounts.guards import parse_guards
from accounts.models import AccessToken
from accounts.tokens.lifecycle import (
    DEFAULT_GRACE_SECONDS,
    NewToken,
    TokenSpec,
    create_token,
    narrower_than,
    revoke_leaked,
    revoke_token,
    rotate_token,
)
from mobayilo.lib.errors import ProductError, not_found
from mobayilo.lib.pagination import CursorPages


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass has no types
    """Our tokens in the OpenAPI description, which finds this class by itself."""

    target_class = "accounts.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "moby_pat_… or moby_dev_…"}


class TokenView(APIView):
    """The token in use: shown, and ended."""

    scopes = {"GET": None, "DELETE": None}
    limit = {"GET": "api-read", "DELETE": "api-write"}

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request) -> Response:
        return Response(TokenSerializer(token_of(request)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        revoke_token(token_of(request), reason="signed out", request=request)
        return Response(status=204)


class TokenRotateView(IdempotentPost):
    """A new secret for the token in use: never wider, never longer than the policy."""

    scopes = {"POST": None}
    limit = "tokens-write"
    sealed_fields = ("token",)

    @extend_schema(request=RotationRequestSerializer, responses=NewTokenAnswerSerializer)
    def post(self, request: Request) -> Response:
        serializer = RotationRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        grace_seconds = serializer.validated_data.get("grace_seconds", DEFAULT_GRACE_SECONDS)
        new_token = rotate_token(token_of(request), grace_seconds=grace_seconds, request=request)
        return Response(_with_secret(new_token))


class TokensView(IdempotentPost, ListAPIView[AccessToken]):
    """The user's tokens in use, newest first; and a new one."""

    scopes = {"GET": "tokens:write", "POST": "tokens:write"}
    limit = {"GET": "api-read", "POST": "tokens-write"}
    serializer_class = TokenSerializer
    pagination_class = CursorPages
    sealed_fields = ("token",)

    def get_queryset(self) -> QuerySet[AccessToken]:
        return AccessToken.objects.live().for_user(user_of(self.request))

    @extend_schema(request=NewTokenRequestSerializer, responses={201: NewTokenAnswerSerializer})
    def post(self, request: Request) -> Response:
        serializer = NewTokenRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        spec = TokenSpec(
            kind=AccessToken.Kind.PERSONAL,
            name=data["name"],
            scopes=tuple(data["scopes"]),
            expires_in_days=data.get("expires_in_days"),
            guards=parse_guards(data.get("guards", {})),
        )
        spec = narrower_than(token_of(request), spec)
        new_token = create_token(user_of(request), spec, request=request)
        return Response(_with_secret(new_token), status=201)


class TokenByIdView(APIView):
    """One of the user's tokens, ended."""

    scopes = {"DELETE": "tokens:write"}
    limit = "tokens-write"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        mine = AccessToken.objects.live().for_user(user_of(request))
        token = mine.filter(public_id=public_id).first()
        if token is None:
            words = f"There is no token {public_id[:40]} in your account."
            raise ProductError("not_found", words)
        revoke_token(token, reason="revoked by a token", request=request)
        return Response(status=204)


class LeakedTokensView(APIView):
    """A secret scanner reports what it found. Real tokens end; the answer does not say which."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    limit = "leaked-tokens"

    @extend_schema(request=LeakedTokensRequestSerializer, responses={202: None})
    def post(self, request: Request) -> Response:
        serializer = LeakedTokensRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        revoke_leaked(serializer.validated_data["tokens"], request=request)
        return Response({}, status=202)


class SessionsView(ListAPIView[AccessToken]):
    """The devices that are signed in, newest first."""

    scopes = {"GET": "account:read"}
    limit = "api-read"
    serializer_class = SessionSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[AccessToken]:
        mine = AccessToken.objects.live().for_user(user_of(self.request))
        return mine.filter(kind=AccessToken.Kind.DEVICE)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "current": token_of(self.request)}


class SessionView(APIView):
    """One device, signed out."""

    scopes = {"DELETE": "tokens:write"}
    limit = "tokens-write"

    @extend_schema(responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        mine = AccessToken.objects.live().for_user(user_of(request))
        device = mine.filter(public_id=public_id, kind=AccessToken.Kind.DEVICE).first()
        if device is None:
            raise not_found(f"device {public_id[:40]}", listed_by="auth sessions list")
        revoke_token(device, reason="signed out by another device", request=request)
        return Response(status=204)


def _with_secret(new_token: NewToken) -> dict[str, Any]:
    return {**TokenSerializer(new_token.row).data, "token": new_token.secret}
