"""A Django app for other people's projects: adds `manage.py mailsink` to `runserver`.

Add "mailsink.contrib.django" to INSTALLED_APPS. Without the command it changes nothing.
"""
