"""Find the few messages that have files, are large, or were refused, without reading all."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0047_shrinking'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('deleted_at__isnull', True), ('attachments__gte', 1)), fields=['id'], name='message_with_files'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('deleted_at__isnull', True), ('size__gte', 100000)), fields=['id', 'size'], name='message_large'),
        ),
        migrations.AddIndex(
            model_name='recipient',
            index=models.Index(condition=models.Q(('final_code__gte', 400)), fields=['transaction'], name='recipient_refused_late'),
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(condition=models.Q(('code__gte', 400)), fields=['code'], name='transaction_refused'),
        ),
    ]
