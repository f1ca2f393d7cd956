"""Peer of a backfill: only the wire. `fetch.py ORIGIN FROM TO OUT SYMBOL...`: asks for each symbol's chart, keeps the bodies.

What a backfill costs beyond this is ours: parsing, rules, Parquet, fsync, history.
"""
import concurrent.futures, datetime as dt, http.client, pathlib, sys, threading, urllib.parse


def main():
    origin, first, last, out, *symbols = sys.argv[1:]
    host = urllib.parse.urlparse(origin).netloc
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    seconds = lambda day, more: int(dt.datetime.fromisoformat(day + "T00:00:00+00:00").timestamp()) + more * 86400
    period = f"period1={seconds(first, 0)}&period2={seconds(last, 1)}"
    own = threading.local()

    def fetch(symbol):
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(host)
        own.connection.request("GET", f"/v8/finance/chart/{urllib.parse.quote(symbol)}?{period}&interval=1d&events=div%7Csplit")
        answer = own.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"{symbol}: {answer.status}")
        (out / f"{symbol}.json").write_bytes(body)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(fetch, symbols))


if __name__ == "__main__":
    main()
