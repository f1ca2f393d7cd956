"""Peer: every kept answer without its Parquet file gets one, of the same time (zstd). `iex_process.py pandas RAW OUT`"""
import json, pathlib, sys


def with_pandas(raw, out):
    import pandas as pd
    for path in sorted(raw.glob("*/*")):
        target = out / path.parent.name / f"{path.stem}.parquet"
        if target.exists():
            continue
        df = pd.read_csv(path) if path.suffix == ".csv" else pd.DataFrame(json.loads(path.read_bytes()))
        df.insert(0, "requested_at", pd.to_datetime(path.stem, format="%Y%m%d%H%M%S", utc=True))
        target.parent.mkdir(parents=True, exist_ok=True)
        df.to_parquet(target, compression="zstd", index=False)


def main():
    which, raw, out = sys.argv[1], *map(pathlib.Path, sys.argv[2:4])
    {"pandas": with_pandas}[which](raw, out)


if __name__ == "__main__":
    main()
