"""Clean files of a year of notices, multiplied from those that were extracted of a month: ted_year.py CLEAN OUT --count N

CLEAN and OUT have notices/dt=…/*.parquet, lots/… and awards/…; of OUT's notices one in a hundred has a newer version on a
later day. Files are sorted as ours are.
"""
import argparse, datetime, pathlib

import duckdb

YEAR = 2019


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("clean", type=pathlib.Path)
    args.add_argument("out", type=pathlib.Path)
    args.add_argument("--count", type=int, default=500_000)
    args.add_argument("--days", type=int, default=250)
    a = args.parse_args()
    sql = duckdb.connect()
    for table in ("notices", "lots", "awards"):
        sql.execute(f"create table {table} as select * from read_parquet('{a.clean}/{table}/*/*.parquet', hive_partitioning=false)")
    # Each notice of a base of `a_day` notices stands for one of each day.
    a_day = a.count // a.days
    base = sql.execute("select count(*) from notices").fetchall()[0][0]
    copies = -(-a_day // base)
    sql.execute("create table place as select notice_id, row_number() over (order by notice_id) - 1 as n from notices")
    for d in range(a.days):
        day = datetime.date(YEAR, 1, 2) + datetime.timedelta(days=d)
        for table, order in (("notices", ""), ("lots", ", lot"), ("awards", ", award")):
            folder = a.out / table / f"dt={day}"
            folder.mkdir(parents=True, exist_ok=True)
            # The last hundredth of a day are newer versions of the day before's first ones.
            sql.execute(f"""
                copy (
                  with numbered as (
                    select t.*, n + {base} * c as k from {table} t join place using (notice_id), range({copies}) r(c)),
                  dated as (
                    select * exclude (k) replace (
                      date '{day}' as publication_date,
                      (case when k >= {a_day - a_day // 100} and {d} > 0 then 2 else 1 end)::bigint as version,
                      printf('%07d-{YEAR}', case when k >= {a_day - a_day // 100} and {d} > 0
                             then {(d - 1) * a_day} + k - {a_day - a_day // 100} else {d * a_day} + k end) as notice_id)
                    from numbered where k < {a_day})
                  select * from dated order by publication_date, notice_id, version{order})
                to '{folder}/{YEAR}-bench.parquet' (format parquet, compression zstd, compression_level 1)""")


if __name__ == "__main__":
    main()
