"""Orders that use a subject which a provider keeps."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0004_unknown_money")]

    operations = [
        migrations.AddField(
            model_name="taskpicture",
            name="subject",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="uses",
                to="generations.task",
                verbose_name="kept subject",
            ),
        ),
    ]
