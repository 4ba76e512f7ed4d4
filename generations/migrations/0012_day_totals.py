"""The totals of whole days, made from those that there are."""

import django.db.models.deletion
from django.db import migrations, models


FILMS = ("one-click", "footage", "narration", "music", "compose")
KEY = ("team_id", "credential_id", "unit", "kind", "in_vain", "carried", "day")
SUMS = ("entries", "amount", "estimate", "stated")


def sum_up(apps, schema_editor):
    total, day_total = (apps.get_model("generations", name) for name in ("Total", "DayTotal"))
    found = {}
    for row in total.objects.values(*KEY, *SUMS, "model").iterator():
        key = (*(row[name] for name in KEY), row["model"] in FILMS)
        before = found.get(key, (0, 0, 0, 0))
        found[key] = tuple(had + row[name] for had, name in zip(before, SUMS, strict=True))
    day_total.objects.bulk_create(
        (
            day_total(**dict(zip((*KEY, "of_film"), key, strict=True)), **dict(zip(SUMS, sums, strict=True)))
            for key, sums in found.items()
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0011_taken_in_and_at_risk'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=20)),
                ('kind', models.CharField(choices=[('hold', 'Hold'), ('settle', 'Settle'), ('release', 'Release'), ('adjust', 'Adjust'), ('correct', 'Correction'), ('adopt', 'Taken in')], max_length=10)),
                ('in_vain', models.BooleanField(default=False)),
                ('carried', models.BooleanField(default=False)),
                ('day', models.DateField()),
                ('entries', models.BigIntegerField(default=0)),
                ('amount', models.BigIntegerField(default=0)),
                ('estimate', models.BigIntegerField(default=0)),
                ('stated', models.BigIntegerField(default=0)),
                ('of_film', models.BooleanField(default=False)),
                ('credential', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.credential')),
                ('team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.team')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='day_total_by_day'), models.Index(fields=['team', 'day'], name='day_total_by_team')],
                'constraints': [models.UniqueConstraint(fields=('credential', 'day', 'kind', 'in_vain', 'carried', 'of_film'), name='one_total_per_day')],
            },
        ),
        migrations.RunPython(sum_up, migrations.RunPython.noop),
    ]
