import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inbox', '0034_memberships'),
    ]

    operations = [
        migrations.CreateModel(
            name='SmtpCredential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('username', models.CharField(max_length=64, unique=True)),
                ('verifier', models.CharField(max_length=200)),
                ('password', models.TextField(blank=True)),
                ('old_verifier', models.CharField(blank=True, max_length=200)),
                ('old_password', models.TextField(blank=True)),
                ('old_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.RemoveField(
            model_name='inbox',
            name='credentials',
        ),
        migrations.AddField(
            model_name='inbox',
            name='changed_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='inbox',
            name='conditions',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='inbox',
            name='created_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='inbox',
            name='deleted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='inbox',
            name='label_days',
            field=models.PositiveIntegerField(default=7),
        ),
        migrations.AddField(
            model_name='inbox',
            name='parent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='labelled', to='inbox.inbox'),
        ),
        migrations.AddField(
            model_name='message',
            name='template',
            field=models.CharField(max_length=16, null=True),
        ),
        migrations.AlterField(
            model_name='inbox',
            name='slug',
            field=models.SlugField(),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('direction', 'in'), ('ending__isnull', False), ('last_verb', ''), ('octets', 0), models.Q(('listener_kind__in', ('import', 'internal')), _negated=True)), fields=['client_address', 'opened_at'], name='session_probe'),
        ),
        migrations.AddConstraint(
            model_name='inbox',
            constraint=models.UniqueConstraint(condition=models.Q(('deleted_at__isnull', True)), fields=('slug',), name='inbox_slug'),
        ),
        migrations.AddField(
            model_name='smtpcredential',
            name='inbox',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='inbox.inbox'),
        ),
    ]
