"""`python -m sklearn_seqae`: see `sklearn_seqae._cli`."""

import sys

from sklearn_seqae._cli._main import main

if __name__ == "__main__":
    sys.exit(main())
