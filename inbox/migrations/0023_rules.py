import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Rules, their counts, and the switch for all of them."""

    dependencies = [
        ('inbox', '0022_report_tasks'),
    ]

    operations = [
        migrations.AddField(
            model_name='inbox',
            name='rules_on',
            field=models.BooleanField(default=True),
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=80)),
                ('is_on', models.BooleanField(default=True)),
                ('stage', models.CharField(max_length=16)),
                ('conditions', models.JSONField(default=dict)),
                ('actions', models.JSONField(default=dict)),
                ('limits', models.JSONField(default=dict)),
                ('max_hits', models.PositiveIntegerField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('hits', models.PositiveBigIntegerField(default=0)),
                ('last_hits', models.JSONField(default=list)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('inbox', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='inbox.inbox')),
            ],
        ),
        migrations.CreateModel(
            name='RuleCount',
            fields=[
                ('pk', models.CompositePrimaryKey('rule_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=32)),
                ('count', models.PositiveBigIntegerField(default=0)),
                ('since', models.DateTimeField()),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='inbox.rule')),
            ],
        ),
        migrations.AddIndex(
            model_name='rule',
            index=models.Index(fields=['inbox', 'position'], name='rule_order'),
        ),
        migrations.AddIndex(
            model_name='rulecount',
            index=models.Index(fields=['rule', 'since'], name='rule_count_age'),
        ),
    ]
