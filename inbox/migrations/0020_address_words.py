from django.db import migrations, models


class Migration(migrations.Migration):
    """Let an inbox say whether addresses ask for replies themselves."""

    dependencies = [("inbox", "0019_held_mail")]
    operations = [
        migrations.AddField("inbox", "address_words", models.BooleanField(default=True)),
    ]
