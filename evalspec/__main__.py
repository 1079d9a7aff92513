"""`python -m evalspec` runs the same program as the `evalspec` script."""

from evalspec.cli import main

if __name__ == "__main__":
    main()
