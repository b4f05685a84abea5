"""Imported by every process of the server as it starts: on a CPU, processes that wait for each other sleep instead of yielding.

vLLM's engine and worker poll a shared buffer and give their processor away with `sched_yield` between looks, hundreds of thousands
of times a second. On a GPU's host that is a core of its own. Where the model's processors are also everybody's, newer kernels take each
yield for a slice of time that was used up, and the books of the scheduler drift so far apart that processes which only wait for a
timer or a socket, the server's own among them, are not run for seconds.
"""

import os
import time

_POLL_S = 0.00002

if os.environ.get("PIXEL_DOOR_SLEEPS") == "1":

    def _sleep() -> None:
        time.sleep(_POLL_S)

    os.sched_yield = _sleep
