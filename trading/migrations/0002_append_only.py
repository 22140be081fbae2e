"""Decisions, moves and fills are never changed or deleted: the database refuses."""

from django.db import migrations

from operations.migrations.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("trading", "0001_initial")]

    operations = [append_only("trading_decision"), append_only("trading_orderevent"), append_only("trading_fill")]
