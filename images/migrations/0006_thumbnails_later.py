from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('images', '0005_search'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='generatedimage',
            index=models.Index(condition=models.Q(('thumbnail', '')), fields=['created_at'], name='picture_no_thumbnail'),
        ),
    ]
