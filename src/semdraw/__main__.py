"""`python -m semdraw` is the command line."""

from semdraw.cli.main import main

if __name__ == "__main__":
    main()
