"""The audit chain and the events are append-only."""

from django.db import migrations

from operations.migrations.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial")]

    operations = [append_only("operations_auditevent"), append_only("operations_event")]
