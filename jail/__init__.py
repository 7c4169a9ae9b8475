"""May be skipped: how sandbox.py, its door, locks a program in. The README says what holds where.

    caller --[limits + 3 descriptors]--> worker --fork--> child: lock, then the program
             stdin, stdout, channel       |
    caller <--[how it ended, CPU]---------+

client.py   the caller's side
worker.py   the interpreter that forks
ending.py   what follows a program's last line, and whether the sandbox is why it ended so
lock.py     what the kernel is asked to refuse
probes.py   what `python sandbox.py --check` tries
Below: what caller and worker say to each other.
"""

import struct

REQUEST = struct.Struct("<dq?")  # CPU seconds, bytes of memory, has stdin lone surrogates; with it:
#                                  stdin, stdout, channel
STOP = REQUEST.pack(0, 0, 0)     # without: enough was printed
ANSWER = struct.Struct("<i7sd")  # exit code; TIMEOUT or MEMORY if ended for that; CPU seconds
