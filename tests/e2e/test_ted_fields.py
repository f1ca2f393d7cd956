"""What is expected of every recorded TED notice (tests/data/ted/expected.jsonl, which the unit test NoticeGoldenTest holds
the reader to) against the XML itself: each column by XPaths of lxml, written from the specifications (TED_EXPORT.xsd;
eForms SDK, field numbers BT-… and OPT-…) and without a look at pipelines/ted/fields.yaml."""
import json
import os
import pathlib
import re
import tarfile

import pytest
from lxml import etree

SOURCE = pathlib.Path(os.environ.get("PENSTOCK_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
DATA = SOURCE / "tests/data/ted"
EXPECTED = [json.loads(line) for line in (DATA / "expected.jsonl").read_text(encoding="utf8").splitlines()]

EU = {"AUT": "AT", "BEL": "BE", "BGR": "BG", "CHE": "CH", "CZE": "CZ", "DEU": "DE", "DNK": "DK", "ESP": "ES", "EST": "EE",
      "FIN": "FI", "FRA": "FR", "GBR": "GB", "GRC": "GR", "HRV": "HR", "HUN": "HU", "ITA": "IT", "LUX": "LU", "NLD": "NL",
      "POL": "PL", "PRT": "PT", "SRB": "RS", "SWE": "SE", "UK": "GB", "EL": "GR", "1A": "XK", "IRL": "IE", "NOR": "NO",
      "LTU": "LT", "LVA": "LV", "ROU": "RO", "SVN": "SI", "SVK": "SK", "CYP": "CY", "MLT": "MT", "ISL": "IS", "USA": "US"}
LANGUAGES = {"BUL": "BG", "CES": "CS", "DAN": "DA", "DEU": "DE", "ELL": "EL", "ENG": "EN", "EST": "ET", "FIN": "FI",
             "FRA": "FR", "GLE": "GA", "HRV": "HR", "HUN": "HU", "ITA": "IT", "LAV": "LV", "LIT": "LT", "MLT": "MT",
             "NLD": "NL", "POL": "PL", "POR": "PT", "RON": "RO", "SLK": "SK", "SLV": "SL", "SPA": "ES", "SWE": "SV"}


def text_of(value):
    """As a reader sees it: paragraphs apart, white space as one space."""
    if not isinstance(value, etree._Element):
        return " ".join(re.split("[ \t\r\n]+", str(value).strip(" \t\r\n")))
    parts = []

    def walk(element):
        parts.append(element.text or "")
        for child in element:
            if isinstance(child.tag, str):
                walk(child)
                if etree.QName(child).localname in ("P", "DAY", "MONTH", "YEAR"):
                    parts.append(" ")
            parts.append(child.tail or "")

    walk(value)
    return " ".join(re.split("[ \t\r\n]+", "".join(parts).strip(" \t\r\n")))


class At:
    """XPaths from an element; the same names for every release."""

    def __init__(self, element, names):
        self.element, self.names = element, names

    def nodes(self, path):
        return self.element.xpath(path, namespaces=self.names)

    def all(self, *paths):
        """The texts of the first path that has any."""
        for path in paths:
            texts = [t for t in map(text_of, self.nodes(path)) if t]
            if texts:
                return texts
        return []

    def one(self, *paths):
        texts = self.all(*paths)
        return texts[0] if texts else None

    def ats(self, path):
        return [At(node, self.names) for node in self.nodes(path)]


def number(text):
    if text is None:
        return None
    text = re.sub("[\\s\u00a0\u202f]", "", text)
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    return float(text)


def whole(text):
    return None if text is None else int(float(text))


def day(text):
    if text is None:
        return None
    for pattern, order in ((r"(\d{4})-(\d\d)-(\d\d)", "ymd"), (r"(\d{4})(\d\d)(\d\d)", "ymd"), (r"(\d\d?) (\d\d?) (\d{4})", "dmy")):
        found = re.match(pattern, text)
        if found:
            parts = found.groups()
            year, month, date = parts if order == "ymd" else parts[::-1]
            return f"{year}-{int(month):02}-{int(date):02}"
    raise ValueError(text)


def hour(text):
    if text is None:
        return None
    hours, minutes, seconds, zone = re.match(r"(\d\d?):(\d\d)(?::(\d\d))?(?:\.\d+)?(.*)$", text).groups()
    return f"{int(hours):02}:{minutes}" + (f":{seconds}" if seconds and seconds != "00" else "") + zone


def plain(reference):
    found = re.match(r"(\d{4})/S \d+-(\d+)$", reference or "")
    return f"{found[2]}-{found[1]}" if found else reference


def joined(values, separator=";", distinct=False):
    values = list(dict.fromkeys(values)) if distinct else list(values)
    return separator.join(values) if values else None


def country(code):
    return EU.get(code, code)


STAGES = {"0": "planning", "P": "planning", "M": "planning", "Q": "planning", "B": "planning", "3": "competition", "A": "competition",
          "D": "competition", "O": "competition", "Y": "competition", "H": "competition", "I": "competition", "C": "competition",
          "7": "result", "R": "result", "J": "result", "V": "dir-awa-pre", "K": "cont-modif", "2": "change", "1": "change",
          "6": "other", "8": "other"}
PROCEDURES = {"1": "open", "2": "restricted", "3": "restricted", "4": "neg-w-call", "6": "neg-w-call", "B": "neg-w-call",
              "C": "comp-dial", "G": "innovation", "T": "neg-wo-call", "V": "neg-wo-call", "F": "neg-wo-call", "A": "oth-single",
              "E": "oth-mult", "9": "none", "Z": "unspecified"}


def ted_export(root, file):
    t = etree.QName(root).namespace
    nuts = [uri for uri in set(root.nsmap.values()) if uri and uri.endswith("nuts")]
    top = At(root, {"t": t, "n": nuts[0] if nuts else "none"})
    data, coded = "t:CODED_DATA_SECTION/t:NOTICE_DATA/", "t:CODED_DATA_SECTION/t:CODIF_DATA/"
    form = top.ats("t:FORM_SECTION/*[@CATEGORY='ORIGINAL']")[0]
    is_old = not form.nodes("t:CONTRACTING_BODY")
    language = top.one(data + "t:LG_ORIG")
    document_type = top.one(coded + "t:TD_DOCUMENT_TYPE/@CODE")
    is_award = document_type in ("7", "V")
    body = "t:CONTRACTING_BODY/t:ADDRESS_CONTRACTING_BODY/"
    profile = "(.//t:CA_CE_CONCESSIONAIRE_PROFILE)[1]/"
    old = lambda *paths: paths if is_old else ()  # noqa: E731
    global_values = [v for v in top.ats(data + "t:VALUES_LIST/t:VALUES[@TYPE='GLOBAL']")]
    global_single = global_values[0].one("t:SINGLE_VALUE/t:VALUE") if global_values else None
    final = "*/*/t:TOTAL_FINAL_VALUE/t:COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE"
    after = "t:MODIFICATIONS_CONTRACT/t:INFO_MODIFICATIONS/descendant::t:VAL_TOTAL_AFTER"
    lots = form.ats("t:OBJECT_CONTRACT/t:OBJECT_DESCR") or (
        form.ats(".//t:LOT_PRIOR_INFORMATION | .//*[contains(local-name(), '_ANNEX_B')]") if is_old else [])
    awards = form.ats("t:AWARD_CONTRACT | t:RESULTS/t:AWARDED_PRIZE | t:RESULTS/t:NO_AWARDED_PRIZE") or (
        form.ats("*/t:AWARD_OF_CONTRACT | */t:AWARD_OF_CONTRACT_DEFENCE") if is_old else [])
    form_number = form.one("@FORM")
    notice = {
        "notice_id": plain(top.one("@DOC_ID")),
        "version": 1,
        "publication_date": day(top.one("t:CODED_DATA_SECTION/t:REF_OJS/t:DATE_PUB")),
        "dispatch_date": day(top.one(coded + "t:DS_DATE_DISPATCH")),
        "ojs_number": top.one("t:CODED_DATA_SECTION/t:REF_OJS/t:NO_OJ"),
        "schema_family": "ted_export",
        "schema_version": top.one("@VERSION") or form.one("@VERSION"),
        "notice_uuid": top.one("t:FORM_SECTION/t:NOTICE_UUID"),
        "country": country(top.one(data + "t:ISO_COUNTRY/@VALUE")),
        "language": language,
        "languages": joined(top.all(data + "t:LG_ORIG"), distinct=True),
        "form": form_number if form_number[0] in "FT" else f"F{int(form_number):02}",
        "stage": STAGES[document_type],
        "notice_type": top.one(coded + "t:TD_DOCUMENT_TYPE"),
        "legal_basis": form.one("t:LEGAL_BASIS/@VALUE") or top.one(coded + "t:DIRECTIVE/@VALUE") or form.one("t:DIRECTIVE/@VALUE"),
        "procedure": PROCEDURES[top.one(coded + "t:PR_PROC/@CODE")],
        "procedure_text": top.one(coded + "t:PR_PROC"),
        "contract_nature": {"1": "works", "2": "supplies", "4": "services", "3": "combined", "8": "other"}.get(
            top.one(coded + "t:NC_CONTRACT_NATURE/@CODE")),
        "cpv_main": form.one("t:OBJECT_CONTRACT/t:CPV_MAIN/t:CPV_CODE/@CODE",
                             *old("(*/*/t:CPV | */*/*/t:CPV)/t:CPV_MAIN/t:CPV_CODE/@CODE")) or top.one(data + "t:ORIGINAL_CPV/@CODE"),
        "cpv_all": joined(top.all(data + "t:ORIGINAL_CPV/@CODE"), distinct=True),
        "nuts": joined(top.all(data + "*[local-name()='PERFORMANCE_NUTS']/@CODE", data + "*[local-name()='ORIGINAL_NUTS']/@CODE"),
                       distinct=True),
        "title": form.one("t:OBJECT_CONTRACT/t:TITLE", *old(".//t:TITLE_CONTRACT")),
        "title_en": top.one("t:FORM_SECTION/*[@LG='EN']/t:OBJECT_CONTRACT/t:TITLE",
                            "t:FORM_SECTION/*[@LG='EN'][not(t:CONTRACTING_BODY)]//t:TITLE_CONTRACT",
                            "t:TRANSLATION_SECTION/t:ML_TITLES/t:ML_TI_DOC[@LG='EN']/t:TI_TEXT"),
        "buyer_name": form.one(body + "t:OFFICIALNAME", *old(profile + "t:ORGANISATION/t:OFFICIALNAME")),
        "buyer_id": form.one(body + "t:NATIONALID", *old(profile + "t:ORGANISATION/t:NATIONALID")),
        "buyer_country": country(form.one(body + "t:COUNTRY/@VALUE", *old(profile + "t:COUNTRY/@VALUE"))),
        "buyer_town": form.one(body + "t:TOWN", *old(profile + "t:TOWN")),
        "buyer_nuts": form.one(body + "*[local-name()='NUTS']/@CODE") or top.one(data + "*[local-name()='CA_CE_NUTS']/@CODE"),
        "buyer_type": form.one("t:CONTRACTING_BODY/t:CA_TYPE/@VALUE") or top.one(coded + "t:AA_AUTHORITY_TYPE"),
        "buyer_activity": form.one("t:CONTRACTING_BODY/t:CA_ACTIVITY/@VALUE", "t:CONTRACTING_BODY/t:CE_ACTIVITY/@VALUE")
        or top.one(coded + "t:MA_MAIN_ACTIVITIES"),
        "buyers": len(form.nodes("t:CONTRACTING_BODY/*[starts-with(local-name(), 'ADDRESS_CONTRACTING_BODY')]"))
        or len(form.nodes(".//t:CA_CE_CONCESSIONAIRE_PROFILE")),
        "estimated_value": number(form.one("t:OBJECT_CONTRACT/t:VAL_ESTIMATED_TOTAL")
                                  or top.one(data + "t:VALUES/t:VALUE[@TYPE='ESTIMATED_TOTAL']")
                                  or (None if is_award else global_single)),
        "total_value": number(form.one("t:OBJECT_CONTRACT/t:VAL_TOTAL", after)
                              or top.one(data + "t:VALUES/t:VALUE[@TYPE='PROCUREMENT_TOTAL']")
                              or form.one(*old(final + "/t:VALUE_COST")) or (global_single if is_award else None)),
        "total_value_low": number(form.one("t:OBJECT_CONTRACT/t:VAL_RANGE_TOTAL/t:LOW")),
        "total_value_high": number(form.one("t:OBJECT_CONTRACT/t:VAL_RANGE_TOTAL/t:HIGH")),
        "currency": form.one("t:OBJECT_CONTRACT/t:VAL_TOTAL/@CURRENCY", after + "/@CURRENCY",
                             "t:OBJECT_CONTRACT/t:VAL_RANGE_TOTAL/@CURRENCY", *old(final + "/@CURRENCY"),
                             "t:OBJECT_CONTRACT/t:VAL_ESTIMATED_TOTAL/@CURRENCY")
        or top.one(data + "t:VALUES/t:VALUE/@CURRENCY", data + "t:VALUES_LIST/t:VALUES[@TYPE='GLOBAL']//t:VALUE/@CURRENCY"),
        "lots": len(lots),
        "awards": len(awards),
        "tender_deadline": day(form.one("t:PROCEDURE/t:DATE_RECEIPT_TENDERS", *old(".//t:RECEIPT_LIMIT_DATE"))
                               or top.one(coded + "t:DT_DATE_FOR_SUBMISSION")),
        "tender_deadline_time": hour(form.one("t:PROCEDURE/t:TIME_RECEIPT_TENDERS", *old(".//t:RECEIPT_LIMIT_DATE/t:TIME"))),
        "previous_notices": joined(map(plain, form.all("t:PROCEDURE/t:NOTICE_NUMBER_OJ") or top.all(data + "t:REF_NOTICE/t:NO_DOC_OJS")),
                                   distinct=True),
        "changed_notice": plain(form.one("t:COMPLEMENTARY_INFO/t:NOTICE_NUMBER_OJ")),
        "url": top.one(data + "t:URI_LIST/t:URI_DOC[@LG='EN']", data + "t:URI_LIST/t:URI_DOC"),
        "entry": file,
    }
    return notice, [ted_lot(lot, is_old) for lot in lots], [ted_award(award, is_old) for award in awards]


def ted_lot(lot, is_old):
    scope = "t:NATURE_QUANTITY_SCOPE/t:COSTS_RANGE_AND_CURRENCY"
    return {
        "lot_id": lot.one("t:LOT_NO", "t:LOT_NUMBER"),
        "title": lot.one("t:TITLE", "t:LOT_TITLE"),
        "cpv_main": lot.one("t:CPV/t:CPV_MAIN/t:CPV_CODE/@CODE"),
        "cpv_all": joined(lot.all("t:CPV_ADDITIONAL/t:CPV_CODE/@CODE | t:CPV/*/t:CPV_CODE/@CODE"), distinct=True),
        "nuts": joined(lot.all("*[local-name()='NUTS']/@CODE"), distinct=True),
        "value": number(lot.one("t:VAL_OBJECT", scope + "/t:VALUE_COST")),
        "currency": lot.one("t:VAL_OBJECT/@CURRENCY", scope + "/@CURRENCY"),
        "start_date": day(lot.one("t:DATE_START")),
        "end_date": day(lot.one("t:DATE_END")),
        "duration": number(lot.one("t:DURATION")),
        "duration_unit": lot.one("t:DURATION/@TYPE"),
        "eu_funded": True if lot.nodes("t:EU_PROGR_RELATED") else False if lot.nodes("t:NO_EU_PROGR_RELATED") else None,
    }


def ted_award(award, is_old):
    kind = etree.QName(award.element).localname
    won = "t:AWARDED_CONTRACT/descendant::t:ADDRESS_CONTRACTOR/"
    if kind.endswith("PRIZE"):
        won = "t:WINNER/t:ADDRESS_WINNER/"
    if is_old:
        won = "t:ECONOMIC_OPERATOR_NAME_ADDRESS/t:CONTACT_DATA_WITHOUT_RESPONSIBLE_NAME/"
    organisation = "t:ORGANISATION/" if is_old else ""
    price = "t:CONTRACT_VALUE_INFORMATION/t:COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE"
    initial = "t:CONTRACT_VALUE_INFORMATION/t:INITIAL_ESTIMATED_TOTAL_VALUE_CONTRACT"
    total = "(t:AWARDED_CONTRACT/t:VALUES | t:AWARDED_CONTRACT/t:VALUE | t:AWARDED_CONTRACT)/t:VAL_TOTAL"
    expected = "(t:AWARDED_CONTRACT/t:VALUES | t:AWARDED_CONTRACT)/t:VAL_ESTIMATED_TOTAL"
    span = "(t:AWARDED_CONTRACT/t:VALUES | t:AWARDED_CONTRACT)/t:VAL_RANGE_TOTAL"
    received = "(t:AWARDED_CONTRACT/t:TENDERS | t:AWARDED_CONTRACT)/t:NB_TENDERS_RECEIVED"
    small = award.nodes("descendant::t:SME") or None
    names = award.all(won + organisation + "t:OFFICIALNAME")
    reason = [etree.QName(n).localname for n in award.nodes("descendant::t:PROCUREMENT_UNSUCCESSFUL | descendant::t:PROCUREMENT_DISCONTINUED")]
    no_winner = bool(award.nodes("t:NO_AWARDED_CONTRACT")) or (kind == "NO_AWARDED_PRIZE")
    return {
        "award_id": award.one("@ITEM"),
        "lot_id": joined(award.all("t:LOT_NO", "t:LOT_NUMBER")),
        "contract_number": joined(award.all("t:CONTRACT_NO", "t:CONTRACT_NUMBER"), distinct=True),
        "title": award.one("t:TITLE", "t:CONTRACT_TITLE"),
        "status": "not-awarded" if no_winner else "awarded",
        "not_awarded_reason": {"PROCUREMENT_UNSUCCESSFUL": "unsuccessful", "PROCUREMENT_DISCONTINUED": "discontinued"}[reason[0]]
        if reason else None,
        "winner_names": joined(names, " | "),
        "winner_ids": joined(award.all(won + organisation + "t:NATIONALID"), " | "),
        "winner_countries": joined(map(country, award.all(won + "t:COUNTRY/@VALUE"))),
        "winner_towns": joined(award.all(won + "t:TOWN"), " | "),
        "winners": len(names),
        "winner_sme": True if small else False if award.nodes("descendant::t:NO_SME") else None,
        "value": number(award.one(total, "t:VAL_PRIZE", price + "/t:VALUE_COST")),
        "value_low": number(award.one(span + "/t:LOW")),
        "value_high": number(award.one(span + "/t:HIGH")),
        "estimated_value": number(award.one(expected, initial + "/t:VALUE_COST")),
        "currency": award.one(total + "/@CURRENCY", "t:VAL_PRIZE/@CURRENCY", span + "/@CURRENCY", price + "/@CURRENCY",
                              expected + "/@CURRENCY"),
        "tenders": whole(award.one(received, "t:NB_PARTICIPANTS", "t:OFFERS_RECEIVED_NUMBER")),
        "tenders_sme": whole(award.one(received + "/../t:NB_TENDERS_RECEIVED_SME")),
        "tenders_electronic": whole(award.one(received + "/../t:NB_TENDERS_RECEIVED_EMEANS", "t:OFFERS_RECEIVED_NUMBER_MEANING")),
        "award_date": day(award.one("t:DATE_DECISION_JURY", "t:CONTRACT_AWARD_DATE")),
        "conclusion_date": day(award.one("t:AWARDED_CONTRACT/t:DATE_CONCLUSION_CONTRACT")),
    }


UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
P27 = "http://data.europa.eu/p27/eforms-"
EFORMS = {"cac": UBL + "CommonAggregateComponents-2", "cbc": UBL + "CommonBasicComponents-2",
          "ext": UBL + "CommonExtensionComponents-2", "efext": P27 + "ubl-extensions/1",
          "efac": P27 + "ubl-extension-aggregate-components/1", "efbc": P27 + "ubl-extension-basic-components/1"}


def eforms(root, file):
    top = At(root, EFORMS)
    extension = "ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/efext:EformsExtension/"
    language = top.one("cbc:NoticeLanguageCode")
    spoken = f"[@languageID='{language}']"
    organizations = {o.one("cac:PartyIdentification/cbc:ID"): o for o in
                     reversed(top.ats(extension + "efac:Organizations/efac:Organization/*[self::efac:Company or self::efac:TouchPoint]"))}
    buyer_ids = top.all("cac:ContractingParty/cac:Party/cac:PartyIdentification/cbc:ID")
    buyer = organizations.get(buyer_ids[0] if buyer_ids else None, At(etree.Element("none"), EFORMS))
    lots = top.ats("cac:ProcurementProjectLot[cbc:ID[@schemeName='Lot' or @schemeName='Part']]")
    project, lot_project = "cac:ProcurementProject/", "cac:ProcurementProjectLot/cac:ProcurementProject/"
    classes = "/cbc:ItemClassificationCode"
    result = extension + "efac:NoticeResult/"
    tenders = {t.one("cbc:ID"): t for t in top.ats(result + "efac:LotTender")}
    contracts = top.ats(result + "efac:SettledContract")
    parties = {p.one("cbc:ID"): p for p in top.ats(result + "efac:TenderingParty")}

    def name_of(organization):
        return organization.one(f"cac:PartyName/cbc:Name{spoken}", "cac:PartyName[1]/cbc:Name")

    awards = []
    for lot_result in top.ats(result + "efac:LotResult"):
        of_lot = [tenders[i] for i in lot_result.all("efac:LotTender/cbc:ID") if i in tenders]
        signed = [t for t in of_lot if any(t.one("cbc:ID") in c.all("efac:LotTender/cbc:ID") for c in contracts)]
        for tender in signed or of_lot or [None]:
            awards.append(award_row(lot_result, tender, contracts, parties, organizations, name_of, spoken))

    publication = top.one(extension + "efac:Publication/efbc:NoticePublicationID")
    amount = "cac:ProcurementProject/cac:RequestedTenderTotal/cbc:EstimatedOverallContractAmount"
    notice = {
        "notice_id": publication or top.one("cbc:ID"),
        "version": whole(top.one("cbc:VersionID")),
        "publication_date": day(top.one(extension + "efac:Publication/efbc:PublicationDate")),
        "dispatch_date": day(top.one("cbc:IssueDate")),
        "ojs_number": top.one(extension + "efac:Publication/efbc:GazetteID"),
        "schema_family": "eforms",
        "schema_version": top.one("cbc:CustomizationID"),
        "notice_uuid": top.one("cbc:ID"),
        "procedure_id": top.one("cbc:ContractFolderID"),
        "country": country(buyer.one("cac:PostalAddress/cac:Country/cbc:IdentificationCode")),
        "language": LANGUAGES[language],
        "languages": joined([LANGUAGES[i] for i in top.all("cbc:NoticeLanguageCode") + top.all("cac:AdditionalNoticeLanguage/cbc:ID")],
                            distinct=True),
        "form": top.one(extension + "efac:NoticeSubType/cbc:SubTypeCode"),
        "stage": top.one("cbc:NoticeTypeCode/@listName"),
        "notice_type": top.one("cbc:NoticeTypeCode"),
        "legal_basis": top.one("cbc:RegulatoryDomain"),
        "procedure": top.one("cac:TenderingProcess/cbc:ProcedureCode"),
        "procedure_text": top.one(f"cac:TenderingProcess/cbc:Description{spoken}", "cac:TenderingProcess/cbc:Description"),
        "contract_nature": top.one(project + "cbc:ProcurementTypeCode", lot_project + "cbc:ProcurementTypeCode"),
        "cpv_main": top.one(project + "cac:MainCommodityClassification" + classes, lot_project + "cac:MainCommodityClassification" + classes),
        "cpv_all": joined(top.all(f"(cac:ProcurementProject | {lot_project[:-1]})/*[self::cac:MainCommodityClassification"
                                  f" or self::cac:AdditionalCommodityClassification]{classes}"), distinct=True),
        "nuts": joined(top.all(f"(cac:ProcurementProject | {lot_project[:-1]})/cac:RealizedLocation/cac:Address/cbc:CountrySubentityCode"),
                       distinct=True),
        "title": top.one(project + "cbc:Name" + spoken, project + "cbc:Name", lot_project + "cbc:Name"),
        "title_en": top.one(project + "cbc:Name[@languageID='ENG']"),
        "buyer_name": name_of(buyer),
        "buyer_id": buyer.one("cac:PartyLegalEntity/cbc:CompanyID"),
        "buyer_country": country(buyer.one("cac:PostalAddress/cac:Country/cbc:IdentificationCode")),
        "buyer_town": buyer.one("cac:PostalAddress/cbc:CityName"),
        "buyer_nuts": buyer.one("cac:PostalAddress/cbc:CountrySubentityCode"),
        "buyer_type": top.one("cac:ContractingParty/cac:ContractingPartyType/cbc:PartyTypeCode"),
        "buyer_activity": top.one("cac:ContractingParty/cac:ContractingActivity/cbc:ActivityTypeCode"),
        "buyers": len(buyer_ids),
        "estimated_value": number(top.one(amount)),
        "total_value": number(top.one(result + "cbc:TotalAmount")),
        "currency": top.one(result + "cbc:TotalAmount/@currencyID", amount + "/@currencyID"),
        "lots": len(lots),
        "awards": len(awards),
        "tender_deadline": day(top.one("cac:ProcurementProjectLot/cac:TenderingProcess/cac:TenderSubmissionDeadlinePeriod/cbc:EndDate",
                                       "cac:ProcurementProjectLot/cac:TenderingProcess/cac:ParticipationRequestReceptionPeriod/cbc:EndDate")),
        "tender_deadline_time": hour(top.one("cac:ProcurementProjectLot/cac:TenderingProcess/cac:TenderSubmissionDeadlinePeriod/cbc:EndTime",
                                             "cac:ProcurementProjectLot/cac:TenderingProcess/cac:ParticipationRequestReceptionPeriod/cbc:EndTime")),
        "previous_notices": joined(top.all("(cac:TenderingProcess | cac:ProcurementProjectLot/cac:TenderingProcess)"
                                           "/cac:NoticeDocumentReference/cbc:ID"), distinct=True),
        "changed_notice": plain(top.one(extension + "efac:Changes/efbc:ChangedNoticeIdentifier",
                                        extension + "efac:ContractModification/efbc:ChangedNoticeIdentifier")),
        "url": f"https://ted.europa.eu/en/notice/-/detail/{publication.lstrip('0')}" if publication else None,
        "entry": file,
    }
    return notice, [lot_row(lot, spoken) for lot in lots], awards


def lot_row(lot, spoken):
    amount = "cac:ProcurementProject/cac:RequestedTenderTotal/cbc:EstimatedOverallContractAmount"
    extension = "ext:UBLExtensions/ext:UBLExtension/ext:ExtensionContent/efext:EformsExtension/"
    project, process = "cac:ProcurementProject/", "cac:TenderingProcess/"
    funded = lot.one("cac:TenderingTerms/cbc:FundingProgramCode[@listName='eu-funded']")
    return {
        "lot_id": lot.one("cbc:ID"),
        "title": lot.one(project + "cbc:Name" + spoken, project + "cbc:Name"),
        "contract_nature": lot.one(project + "cbc:ProcurementTypeCode"),
        "cpv_main": lot.one(project + "cac:MainCommodityClassification/cbc:ItemClassificationCode"),
        "cpv_all": joined(lot.all(project + "*[self::cac:MainCommodityClassification or self::cac:AdditionalCommodityClassification]"
                                  "/cbc:ItemClassificationCode"), distinct=True),
        "nuts": joined(lot.all(project + "cac:RealizedLocation/cac:Address/cbc:CountrySubentityCode"), distinct=True),
        "value": number(lot.one(amount)),
        "currency": lot.one(amount + "/@currencyID"),
        "framework_maximum": number(lot.one(project + "cac:RequestedTenderTotal/" + extension + "efbc:FrameworkMaximumAmount")),
        "start_date": day(lot.one(project + "cac:PlannedPeriod/cbc:StartDate")),
        "end_date": day(lot.one(project + "cac:PlannedPeriod/cbc:EndDate")),
        "duration": number(lot.one(project + "cac:PlannedPeriod/cbc:DurationMeasure")),
        "duration_unit": lot.one(project + "cac:PlannedPeriod/cbc:DurationMeasure/@unitCode"),
        "tender_deadline": day(lot.one(process + "cac:TenderSubmissionDeadlinePeriod/cbc:EndDate",
                                       process + "cac:ParticipationRequestReceptionPeriod/cbc:EndDate")),
        "tender_deadline_time": hour(lot.one(process + "cac:TenderSubmissionDeadlinePeriod/cbc:EndTime",
                                             process + "cac:ParticipationRequestReceptionPeriod/cbc:EndTime")),
        "eu_funded": None if funded is None else funded == "eu-funds",
    }


def award_row(lot_result, tender, contracts, parties, organizations, name_of, spoken):
    nothing = At(etree.Element("none"), EFORMS)
    tender = tender or nothing
    signed = [c for c in contracts if tender.one("cbc:ID") in c.all("efac:LotTender/cbc:ID")]
    if not signed:
        named = lot_result.all("efac:SettledContract/cbc:ID")
        signed = [c for c in contracts if c.one("cbc:ID") in named]
    party = parties.get(tender.one("efac:TenderingParty/cbc:ID"), nothing)
    winners = [organizations[i] for i in party.all("efac:Tenderer/cbc:ID") if i in organizations]
    sizes = [s for w in winners for s in w.all("efbc:CompanySizeCode")]

    def first(*paths):
        return next((c.one(*paths) for c in signed if c.one(*paths)), None)

    def statistic(code):
        return whole(lot_result.one(f"efac:ReceivedSubmissionsStatistics[efbc:StatisticsCode='{code}']/efbc:StatisticsNumeric"))

    amount = "cac:LegalMonetaryTotal/cbc:PayableAmount"
    return {
        "award_id": lot_result.one("cbc:ID"),
        "lot_id": joined(lot_result.all("efac:TenderLot/cbc:ID")),
        "contract_number": joined([n for c in signed for n in c.all("efac:ContractReference/cbc:ID")], distinct=True),
        "title": first("cbc:Title" + spoken) or first("cbc:Title"),
        "status": {"selec-w": "awarded", "clos-nw": "not-awarded", "open-nw": "open"}.get(lot_result.one("cbc:TenderResultCode")),
        "not_awarded_reason": lot_result.one("efac:DecisionReason/efbc:DecisionReasonCode"),
        "winner_names": joined(map(name_of, winners), " | "),
        "winner_ids": joined([i for w in winners for i in w.all("cac:PartyLegalEntity/cbc:CompanyID")], " | "),
        "winner_countries": joined([country(i) for w in winners for i in w.all("cac:PostalAddress/cac:Country/cbc:IdentificationCode")]),
        "winner_towns": joined([i for w in winners for i in w.all("cac:PostalAddress/cbc:CityName")], " | "),
        "winners": len(winners),
        "winner_sme": any(s in ("sme", "micro", "small", "medium") for s in sizes) if sizes else None,
        "value": number(tender.one(amount)),
        "currency": tender.one(amount + "/@currencyID"),
        "tenders": statistic("tenders"),
        "tenders_sme": statistic("t-sme"),
        "tenders_electronic": statistic("t-esubm"),
        "award_date": day(first("cbc:AwardDate")),
        "conclusion_date": day(first("cbc:IssueDate")),
        "tender_reference": tender.one("efac:TenderReference/cbc:ID"),
        "rank": whole(tender.one("cbc:RankCode")),
    }


def set_only(row):
    return {key: value for key, value in row.items() if value is not None}


def recorded():
    """Name and bytes of every notice: files, and what is in the packages, which are archives of archives."""
    notices = {str(p.relative_to(DATA)): p.read_bytes() for p in DATA.rglob("*.xml")}
    for package in (SOURCE / "data/ted/packages").glob("*.tar.gz"):
        with tarfile.open(package) as outer:
            for issue in filter(tarfile.TarInfo.isfile, outer):
                with tarfile.open(fileobj=outer.extractfile(issue)) as inner:
                    for member in filter(tarfile.TarInfo.isfile, inner):
                        notices[f"packages/{package.name}!{issue.name}!{member.name}"] = inner.extractfile(member).read()
    return notices


NOTICES = recorded()


def test_every_recorded_notice_is_expected():
    files = sorted(NOTICES)
    assert [line["file"] for line in EXPECTED] == files
    assert [line["file"] for line in EXPECTED if "error" in line] == ["eforms_sdk_examples/INVALID_can_24_empty.xml"]


@pytest.mark.parametrize("line", [line for line in EXPECTED if "error" not in line], ids=lambda line: line["file"])
def test_rows_are_what_the_xml_says(line):
    root = etree.fromstring(NOTICES[line["file"]], etree.XMLParser(resolve_entities=False, huge_tree=True))
    of_family = ted_export if etree.QName(root).localname == "TED_EXPORT" else eforms
    notice, lots, awards = of_family(root, line["file"])
    assert line["notices"] == [set_only(notice)]
    copied = {key: line["notices"][0][key] for key in ("notice_id", "version", "publication_date", "country") if key in line["notices"][0]}
    assert len(line["lots"]) == len(lots) and len(line["awards"]) == len(awards)
    for place, (found, row) in enumerate(zip(line["lots"], lots), 1):
        assert found == {**copied, "lot": place, **set_only(row)}
    for place, (found, row) in enumerate(zip(line["awards"], awards), 1):
        assert found == {**copied, "award": place, **set_only(row)}
