#!/usr/bin/env python
"""Mailsink's commands: `python manage.py serve` starts it."""

import sys

from mailsink.cli.django_commands import INTERRUPTED, run

if __name__ == "__main__":
    try:
        run(sys.argv)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
