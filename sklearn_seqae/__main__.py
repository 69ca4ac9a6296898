"""`python -m sklearn_seqae`: see `sklearn_seqae._cli`."""

import sys

if __name__ == "__main__":
    try:
        from sklearn_seqae._cli._main import main

        sys.exit(main())
    except KeyboardInterrupt:  # before `main` has begun to watch for it
        print("sklearn_seqae: interrupted", file=sys.stderr)
        sys.exit(130)
