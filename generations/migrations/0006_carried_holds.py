"""A hold that one try gives to the next is told apart from an order, and its release from a return."""

from importlib import import_module

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

books = import_module("generations.migrations.0004_caps_and_totals")


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("generations", "0005_guards_and_bin"),
    ]

    operations = [
        migrations.RunPython(books.lift, books.lay),
        migrations.AddField(
            "entry", "carried", models.BooleanField("carried over", default=False)
        ),
        migrations.RunPython(books.lay, books.lift),
        migrations.RemoveConstraint("total", "one_total_per_person"),
        migrations.RemoveConstraint("total", "one_total_of_nobody"),
        migrations.AddField("total", "carried", models.BooleanField(default=False)),
        migrations.AddConstraint(
            "total",
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "in_vain", "carried", "model", "person"],
                name="one_total_per_person",
            ),
        ),
        migrations.AddConstraint(
            "total",
            models.UniqueConstraint(
                fields=["credential", "day", "kind", "in_vain", "carried", "model"],
                condition=Q(person=None),
                name="one_total_of_nobody",
            ),
        ),
    ]
