"""Ports on which nothing listens, for programs that cannot choose one themselves."""

import random
import socket
import time


def free(count: int) -> list[int]:
    """So many, below those that the system gives to outgoing connections."""
    found: list[int] = []
    for port in random.sample(range(20_000, 30_000), 1_000):
        if len(found) == count:
            return found
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    raise RuntimeError("there are no free ports between 20000 and 30000")


def wait_for(port: int, is_alive) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if not is_alive():
            break
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


# In seconds, on a machine that is very busy.
LIMIT = 120
