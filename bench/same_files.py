"""`same_files.py OURS THEIRS`: exit code 0 when both folders hold the same Parquet files: by KEY/NAME, columns, rows, values to 1e-9."""
import pathlib, sys

import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq


def files_of(folder):
    found = {"/".join(path.parts[-2:]): path for path in folder.rglob("*.parquet")}
    return found or sys.exit(f"{folder}: no Parquet file came out")


def same(ours, theirs):
    if ours.column_names != theirs.column_names:
        return f"columns {ours.column_names}, the peer has {theirs.column_names}"
    if ours.num_rows != theirs.num_rows:
        return f"{ours.num_rows} rows, the peer has {theirs.num_rows}"
    for name in ours.column_names:
        a, b = ours[name], theirs[name]
        if pa.types.is_floating(a.type) or pa.types.is_floating(b.type):
            a, b = pc.cast(a, pa.float64()), pc.cast(b, pa.float64())
            b = pc.if_else(pc.is_nan(b), None, b)
            equal = pc.less_equal(pc.abs(pc.subtract(a, b)), 1e-9)
        else:
            equal = pc.equal(a, pc.cast(b, a.type))
        if a.null_count != b.null_count or not pc.all(equal, min_count=0).as_py():
            return f"column {name} differs"


ours, theirs = files_of(pathlib.Path(sys.argv[1])), files_of(pathlib.Path(sys.argv[2]))
if ours.keys() != theirs.keys():
    sys.exit(f"{len(ours)} files, the peer has {len(theirs)}; one of them alone: {sorted(ours.keys() ^ theirs.keys())[0]}")
for name in ours:
    if why := same(pq.ParquetFile(ours[name]).read(), pq.ParquetFile(theirs[name]).read()):
        sys.exit(f"{name}: {why}")
