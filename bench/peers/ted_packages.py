"""A month's package of recorded notices, multiplied with new ids: ted_packages.py NOTICES_DIR OUT_FILE --count N [--days N]

Of the classic forms, for these are what the peer reads. Each day is a tar.gz within the month's, as TED's are.
"""
import argparse, gzip, io, pathlib, re, tarfile

DAY = re.compile(rb"<DATE_PUB>\d{8}</DATE_PUB>")


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("notices", type=pathlib.Path)
    args.add_argument("out", type=pathlib.Path)
    args.add_argument("--count", type=int, default=6000)
    args.add_argument("--days", type=int, default=22)
    a = args.parse_args()
    recorded = []
    for path in sorted(a.notices.glob("*.xml")):
        xml = path.read_bytes()
        if b"DATE_PUB" in xml and path.stat().st_size < 200_000:  # the few giants would be the same few again and again
            recorded.append((path.stem.replace("_", "-").encode(), xml))
    a.out.parent.mkdir(parents=True, exist_ok=True)
    number = 0
    with gzip.GzipFile(a.out, "wb", compresslevel=6, mtime=0) as outer, tarfile.open(fileobj=outer, mode="w") as month:
        for d in range(a.days):
            sink = io.BytesIO()
            with gzip.GzipFile(fileobj=sink, mode="wb", compresslevel=6, mtime=0) as inner, tarfile.open(fileobj=inner, mode="w") as day:
                for _ in range(a.count // a.days + (d < a.count % a.days)):
                    number += 1
                    old, xml = recorded[number % len(recorded)]
                    new = b"%06d-2019" % number
                    xml = DAY.sub(b"<DATE_PUB>201903%02d</DATE_PUB>" % (d + 1), xml.replace(old, new))
                    info = tarfile.TarInfo(f"201903{d + 1:02}_{d + 41:03}/{number:06}_2019.xml")
                    info.size = len(xml)
                    day.addfile(info, io.BytesIO(xml))
            info = tarfile.TarInfo(f"03/201903{d + 1:02}_2019{d + 41:03}.tar.gz")
            info.size = sink.tell()
            sink.seek(0)
            month.addfile(info, sink)


if __name__ == "__main__":
    main()
