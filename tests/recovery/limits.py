"""What is promised, in seconds, holds where the machine is ours alone: `make recovery`.

In the quick run others work beside, and only what is far from it fails.
"""

import os

ALONE = "MINHU_REDIS_SECONDS" in os.environ
BESIDE_OTHERS = 5.0


def limit(seconds: float) -> float:
    return seconds if ALONE else seconds * BESIDE_OTHERS
