"""Questions about people and their tokens."""

from typing import Any

from django.db.models import QuerySet

from operations.errors import NotFound
from users.models import ApiToken, User


def tokens_for(user: User) -> QuerySet[ApiToken]:
    """A person's tokens that were not revoked, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None)


def token_get_for(user: User, token_id: Any) -> ApiToken:
    """One token of this person; NotFound for anyone else's."""
    token = tokens_for(user).filter(pk=token_id).first()
    if token is None:
        raise NotFound("TOKEN_NOT_FOUND", "There is no such token.", token=token_id)
    return token
