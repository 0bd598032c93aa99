"""`python -m mailsink`: the command line."""

from mailsink.cli.app import main

if __name__ == "__main__":
    main()
