#!/usr/bin/env python
"""Django's command line."""

import atexit
import gc
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mobayilo.settings")
    # The process gives all memory back: a last search for garbage takes 0.3 s of every command.
    atexit.register(gc.freeze)
    execute_from_command_line(sys.argv)
