"""Django's ``collectstatic`` without what the packages bring and no page of ours asks for."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.management.commands import collectstatic

from quantsite.setup import STATIC_UNUSED


class Command(collectstatic.Command):
    """``manage.py collectstatic``: hashing and compressing megabytes nobody loads takes most of a first start."""

    def set_options(self, **options: Any) -> None:
        """Add the unused files to the ignored ones."""
        super().set_options(**options)
        self.ignore_patterns = sorted({*self.ignore_patterns, *STATIC_UNUSED})
