"""An amount is a figure or not known: prices of owners, falls of balances, and what is unknown."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

import generations.clock

from . import _sql

OF_FILMS = ("film", "shot_take", "narration_take", "music_take", "film_cut")
OF_FILM_MODELS = ("one-click", "footage", "narration", "music", "compose")
TOTAL = ("credential", "day", "kind", "failed", "carried")
BASES = [
    ("provider", "told by the provider"),
    ("price", "by the price"),
    ("balance", "by the fall of the balance"),
    ("statement", "by a statement"),
    ("person", "by a person"),
]


def tell_what_is_unknown(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Tell 0 from what nobody knew, where the rows still say it.

    An estimate was 0 only where no price was known. Where such a clip came and its provider told no
    cost, 0 was booked. Entries are never rewritten, but totals, caps and attempts say so from now.
    """
    alias = schema_editor.connection.alias
    attempts = apps.get_model("generations", "Attempt").objects.using(alias)
    entries = apps.get_model("generations", "Entry").objects.using(alias).order_by()
    attempts.filter(estimate=0).update(estimate=None)
    estimated = attempts.filter(estimate__isnull=False)
    estimated.filter(task__kind__in=OF_FILMS).update(estimate_basis="last")
    estimated.exclude(task__kind__in=OF_FILMS).update(estimate_basis="catalogue")

    corrections = entries.filter(kind="correct", attempt=OuterRef("attempt"))
    unknown = entries.filter(
        ~Exists(corrections),
        kind__in=["settle", "import"],
        amount=0,
        attempt__estimate=None,
        attempt__cost=None,
        attempt__task__state="succeeded",
    )
    _count_in_totals(apps, alias, unknown)
    _count_in_caps(apps, alias, entries, unknown)
    _save_booked(attempts, entries, unknown)


def _count_in_totals(apps: StateApps, alias: str, unknown: models.QuerySet) -> None:
    total = apps.get_model("generations", "Total").objects.using(alias)
    for row in unknown.values(*TOTAL, "model", "person").annotate(count=Count("pk")):
        count = row.pop("count")
        total.filter(**row).update(unknown=count)
    day_total = apps.get_model("generations", "DayTotal").objects.using(alias)
    for of_film, rows in (
        (True, unknown.filter(model__in=OF_FILM_MODELS)),
        (False, unknown.exclude(model__in=OF_FILM_MODELS)),
    ):
        for row in rows.values(*TOTAL).annotate(count=Count("pk")):
            count = row.pop("count")
            day_total.filter(**row, of_film=of_film).update(unknown=count)


def _count_in_caps(
    apps: StateApps, alias: str, entries: models.QuerySet, unknown: models.QuerySet
) -> None:
    uses = apps.get_model("generations", "CapUse").objects.using(alias)
    closed = entries.filter(attempt=OuterRef("attempt"), kind__in=["settle", "release", "import"])
    still_open = Q(~Exists(closed), attempt__estimate=None)
    ended = Q(attempt__in=unknown.filter(kind="settle").values("attempt"))
    holds = entries.filter(still_open | ended, kind="hold", attempt__task__imported_at=None)
    for team, person, unit, day in holds.values_list("team", "person", "unit", "day"):
        for user in (None, person):
            use, _made = uses.get_or_create(
                team_id=team, user_id=user, unit=unit, month=day.replace(day=1)
            )
            uses.filter(pk=use.pk).update(unknown=F("unknown") + 1)


def _save_booked(
    attempts: models.QuerySet, entries: models.QuerySet, unknown: models.QuerySet
) -> None:
    own = entries.filter(attempt=OuterRef("pk"))
    charged = own.filter(kind__in=["settle", "correct", "import"])
    closed = attempts.filter(
        Exists(own.filter(kind__in=["settle", "release", "import"])),
        ~Exists(unknown.filter(attempt=OuterRef("pk"))),
    )
    sums = charged.values("attempt").annotate(sum=Sum("amount")).values("sum")
    closed.update(booked=Coalesce(Subquery(sums), 0))
    # Only what no person has corrected: there the rows do not say by what.
    booked = attempts.filter(
        ~Exists(own.filter(kind="correct")), Exists(charged), booked__isnull=False
    )
    booked.filter(cost__isnull=False).update(booked_basis="provider")
    booked.filter(cost=None, estimate_basis="catalogue").update(booked_basis="price")


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0003_offers'),
    ]

    operations = [
        migrations.CreateModel(
            name='CredentialPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30, verbose_name='kind')),
                ('model', models.CharField(max_length=60, verbose_name='model')),
                ('resolution', models.CharField(blank=True, max_length=20, verbose_name='resolution')),
                ('per', models.CharField(choices=[('second', 'a second'), ('clip', 'a clip')], default='second', max_length=10, verbose_name='for')),
                ('amount', models.DecimalField(decimal_places=4, max_digits=14, verbose_name='price')),
                ('checked_on', models.DateField(blank=True, null=True, verbose_name='checked on')),
                ('changed_at', models.DateTimeField(default=generations.clock.now, editable=False, verbose_name='changed')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='generations.credential')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prices', to='generations.team')),
            ],
            options={
                'verbose_name': 'price',
                'verbose_name_plural': 'prices',
                'ordering': ['credential', 'kind', 'model', 'resolution'],
                'constraints': [models.UniqueConstraint(fields=('credential', 'kind', 'model', 'resolution'), name='one_price_per_offer'), models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='no_price_below_zero')],
            },
        ),
        migrations.CreateModel(
            name='BalanceFall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=20, verbose_name='unit')),
                ('amount', models.BigIntegerField(verbose_name='went')),
                ('booked', models.BigIntegerField(default=0, verbose_name='booked since')),
                ('since', models.DateTimeField(verbose_name='after')),
                ('until', models.DateTimeField(verbose_name='before')),
                ('state', models.CharField(choices=[('open', 'Not explained'), ('booked', 'Booked'), ('dismissed', 'Not an order of ours'), ('returned', 'Came back')], default='open', max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided')),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balance_falls', to='generations.credential')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balance_falls', to='generations.team')),
            ],
            options={
                'verbose_name': 'fall of a balance',
                'verbose_name_plural': 'falls of balances',
                'indexes': [models.Index(fields=['team', 'state', '-until'], name='fall_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('booked__gte', 0), ('booked__lte', models.F('amount'))), name='fall_booked_within')],
            },
        ),
        migrations.AddField(
            model_name='credential',
            name='balance_agreed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='balance agreed'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='estimate',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='estimated'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='estimate_basis',
            field=models.CharField(blank=True, choices=[('catalogue', "the provider's price list"), ('price', 'your price'), ('last', 'the last one of its kind')], default='', max_length=10, verbose_name='estimated by'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='attempt',
            name='booked',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='booked'),
        ),
        migrations.AddField(
            model_name='attempt',
            name='booked_basis',
            field=models.CharField(blank=True, choices=BASES, default='', max_length=10, verbose_name='booked by'),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('estimate', None)), fields=['credential'], name='attempt_without_estimate'),
        ),
        migrations.AddField(
            model_name='cap',
            name='when_unknown',
            field=models.CharField(choices=[('ask', 'Ask before each order'), ('refuse', 'Refuse the order')], default='ask', max_length=10, verbose_name='without a known price'),
        ),
        migrations.AddField(
            model_name='capuse',
            name='unknown',
            field=models.IntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='entry',
            name='amount',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='amount'),
        ),
        migrations.AddField(
            model_name='entry',
            name='basis',
            field=models.CharField(blank=True, choices=BASES, default='', max_length=10, verbose_name='known by'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='entry',
            name='fall',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='generations.balancefall'),
        ),
        migrations.AddField(
            model_name='total',
            name='unknown',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='daytotal',
            name='unknown',
            field=models.IntegerField(default=0),
        ),
        migrations.RunPython(tell_what_is_unknown, migrations.RunPython.noop),
        migrations.RunPython(_sql.reinstall_on_sqlite, migrations.RunPython.noop),
    ]
