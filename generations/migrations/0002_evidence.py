"""What providers tell is kept: longer ids, their words, what a fetch has seen of its link."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.utils import timezone

from . import _sql

OLD_FILES_WITHOUT_BROWSER = ("hevc", "prores", "mpeg4", "mpeg2video", "dnxhd")


def forget_unknown_sound(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Files that nobody could inspect were written down as silent."""
    files = apps.get_model("generations", "File").objects.using(schema_editor.connection.alias)
    files.filter(codec="").update(has_sound=None)


def forget_tries_of_stored_files(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of a stored file ``not_before`` and ``tries`` now speak of its copy for browsers."""
    stored = apps.get_model("generations", "File").objects.filter(state="stored")
    stored.exclude(not_before=None, tries=0).update(not_before=None, tries=0)


def let_copies_be_made(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let stored files that no browser plays for certain get their copies."""
    stored = apps.get_model("generations", "File").objects.filter(state="stored")
    stored.filter(codec__in=OLD_FILES_WITHOUT_BROWSER).update(
        plays_in_browsers=False, not_before=timezone.now()
    )


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
            name='missing_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='link leads to nothing since'),
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
        migrations.AddField(
            model_name='task',
            name='unanswered_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no readable answer since'),
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
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(choices=[('task.succeeded', 'Clip finished'), ('task.failed', 'Clip failed'), ('task.cancelled', 'Clip cancelled'), ('task.unclear', 'Order unclear'), ('task.alarm', 'Alarm of a clip'), ('file.stored', 'File stored'), ('file.lost', 'File lost'), ('file.found', 'Lost file found again'), ('team.files_at_risk', 'Files at risk'), ('film.ready', 'Film ready'), ('film.alarm', 'Alarm of a film'), ('remark.made', 'Remark by a client'), ('remark.answered', 'Remark answered'), ('verdict.given', 'Verdict by a client'), ('cap.near', 'Cap nearly used up'), ('credential.paused', 'Key paused'), ('credential.resumed', 'Key resumed')], max_length=30, verbose_name='kind'),
        ),
        migrations.AddIndex(
            model_name='file',
            index=models.Index(condition=models.Q(('not_before__isnull', False)), fields=['state', 'not_before'], name='file_due'),
        ),
        migrations.RunPython(forget_unknown_sound, migrations.RunPython.noop),
        migrations.RunPython(forget_tries_of_stored_files, migrations.RunPython.noop),
        migrations.RunPython(let_copies_be_made, migrations.RunPython.noop),
        migrations.RunPython(_sql.reinstall_on_sqlite, migrations.RunPython.noop),
    ]
