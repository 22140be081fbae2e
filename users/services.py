"""Changes to people, their tokens and the record of sign-ins."""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from operations.canonical import jsonable
from operations.errors import Conflict, InvalidInput
from operations.events import SITE
from operations.services import audit_append
from users.models import ApiToken, LoginEvent, Scope, User


class ClosedSignupAdapter(DefaultAccountAdapter):
    """People are added by an administrator, not by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


@transaction.atomic
def user_create(
    *,
    username: str,
    password: str | None,
    email: str = "",
    site_role: str = User.SiteRole.MEMBER,
    is_staff: bool = False,
    actor: User | None = None,
) -> User:
    """Add a person; an administrator passes every permission check of the admin. Audited on the site stream.

    The strength of the password is the matter of the forms; without one nobody can sign in by password.
    """
    if site_role not in User.SiteRole.values:
        raise InvalidInput("ROLE_UNKNOWN", f"There is no site role {site_role}.", site_role=site_role)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username=username,
                password=password,
                email=email,
                site_role=site_role,
                is_staff=is_staff,
                is_superuser=site_role == User.SiteRole.ADMINISTRATOR,
            )
    except IntegrityError as error:
        raise Conflict("USERNAME_TAKEN", f"The name {username} is taken.", username=username) from error
    after = {"username": username, "site_role": site_role, "is_staff": is_staff}
    audit_append(stream=SITE, action="users.user.added", actor=actor, target=f"users.user:{user.pk}", after=after)
    return user


@transaction.atomic
def token_create(*, user: User, name: str, scopes: Iterable[str], expires_in: timedelta | None) -> tuple[ApiToken, str]:
    """Make a token; the plain text is returned here and kept nowhere. Audited on the site stream."""
    asked = sorted(set(scopes), key=Scope.values.index) if set(scopes) <= set(Scope.values) else []
    if not asked:
        raise InvalidInput("SCOPES_INVALID", "Name one or more of the scopes read, trade, admin.")
    if not name.strip() or len(name) > 80:
        raise InvalidInput("NAME_INVALID", "Give the token a name of at most 80 characters.")
    if expires_in is not None and expires_in <= timedelta(0):
        raise InvalidInput("EXPIRY_INVALID", "The token would have expired already.")
    token, text = ApiToken.objects.create(user=user, expiry=expires_in, name=name.strip(), scopes=asked)
    after = {"name": token.name, "scopes": asked, "expires_at": token.expiry}
    audit_append(stream=SITE, action="users.apitoken.added", actor=user, target=_target(token), after=after)
    return token, text


@transaction.atomic
def token_revoke(*, token: ApiToken, actor: User | None) -> ApiToken:
    """End a token's use at once; a token already revoked stays as it is. Audited on the site stream."""
    now = timezone.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        after = {"revoked_at": now}
        audit_append(stream=SITE, action="users.apitoken.revoked", actor=actor, target=_target(token), after=after)
    return token


def token_used(*, token: ApiToken) -> None:
    """Note that a token was used; one write a day."""
    today = timezone.now().date()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)


def login_event_record(
    *, kind: str, user: User | None = None, username: str = "", address: str = "", user_agent: str = ""
) -> LoginEvent:
    """Record what happened at the door."""
    return LoginEvent.objects.create(
        kind=kind,
        user=user,
        username=jsonable(user.get_username() if user is not None else username)[:150],
        address=_address(address),
        user_agent=jsonable(user_agent)[:300],
    )


def _target(token: ApiToken) -> str:
    return f"users.apitoken:{token.pk}"


def _address(text: Any) -> str | None:
    try:
        return str(ipaddress.ip_address(str(text).partition("%")[0]))
    except ValueError:
        return None
