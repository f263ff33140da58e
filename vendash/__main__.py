"""`python -m vendash`."""

from vendash.cli import main

if __name__ == "__main__":
    main()
