import datetime
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import images.models.job
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Chore',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('done_at', models.DateTimeField(default=datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
            ],
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=images.models.job.new_id, editable=False, primary_key=True, serialize=False)),
                ('batch', models.UUIDField(db_index=True, default=images.models.job.new_id)),
                ('owner', models.CharField(max_length=64)),
                ('prompt', models.TextField()),
                ('negative_prompt', models.TextField(blank=True)),
                ('style', models.CharField(blank=True, max_length=40)),
                ('model', models.CharField(max_length=120)),
                ('provider', models.CharField(max_length=40)),
                ('width', models.PositiveIntegerField(default=1024)),
                ('height', models.PositiveIntegerField(default=1024)),
                ('steps', models.PositiveIntegerField(blank=True, null=True)),
                ('guidance_scale', models.FloatField(blank=True, null=True)),
                ('seed', models.BigIntegerField()),
                ('status', models.CharField(choices=[('queued', 'Waiting'), ('running', 'Drawing'), ('succeeded', 'Done'), ('failed', 'Failed'), ('canceled', 'Canceled')], default='queued', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('turn', models.BigIntegerField(default=0)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('max_attempts', models.PositiveIntegerField(default=images.models.job.default_max_attempts)),
                ('losses', models.PositiveIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('error_code', models.CharField(blank=True, max_length=40)),
                ('error_message', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('queued_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('dismissed_at', models.DateTimeField(blank=True, null=True)),
                ('idempotency_key', models.CharField(blank=True, max_length=80, null=True)),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
                'permissions': [('operate_job', 'Can retry and cancel jobs, and pause drawing')],
                'constraints': [models.UniqueConstraint(fields=('owner', 'idempotency_key'), name='job_once_per_key')],
                'indexes': [
                    models.Index(condition=models.Q(('status', 'queued')), fields=['turn', 'id'], name='job_next'),
                    models.Index(condition=models.Q(('status', 'queued')), fields=['owner', 'turn'], name='job_waiting_of_owner'),
                    models.Index(condition=models.Q(('status', 'queued')), fields=['next_attempt_at'], name='job_due'),
                    models.Index(condition=models.Q(('status', 'running')), fields=['lease_until'], name='job_leased'),
                    models.Index(fields=['owner', '-created_at', '-id'], name='job_of_owner'),
                    models.Index(fields=['status', '-created_at', '-id'], name='job_by_status'),
                    models.Index(condition=models.Q(('status', 'queued')), fields=['queued_at'], name='job_waited'),
                    models.Index(condition=models.Q(('dismissed_at__isnull', False)), fields=['dismissed_at'], name='job_put_away'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ProviderState',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('open_until', models.DateTimeField(blank=True, null=True)),
                ('hold_until', models.DateTimeField(blank=True, null=True)),
                ('paused_at', models.DateTimeField(blank=True, null=True)),
                ('pause_code', models.CharField(blank=True, max_length=40)),
                ('pause_reason', models.TextField(blank=True)),
                ('token_mark', models.CharField(blank=True, max_length=16)),
            ],
            options={
                'verbose_name': 'provider',
            },
        ),
        migrations.CreateModel(
            name='Usage',
            fields=[
                ('month', models.DateField(primary_key=True, serialize=False)),
                ('characters', models.PositiveBigIntegerField(default=0)),
                ('pictures', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'usage',
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('name', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('concurrency', models.PositiveIntegerField(default=1)),
                ('running', models.PositiveIntegerField(default=0)),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('seen_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='GeneratedImage',
            fields=[
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='image', serialize=False, to='images.job')),
                ('file', models.FileField(max_length=200, upload_to='')),
                ('thumbnail', models.FileField(max_length=200, upload_to='')),
                ('thumbnail_small', models.FileField(max_length=200, upload_to='')),
                ('placeholder', models.CharField(max_length=400)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('format', models.CharField(max_length=8)),
                ('bytes', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('provider', models.CharField(max_length=40)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('starred', models.BooleanField(default=False)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('ignored', models.CharField(blank=True, db_default='', default='', max_length=100)),
            ],
            options={
                'verbose_name': 'picture',
                'verbose_name_plural': 'pictures',
                'indexes': [
                    models.Index(condition=models.Q(('deleted_at__isnull', True)), fields=['-created_at', '-job'], name='picture_newest'),
                    models.Index(condition=models.Q(('deleted_at__isnull', True), ('starred', True)), fields=['-created_at', '-job'], name='picture_starred'),
                    models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['deleted_at'], name='picture_trash'),
                    models.Index(condition=models.Q(('thumbnail', '')), fields=['created_at'], name='picture_no_thumbnail'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('lease_token', models.UUIDField()),
                ('worker', models.CharField(max_length=120)),
                ('provider', models.CharField(max_length=40)),
                ('started_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('outcome', models.CharField(blank=True, choices=[('stored', 'Stored'), ('failed', 'Failed'), ('lost', 'Lost'), ('released', 'Released'), ('canceled', 'Canceled')], max_length=10)),
                ('http_status', models.PositiveIntegerField(blank=True, null=True)),
                ('error_code', models.CharField(blank=True, max_length=40)),
                ('message', models.TextField(blank=True)),
                ('request_id', models.CharField(blank=True, max_length=200)),
                ('retry_after', models.FloatField(blank=True, null=True)),
                ('billed', models.BooleanField(default=False)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempt_rows', to='images.job')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [
                    models.Index(condition=models.Q(('finished_at__isnull', True)), fields=['worker'], name='attempt_open'),
                    models.Index(condition=models.Q(('outcome', 'stored')), fields=['-finished_at'], name='attempt_stored'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('modified_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('data', models.BinaryField()),
            ],
        ),
    ]
