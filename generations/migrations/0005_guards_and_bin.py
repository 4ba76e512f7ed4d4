"""The row of this installation; stops and quotas of teams; the bin."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0004_caps_and_totals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('identity', models.CharField(blank=True, max_length=60, verbose_name='identity')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='ordering stopped')),
            ],
            options={
                'verbose_name': 'installation',
                'verbose_name_plural': 'installation',
            },
        ),
        migrations.RemoveIndex(
            model_name='file',
            name='file_by_state',
        ),
        migrations.AddField(
            model_name='task',
            name='binned_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='put into the bin'),
        ),
        migrations.AddField(
            model_name='task',
            name='binned_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='task',
            name='emptied_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='deleted from the bin'),
        ),
        migrations.AddField(
            model_name='team',
            name='quota',
            field=models.PositiveBigIntegerField(blank=True, help_text='In bytes: 50000000000 are 50 GB. Empty: as much as the disk holds.', null=True, verbose_name='most kept'),
        ),
        migrations.AddField(
            model_name='team',
            name='stopped_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ordering stopped'),
        ),
        migrations.AddField(
            model_name='team',
            name='stopped_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='file',
            name='state',
            field=models.CharField(choices=[('remote', 'To be fetched'), ('fetching', 'Fetching'), ('stored', 'Ready'), ('lost', 'Lost'), ('deleted', 'Deleted')], default='remote', max_length=10, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='file',
            index=models.Index(fields=['team', 'state', 'sha256', 'size'], name='file_kept'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('binned_at__isnull', False), ('emptied_at', None)), fields=['team', 'binned_at'], name='task_in_the_bin'),
        ),
        migrations.AddField(
            model_name='installation',
            name='stopped_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='installation',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='one_installation'),
        ),
    ]
