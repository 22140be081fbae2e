"""Application configuration of the users room."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Who: user model, roles, API tokens."""

    name = "users"
    default_auto_field = "django.db.models.BigAutoField"
