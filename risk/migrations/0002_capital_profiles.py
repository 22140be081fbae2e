"""The capital profiles a site starts with, each with its first version."""

from django.db import migrations
from django.utils import timezone

from risk.profiles import PROFILES


def profiles_create(apps, schema_editor):
    profiles = apps.get_model("risk", "CapitalProfile")
    versions = apps.get_model("risk", "HistoricalCapitalProfile")
    for row in PROFILES:
        profile, created = profiles.objects.get_or_create(code=row["code"], defaults=row)
        if created:
            versions.objects.create(id=profile.pk, history_date=timezone.now(), history_type="+", **row)


class Migration(migrations.Migration):
    dependencies = [("risk", "0001_initial")]

    operations = [migrations.RunPython(profiles_create, migrations.RunPython.noop)]
