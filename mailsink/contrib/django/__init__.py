"""A Django app for other people's projects: `manage.py mailsink` beside `runserver`.

Put "mailsink.contrib.django" into INSTALLED_APPS. Without the command it changes nothing.
"""
