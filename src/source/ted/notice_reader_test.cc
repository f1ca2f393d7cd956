#include "source/ted/notice_reader.h"

#include <arrow/scalar.h>
#include <arrow/table.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <utility>

namespace penstock::source::ted {
namespace {

constexpr char kMap[] = R"(
families:
  old:
    namespaces: {t: ["urn:old/*"], n: urn:nuts}
    roots: t:NOTICES
    variables: {language: t:LG}
    definitions:
      form: ["t:F[@CATEGORY='ORIGINAL'][1]", "t:F[1]"]
    paragraphs: [P, DAY, MONTH]
    references:
      company: {elements: t:COMPANY, key: t:ID, fields: {name: ["t:NAME[@LG=$language]", "t:NAME[1]"]}}
      tender: {elements: t:TENDER, key: t:ID}
      contract: {elements: t:CONTRACT, key: t:TENDER}
    lots: $form/t:LOT
    awards: {elements: t:RESULT, each: t:TENDER -> tender, each_with: t:ID -> contract}
tables:
  notices:
    columns:
      - {name: id, about: a, required: true, old: "@ID"}
      - {name: title, about: a, old: $form/t:TITLE}
      - {name: codes, about: a, take: distinct, separator: ";", old: "t:CPV/@CODE"}
      - {name: everywhere, about: a, take: all, separator: ",", old: .//t:DEEP}
      - {name: nuts, about: a, old: n:NUTS/@CODE}
      - {name: value, about: a, type: double, old: t:VALUE}
      - {name: sum, about: a, type: double, take: sum, old: t:VALUE}
      - {name: day, about: a, type: date, old: t:DAYS}
      - {name: any, about: a, type: bool, take: any, old: t:FLAG}
      - {name: lots, about: a, type: int64, given: lots}
      - {name: awards, about: a, type: int64, given: awards}
      - {name: cpvs, about: a, type: int64, take: count, old: t:CPV}
      - {name: unread, about: a, given: unread}
  lots:
    copied: [id]
    columns:
      - {name: lot, about: a, type: int64, given: row}
      - {name: title, about: a, old: t:TITLE}
      - {name: kind, about: a, old: t:BIG/name() | t:SMALL/name()}
      - {name: notice_title, about: a, old: /t:F/t:TITLE}
  awards:
    copied: [id]
    columns:
      - {name: lot_id, about: a, old: t:LOT}
      - {name: winners, about: a, take: all, separator: "|", old: $each/t:COMPANY -> company.name}
      - {name: contract, about: a, old: $each/t:ID -> contract/@NO}
      - {name: tenders, about: a, type: int64, old: "t:COUNT[t:KIND='all']/t:N"}
)";

class NoticeReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto map = ParseFieldMap(kMap, "map.yaml");
    ASSERT_TRUE(map.ok()) << Describe(map.status());
    auto reader = NoticeReader::Make(*std::move(map), {.max_notice_bytes = 4 << 20});
    ASSERT_TRUE(reader.ok()) << Describe(reader.status());
    reader_ = *std::move(reader);
  }

  Status Add(std::string_view xml) { return reader_->Add(xml, {"ted/2019.tar.gz", "1.xml"}); }

  // The document with `inside` in its root element.
  static std::string Notice(std::string_view inside, std::string_view attributes = "") {
    return fmt::format("<NOTICES xmlns='urn:old/1' xmlns:x='urn:nuts' ID='1-2019' {}>{}</NOTICES>",
                       attributes, inside);
  }

  // Of the one row of notices that `inside` gives; "-": null.
  std::string Column(std::string_view name, std::string_view inside) {
    const Status status = Add(Notice(inside));
    EXPECT_TRUE(status.ok()) << Describe(status);
    const NoticeTables tables = reader_->Finish().ValueOrDie();
    EXPECT_EQ(tables.notices->num_rows(), 1);
    return Text(*tables.notices, name, 0);
  }

  static std::string Text(const arrow::Table& table, std::string_view name, int64_t row) {
    const auto scalar = table.GetColumnByName(std::string(name))->GetScalar(row).ValueOrDie();
    return scalar->is_valid ? scalar->ToString() : "-";
  }

  void ExpectNothing() {
    EXPECT_EQ(reader_->notices(), 0);
    EXPECT_EQ(reader_->lots(), 0);
    EXPECT_EQ(reader_->awards(), 0);
  }

  std::unique_ptr<NoticeReader> reader_;
};

TEST_F(NoticeReaderTest, TheOriginalLanguageWins) {
  EXPECT_EQ(Column("title",
                   "<F CATEGORY='TRANSLATION'><TITLE>a</TITLE></F><F CATEGORY='ORIGINAL'><TITLE>b</TITLE></F>"
                   "<F CATEGORY='ORIGINAL'><TITLE>c</TITLE></F>"),
            "b");
  EXPECT_EQ(Column("title", "<F CATEGORY='TRANSLATION'><TITLE>a</TITLE></F><F><TITLE>b</TITLE></F>"), "a");
}

// A comment anywhere makes nodes of it; without one it is seen in the text between the tags.
TEST_F(NoticeReaderTest, WhiteSpaceBetweenTagsSeparatesWordsWhateverElseStandsInTheDocument) {
  const std::pair<const char*, const char*> titles[] = {
      {"<B>a</B> <B>b</B>", "a b"},
      {"<B>a</B><B>b</B>", "ab"},
      {"<B><I>a</I> </B><B>b</B>", "a b"},
      {"<B><I>a</I>\n</B>b", "a b"},
      {"<B><I>a</I></B>b", "ab"},
      {"\n  <B>a</B>\n  <B>\n    <I>b</I>\n  </B>\n", "a b"},
      {"x<B>y</B> z &lt;<I/> <I K='/I>'/>w", "xy z < w"},
      {"a &amp;<B> </B>b", "a & b"},
      {"a &amp; b&gt;<B><I/></B>c", "a & b>c"},
      {"<B>a</B><I> </I><B>b</B>", "a b"},
      {"<B K=' '/>a<B></B>b", "ab"},
      {"<P>a</P><P>b</P>", "a b"}};
  for (const auto& [title, wanted] : titles) {
    const std::string form = fmt::format("<F><TITLE>{}</TITLE></F>", title);
    EXPECT_EQ(Column("title", form), wanted) << title;
    EXPECT_EQ(Column("title", "<!-- c -->" + form), wanted) << title;
  }
}

TEST_F(NoticeReaderTest, NamespacesCountAndPrefixesDoNot) {
  EXPECT_EQ(Column("nuts", "<x:NUTS CODE='DE1'/>"), "DE1");
  EXPECT_EQ(Column("nuts", "<y:NUTS xmlns:y='urn:nuts' CODE='DE2'/>"), "DE2");
  EXPECT_EQ(Column("nuts", "<NUTS xmlns='urn:nuts' CODE='DE3'/>"), "DE3");
  EXPECT_EQ(Column("nuts", "<NUTS CODE='DE4'/>"), "-");
  EXPECT_EQ(Column("nuts", "<x:NUTS xmlns:x='urn:other' CODE='DE5'/>"), "-");
  EXPECT_EQ(Column("title", "<a:F xmlns:a='urn:old/2'><a:TITLE>a</a:TITLE></a:F>"), "a");
  EXPECT_EQ(Column("title", "<F><TITLE xmlns=''>a</TITLE></F>"), "-");
  // A prefix stands for something else below, and again for itself behind it.
  EXPECT_EQ(Column("nuts", "<F xmlns:x='urn:other'><x:NUTS CODE='no'/></F><x:NUTS CODE='yes'/>"), "yes");
  const Status status =
      Add("<q:NOTICES xmlns:q='urn:old/1' ID='1-2019'><q:F><q:TITLE>a</q:TITLE></q:F></q:NOTICES>");
  EXPECT_TRUE(status.ok()) << Describe(status);
}

TEST_F(NoticeReaderTest, NamesOfOneDocumentDoNotReachIntoTheNext) {
  const auto title = [&](std::string_view xml) {
    const Status status = Add(xml);
    EXPECT_TRUE(status.ok()) << Describe(status);
    return Text(*reader_->Finish().ValueOrDie().notices, "nuts", 0);
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(title("<NOTICES xmlns='urn:old/1' xmlns:x='urn:nuts' ID='1'><x:NUTS CODE='a'/></NOTICES>"),
              "a");
    EXPECT_EQ(title("<NOTICES xmlns='urn:old/1' xmlns:x='urn:other' ID='1'><x:NUTS CODE='a'/></NOTICES>"),
              "-");
    EXPECT_EQ(title("<x:NOTICES xmlns='urn:nuts' xmlns:x='urn:old/1' ID='1'><NUTS CODE='b'/></x:NOTICES>"),
              "b");
    EXPECT_EQ(
        title("<NOTICES xmlns='urn:old/1' xmlns:x='urn:nuts y=urn:nuts' ID='1'><x:NUTS CODE='c'/></NOTICES>"),
        "-");
    EXPECT_EQ(title("<NOTICES xmlns='urn:old/1' xmlns:x='urn:nuts' xmlns:y='urn:nuts' ID='1'><y:NUTS "
                    "CODE='d'/></NOTICES>"),
              "d");
    // A declaration that only stands in a text, and one in an element below.
    EXPECT_EQ(title("<NOTICES xmlns='urn:old/1' xmlns:x='urn:nuts' ID='xmlns'><x:NUTS CODE='e'/></NOTICES>"),
              "e");
    EXPECT_EQ(title("<NOTICES xmlns='urn:old/1' ID='1'><z:NUTS xmlns:z='urn:nuts' CODE='f'/></NOTICES>"),
              "f");
  }
}

TEST_F(NoticeReaderTest, TextIsOfAllThatIsInside) {
  EXPECT_EQ(Column("title", "<F><TITLE>\n  <P>One  m<FT>2</FT></P><P>two</P>\n</TITLE></F>"), "One m2 two");
  EXPECT_EQ(Column("title", "<F><TITLE>a<!-- no -->b<![CDATA[<c>]]>&amp;&#228;&lt;</TITLE></F>"), "ab<c>&ä<");
  EXPECT_EQ(Column("title", "<F><TITLE><FT>a</FT> <FT>b</FT></TITLE></F>"), "a b");
  EXPECT_EQ(Column("title", "<F><TITLE>  </TITLE></F>"), "-");
  EXPECT_EQ(Column("day", "<DAYS><DAY>04</DAY><MONTH>03</MONTH><YEAR>2019</YEAR></DAYS>"), "2019-03-04");
}

TEST_F(NoticeReaderTest, SeveralValues) {
  EXPECT_EQ(Column("codes", "<CPV CODE='b'/><CPV CODE='a'/><CPV CODE='b'/><CPV/>"), "b;a");
  EXPECT_EQ(Column("cpvs", "<CPV CODE='b'/><CPV/>"), "2");
  EXPECT_EQ(Column("cpvs", ""), "0");
  EXPECT_EQ(Column("everywhere", "<DEEP>1<DEEP>2</DEEP></DEEP><A><B><DEEP>3</DEEP></B></A>"), "12,2,3");
  EXPECT_EQ(Column("sum", "<VALUE>1</VALUE><VALUE>2,50</VALUE>"), "3.5");
  EXPECT_EQ(Column("any", "<FLAG>false</FLAG><FLAG>true</FLAG>"), "true");
  EXPECT_EQ(Column("any", "<FLAG>false</FLAG>"), "false");
}

TEST_F(NoticeReaderTest, WhatIsNotOfItsTypeIsNamed) {
  EXPECT_EQ(Column("value", "<VALUE>about 5</VALUE>"), "-");
  EXPECT_EQ(Column("unread", "<VALUE>about 5</VALUE><DAYS>soon</DAYS>"),
            "value: about 5; sum: about 5; day: soon");
  EXPECT_EQ(Column("unread", "<VALUE>5</VALUE>"), "-");
}

TEST_F(NoticeReaderTest, RowsOfLots) {
  ASSERT_TRUE(
      Add(Notice("<F><TITLE>t</TITLE><LOT><TITLE>a</TITLE><BIG/></LOT><LOT><SMALL/></LOT></F><F><LOT/></F>"))
          .ok());
  const NoticeTables tables = reader_->Finish().ValueOrDie();
  ASSERT_EQ(tables.lots->num_rows(), 2);
  EXPECT_EQ(Text(*tables.lots, "id", 1), "1-2019");
  EXPECT_EQ(Text(*tables.lots, "lot", 1), "2");
  EXPECT_EQ(Text(*tables.lots, "title", 0), "a");
  EXPECT_EQ(Text(*tables.lots, "title", 1), "-");
  EXPECT_EQ(Text(*tables.lots, "kind", 0), "BIG");
  EXPECT_EQ(Text(*tables.lots, "kind", 1), "SMALL");
  EXPECT_EQ(Text(*tables.lots, "notice_title", 1), "t");
  EXPECT_EQ(Text(*tables.notices, "lots", 0), "2");
}

TEST_F(NoticeReaderTest, RowsOfAwardsFollowReferences) {
  // R1 lists three tenders, two of them with a contract; R2 one without; R3 none.
  ASSERT_TRUE(
      Add(Notice("<LG>EN</LG>"
                 "<COMPANY><ID>O1</ID><NAME LG='DE'>Eins</NAME><NAME LG='EN'>One</NAME></COMPANY>"
                 "<COMPANY><ID>O2</ID><NAME LG='DE'>Zwei</NAME></COMPANY>"
                 "<TENDER><ID>T1</ID><COMPANY>O1</COMPANY><COMPANY>O2</COMPANY></TENDER>"
                 "<TENDER><ID>T2</ID><COMPANY>O2</COMPANY></TENDER>"
                 "<TENDER><ID>T3</ID><COMPANY>O9</COMPANY></TENDER>"
                 "<CONTRACT NO='c'><TENDER>T1</TENDER><TENDER>T3</TENDER></CONTRACT>"
                 "<RESULT><LOT>L1</LOT><TENDER>T1</TENDER><TENDER>T2</TENDER><TENDER>T3</TENDER>"
                 "<COUNT><KIND>sme</KIND><N>1</N></COUNT><COUNT><KIND>all</KIND><N>7</N></COUNT></RESULT>"
                 "<RESULT><LOT>L2</LOT><TENDER>T2</TENDER></RESULT><RESULT><LOT>L3</LOT></RESULT>"))
          .ok());
  const NoticeTables tables = reader_->Finish().ValueOrDie();
  const arrow::Table& awards = *tables.awards;
  ASSERT_EQ(awards.num_rows(), 4);
  const char* kExpected[4][4] = {
      {"L1", "One|Zwei", "c", "7"}, {"L1", "-", "c", "7"}, {"L2", "Zwei", "-", "-"}, {"L3", "-", "-", "-"}};
  for (int r = 0; r < 4; ++r) {
    EXPECT_EQ(Text(awards, "lot_id", r), kExpected[r][0]) << r;
    EXPECT_EQ(Text(awards, "winners", r), kExpected[r][1]) << r;
    EXPECT_EQ(Text(awards, "contract", r), kExpected[r][2]) << r;
    EXPECT_EQ(Text(awards, "tenders", r), kExpected[r][3]) << r;
  }
}

TEST_F(NoticeReaderTest, Encodings) {
  const std::string body = Notice(
      "<F><TITLE>Stra\xC3\x9F"
      "e</TITLE></F>");
  EXPECT_TRUE(Add("\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8'?>" + body).ok());
  EXPECT_TRUE(Add("<?xml version='1.0' encoding=\"ISO-8859-1\"?>" + Notice("<F><TITLE>Stra\xDF"
                                                                           "e</TITLE></F>"))
                  .ok());
  for (const bool little : {true, false}) {
    std::string wide = little ? "\xFF\xFE" : "\xFE\xFF";
    for (const char c : "<?xml version='1.0' encoding='UTF-16'?>" + Notice("<F><TITLE>Stra\x01"
                                                                           "e</TITLE></F>")) {
      const char byte = c == 1 ? '\xDF' : c;
      if (little) wide += byte;
      wide += '\0';
      if (!little) wide += byte;
    }
    const Status status = Add(wide);
    EXPECT_TRUE(status.ok()) << Describe(status);
  }
  const NoticeTables tables = reader_->Finish().ValueOrDie();
  ASSERT_EQ(tables.notices->num_rows(), 4);
  for (int r = 0; r < 4; ++r)
    EXPECT_EQ(Text(*tables.notices, "title", r),
              "Stra\xC3\x9F"
              "e")
        << r;

  const Status wrong = Add("<?xml version='1.0' encoding='UTF-8'?>" + Notice("<F><TITLE>Stra\xDF"
                                                                             "e</TITLE></F>"));
  EXPECT_EQ(CodeOf(wrong), ErrorCode::kInvalidData);
  EXPECT_NE(Describe(wrong).find("no UTF-8"), std::string::npos) << Describe(wrong);
  const Status other = Add("<?xml version='1.0' encoding='windows-1250'?>" + Notice("<F><TITLE>Stra\xDF"
                                                                                    "e</TITLE></F>"));
  EXPECT_NE(Describe(other).find("windows-1250"), std::string::npos) << Describe(other);
  EXPECT_EQ(CodeOf(Add(Notice("<F><TITLE>&#xD800;</TITLE></F>"))), ErrorCode::kInvalidData);
  ExpectNothing();
}

TEST_F(NoticeReaderTest, ANoticeThatCannotBeReadChangesNothing) {
  ASSERT_TRUE(Add(Notice("<F><LOT/></F>")).ok());
  const std::string whole = Notice("<F><TITLE>a</TITLE><LOT/></F><VALUE>1</VALUE>");
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(CodeOf(Add(whole.substr(0, cut))), ErrorCode::kInvalidData) << cut;
  }
  for (const char* xml :
       {"", " ", "no xml", "<a/>", "<NOTICES/>", "<NOTICES xmlns='urn:other' ID='1'/>",
        "<NOTICES xmlns='urn:old/1'/>",
        "<NOTICES xmlns='urn:old/1' ID='1'/><NOTICES xmlns='urn:old/1' ID='2'/>",
        "<NOTICES xmlns='urn:old/1' ID='1'/>x", "<NOTICES xmlns='urn:old/1' ID='1'><a></b></NOTICES>"}) {
    const Status status = Add(xml);
    EXPECT_EQ(CodeOf(status), ErrorCode::kInvalidData) << xml;
    EXPECT_NE(Describe(status).find("ted/2019.tar.gz: 1.xml"), std::string::npos) << Describe(status);
  }
  EXPECT_EQ(reader_->notices(), 1);
  EXPECT_EQ(reader_->lots(), 1);
}

TEST_F(NoticeReaderTest, EntitiesAreNotExpandedAndNothingOutsideIsRead) {
  const std::string laughs =
      "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 "
      "'&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;'>"
      "<!ENTITY file SYSTEM 'file:///etc/passwd'><!ELEMENT a (#PCDATA)>]>";
  ASSERT_TRUE(Add(laughs + Notice("<F><TITLE>a&lol2;b&file;</TITLE></F>")).ok());
  const NoticeTables tables = reader_->Finish().ValueOrDie();
  EXPECT_EQ(Text(*tables.notices, "title", 0), "a&lol2;b&file;");
  EXPECT_TRUE(Add("<!DOCTYPE NOTICES SYSTEM 'http://localhost:1/x.dtd'>" + Notice("")).ok());
}

TEST_F(NoticeReaderTest, DepthSizeAndWorkAreBounded) {
  const auto deep = [](int depth) {
    std::string xml;
    for (int i = 0; i < depth; ++i) xml += "<A>";
    for (int i = 0; i < depth; ++i) xml += "</A>";
    return xml;
  };
  EXPECT_EQ(CodeOf(Add(Notice(deep(100'000)))), ErrorCode::kTooLarge);
  // Text of any depth is text.
  EXPECT_TRUE(Add(Notice("<VALUE>" + deep(200) + "1</VALUE>")).ok());
  EXPECT_TRUE(Add(Notice("<F><TITLE>" + std::string(1 << 20, 'x') + "</TITLE></F>")).ok());
  EXPECT_TRUE(Add(Notice("", "a='" + std::string(1 << 20, 'x') + "'")).ok());
  (void)reader_->Finish().ValueOrDie();
  EXPECT_EQ(CodeOf(Add(Notice(std::string(5 << 20, ' ')))), ErrorCode::kTooLarge);

  // Each result leads to each tender, each tender to each company: a product that nobody waits for.
  std::string product;
  for (int i = 0; i < 4000; ++i) product += "<COMPANY><ID>O</ID><NAME>n</NAME></COMPANY>";
  for (int i = 0; i < 4000; ++i) product += "<TENDER><ID>T</ID><COMPANY>O</COMPANY></TENDER>";
  for (int i = 0; i < 4000; ++i) product += "<RESULT><TENDER>T</TENDER></RESULT>";
  EXPECT_EQ(CodeOf(Add(Notice(product))), ErrorCode::kTooLarge);
  std::string siblings;
  for (int i = 0; i < 60'000; ++i) siblings += "<F CATEGORY='T'/>";
  EXPECT_TRUE(Add(Notice(siblings)).ok());
  std::string lots;
  for (int i = 0; i < 100'001; ++i) lots += "<LOT/>";
  EXPECT_EQ(CodeOf(Add(Notice("<F>" + lots + "</F>"))), ErrorCode::kTooLarge);
  EXPECT_EQ(reader_->lots(), 0);
}

}  // namespace
}  // namespace penstock::source::ted
