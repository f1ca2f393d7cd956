// Forms of before 2014 and kinds of eForms notices that no recorded notice shows, built after their
// specifications (TED_EXPORT.xsd R2.0.7 and R2.0.8; eForms SDK), through the field map that users have.
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "source/ted/notice_reader.h"

namespace penstock::source::ted {
namespace {

class NoticeFormsTest : public testing::Test {
 protected:
  void Read(const std::string& xml) {
    auto map = ReadFieldMap(std::string(PENSTOCK_SOURCE_DIR) + "/pipelines/ted/fields.yaml");
    ASSERT_TRUE(map.ok()) << Describe(map.status());
    const auto reader = NoticeReader::Make(*std::move(map)).ValueOrDie();
    const Status status = reader->Add(xml, {});
    ASSERT_TRUE(status.ok()) << Describe(status);
    tables_ = reader->Finish().ValueOrDie();
    EXPECT_EQ(Notice("unread"), "-");
  }

  static std::string TedExport(std::string_view document_type, std::string_view values,
                               std::string_view form) {
    return fmt::format(
        R"(<TED_EXPORT xmlns="http://publications.europa.eu/TED_schema/Export" DOC_ID="000123-2012" EDITION="2012001">
        <CODED_DATA_SECTION><REF_OJS><COLL_OJ>S</COLL_OJ><NO_OJ>1</NO_OJ><DATE_PUB>20120103</DATE_PUB></REF_OJS>
        <NOTICE_DATA><NO_DOC_OJS>2012/S 1-000123</NO_DOC_OJS><LG_ORIG>DE</LG_ORIG><ISO_COUNTRY VALUE="UK"/>
        <ORIGINAL_CPV CODE="45000000">Works</ORIGINAL_CPV><ORIGINAL_NUTS CODE="UKI">London</ORIGINAL_NUTS>{}</NOTICE_DATA>
        <CODIF_DATA><DS_DATE_DISPATCH>20111230</DS_DATE_DISPATCH><TD_DOCUMENT_TYPE CODE="{}">x</TD_DOCUMENT_TYPE>
        <PR_PROC CODE="1">Open procedure</PR_PROC></CODIF_DATA></CODED_DATA_SECTION><FORM_SECTION>{}</FORM_SECTION></TED_EXPORT>)",
        values, document_type, form);
  }

  static std::string Text(const arrow::Table& table, std::string_view name, int64_t row) {
    const auto scalar = table.GetColumnByName(std::string(name))->GetScalar(row).ValueOrDie();
    return scalar->is_valid ? scalar->ToString() : "-";
  }
  std::string Notice(std::string_view name) { return Text(*tables_.notices, name, 0); }
  std::string Lot(std::string_view name, int64_t row) { return Text(*tables_.lots, name, row); }
  std::string Award(std::string_view name, int64_t row) { return Text(*tables_.awards, name, row); }

  NoticeTables tables_;
};

constexpr char kProfile[] =
    "<CA_CE_CONCESSIONAIRE_PROFILE><ORGANISATION>Stadt A</ORGANISATION><TOWN>A</TOWN><COUNTRY VALUE='DE'/>"
    "</CA_CE_CONCESSIONAIRE_PROFILE>";
constexpr char kWinner[] =
    "<CONTACT_DATA_WITHOUT_RESPONSIBLE_NAME><ORGANISATION><OFFICIALNAME>W "
    "GmbH</OFFICIALNAME></ORGANISATION><TOWN>B</TOWN>"
    "<COUNTRY VALUE='AT'/></CONTACT_DATA_WITHOUT_RESPONSIBLE_NAME>";

TEST_F(NoticeFormsTest, ContractNoticeOf2012WithLotsAndRanges) {
  Read(TedExport(
      "3",
      "<VALUES_LIST><VALUES TYPE='GLOBAL'><SINGLE_VALUE><VALUE CURRENCY='EUR'>1 250 "
      "000,50</VALUE></SINGLE_VALUE></VALUES></VALUES_LIST>",
      "<CONTRACT CATEGORY='TRANSLATION' LG='EN' "
      "FORM='2'><FD_CONTRACT><OBJECT_CONTRACT_INFORMATION><DESCRIPTION_CONTRACT_INFORMATION>"
      "<TITLE_CONTRACT><P>Bridge</P></TITLE_CONTRACT></DESCRIPTION_CONTRACT_INFORMATION></"
      "OBJECT_CONTRACT_INFORMATION></FD_CONTRACT></CONTRACT>"
      "<CONTRACT CATEGORY='ORIGINAL' LG='DE' FORM='2' VERSION='R2.0.7.S02'><FD_CONTRACT CTYPE='WORKS'>"
      "<CONTRACTING_AUTHORITY_INFORMATION><NAME_ADDRESSES_CONTACT_CONTRACT>" +
          std::string(kProfile) +
          "</NAME_ADDRESSES_CONTACT_CONTRACT></CONTRACTING_AUTHORITY_INFORMATION>"
          "<OBJECT_CONTRACT_INFORMATION><DESCRIPTION_CONTRACT_INFORMATION><TITLE_CONTRACT><P>Br\xC3\xBC"
          "cke</P></TITLE_CONTRACT>"
          "<CPV><CPV_MAIN><CPV_CODE "
          "CODE='45221110'/></CPV_MAIN></CPV><F02_DIVISION_INTO_LOTS><F02_DIV_INTO_LOT_YES "
          "VALUE='ONE_OR_MORE_LOT'>"
          "<F02_ANNEX_B "
          "ITEM='1'><LOT_NUMBER>1</LOT_NUMBER><LOT_TITLE>Pfeiler</LOT_TITLE><CPV><CPV_MAIN><CPV_CODE "
          "CODE='45221119'/></CPV_MAIN>"
          "<CPV_ADDITIONAL><CPV_CODE "
          "CODE='45262300'/></CPV_ADDITIONAL></CPV><NATURE_QUANTITY_SCOPE><COSTS_RANGE_AND_CURRENCY "
          "CURRENCY='EUR'>"
          "<VALUE_COST FMTVAL='500000.00'>500 "
          "000,00</VALUE_COST></COSTS_RANGE_AND_CURRENCY></NATURE_QUANTITY_SCOPE></F02_ANNEX_B>"
          "<F02_ANNEX_B ITEM='2'><LOT_NUMBER>2</LOT_NUMBER><NATURE_QUANTITY_SCOPE><COSTS_RANGE_AND_CURRENCY "
          "CURRENCY='EUR'><RANGE_VALUE_COST>"
          "<LOW_VALUE>100 000</LOW_VALUE><HIGH_VALUE>200 "
          "000</HIGH_VALUE></RANGE_VALUE_COST></COSTS_RANGE_AND_CURRENCY></NATURE_QUANTITY_SCOPE>"
          "</F02_ANNEX_B></F02_DIV_INTO_LOT_YES></F02_DIVISION_INTO_LOTS></"
          "DESCRIPTION_CONTRACT_INFORMATION></OBJECT_CONTRACT_INFORMATION>"
          "<PROCEDURE_DEFINITION_CONTRACT_NOTICE><ADMINISTRATIVE_INFORMATION_CONTRACT_NOTICE><RECEIPT_LIMIT_"
          "DATE><DAY>7</DAY><MONTH>2</MONTH>"
          "<YEAR>2012</YEAR><TIME>9:30</TIME></RECEIPT_LIMIT_DATE></"
          "ADMINISTRATIVE_INFORMATION_CONTRACT_NOTICE>"
          "</PROCEDURE_DEFINITION_CONTRACT_NOTICE></FD_CONTRACT></CONTRACT>"));
  const std::pair<const char*, const char*> kNotice[] = {{"notice_id", "000123-2012"},
                                                         {"schema_family", "ted_export"},
                                                         {"schema_version", "R2.0.7.S02"},
                                                         {"form", "F02"},
                                                         {"stage", "competition"},
                                                         {"country", "GB"},
                                                         {"publication_date", "2012-01-03"},
                                                         {"dispatch_date", "2011-12-30"},
                                                         {"title",
                                                          "Br\xC3\xBC"
                                                          "cke"},
                                                         {"title_en", "Bridge"},
                                                         {"buyer_name", "Stadt A"},
                                                         {"buyer_country", "DE"},
                                                         {"buyer_town", "A"},
                                                         {"cpv_main", "45221110"},
                                                         {"nuts", "UKI"},
                                                         {"estimated_value", "1250000.5"},
                                                         {"total_value", "-"},
                                                         {"currency", "EUR"},
                                                         {"tender_deadline", "2012-02-07"},
                                                         {"tender_deadline_time", "09:30"},
                                                         {"lots", "2"},
                                                         {"awards", "0"}};
  for (const auto& [name, value] : kNotice) EXPECT_EQ(Notice(name), value) << name;
  ASSERT_EQ(tables_.lots->num_rows(), 2);
  EXPECT_EQ(Lot("title", 0), "Pfeiler");
  EXPECT_EQ(Lot("cpv_all", 0), "45221119;45262300");
  EXPECT_EQ(Lot("value", 0), "500000");
  EXPECT_EQ(Lot("lot_id", 1), "2");
  EXPECT_EQ(Lot("value", 1), "-");
  EXPECT_EQ(Lot("value_low", 1), "100000");
  EXPECT_EQ(Lot("value_high", 1), "200000");
  EXPECT_EQ(Lot("currency", 1), "EUR");
}

TEST_F(NoticeFormsTest, ContractAwardOf2013) {
  Read(TedExport(
      "7",
      "<VALUES_LIST><VALUES TYPE='GLOBAL'><RANGE_VALUE><VALUE CURRENCY='SEK'>1 000</VALUE><VALUE "
      "CURRENCY='SEK'>2 000</VALUE></RANGE_VALUE>"
      "</VALUES></VALUES_LIST>",
      "<CONTRACT_AWARD CATEGORY='ORIGINAL' LG='DE' FORM='3' VERSION='R2.0.8.S02.E01'><FD_CONTRACT_AWARD>"
      "<AWARD_OF_CONTRACT "
      "ITEM='1'><CONTRACT_NUMBER>C1</CONTRACT_NUMBER><LOT_NUMBER>4</LOT_NUMBER><CONTRACT_TITLE><P>T</P></"
      "CONTRACT_TITLE>"
      "<CONTRACT_AWARD_DATE><DAY>05</DAY><MONTH>11</MONTH><YEAR>2011</YEAR></"
      "CONTRACT_AWARD_DATE><OFFERS_RECEIVED_NUMBER>3</OFFERS_RECEIVED_NUMBER>"
      "<ECONOMIC_OPERATOR_NAME_ADDRESS>" +
          std::string(kWinner) +
          "</ECONOMIC_OPERATOR_NAME_ADDRESS><CONTRACT_VALUE_INFORMATION>"
          "<INITIAL_ESTIMATED_TOTAL_VALUE_CONTRACT "
          "CURRENCY='SEK'><VALUE_COST>900,00</VALUE_COST></INITIAL_ESTIMATED_TOTAL_VALUE_CONTRACT>"
          "<COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE CURRENCY='SEK'><RANGE_VALUE_COST><LOW_VALUE "
          "FMTVAL='1000'>1 000</LOW_VALUE>"
          "<HIGH_VALUE FMTVAL='2000'>2 "
          "000</HIGH_VALUE></RANGE_VALUE_COST></COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE></"
          "CONTRACT_VALUE_INFORMATION>"
          "</AWARD_OF_CONTRACT></FD_CONTRACT_AWARD></CONTRACT_AWARD>"));
  EXPECT_EQ(Notice("form"), "F03");
  EXPECT_EQ(Notice("stage"), "result");
  EXPECT_EQ(Notice("total_value"), "-");
  EXPECT_EQ(Notice("total_value_low"), "1000");
  EXPECT_EQ(Notice("total_value_high"), "2000");
  EXPECT_EQ(Notice("currency"), "SEK");
  ASSERT_EQ(tables_.awards->num_rows(), 1);
  const std::pair<const char*, const char*> kAward[] = {
      {"award_id", "1"},          {"lot_id", "4"},
      {"contract_number", "C1"},  {"title", "T"},
      {"status", "awarded"},      {"winner_names", "W GmbH"},
      {"winner_countries", "AT"}, {"winner_towns", "B"},
      {"winners", "1"},           {"value", "-"},
      {"value_low", "1000"},      {"value_high", "2000"},
      {"estimated_value", "900"}, {"currency", "SEK"},
      {"tenders", "3"},           {"award_date", "2011-11-05"}};
  for (const auto& [name, value] : kAward) EXPECT_EQ(Award(name, 0), value) << name;
}

TEST_F(NoticeFormsTest, UtilitiesAwardAndDesignContestOfBefore2014) {
  Read(TedExport(
      "7", "",
      "<CONTRACT_AWARD_UTILITIES CATEGORY='ORIGINAL' LG='DE' FORM='6'><FD_CONTRACT_AWARD_UTILITIES>"
      "<AWARD_CONTRACT_CONTRACT_AWARD_UTILITIES><AWARD_AND_CONTRACT_VALUE "
      "ITEM='1'><LOT_NUMBER>1</LOT_NUMBER><LOT_NUMBER>2</LOT_NUMBER>"
      "<DATE_OF_CONTRACT_AWARD><DAY>1</DAY><MONTH>2</MONTH><YEAR>2012</YEAR></DATE_OF_CONTRACT_AWARD>"
      "<CONTACT_DATA_WITHOUT_RESPONSIBLE_NAME_CHP><ORGANISATION><OFFICIALNAME>U "
      "AG</OFFICIALNAME></ORGANISATION><COUNTRY VALUE='CH'/>"
      "</CONTACT_DATA_WITHOUT_RESPONSIBLE_NAME_CHP><COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE "
      "CURRENCY='CHF'><VALUE_COST>7</VALUE_COST>"
      "</COSTS_RANGE_AND_CURRENCY_WITH_VAT_RATE></AWARD_AND_CONTRACT_VALUE></"
      "AWARD_CONTRACT_CONTRACT_AWARD_UTILITIES>"
      "</FD_CONTRACT_AWARD_UTILITIES></CONTRACT_AWARD_UTILITIES>"));
  ASSERT_EQ(tables_.awards->num_rows(), 1);
  EXPECT_EQ(Award("lot_id", 0), "1;2");
  EXPECT_EQ(Award("winner_names", 0), "U AG");
  EXPECT_EQ(Award("winner_countries", 0), "CH");
  EXPECT_EQ(Award("value", 0), "7");
  EXPECT_EQ(Award("currency", 0), "CHF");
  EXPECT_EQ(Award("award_date", 0), "2012-02-01");

  Read(TedExport("R", "",
                 "<RESULT_DESIGN_CONTEST CATEGORY='ORIGINAL' LG='DE' "
                 "FORM='13'><FD_RESULT_DESIGN_CONTEST><RESULTS_CONTEST_RESULT_DESIGN_CONTEST>"
                 "<RESULT_CONTEST><AWARD_PRIZES><NAME_ADDRESS_WINNER>" +
                     std::string(kWinner) +
                     "</NAME_ADDRESS_WINNER></AWARD_PRIZES>"
                     "</RESULT_CONTEST></RESULTS_CONTEST_RESULT_DESIGN_CONTEST></FD_RESULT_DESIGN_CONTEST></"
                     "RESULT_DESIGN_CONTEST>"));
  EXPECT_EQ(Notice("form"), "F13");
  ASSERT_EQ(tables_.awards->num_rows(), 1);
  EXPECT_EQ(Award("winner_names", 0), "W GmbH");
  EXPECT_EQ(Award("status", 0), "awarded");
}

// The prefixes are odd on purpose.
std::string EForms(std::string_view root, std::string_view uri, std::string_view extension,
                   std::string_view body) {
  return fmt::format(
      R"(<r:{0} xmlns:r="{1}" xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
      xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
      xmlns:e="urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2" xmlns:x="http://data.europa.eu/p27/eforms-ubl-extensions/1"
      xmlns:xa="http://data.europa.eu/p27/eforms-ubl-extension-aggregate-components/1"
      xmlns:xb="http://data.europa.eu/p27/eforms-ubl-extension-basic-components/1"><e:UBLExtensions><e:UBLExtension><e:ExtensionContent>
      <x:EformsExtension>{2}<xa:Publication><xb:NoticePublicationID schemeName="ojs-notice-id">00000042-2025</xb:NoticePublicationID>
      <xb:PublicationDate>2025-01-02+01:00</xb:PublicationDate></xa:Publication></x:EformsExtension></e:ExtensionContent></e:UBLExtension>
      </e:UBLExtensions><b:ID schemeName="notice-id">u</b:ID><b:VersionID>02</b:VersionID>{3}</r:{0}>)",
      root, uri, extension, body);
}

TEST_F(NoticeFormsTest, BusinessRegistrationNotice) {
  Read(EForms(
      "BusinessRegistrationInformationNotice",
      "http://data.europa.eu/p27/eforms-business-registration-information-notice/1",
      "<xa:NoticeSubType><b:SubTypeCode listName='notice-subtype'>X01</b:SubTypeCode></xa:NoticeSubType>",
      "<b:NoticeTypeCode "
      "listName='bri'>brin-eeig</b:NoticeTypeCode><b:NoticeLanguageCode>FRA</b:NoticeLanguageCode>"));
  EXPECT_EQ(Notice("notice_id"), "00000042-2025");
  EXPECT_EQ(Notice("version"), "2");
  EXPECT_EQ(Notice("form"), "X01");
  EXPECT_EQ(Notice("notice_type"), "brin-eeig");
  EXPECT_EQ(Notice("language"), "FR");
  EXPECT_EQ(Notice("url"), "https://ted.europa.eu/en/notice/-/detail/42-2025");
  EXPECT_EQ(Notice("lots"), "0");
}

TEST_F(NoticeFormsTest, PlanningNoticeHasPartsAndAGroupOfLotsIsNone) {
  Read(EForms(
      "PriorInformationNotice", "urn:oasis:names:specification:ubl:schema:xsd:PriorInformationNotice-2", "",
      "<b:NoticeLanguageCode>FRA</b:NoticeLanguageCode>"
      "<a:ProcurementProject><b:Name languageID='NLD'>nl</b:Name><b:Name "
      "languageID='FRA'>fr</b:Name></a:ProcurementProject>"
      "<a:ProcurementProjectLot><b:ID schemeName='LotsGroup'>GLO-0001</b:ID></a:ProcurementProjectLot>"
      "<a:ProcurementProjectLot><b:ID schemeName='Part'>PAR-0001</b:ID><a:ProcurementProject><b:Name "
      "languageID='FRA'>partie</b:Name>"
      "<a:PlannedPeriod><b:DurationMeasure "
      "unitCode='MONTH'>18</b:DurationMeasure></a:PlannedPeriod></a:ProcurementProject>"
      "</a:ProcurementProjectLot>"));
  EXPECT_EQ(Notice("title"), "fr");
  ASSERT_EQ(tables_.lots->num_rows(), 1);
  EXPECT_EQ(Lot("lot_id", 0), "PAR-0001");
  EXPECT_EQ(Lot("title", 0), "partie");
  EXPECT_EQ(Lot("duration", 0), "18");
  EXPECT_EQ(Lot("duration_unit", 0), "MONTH");
}

TEST_F(NoticeFormsTest, ResultWithoutWinnerAndWinnersInAGroup) {
  Read(EForms(
      "ContractAwardNotice", "urn:oasis:names:specification:ubl:schema:xsd:ContractAwardNotice-2",
      "<xa:NoticeResult>"
      "<xa:LotResult><b:ID>RES-0001</b:ID><b:TenderResultCode>clos-nw</b:TenderResultCode><xa:DecisionReason>"
      "<xb:DecisionReasonCode>no-rece</xb:DecisionReasonCode></"
      "xa:DecisionReason><xa:TenderLot><b:ID>LOT-0001</b:ID></xa:TenderLot></xa:LotResult>"
      "<xa:LotResult><b:ID>RES-0002</b:ID><b:TenderResultCode>selec-w</"
      "b:TenderResultCode><xa:LotTender><b:ID>TEN-0001</b:ID></xa:LotTender>"
      "<xa:LotTender><b:ID>TEN-0002</b:ID></"
      "xa:LotTender><xa:ReceivedSubmissionsStatistics><xb:StatisticsCode>tenders</xb:StatisticsCode>"
      "<xb:StatisticsNumeric>2</xb:StatisticsNumeric></"
      "xa:ReceivedSubmissionsStatistics><xa:TenderLot><b:ID>LOT-0002</b:ID></xa:TenderLot></xa:LotResult>"
      "<xa:LotTender><b:ID>TEN-0001</b:ID><b:RankCode>2</b:RankCode><xa:TenderingParty><b:ID>TPA-0002</"
      "b:ID></xa:TenderingParty></xa:LotTender>"
      "<xa:LotTender><b:ID>TEN-0002</b:ID><b:RankCode>1</b:RankCode><a:LegalMonetaryTotal><b:PayableAmount "
      "currencyID='EUR'>99.5</b:PayableAmount>"
      "</a:LegalMonetaryTotal><xa:TenderingParty><b:ID>TPA-0001</b:ID></xa:TenderingParty></xa:LotTender>"
      "<xa:SettledContract><b:ID>CON-0001</b:ID><b:IssueDate>2024-12-24+01:00</"
      "b:IssueDate><xa:LotTender><b:ID>TEN-0002</b:ID></xa:LotTender>"
      "</xa:SettledContract>"
      "<xa:TenderingParty><b:ID>TPA-0001</b:ID><xa:Tenderer><b:ID>ORG-0002</b:ID></"
      "xa:Tenderer><xa:Tenderer><b:ID>ORG-0003</b:ID></xa:Tenderer>"
      "</xa:TenderingParty></xa:NoticeResult>"
      "<xa:Organizations><xa:Organization><xa:Company><xb:CompanySizeCode>large</"
      "xb:CompanySizeCode><a:PartyIdentification><b:ID>ORG-0002</b:ID>"
      "</a:PartyIdentification><a:PartyName><b:Name "
      "languageID='DEU'>A</b:Name></a:PartyName></xa:Company></xa:Organization>"
      "<xa:Organization><xa:Company><xb:CompanySizeCode>micro</"
      "xb:CompanySizeCode><a:PartyIdentification><b:ID>ORG-0003</b:ID></a:PartyIdentification>"
      "<a:PartyName><b:Name "
      "languageID='ENG'>B</b:Name></a:PartyName></xa:Company></xa:Organization></xa:Organizations>",
      "<b:NoticeLanguageCode>DEU</b:NoticeLanguageCode>"));
  ASSERT_EQ(tables_.awards->num_rows(), 2);
  EXPECT_EQ(Award("status", 0), "not-awarded");
  EXPECT_EQ(Award("not_awarded_reason", 0), "no-rece");
  EXPECT_EQ(Award("winners", 0), "0");
  EXPECT_EQ(Award("lot_id", 1), "LOT-0002");
  EXPECT_EQ(Award("status", 1), "awarded");
  EXPECT_EQ(Award("rank", 1), "1");
  EXPECT_EQ(Award("winner_names", 1), "A | B");
  EXPECT_EQ(Award("winner_sme", 1), "true");
  EXPECT_EQ(Award("value", 1), "99.5");
  EXPECT_EQ(Award("tenders", 1), "2");
  EXPECT_EQ(Award("conclusion_date", 1), "2024-12-24");
}

}  // namespace
}  // namespace penstock::source::ted
