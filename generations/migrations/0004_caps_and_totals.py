"""Entries say whom and what they are about; totals by day; caps and what is used of them."""

from collections import Counter
from itertools import batched

import django.db.models.deletion
import generations.clock
import generations.models.ledger
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

TABLES = ("generations_entry", "generations_line")
TOLD_BY = {"hold": "held", "settle": "spent", "release": "available", "adjust": "available"}
SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
# REPLACE would delete the old row without a DELETE that a trigger sees.
SQLITE_REPLACE = """
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
"""
POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()
"""


def lift(apps, schema_editor):
    """The triggers of before; SQLite would lose those of a table that it remakes anyway."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("update", "delete", "replace"):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")


def lay(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("update", "delete"):
            text = POSTGRESQL if postgresql else SQLITE
            schema_editor.execute(text.format(table=table, verb=verb, VERB=verb.upper()))
        if not postgresql:
            schema_editor.execute(SQLITE_REPLACE.format(table=table))


def fill(apps, schema_editor):
    """What entries of before would have said, and what they sum up to."""
    Entry, Total, Used = (apps.get_model("generations", name) for name in ("Entry", "Total", "Used"))
    totals, used, held_in = {}, Counter(), {}
    rows = Entry.objects.select_related("attempt__task").order_by("pk")
    for chunk in batched(rows.iterator(chunk_size=500), 500):
        pots = _pots(apps, chunk)
        for entry in chunk:
            _complete(entry, pots[entry.pk])
            _count(entry, totals, Total)
            if entry.attempt:
                if entry.kind == "hold":
                    held_in[entry.attempt_id] = entry.day.replace(day=1)
                month = held_in.get(entry.attempt_id, entry.day.replace(day=1))
                moved = pots[entry.pk].get("held", 0) + pots[entry.pk].get("spent", 0)
                for person in (None, entry.person_id):
                    used[entry.team_id, person, entry.unit, month] += moved
        fields = ["person", "model", "amount", "in_vain", "day"]
        Entry.objects.bulk_update(chunk, fields, batch_size=100)
    Total.objects.bulk_create(totals.values(), batch_size=500)
    Used.objects.bulk_create(
        (
            Used(team_id=team, user_id=person, unit=unit, month=month, amount=amount)
            for (team, person, unit, month), amount in used.items()
        ),
        batch_size=500,
    )
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _pots(apps, entries):
    """For each entry, how much it moved in each account."""
    pots = {entry.pk: {} for entry in entries}
    lines = apps.get_model("generations", "Line").objects.filter(entry__in=list(pots))
    for entry, name, amount in lines.values_list("entry", "account__name", "amount"):
        pots[entry][name] = amount
    return pots


def _complete(entry, pots):
    task = entry.attempt.task if entry.attempt else None
    entry.person_id = task.created_by_id if task else entry.actor_id
    entry.model = task.model if task else ""
    entry.amount = pots.get(TOLD_BY[entry.kind], 0)
    entry.in_vain = bool(task and entry.kind == "settle" and task.state in ("failed", "cancelled"))
    entry.day = timezone.localdate(entry.at)


def _count(entry, totals, Total):
    key = (entry.credential_id, entry.day, entry.kind, entry.in_vain, entry.model, entry.person_id)
    total = totals.setdefault(
        key,
        Total(
            team_id=entry.team_id,
            credential_id=entry.credential_id,
            unit=entry.unit,
            person_id=entry.person_id,
            model=entry.model,
            kind=entry.kind,
            in_vain=entry.in_vain,
            day=entry.day,
        ),
    )
    total.entries += 1
    total.amount += entry.amount
    total.estimate += entry.attempt.estimate if entry.kind == "settle" else 0


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0003_pictures'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=20, verbose_name='unit')),
                ('amount', models.BigIntegerField(verbose_name='most a month')),
                ('changed_at', models.DateTimeField(default=generations.clock.now, editable=False, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'cap',
                'verbose_name_plural': 'caps',
            },
        ),
        migrations.CreateModel(
            name='Total',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=20)),
                ('model', models.CharField(max_length=60)),
                ('kind', models.CharField(choices=[('hold', 'Hold'), ('settle', 'Settle'), ('release', 'Release'), ('adjust', 'Adjust'), ('correct', 'Correction')], max_length=10)),
                ('in_vain', models.BooleanField(default=False)),
                ('day', models.DateField()),
                ('entries', models.BigIntegerField(default=0)),
                ('amount', models.BigIntegerField(default=0)),
                ('estimate', models.BigIntegerField(default=0)),
                ('stated', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Used',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=20)),
                ('month', models.DateField()),
                ('amount', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(lift, lay),
        migrations.RemoveIndex(
            model_name='entry',
            name='entry_by_team',
        ),
        migrations.AddField(
            model_name='entry',
            name='amount',
            field=models.BigIntegerField(default=0, verbose_name='amount'),
        ),
        migrations.AddField(
            model_name='entry',
            name='day',
            field=models.DateField(default=generations.models.ledger.booking_day, editable=False, verbose_name='day'),
        ),
        migrations.AddField(
            model_name='entry',
            name='in_vain',
            field=models.BooleanField(default=False, verbose_name='charged in vain'),
        ),
        migrations.AddField(
            model_name='entry',
            name='model',
            field=models.CharField(blank=True, max_length=60, verbose_name='model'),
        ),
        migrations.AddField(
            model_name='entry',
            name='person',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='entry',
            name='credential',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='generations.credential'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.CharField(choices=[('hold', 'Hold'), ('settle', 'Settle'), ('release', 'Release'), ('adjust', 'Adjust'), ('correct', 'Correction')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='team',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='generations.team'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['-day', '-id'], name='entry_by_day'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['team', '-day', '-id'], name='entry_by_team'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['credential', '-day', '-id'], name='entry_by_credential'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['person', '-day', '-id'], name='entry_by_person'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['model', '-day', '-id'], name='entry_by_model'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['kind', '-day', '-id'], name='entry_by_kind'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('in_vain', True)), fields=['-day', '-id'], name='entry_in_vain'),
        ),
        migrations.AddField(
            model_name='cap',
            name='changed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='cap',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='caps', to='generations.team'),
        ),
        migrations.AddField(
            model_name='cap',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='caps', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='total',
            name='credential',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.credential'),
        ),
        migrations.AddField(
            model_name='total',
            name='person',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='total',
            name='team',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.team'),
        ),
        migrations.AddField(
            model_name='used',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='generations.team'),
        ),
        migrations.AddField(
            model_name='used',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='cap',
            constraint=models.UniqueConstraint(fields=('team', 'unit', 'user'), name='one_cap_per_member'),
        ),
        migrations.AddConstraint(
            model_name='cap',
            constraint=models.UniqueConstraint(condition=models.Q(('user', None)), fields=('team', 'unit'), name='one_cap_per_team'),
        ),
        migrations.AddConstraint(
            model_name='cap',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='no_cap_below_zero'),
        ),
        migrations.AddIndex(
            model_name='total',
            index=models.Index(fields=['day'], name='total_by_day'),
        ),
        migrations.AddIndex(
            model_name='total',
            index=models.Index(fields=['team', 'day'], name='total_by_team'),
        ),
        migrations.AddConstraint(
            model_name='total',
            constraint=models.UniqueConstraint(fields=('credential', 'day', 'kind', 'in_vain', 'model', 'person'), name='one_total_per_person'),
        ),
        migrations.AddConstraint(
            model_name='total',
            constraint=models.UniqueConstraint(condition=models.Q(('person', None)), fields=('credential', 'day', 'kind', 'in_vain', 'model'), name='one_total_of_nobody'),
        ),
        migrations.AddConstraint(
            model_name='used',
            constraint=models.UniqueConstraint(fields=('team', 'unit', 'month', 'user'), name='one_use_per_member'),
        ),
        migrations.AddConstraint(
            model_name='used',
            constraint=models.UniqueConstraint(condition=models.Q(('user', None)), fields=('team', 'unit', 'month'), name='one_use_per_team'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(lay, lift),
    ]
