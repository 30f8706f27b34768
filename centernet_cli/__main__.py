"""`python -m centernet_cli`, and `torchrun -m centernet_cli train …`."""

from __future__ import annotations

import sys

from centernet_cli.cli import main

if __name__ == "__main__":
    sys.exit(main())
