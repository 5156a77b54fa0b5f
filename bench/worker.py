"""Our worker with the benchmarks' protocol in its catalogue; otherwise the product as it is."""

import sys

from bench.protocol import register

if __name__ == "__main__":
    register()
    from worker import main

    sys.exit(main())
