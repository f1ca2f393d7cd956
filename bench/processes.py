"""One process, cold, measured."""
import os
import shutil
import subprocess
import time


class Failed(Exception):
    pass


def once(command, out, prepare=None):
    """Seconds of wall clock and MiB at the most, of one process. What it prints is in OUT.log."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if prepare is not None:
        prepare(out)
    log = out.with_suffix(".log")
    with open(log, "wb") as sink:
        start = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=out.parent)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        text = log.read_text(errors="replace").strip()[-400:]
        raise Failed(f"exit code {process.returncode}: {text}")
    return took, usage.ru_maxrss / 1024
