"""What `python sandbox.py --check` tries: for each protection a program that does what it must not
be able to do, and undoes it should it succeed."""

PROBES = {
    "CPU time ends": "while True: pass",
    "sleeping ends": "import time; time.sleep(60)",
    "memory ends": "bytearray(1 << 31)",
    "output ends": "while True: print('x' * 1000)",
    "no file is written":
        "import os; os.close(os.open('/tmp/sandbox-check', 65)); os.remove('/tmp/sandbox-check')",
    "no shared memory is made": "import _posixshmem as m; name = '/sandbox-check'; "
                                "m.shm_open(name, 66, mode=384); m.shm_unlink(name)",
    "no file is read": "open('/etc/passwd')",
    "no folder is listed": "import os; os.listdir('/')",
    "no connection": "import socket; socket.create_server(('127.0.0.1', 0))",
    "no new process": "import os; os.fork() or os._exit(0)",
    "no other program": "import os; os.execv('/bin/sh', ['sh', '-c', 'exit 0'])",
    "no signal to others": "import os; os.kill(os.getppid(), 0)",
    "no limit of others":
        "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)",
    "no memory of others": "import os; open(f'/proc/{os.getppid()}/mem')",
    "no environment of others": "import os; open(f'/proc/{os.getppid()}/environ')",
    "no kernel call but those listed": "import os; os.setpriority(os.PRIO_PROCESS, 0, 1)",
}


STOPPED = {"TIMEOUT", "MEMORY", "OUTPUT_LIMIT", "PermissionError", "BlockingIOError"}


def check(sandbox):
    """The sandbox's level, and of each protection whether it stopped its program, one a line."""
    lines = [f"level: {sandbox.level}"]
    results = sandbox.map([(code, "") for code in PROBES.values()])
    for name, result in zip(PROBES, results):
        held = STOPPED & {result.status, result.error}
        lines.append(f"{'yes' if held else 'no ':4s} {name}")
    return "\n".join(lines)
