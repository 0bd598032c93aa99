from django.db import migrations

ONLY = 1


def create_only(apps, schema_editor):
    apps.get_model("inbox", "OutgoingGuard").objects.get_or_create(pk=ONLY)


class Migration(migrations.Migration):
    """The row of the guard: where it is missing, nothing leaves."""

    dependencies = [("inbox", "0024_release_rules")]
    operations = [migrations.RunPython(create_only, migrations.RunPython.noop)]
