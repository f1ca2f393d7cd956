#!/usr/bin/env python3
"""Makes fuzz/corpus/archive: archives as tools write them, and hostile ones; archive_reader_test.cc reads them, too.

    python fuzz/make_archive_corpus.py      with py7zr installed, and tar on the PATH
"""
import gzip, io, lzma, pathlib, struct, subprocess, tarfile, tempfile, zipfile, zlib

import py7zr

OUT = pathlib.Path(__file__).resolve().parent / "corpus/archive"
A, B = b"<a>first</a>", b"<b>second</b>"


def gz(data):
    return gzip.compress(data, mtime=0)


def member(name, size=0, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def tar(*entries, fmt=tarfile.PAX_FORMAT, encoding="utf-8"):
    """Entries are (name, bytes) or TarInfos without contents."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=fmt, encoding=encoding) as t:
        for e in entries:
            t.addfile(e) if isinstance(e, tarfile.TarInfo) else t.addfile(member(e[0], len(e[1])), io.BytesIO(e[1]))
    return sink.getvalue()


def zipped(*entries, method=zipfile.ZIP_DEFLATED, seekable=True):
    sink = io.BytesIO()

    class Flow(io.RawIOBase):
        def writable(self): return True
        def write(self, b): return sink.write(b)

    with zipfile.ZipFile(sink if seekable else Flow(), "w", method) as z:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            z.writestr(info, data)
    return sink.getvalue()


def number(value):
    """7zFormat.txt, NUMBER, of up to 32 bits."""
    return bytes([value]) if value < 0x80 else b"\xf0" + struct.pack("<I", value)


def crafted_7z(data, dictionary, files=1, pack_header=False):
    """One folder by LZMA that says it needs this dictionary, and as many files: several without names, and all but one
    without contents."""
    def packed(plain, says):
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
        return lzma.compress(plain, lzma.FORMAT_RAW, filters=filters), b"\x5d" + struct.pack("<I", says)

    def streams(at, size, unpacked, properties, files_of=b""):
        return (b"\x06" + number(at) + number(1) + b"\x09" + number(size) + b"\x00" +
                b"\x07\x0b" + number(1) + b"\x00" + number(1) + b"\x23\x03\x01\x01" + number(5) + properties +
                b"\x0c" + number(unpacked) + b"\x00" + files_of + b"\x00")

    body, properties = packed(data, dictionary)
    names = "f0.xml\0".encode("utf-16-le")
    empty = bytes(0x7f if n == 0 else 0xff for n in range((files + 7) // 8))
    header = (b"\x01\x04" + streams(0, len(body), len(data), properties, b"\x08\x00") + b"\x05" + number(files) +
              (b"\x0e" + number(len(empty)) + empty if files > 1 else b"") +
              (b"\x11" + number(len(names) + 1) + b"\x00" + names if files == 1 else b"") + b"\x00\x00")
    if pack_header:
        head, said = packed(header, dictionary if pack_header == "hostile" else 1 << 16)
        encoded = b"\x17" + streams(len(body), len(head), len(header), said)
        body, header = body + head, encoded
    start = struct.pack("<QQI", len(body), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + body + header


def seven(*entries, password=None):
    sink = io.BytesIO()
    with py7zr.SevenZipFile(sink, "w", password=password) as z:
        for name, data in entries:
            z.writef(io.BytesIO(data), name)
    return sink.getvalue()


def changed(data, at, by=b"\xff"):
    at %= len(data)
    return data[:at] + bytes(x ^ y for x, y in zip(data[at:], by)) + data[at + len(by):]


def by_tar(*words):
    """What the real tar makes of a folder with a.xml, sub/b.xml, a link and perhaps a file with a hole."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "sub").mkdir()
        (root / "a.xml").write_bytes(A)
        (root / "sub/b.xml").write_bytes(B)
        (root / "link.xml").symlink_to("a.xml")
        if "--sparse" in words:
            with open(root / "hole.bin", "wb") as hole:
                hole.seek(1 << 20)
                hole.write(b"end")
        plain = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
        return subprocess.run(["tar", *plain, *words, "-cf", "-", "."], cwd=root, check=True, stdout=subprocess.PIPE).stdout


def deep(layers):
    data = A
    for _ in range(layers):
        data = gz(data)
    return data


day = lambda name, *entries: (name, gz(tar(*entries)))
month = tar(day("03/one.tar.gz", ("one/a.xml", A), ("one/b.xml", B)), day("03/two.tar.gz", ("two/c.xml", A)))
good = gz(tar(("a.xml", A), ("b.xml", B)))
big = bytes(range(256)) * 300  # compresses badly enough to be cut in the middle
FILES = {
    "plain.xml": A,
    "plain.gz": gz(A),
    "members.gz": gz(A) + gz(B) + b"\0" * 100,
    "month.tar.gz": gz(month),
    "tar_gnu.tar": by_tar("--format=gnu", "--sparse"),
    "tar_pax.tar": by_tar("--format=pax"),
    "tar_v7.tar": by_tar("--format=v7"),
    "two_tars.tar": tar(("a.xml", A)) + tar(("b.xml", B)),
    "names.tar": tar(("ünï/東京.xml", A), ("a" * 150 + "/" + "b" * 120 + ".xml", B), ("./dot.xml", A)),
    "python.zip": zipped(("a.xml", A), ("ü/b.xml", B)),
    "stored.zip": zipped(("a.xml", A), method=zipfile.ZIP_STORED),
    "flow.zip": zipped(("a.xml", A), ("b.xml", B), seekable=False),
    "lzma.zip": zipped(("a.xml", A), method=zipfile.ZIP_LZMA),
    "crafted.7z": crafted_7z(A, 1 << 16),
    "crafted_packed.7z": crafted_7z(A, 1 << 16, pack_header=True),
    "dictionary.7z": crafted_7z(A, 1 << 30),
    "dictionary_of_header.7z": crafted_7z(A, 1 << 30, pack_header="hostile"),
    "many_files.7z": crafted_7z(A, 1 << 16, files=50_000_000, pack_header=True),
    "python.7z": seven(("a.xml", A), ("sub/b.xml", B)),
    "zip_in_tar.tar.gz": gz(tar(("in.zip", zipped(("a.xml", A), ("b.xml", B))))),
    "7z_in_tar.tar": tar(("in.7z", seven(("a.xml", A)))),
    "tar_in_zip.zip": zipped(("in.tar.gz", good)),
    "empty.tar": tar(),
    "empty.zip": zipped(),
    # hostile
    "traversal.tar": tar(("../up.xml", A), ("a/../../up.xml", A), ("a\\..\\..\\up.xml", A), ("ok.xml", B)),
    "traversal.zip": zipped(("../up.xml", A), ("/etc/passwd", A), ("ok.xml", B)),
    "absolute.tar": tar(("/etc/passwd", A), ("C:/windows.xml", A), ("\\\\host\\x.xml", A), ("ok.xml", B)),
    "control.tar": tar(("line\nbreak.xml", A), ("ok.xml", B)),
    "not_utf8.tar": tar(("latin-é.xml", A), ("ok.xml", B), fmt=tarfile.USTAR_FORMAT, encoding="latin-1"),
    "links.tar": tar(member("soft.xml", kind=tarfile.SYMTYPE, link="/etc/passwd"), member("hard.xml", kind=tarfile.LNKTYPE, link="ok.xml"),
                     ("ok.xml", B)),
    "devices.tar": tar(member("dev", kind=tarfile.CHRTYPE), member("block", kind=tarfile.BLKTYPE), member("pipe", kind=tarfile.FIFOTYPE),
                       ("ok.xml", B)),
    "duplicates.tar": tar(("a.xml", A), ("./a.xml", B), ("b.xml", B)),
    "zero_bytes.tar": tar(("zero.xml", b""), ("ok.xml", B)),
    "zero_bytes.zip": zipped(("zero.xml", b""), ("ok.xml", B)),
    "cut.tar.gz": gz(tar(("a.xml", A), ("big.bin", big * 20), ("b.xml", B)))[:-400],
    "cut.tar": tar(("a.xml", A), ("big.xml", big))[:40000],
    "cut_within.tar.gz": gz(tar(("one.tar.gz", good[:-30]), ("two.tar.gz", good))),
    "cut.zip": zipped(("a.xml", A), ("big.xml", big), method=zipfile.ZIP_STORED)[:40000],
    "cut.7z": seven(("a.xml", A), ("big.xml", big))[:-20],
    "wrong_crc.tar.gz": changed(good, -8),
    "wrong_length.gz": changed(gz(A), -2),
    "wrong_crc_within.tar": tar(("a.tar.gz", changed(good, -8)), ("ok.xml", B)),
    "behind.gz": gz(A) + b"garbage",
    "deep.gz": deep(12),
    "gzip_bomb.gz": gz(b"\0" * (8 << 20)),
    "bomb_within.tar": tar(("bomb.tar.gz", gz(tar(("zeros.xml", b"\0" * (8 << 20))))), ("ok.xml", B)),
    "zip_bomb.zip": zipped(("zeros.xml", b"\0" * (8 << 20)), ("ok.xml", B)),
    "encrypted.7z": seven(("a.xml", A), password="x"),
}
stored = FILES["stored.zip"]
FILES["wrong_crc.zip"] = zipped(("a.xml", A), ("b.xml", B), method=zipfile.ZIP_STORED).replace(A, A.upper(), 1)
flagged = bytearray(stored)  # APPNOTE 4.4.4, bit 0: encrypted
flagged[6] |= 1
flagged[stored.index(b"PK\x01\x02") + 8] |= 1
FILES["encrypted.zip"] = bytes(flagged)

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for name, data in FILES.items():
        (OUT / name).write_bytes(data)
    print(f"{len(FILES)} files, {sum(map(len, FILES.values()))} bytes")
