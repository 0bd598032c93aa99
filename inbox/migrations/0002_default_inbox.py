from django.db import migrations


def create_default(apps, schema_editor):
    apps.get_model("inbox", "Inbox").objects.create(slug="default", name="Inbox")


class Migration(migrations.Migration):
    """The one inbox that exists always."""

    dependencies = [("inbox", "0001_initial")]
    operations = [migrations.RunPython(create_default, migrations.RunPython.noop)]
