"""The extracted files of a year to one file a table, each notice once, with DuckDB: ted_merge.py CLEAN OUT YEAR"""
import sys

import duckdb


def main(clean, out, year):
    files = lambda table: f"read_parquet('{clean}/{table}/dt={year}-*/*.parquet', union_by_name=true, filename=true, hive_partitioning=false)"
    sql = duckdb.connect()
    sql.execute("set preserve_insertion_order = false")
    sql.execute(f"""
        create table latest as
        select distinct on (notice_id) notice_id, version, split_part(filename, '/notices/', 2) as file
        from {files('notices')} order by notice_id, version desc nulls last, filename desc""")
    sql.execute(f"""
        copy (select * from (select distinct on (notice_id) * exclude (filename)
                             from {files('notices')} order by notice_id, version desc nulls last, filename desc)
              order by publication_date, notice_id)
        to '{out}/notices.parquet' (format parquet, compression zstd, compression_level 1)""")
    for table, place in (("lots", "lot"), ("awards", "award")):
        sql.execute(f"""
            copy (select distinct on (t.notice_id, t.{place}) t.* exclude (filename)
                  from {files(table)} t join latest l
                    on t.notice_id = l.notice_id and t.version is not distinct from l.version and split_part(t.filename, '/{table}/', 2) = l.file
                  order by publication_date, t.notice_id, t.{place})
            to '{out}/{table}.parquet' (format parquet, compression zstd, compression_level 1)""")


if __name__ == "__main__":
    main(*sys.argv[1:])
