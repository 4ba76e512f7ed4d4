"""What providers tell is kept: longer ids, their words, what a fetch has seen of its link."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from . import _sql


def forget_unknown_sound(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Files that nobody could inspect were written down as silent."""
    apps.get_model("generations", "File").objects.filter(codec="").update(has_sound=None)


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='first_report',
            field=models.TextField(blank=True, verbose_name='first raw report'),
        ),
        migrations.AddField(
            model_name='credential',
            name='doubted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='refused once'),
        ),
        migrations.AddField(
            model_name='file',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='new link asked for'),
        ),
        migrations.AddField(
            model_name='file',
            name='died_after',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='link died after (s)'),
        ),
        migrations.AddField(
            model_name='file',
            name='plays_in_browsers',
            field=models.BooleanField(blank=True, null=True, verbose_name='plays in browsers'),
        ),
        migrations.AddField(
            model_name='file',
            name='proxy',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='file',
            name='worked_for',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='link worked for (s)'),
        ),
        migrations.AddField(
            model_name='task',
            name='echoed',
            field=models.JSONField(blank=True, default=dict, verbose_name='what the provider repeated'),
        ),
        migrations.AddField(
            model_name='task',
            name='late_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='called late'),
        ),
        migrations.AddField(
            model_name='task',
            name='state_word',
            field=models.CharField(blank=True, max_length=60, verbose_name="provider's word for its state"),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='remote_id',
            field=models.CharField(blank=True, max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='callback',
            name='remote_id',
            field=models.CharField(blank=True, max_length=255, verbose_name='id it named'),
        ),
        migrations.AlterField(
            model_name='claim',
            name='remote_id',
            field=models.CharField(max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='cut',
            name='remote_id',
            field=models.CharField(blank=True, max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='cutpiece',
            name='remote_id',
            field=models.CharField(max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='file',
            name='has_sound',
            field=models.BooleanField(blank=True, null=True, verbose_name='sound'),
        ),
        migrations.AlterField(
            model_name='file',
            name='remote_id',
            field=models.CharField(blank=True, max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='file',
            name='role',
            field=models.CharField(choices=[('video', 'Video'), ('cover', 'Cover'), ('watermarked', 'Watermarked video'), ('audio', 'Audio'), ('image', 'Picture')], max_length=12, verbose_name='role'),
        ),
        migrations.AlterField(
            model_name='statementline',
            name='remote_id',
            field=models.CharField(max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='take',
            name='remote_id',
            field=models.CharField(blank=True, max_length=255, verbose_name="provider's id"),
        ),
        migrations.AlterField(
            model_name='task',
            name='alarm',
            field=models.TextField(blank=True, verbose_name='alarm'),
        ),
        migrations.RunPython(forget_unknown_sound, migrations.RunPython.noop),
        migrations.RunPython(_sql.reinstall_on_sqlite, migrations.RunPython.noop),
    ]
