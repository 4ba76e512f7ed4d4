"""Clips that were ordered elsewhere and are taken in; since when an order is unclear; how long the
links of a key live, and of which files it was told that they are at risk.

The new columns are empty at first, so that SQLite adds them without making ``generations_task``
anew, whose triggers would be lost by that.
"""

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

KINDS = {
    "hold": "Hold",
    "settle": "Settle",
    "release": "Release",
    "adjust": "Adjust",
    "correct": "Correction",
    "adopt": "Taken in",
}


def begin_to_count(apps, schema_editor):
    """Of an order that is unclear already nobody wrote down since when."""
    tasks = apps.get_model("generations", "Task").objects.filter(state="unclear")
    tasks.update(unclear_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("generations", "0010_find")]

    operations = [
        migrations.AddField(
            "task",
            "adopted_at",
            models.DateTimeField(blank=True, null=True, verbose_name="taken in"),
        ),
        migrations.AddField(
            "task",
            "unclear_at",
            models.DateTimeField(blank=True, null=True, verbose_name="unclear since"),
        ),
        migrations.AddField(
            "task",
            "alarmed_at",
            models.DateTimeField(blank=True, null=True, verbose_name="unclear too long"),
        ),
        migrations.AddField(
            "file",
            "noticed_at",
            models.DateTimeField(blank=True, null=True, verbose_name="told to be at risk"),
        ),
        migrations.AddField(
            "credential",
            "link_life",
            models.PositiveIntegerField(blank=True, null=True, verbose_name="links live (s)"),
        ),
        migrations.AlterField(
            "entry",
            "kind",
            models.CharField(choices=list(KINDS.items()), max_length=10, verbose_name="kind"),
        ),
        migrations.AlterField(
            "total", "kind", models.CharField(choices=list(KINDS.items()), max_length=10)
        ),
        migrations.RemoveConstraint("entry", "a_hold_closes_once"),
        migrations.AddConstraint(
            "entry",
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(kind__in=["settle", "release", "adopt"]),
                name="a_hold_closes_once",
            ),
        ),
        migrations.RunPython(begin_to_count, migrations.RunPython.noop),
    ]
