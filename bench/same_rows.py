"""`same_rows.py OURS THEIRS`: exit code 0 when the Parquet files of two folders hold the same daily bars, prices to 1e-9.

A process of its own: what it imports must not count as memory of what bench/run measures.
"""
import pathlib, sys

import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq

KINDS = {"symbol": pa.string(), "date": pa.date32(), **{n: pa.float64() for n in ("open", "high", "low", "close", "volume")}}


def rows_of(folder):
    parts = [pq.ParquetFile(path).read(columns=list(KINDS)) for path in sorted(folder.rglob("*.parquet"))]
    if not parts:
        sys.exit(f"{folder}: no Parquet file came out")
    table = pa.concat_tables([pa.table({n: pc.cast(p[n], kind) for n, kind in KINDS.items()}) for p in parts])
    return table.sort_by([("symbol", "ascending"), ("date", "ascending")])


ours, theirs = rows_of(pathlib.Path(sys.argv[1])), rows_of(pathlib.Path(sys.argv[2]))
if ours.num_rows != theirs.num_rows:
    sys.exit(f"{ours.num_rows} rows, the peer has {theirs.num_rows}")
for name, kind in KINDS.items():
    a, b = ours[name], theirs[name]
    equal = pc.less_equal(pc.abs(pc.subtract(a, b)), 1e-9) if kind == pa.float64() else pc.equal(a, b)
    if not pc.all(equal).as_py():
        sys.exit(f"column {name} differs from the peer's")
