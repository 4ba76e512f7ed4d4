"""Statements, their lines and claims; auditors; the trail of who did what is append-only too."""

import django.db.models.deletion
import django.db.models.expressions
import generations.clock
from django.conf import settings
from django.db import migrations, models

TABLES = ("generations_event", "generations_statementline")
SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
SQLITE_REPLACE = """
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION table_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$
"""
POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table}
FOR EACH ROW EXECUTE FUNCTION table_is_append_only()
"""


def lay(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(POSTGRESQL_FUNCTION)
    for table in TABLES:
        for verb in ("update", "delete"):
            text = POSTGRESQL if postgresql else SQLITE
            schema_editor.execute(text.format(table=table, verb=verb, VERB=verb.upper()))
        if not postgresql:
            schema_editor.execute(SQLITE_REPLACE.format(table=table))


def lift(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("update", "delete", "replace"):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}{on}")
    if postgresql:
        schema_editor.execute("DROP FUNCTION table_is_append_only()")


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0007_films'),
    ]

    operations = [
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=100, verbose_name="provider's number")),
                ('unit', models.CharField(max_length=20, verbose_name='unit')),
                ('amount', models.BigIntegerField(default=0, verbose_name='on the statement')),
                ('booked', models.BigIntegerField(default=0, verbose_name='booked here')),
                ('difference', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(models.F('amount'), '-', models.F('booked')), output_field=models.BigIntegerField(), verbose_name='difference')),
                ('decision', models.CharField(blank=True, choices=[('', 'Open'), ('accepted', 'Accepted'), ('disputed', 'Disputed')], default='', max_length=10, verbose_name='decision')),
                ('reason', models.TextField(blank=True, verbose_name='reason')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('created_at', models.DateTimeField(default=generations.clock.now, editable=False, verbose_name='first claimed')),
            ],
            options={
                'verbose_name': 'claim of a provider',
                'verbose_name_plural': 'claims of providers',
            },
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='file')),
                ('content', models.TextField(editable=False)),
                ('fingerprint', models.CharField(editable=False, max_length=64, verbose_name='fingerprint')),
                ('columns', models.JSONField(default=dict, editable=False)),
                ('first', models.DateField(null=True, verbose_name='from')),
                ('last', models.DateField(null=True, verbose_name='to')),
                ('created_at', models.DateTimeField(default=generations.clock.now, editable=False, verbose_name='given')),
                ('imported_at', models.DateTimeField(null=True, verbose_name='imported')),
            ],
            options={
                'verbose_name': 'statement',
                'verbose_name_plural': 'statements',
            },
        ),
        migrations.CreateModel(
            name='StatementLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveIntegerField(verbose_name='line')),
                ('number', models.CharField(max_length=100, verbose_name="provider's number")),
                ('amount', models.BigIntegerField(verbose_name='on the statement')),
                ('said_at', models.CharField(blank=True, max_length=40, verbose_name='when')),
                ('words', models.CharField(blank=True, max_length=200, verbose_name='words')),
                ('fingerprint', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'line of a statement',
                'verbose_name_plural': 'lines of statements',
            },
        ),
        migrations.AlterField(
            model_name='event',
            name='actor',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='event',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='generations.team'),
        ),
        migrations.AlterField(
            model_name='invitation',
            name='role',
            field=models.CharField(choices=[('owner', 'Owner'), ('producer', 'Producer'), ('viewer', 'Viewer'), ('auditor', 'Auditor')], default='producer', max_length=10, verbose_name='role'),
        ),
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('owner', 'Owner'), ('producer', 'Producer'), ('viewer', 'Viewer'), ('auditor', 'Auditor')], default='producer', max_length=10, verbose_name='role'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['team', 'subject'], name='event_by_subject'),
        ),
        migrations.AddField(
            model_name='claim',
            name='attempt',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='claim', to='generations.attempt'),
        ),
        migrations.AddField(
            model_name='claim',
            name='credential',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='generations.credential'),
        ),
        migrations.AddField(
            model_name='claim',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='claim',
            name='team',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='generations.team'),
        ),
        migrations.AddField(
            model_name='statement',
            name='credential',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='generations.credential'),
        ),
        migrations.AddField(
            model_name='statement',
            name='imported_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='statement',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='generations.team'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='credential',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.credential'),
        ),
        migrations.AddField(
            model_name='statementline',
            name='statement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='generations.statement'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['team', 'decision', 'difference'], name='claim_open'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['decision', 'difference'], name='claim_open_anywhere'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(fields=('credential', 'number'), name='one_claim_per_number'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.UniqueConstraint(fields=('credential', 'fingerprint'), name='a_statement_comes_once'),
        ),
        migrations.AddIndex(
            model_name='statementline',
            index=models.Index(fields=['credential', 'number'], name='statement_line_by_number'),
        ),
        migrations.AddConstraint(
            model_name='statementline',
            constraint=models.UniqueConstraint(fields=('credential', 'fingerprint'), name='a_statement_line_comes_once'),
        ),
        migrations.RunPython(lay, lift),
    ]
