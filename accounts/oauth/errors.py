"""Refusals of the OAuth endpoints, in the shape of RFC 6749 section 5.2."""


class OAuthError(Exception):
    """`{"error": code, "error_description": description}` with a status, 400 unless told."""

    def __init__(
        self,
        code: str,
        description: str,
        *,
        status: int = 400,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status
        self.retry_after_seconds = retry_after_seconds
