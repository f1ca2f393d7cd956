#!/usr/bin/env python3
"""No symbol of the TLS path binds into libparquet or libarrow, nor theirs into the TLS path.

libparquet exports the OpenSSL that it was built with. A TLS library that binds to these symbols works until it does
not. Runs BINARY with LD_DEBUG=bindings and LD_BIND_NOW, so that the loader resolves and lists every symbol, and counts
the bindings between the two groups. libssh2 and the libcrypto behind it, which the distribution's libcurl drags in,
may cross: neither runs, for the client speaks http and https only.

usage: tls_bindings_test.py BINARY [ARGUMENT...]     (a command that makes an HTTP client when no argument is given)
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

TLS = ("libcurl", "libgnutls", "libnettle", "libhogweed", "libgmp", "libtasn1", "libp11-kit", "libnghttp2")
LAKE = ("libparquet", "libarrow")
BINDING = re.compile(r"binding file (\S+) \[\d+\] to (\S+) \[\d+\]: \w+ symbol `([^']+)'")


def group_of(path):
    name = os.path.basename(path)
    if name.startswith(TLS):
        return "tls"
    if name.startswith(LAKE):
        return "lake"
    return None


def bindings(command):
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, LD_DEBUG="bindings", LD_BIND_NOW="1", LD_DEBUG_OUTPUT=folder + "/log")
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=100)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}")
        for entry in os.listdir(folder):
            with open(os.path.join(folder, entry), errors="replace") as log:
                for line in log:
                    found = BINDING.search(line)
                    if found:
                        yield found.groups()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    bucket = tempfile.TemporaryDirectory()
    command = [sys.argv[1]] + (sys.argv[2:] or ["process", "sp500", "--bucket", bucket.name])
    within = collections.Counter()
    crossing = collections.defaultdict(set)
    for user, provider, symbol in bindings(command):
        pair = group_of(user), group_of(provider)
        if pair[0] and pair[0] == pair[1]:
            within[pair[0]] += 1
        elif pair[0] and pair[1]:
            crossing[os.path.basename(user) + " -> " + os.path.basename(provider)].add(symbol)
    print(f"bindings within the TLS path: {within['tls']}, within Arrow and Parquet: {within['lake']}")
    # Without both groups in the process this would prove nothing.
    for group, what in (("tls", "the TLS path (libcurl, GnuTLS)"), ("lake", "Arrow and Parquet")):
        if within[group] == 0:
            sys.exit(f"FAILED: the binary does not load {what}, so nothing was tested")
    for pair, symbols in sorted(crossing.items()):
        print(f"{pair}: {len(symbols)} symbols, such as {', '.join(sorted(symbols)[:5])}")
    if crossing:
        sys.exit("FAILED: the TLS path and Arrow or Parquet bind across")
    print("no binding between the two: ok")


if __name__ == "__main__":
    main()
