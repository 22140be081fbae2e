"""How programs and browsers say who they are."""

from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from operations.errors import Unauthenticated
from users.models import ApiToken, Scope, User
from users.services import token_used


class TokenAuthentication(KnoxTokenAuthentication):
    """`Authorization: Token …` or `Bearer …`; found by its digest in one query, revoked and expired ones refused."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() not in (b"token", b"bearer"):
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("The Authorization header must be: Token, a space, the token.")
        return self.authenticate_credentials(parts[1])

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        try:
            digest = hash_token(token.decode("ascii"))
        except UnicodeDecodeError as error:
            raise AuthenticationFailed("The token is not valid.") from error
        found = ApiToken.objects.filter(digest=digest).select_related("user").first()
        if found is None or not found.usable(timezone.now()):
            raise AuthenticationFailed("The token is not valid, has expired or was revoked.")
        user, token_row = self.validate_user(found)
        token_used(token=token_row)
        return user, token_row

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session; nobody signed in is 401, not 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"


def user_of(request: Any) -> User:
    """The person a permitted request comes from."""
    if not isinstance(request.user, User):
        raise Unauthenticated("UNAUTHENTICATED", "Sign in first.")
    return request.user


def scopes_of(request: Any) -> list[str]:
    """The scopes this request may use: the token's, or all of them with a session."""
    return list(request.auth.scopes) if isinstance(request.auth, ApiToken) else list(Scope.values)
