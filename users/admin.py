"""Admin of people, their tokens and sign-ins."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from operations.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from operations.events import SITE
from operations.services import audit_append
from users.authentication import user_of
from users.models import ApiToken, LoginEvent, User
from users.services import token_revoke


@admin.register(User)
class UserAdmin(AuditedModelAdmin, DjangoUserAdmin):
    """People. Nobody is deleted, because the record names them: deactivate instead."""

    list_display = ("username", "email", "site_role", "is_staff", "is_active", "last_login")
    list_filter = ("site_role", "is_staff", "is_active")
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Site role", {"fields": ("site_role",)}))
    add_fieldsets = (*DjangoUserAdmin.add_fieldsets, ("Site role", {"fields": ("site_role",)}))
    viewer_roles = frozenset({"operator", "administrator"})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            audit_append(stream=SITE, action="users.user.password_set", actor=request.user, target=f"users.user:{id}")
        return response


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyModelAdmin):
    """Tokens, without their digests; they can be revoked here."""

    list_display = ("name", "user", "scopes", "created", "expiry", "last_used_on", "revoked_at")
    search_fields = ("name", "user__username")
    exclude = ("digest", "token_key")
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset:
            token_revoke(token=token, actor=user_of(request))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        user = user_of(request)
        return user.is_superuser or user.site_role == User.SiteRole.ADMINISTRATOR


@admin.register(LoginEvent)
class LoginEventAdmin(ReadOnlyModelAdmin):
    """What happened at the door."""

    list_display = ("at", "username", "kind", "address", "user_agent")
    list_filter = ("kind",)
    search_fields = ("username", "address")
