"""Input of iex_process: kept answers as IEX-3 lays them out, the same each time. `iex_raw.py RECORDED OUT --files 20000`

OUT/KEY/YYYYMMDDhhmmss.json|csv: of 200 series, each asked for once a day; of ten files eight are a month of daily bars as
JSON (the recorded body, its prices moved), one is the same as CSV, one a day of minute bars with the nulls of the recorded one.
"""
import argparse, csv, datetime, io, json, pathlib, random

SERIES = 200


def moved(rows, factor):
    price = lambda value: value if value is None or isinstance(value, (str, int)) else round(value * factor, 4)
    return [{name: price(value) for name, value in row.items()} for row in rows]


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("recorded", type=pathlib.Path)
    args.add_argument("out", type=pathlib.Path)
    args.add_argument("--files", type=int, default=20_000)
    a = args.parse_args()
    daily = json.loads((a.recorded / "stock_MSFT_chart_1m.json").read_bytes())
    minutes = json.loads((a.recorded / "stock_MSFT_chart_1d.json").read_bytes())
    dice = random.Random(7)
    start = datetime.datetime(2019, 3, 1, 21, 0)
    for n in range(a.files):
        series, day = n % SERIES, n // SERIES
        kind = series % 10
        folder = a.out / f"S{series:03}_{'1d' if kind == 9 else '1m'}"
        folder.mkdir(parents=True, exist_ok=True)
        rows = moved(minutes if kind == 9 else daily, dice.uniform(0.5, 2))
        stamp = (start + datetime.timedelta(days=day, seconds=series)).strftime("%Y%m%d%H%M%S")
        if kind == 8:
            (folder / f"{stamp}.csv").write_text(as_csv(rows))
        else:
            (folder / f"{stamp}.json").write_text(json.dumps(rows, separators=(",", ":")))


if __name__ == "__main__":
    main()
