#!/usr/bin/env python
"""Mailsink's commands: `python manage.py serve` starts it."""

import gc
import os
import sys


def main() -> None:
    gc.set_threshold(50_000)  # a start makes much, and hardly any garbage
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailsink.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
