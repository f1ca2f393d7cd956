"""Notices of a package (tar.gz within tar.gz) to Parquet by day, with lxml: ted_extract.py ARCHIVE OUT

Reads the classic forms (TED_EXPORT): some thirty columns of a notice, fewer than ours, its lots and its awards.
"""
import pathlib, re, sys, tarfile
from collections import defaultdict
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree

SPACE = re.compile(r"\s+")


def text(node):
    return SPACE.sub(" ", "".join(node.itertext())).strip() if node is not None else None


def number(node):
    try:
        return float(text(node).replace(" ", "").replace(",", ".")) if node is not None else None
    except ValueError:
        return None


def day(value):
    return date(int(value[:4]), int(value[4:6]), int(value[6:8])) if value else None


class Paths:
    """The XPath expressions of one namespace, compiled once."""

    def __init__(self, uri):
        path = lambda expression: etree.XPath(expression, namespaces={"t": uri})
        self.coded = path("t:CODED_DATA_SECTION")
        self.form = path("t:FORM_SECTION/*[1]")
        self.nuts = path("t:CODED_DATA_SECTION/t:NOTICE_DATA/*[starts-with(local-name(), 'PERFORMANCE_NUTS')]/@CODE")
        self.cpv = path("t:CODED_DATA_SECTION/t:NOTICE_DATA/t:ORIGINAL_CPV/@CODE")
        self.value = path("t:CODED_DATA_SECTION/t:NOTICE_DATA/t:VALUES/t:VALUE")
        self.lots = path("t:OBJECT_CONTRACT/t:OBJECT_DESCR")
        self.awards = path("t:AWARD_CONTRACT")
        self.winners = path("t:AWARDED_CONTRACT//t:CONTRACTOR/t:ADDRESS_CONTRACTOR")
        self.t = "{%s}" % uri


PATHS = {}


def read(xml, entry, notices, lots, awards):
    root = etree.fromstring(xml)
    uri = etree.QName(root).namespace
    p = PATHS.get(uri) or PATHS.setdefault(uri, Paths(uri))
    t = p.t
    coded, forms = p.coded(root), p.form(root)
    coded, form = coded[0], forms[0] if forms else None
    find = lambda path: coded.find(path.replace("t:", t))
    attribute = lambda path, name: (node.get(name) if (node := find(path)) is not None else None)
    inside = lambda node, path: node.find(path.replace("t:", t)) if node is not None else None
    notice_id = root.get("DOC_ID")
    published = day(text(find("t:REF_OJS/t:DATE_PUB")))
    cpv = p.cpv(root)
    body = inside(form, "t:CONTRACTING_BODY/t:ADDRESS_CONTRACTING_BODY")
    values = p.value(root)
    lot_nodes = p.lots(form) if form is not None else []
    award_nodes = p.awards(form) if form is not None else []
    notices.append({
        "notice_id": notice_id, "version": 1, "publication_date": published, "dispatch_date": day(text(find("t:CODIF_DATA/t:DS_DATE_DISPATCH"))),
        "ojs_number": text(find("t:REF_OJS/t:NO_OJ")), "schema_version": root.get("VERSION"), "country": attribute("t:NOTICE_DATA/t:ISO_COUNTRY", "VALUE"),
        "language": text(find("t:NOTICE_DATA/t:LG_ORIG")), "form": form.get("FORM") if form is not None else None,
        "notice_type": text(find("t:CODIF_DATA/t:TD_DOCUMENT_TYPE")), "stage": attribute("t:CODIF_DATA/t:TD_DOCUMENT_TYPE", "CODE"),
        "legal_basis": form.find(t + "LEGAL_BASIS").get("VALUE") if form is not None and form.find(t + "LEGAL_BASIS") is not None else None,
        "procedure": attribute("t:CODIF_DATA/t:PR_PROC", "CODE"), "contract_nature": attribute("t:CODIF_DATA/t:NC_CONTRACT_NATURE", "CODE"),
        "cpv_main": cpv[0] if cpv else None, "cpv_all": ";".join(dict.fromkeys(cpv)), "nuts": ";".join(dict.fromkeys(p.nuts(root))),
        "title": text(inside(form, "t:OBJECT_CONTRACT/t:TITLE")), "buyer_name": text(inside(body, "t:OFFICIALNAME")),
        "buyer_id": text(inside(body, "t:NATIONALID")), "buyer_town": text(inside(body, "t:TOWN")), "buyer_type": attribute("t:CODIF_DATA/t:AA_AUTHORITY_TYPE", "CODE"),
        "estimated_value": number(next((v for v in values if v.get("TYPE") == "ESTIMATED_TOTAL"), None)),
        "total_value": number(next((v for v in values if v.get("TYPE") == "PROCUREMENT_TOTAL"), None)),
        "currency": values[0].get("CURRENCY") if values else None, "lots": len(lot_nodes), "awards": len(award_nodes),
        "tender_deadline": text(find("t:CODIF_DATA/t:DT_DATE_FOR_SUBMISSION")), "url": text(find("t:NOTICE_DATA/t:URI_LIST/t:URI_DOC")), "entry": entry})
    for place, lot in enumerate(lot_nodes, 1):
        value = inside(lot, "t:VAL_OBJECT")
        lots.append({
            "notice_id": notice_id, "version": 1, "publication_date": published, "lot": place, "lot_id": text(inside(lot, "t:LOT_NO")),
            "title": text(inside(lot, "t:TITLE")), "cpv_main": next((c.get("CODE") for c in lot.iter(t + "CPV_CODE")), None),
            "value": number(value), "currency": value.get("CURRENCY") if value is not None else None,
            "duration": text(inside(lot, "t:DURATION")), "start_date": text(inside(lot, "t:DATE_START")), "end_date": text(inside(lot, "t:DATE_END"))})
    for place, award in enumerate(award_nodes, 1):
        winners = p.winners(award)
        value = next(award.iter(t + "VAL_TOTAL"), None)
        awards.append({
            "notice_id": notice_id, "version": 1, "publication_date": published, "award": place, "lot_id": text(inside(award, "t:LOT_NO")),
            "contract_number": text(inside(award, "t:CONTRACT_NO")), "title": text(inside(award, "t:TITLE")),
            "winner_names": ";".join(filter(None, (text(inside(w, "t:OFFICIALNAME")) for w in winners))),
            "winner_towns": ";".join(filter(None, (text(inside(w, "t:TOWN")) for w in winners))), "winners": len(winners),
            "value": number(value), "currency": value.get("CURRENCY") if value is not None else None,
            "tenders": number(next(award.iter(t + "NB_TENDERS_RECEIVED"), None)),
            "conclusion_date": text(next(award.iter(t + "DATE_CONCLUSION_CONTRACT"), None))})


def write(tables, out):
    for name, rows in tables.items():
        days = defaultdict(list)
        for row in sorted(rows, key=lambda r: (r["publication_date"], r["notice_id"])):
            days[row["publication_date"]].append(row)
        for published, of_day in days.items():
            folder = out / name / f"dt={published}"
            folder.mkdir(parents=True, exist_ok=True)
            part = len(list(folder.iterdir()))
            pq.write_table(pa.Table.from_pylist(of_day), folder / f"{part}.parquet", compression="zstd", compression_level=1)


def main(archive, out):
    count = 0
    with tarfile.open(archive, "r|gz") as month:
        for package in month:
            tables = {"notices": [], "lots": [], "awards": []}
            with tarfile.open(fileobj=month.extractfile(package), mode="r|gz") as files:
                for file in files:
                    if file.name.endswith(".xml"):
                        read(files.extractfile(file).read(), file.name, *tables.values())
                        count += 1
            write(tables, out)
    print(f"{count} notices")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
