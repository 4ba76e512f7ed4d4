"""What this installation offers: changes of the shipped catalogues."""

import django.db.models.deletion
import generations.clock
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0002_evidence'),
    ]

    operations = [
        migrations.CreateModel(
            name='OfferChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20, verbose_name='provider')),
                ('kind', models.CharField(max_length=30, verbose_name='kind')),
                ('model', models.CharField(max_length=60, verbose_name='model')),
                ('like', models.CharField(blank=True, max_length=60, verbose_name='follows the rules of')),
                ('is_hidden', models.BooleanField(default=False, verbose_name='not offered')),
                ('durations', models.CharField(blank=True, max_length=60, verbose_name='durations (s)')),
                ('resolutions', models.CharField(blank=True, max_length=120, verbose_name='resolutions')),
                ('images', models.CharField(blank=True, max_length=10, verbose_name='pictures')),
                ('prices', models.CharField(blank=True, max_length=200, verbose_name='prices of a second')),
                ('checked_on', models.DateField(blank=True, null=True, verbose_name='price checked on')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
                ('changed_at', models.DateTimeField(default=generations.clock.now, editable=False, verbose_name='changed')),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'offer',
                'verbose_name_plural': 'offers',
                'ordering': ['provider', 'kind', 'model'],
                'constraints': [models.UniqueConstraint(fields=('provider', 'kind', 'model'), name='one_change_per_offer')],
            },
        ),
    ]
