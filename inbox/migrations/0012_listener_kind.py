from django.db import migrations


class Migration(migrations.Migration):
    """Call a session's kind of listener by its name; every row keeps its value."""

    dependencies = [("inbox", "0011_search_names")]
    operations = [migrations.RenameField("session", "door", "listener_kind")]
