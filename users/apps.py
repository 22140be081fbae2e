"""Application configuration of users, and the receivers of sign-in signals."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed


class UsersConfig(AppConfig):
    """People, roles, API tokens, sign-ins."""

    name = "users"

    def ready(self) -> None:
        """Record what happens at the door, and describe our sign-in to the OpenAPI schema."""
        from users import schema  # noqa: F401 - registering is the point

        user_logged_in.connect(_signed_in, dispatch_uid="users.signed_in")
        user_logged_out.connect(_signed_out, dispatch_uid="users.signed_out")
        user_login_failed.connect(_refused, dispatch_uid="users.refused")


def _signed_in(sender: Any, request: Any = None, user: Any = None, **kwargs: Any) -> None:
    _record("signed_in", request, user=user)


def _signed_out(sender: Any, request: Any = None, user: Any = None, **kwargs: Any) -> None:
    if user is not None:
        _record("signed_out", request, user=user)


def _refused(sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    _record("refused", request, username=str(credentials.get("username") or credentials.get("email") or ""))


def _record(kind: str, request: Any, *, user: Any = None, username: str = "") -> None:
    from users.services import login_event_record

    meta = request.META if request is not None else {}
    login_event_record(
        kind=kind,
        user=user,
        username=username,
        address=meta.get("REMOTE_ADDR", ""),
        user_agent=meta.get("HTTP_USER_AGENT", ""),
    )
