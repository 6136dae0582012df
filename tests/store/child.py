"""A process of its own for tests: commits counter values and says each one once it is durable.

Called as `child.py URL HOW NAME TIMES`; HOW is `write` or `submit`. It waits for a line on its input before it begins.
"""

import sys
from itertools import count

from hub.store import counters
from hub.store.engine import Store


def main() -> None:
    url, how, name, times = sys.argv[1:]
    store = Store(url)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in count(1):
        if how == "submit":
            value = store.submit(lambda tx: counters.take(tx, name))
        else:
            with store.write() as tx:
                value = counters.take(tx, name)
        print(value, flush=True)
        if number == int(times):
            break
    store.close()


if __name__ == "__main__":
    main()
