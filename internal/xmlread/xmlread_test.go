package xmlread_test

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/openwork-go/openwork/internal/xmlread"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secret stands in most documents that are refused. No error may repeat it.
const secret = "topsecret"

// accepted are documents that WeCom is known to send or that a legal sender could send, and what is read from them:
// name="value" for an element that holds text, name{…} for one that holds elements.
var accepted = []struct{ name, text, want string }{
	// As WeCom writes them, and the quirks of its samples.
	{"an event as its page shows it", "<xml>\n" +
		"  <SuiteId><![CDATA[ww4asffe99e54c0f4c]]></SuiteId>\n" +
		"  <InfoType> <![CDATA[suite_ticket]]></InfoType>\n" +
		"  <TimeStamp>1403610513</TimeStamp>\n" +
		"  <SuiteTicket><![CDATA[asdfasfdasdfasdf]]></SuiteTicket>\n" +
		"</xml>",
		`SuiteId="ww4asffe99e54c0f4c" InfoType="suite_ticket" TimeStamp="1403610513" SuiteTicket="asdfasfdasdfasdf"`},
	{"an envelope in one line", "<xml><ToUserName><![CDATA[ww1]]></ToUserName><AgentID><![CDATA[]]></AgentID><Encrypt><![CDATA[a+/=]]></Encrypt></xml>",
		`ToUserName="ww1" AgentID="" Encrypt="a+/="`},
	{"elements in another order", "<xml><B>2</B><A>1</A></xml>", `B="2" A="1"`},
	{"an unknown element", "<xml><A>1</A><NeverHeardOf>2</NeverHeardOf></xml>", `A="1" NeverHeardOf="2"`},
	{"a CDATA section whose < was lost", "<xml><CorpId>![CDATA[wwabc]]</CorpId></xml>", `CorpId="![CDATA[wwabc]]"`},
	{"a blank in an end tag", "<xml><Mode>1</Mode ></xml>", `Mode="1"`},
	{"names that differ in case", "<xml><AgentID>1</AgentID><AgentId>2</AgentId></xml>", `AgentID="1" AgentId="2"`},
	{"siblings of one name", "<xml><DocId>a</DocId><DocId>b</DocId><Other/><DocId/></xml>", `DocId="a" DocId="b" Other="" DocId=""`},
	{"elements inside elements", "<xml><Items>\n<Item><Id>1</Id></Item>\n<Item><Id>2</Id><Tags><T>a</T></Tags></Item>\n</Items><Z>3</Z></xml>",
		`Items{Item{Id="1"} Item{Id="2" Tags{T="a"}}} Z="3"`},
	{"an element inside one of its own name", "<xml><A><A><A>1</A></A></A></xml>", `A{A{A="1"}}`},
	{"the same name at two levels", "<xml><List><Name>inner</Name></List><Name>outer</Name></xml>", `List{Name="inner"} Name="outer"`},

	// What stands around the root.
	{"a declaration", `<?xml version="1.0" encoding="UTF-8"?><xml><A>1</A></xml>`, `A="1"`},
	{"a declaration in single quotes and small letters", `<?xml version='1.0' encoding='utf-8'?><xml/>`, ``},
	{"a declaration without an encoding", `<?xml version="1.0"?><xml/>`, ``},
	{"a declaration that stands alone", "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\" ?>\n<xml/>", ``},
	{"a declaration that does not", `<?xml version="1.0" standalone='no'?><xml/>`, ``},
	{"a declaration with blanks", "<?xml\tversion = \"1.0\"\r\nencoding\n=\n'UTF-8'\n?><xml/>", ``},
	{"a byte order mark", "\uFEFF<xml><A>1</A></xml>", `A="1"`},
	{"a byte order mark and a declaration", "\uFEFF<?xml version=\"1.0\"?><xml><A>1</A></xml>", `A="1"`},
	{"blanks around the root", " \t\r\n<xml><A>1</A></xml> \t\r\n", `A="1"`},
	{"comments around the root", "<!-- one --><!----><xml><A>1</A></xml><!-- <B>2</B> -->\n<!-- - -->", `A="1"`},
	{"another root", "<Envelope><A>1</A></Envelope>", `A="1"`},
	{"an empty root", "<xml></xml>", ``},
	{"a root that closes itself", "<xml />", ``},
	{"a root with nothing but a comment", "<xml> <!-- nothing --> </xml>", ``},

	// Values.
	{"no CDATA", "<xml><A>plain</A></xml>", `A="plain"`},
	{"nothing, in five ways", "<xml><A></A><A/><A /><A><![CDATA[]]></A><A> \t\r\n </A></xml>", `A="" A="" A="" A="" A=""`},
	{"blanks around text", "<xml><A> \t\r\n a  b \n</A></xml>", `A="a  b"`},
	{"blanks around CDATA", "<xml><A> \n<![CDATA[a]]>\t</A></xml>", `A="a"`},
	{"blanks inside CDATA", "<xml><A><![CDATA[ \n a\t]]></A></xml>", `A=" \n a\t"`},
	{"other spaces than XML's", "<xml><A>\u00a0\u3000a\u2028</A></xml>", `A="\u00a0\u3000a\u2028"`},
	{"the five entities", "<xml><A>&lt;&gt;&amp;&apos;&quot;</A></xml>", `A="<>&'\""`},
	{"an entity once resolved stays as it is", "<xml><A>&amp;lt;&#38;amp;</A></xml>", `A="&lt;&amp;"`},
	{"character references", "<xml><A>&#65;&#x42;&#x4f60;&#x1F600;&#00067;&#x10FFFF;</A></xml>", `A="AB你😀C\U0010ffff"`},
	{"a longer reference than there are characters", "<xml><A>&#x000000041;</A></xml>", `A="A"`},
	{"blanks as references", "<xml><A>&#32;a&#9;&#10;&#13;</A></xml>", `A=" a\t\n\r"`},
	{"line ends", "<xml><A>a\r\nb\rc\nd\r\r\n\n</A><B><![CDATA[\r\n\r]]></B></xml>", `A="a\nb\nc\nd" B="\n\n"`},
	{"a line end beside a reference", "<xml><A>a\r&#10;b&#13;\nc</A></xml>", `A="a\n\nb\r\nc"`},
	{"line ends in CDATA beside text", "<xml><A>a<![CDATA[\r\n\r]]>b</A></xml>", `A="a\n\nb"`},
	{"a line end split by CDATA", "<xml><A>a\r<![CDATA[\nb]]></A></xml>", `A="a\n\nb"`},
	{"markup inside CDATA", "<xml><A><![CDATA[<b x='1'>&amp;&#65;</A><!-- -->]]></A><C>1</C></xml>", `A="<b x='1'>&amp;&#65;</A><!-- -->" C="1"`},
	{"one bracket and an end tag inside CDATA", "<xml><A><![CDATA[1]23</A>]]></A></xml>", `A="1]23</A>"`},
	{"an opening inside CDATA", "<xml><A><![CDATA[<![CDATA[a]]></A></xml>", `A="<![CDATA[a"`},
	{"brackets", "<xml><A>a]]b] ]>c>]&gt;</A><B><![CDATA[]]]]></B><C><![CDATA[]>]] >]]></C></xml>", `A="a]]b] ]>c>]>" B="]]" C="]>]] >"`},
	{"]]> as a reference", "<xml><A>]]&gt;</A></xml>", `A="]]>"`},
	{"]]> split over two sections", "<xml><A><![CDATA[a]]]]><![CDATA[>b]]></A></xml>", `A="a]]>b"`},
	{"text and CDATA", "<xml><A>a <![CDATA[ b ]]> &amp; <![CDATA[c]]>d </A></xml>", `A="a  b  & cd"`},
	{"blanks between two sections", "<xml><A> <![CDATA[a]]> \n <![CDATA[b]]> </A></xml>", `A="a \n b"`},
	{"other scripts", "<xml><A>张三</A><B><![CDATA[日本語 עברית 😀 \U000FFFFF]]></B></xml>", `A="张三" B="日本語 עברית 😀 \U000fffff"`},
	{"characters at the edges of XML", "<xml><A>\x7f\u0080\u009f\uD7FF\uE000\uFFFD\U00010000\U0010FFFF</A></xml>",
		`A="\x7f\u0080\u009f\ud7ff\ue000�𐀀\U0010ffff"`},
	{"a byte order mark inside a value", "<xml><A>a\uFEFFb</A></xml>", `A="a\ufeffb"`},
	{"greater-than and quotes as they are", "<xml><A>a > b \"c\" 'd' = /</A></xml>", `A="a > b \"c\" 'd' = /"`},

	// Tags and comments.
	{"blanks in tags", "<xml ><A\t>1</A\n><B\r\n/><C\n>2</C></xml\t>", `A="1" B="" C="2"`},
	{"all that a name can have", "<xml><_a-B.9>1</_a-B.9></xml>", `_a-B.9="1"`},
	{"names that begin alike", "<xml><A>1</A><AB>2</AB><A.B>3</A.B></xml>", `A="1" AB="2" A.B="3"`},
	{"comments between elements", "<xml><!-- a --><A>1</A>\n<!-- <B>2</B> & ]]> --><C><!-- b --><D>3</D><!-- c --></C></xml>", `A="1" C{D="3"}`},
	{"a comment with a hyphen at its end", "<xml><!-- a - b - --><A>1</A></xml>", `A="1"`},
	{"comments that seem to end as they begin", "<xml><!--><B>2</B>--><A><!---></A>--><C>3</C></A></xml>", `A{C="3"}`},
	{"a comment that looks like CDATA", "<xml><!--[CDATA[ <A> ]]>--><B>1</B></xml>", `B="1"`},
}

func TestParse_Accepted(t *testing.T) {
	t.Parallel()
	for _, row := range accepted {
		t.Run(row.name, func(t *testing.T) {
			for _, usual := range []int{0, 1, 32} {
				doc, err := xmlread.Parse(row.text, usual)
				require.NoError(t, err)
				require.Equal(t, row.want, outline(fieldsOf(&doc)))
				require.Equal(t, row.text, doc.XML())
			}
			require.Equal(t, row.want, outline(referenceFields(t, row.text)), "the row itself is wrong: encoding/xml reads this")
		})
	}
}

// refused are documents that no sender of WeCom's kind writes, and what the error says.
var refused = []struct{ name, text, why string }{
	// Declarations and instructions.
	{"a DTD", "<!DOCTYPE xml><xml/>", "DTD"},
	{"a DTD after the declaration", `<?xml version="1.0"?>` + "\n<!DOCTYPE xml [<!ENTITY a \"topsecret\">]><xml><A>&a;</A></xml>", "DTD"},
	{"an external entity", `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>`, "DTD"},
	{"a DTD in small letters", "<!doctype xml><xml/>", "DTD"},
	{"a DTD inside the root", "<xml><!DOCTYPE topsecret><A>1</A></xml>", "declaration inside an element"},
	{"an entity inside the root", "<xml><!ENTITY a 'topsecret'></xml>", "declaration inside an element"},
	{"an instruction before the root", "<?topsecret a?><xml/>", "processing instruction"},
	{"a style sheet", `<?xml-stylesheet href="a"?><xml/>`, "declaration"},
	{"an instruction inside the root", "<xml><?topsecret?><A>1</A></xml>", "processing instruction"},
	{"an instruction inside a value", "<xml><A>1<?topsecret?></A></xml>", "processing instruction"},
	{"an instruction after the root", "<xml/><?topsecret?>", "bytes after the root"},
	{"a second declaration", `<?xml version="1.0"?><?xml version="1.0"?><xml/>`, "processing instruction"},
	{"a declaration after a blank", ` <?xml version="1.0"?><xml/>`, "processing instruction"},
	{"a declaration after a comment", `<!-- --><?xml version="1.0"?><xml/>`, "processing instruction"},
	{"a declaration inside the root", `<xml><?xml version="1.0"?></xml>`, "processing instruction"},
	{"XML 1.1", `<?xml version="1.1"?><xml/>`, "declaration"},
	{"no version", `<?xml encoding="UTF-8"?><xml/>`, "declaration"},
	{"an empty declaration", `<?xml?><xml/>`, "declaration"},
	{"a declaration that does not end", `<?xml version="1.0"><xml/>`, "declaration"},
	{"a declaration in capitals", `<?XML version="1.0"?><xml/>`, "processing instruction"},
	{"a declaration with no blank between", `<?xml version="1.0"encoding="UTF-8"?><xml/>`, "declaration"},
	{"a declaration in the wrong order", `<?xml encoding="UTF-8" version="1.0"?><xml/>`, "declaration"},
	{"a declaration with more in it", `<?xml version="1.0" topsecret="1"?><xml/>`, "declaration"},
	{"a declaration with quotes that differ", `<?xml version="1.0'?><xml/>`, "declaration"},
	{"a declaration without quotes", `<?xml version=1.0?><xml/>`, "declaration"},
	{"a declaration that ends in its value", `<?xml version="1.0?><xml/>`, "declaration"},
	{"a declaration that ends in a name", `<?xml version?><xml/>`, "declaration"},
	{"another standalone", `<?xml version="1.0" standalone="maybe"?><xml/>`, "declaration"},
	{"a declaration of GBK", `<?xml version="1.0" encoding="GBK"?><xml/>`, "declaration"},
	{"a declaration of GBK, last", `<?xml version="1.0" standalone="yes" encoding="GBK"?><xml/>`, "declaration"},
	{"a declaration of UTF-16", `<?xml version="1.0" encoding="UTF-16"?><xml/>`, "declaration"},
	{"a declaration of ISO-8859-1", `<?xml version="1.0" encoding='ISO-8859-1'?><xml/>`, "declaration"},
	{"a declaration of nothing", `<?xml version="1.0" encoding=""?><xml/>`, "declaration"},

	// Attributes and namespaces.
	{"an attribute", `<xml><A x="topsecret">1</A></xml>`, "attribute"},
	{"an attribute of the root", `<xml x="topsecret"><A>1</A></xml>`, "attribute"},
	{"an attribute of an empty element", `<xml><A x="topsecret"/></xml>`, "attribute"},
	{"an attribute below", `<xml><A><B x='topsecret'>1</B></A></xml>`, "attribute"},
	{"an attribute of an end tag", `<xml><A>1</A x="topsecret"></xml>`, "end tag"},
	{"a namespace", `<xml xmlns="topsecret"><A>1</A></xml>`, "attribute"},
	{"a prefix", "<xml><n:A>topsecret</n:A></xml>", "attribute, a namespace"},
	{"a prefix on the root", "<n:xml></n:xml>", "attribute, a namespace"},
	{"nothing but a prefix", "<xml><:A>1</:A></xml>", "element name"},

	// Comments.
	{"a comment inside a value", "<xml><A>1<!-- topsecret -->2</A></xml>", "comment inside a value"},
	{"a comment before a value", "<xml><A><!-- --><![CDATA[topsecret]]></A></xml>", "comment inside a value"},
	{"a comment after a value", "<xml><A>topsecret<!-- --></A></xml>", "comment inside a value"},
	{"a comment for a value", "<xml><A><!-- topsecret --></A></xml>", "comment inside a value"},
	{"a comment and blanks for a value", "<xml><A> <!-- topsecret --> </A></xml>", "comment inside a value"},
	{"a comment inside a value below", "<xml><A><B>1<!-- --></B></A></xml>", "comment inside a value"},
	{"-- inside a comment", "<xml><!-- a -- b --><A>1</A></xml>", "-- inside a comment"},
	{"--->", "<xml><!-- a ---><A>1</A></xml>", "-- inside a comment"},
	{"a comment that ends as it begins", "<xml><!--><A>1</A></xml>", "comment not closed"},
	{"a comment of three hyphens", "<xml><!---><A>1</A></xml>", "comment not closed"},
	{"a comment that does not end", "<xml><!-- topsecret <A>1</A></xml>", "comment not closed"},
	{"a comment before the root that does not end", "<!-- topsecret <xml/>", "comment not closed"},
	{"a comment after the root that does not end", "<xml/><!-- topsecret", "comment not closed"},
	{"-- inside a comment before the root", "<!-- -- --><xml/>", "-- inside a comment"},
	{"a comment inside a tag", "<xml><A<!-- -->>1</A></xml>", "attribute"},

	// Text beside elements.
	{"text before an element", "<xml><A>topsecret<B>1</B></A></xml>", "text beside elements"},
	{"text after an element", "<xml><A><B>1</B>topsecret</A></xml>", "text beside elements"},
	{"CDATA beside an element", "<xml><A><B/><![CDATA[topsecret]]></A></xml>", "text beside elements"},
	{"empty CDATA beside an element", "<xml><A><![CDATA[]]><B/></A></xml>", "text beside elements"},
	{"a blank reference beside an element", "<xml><A>&#32;<B/></A></xml>", "text beside elements"},
	{"text in the root", "<xml>topsecret</xml>", "text in the root"},
	{"CDATA in the root", "<xml><![CDATA[topsecret]]></xml>", "text in the root"},
	{"text beside the fields", "<xml><A>1</A>topsecret</xml>", "text beside elements"},

	// The root, and what is not in it.
	{"nothing", "", "no root"},
	{"blanks", " \n", "no root"},
	{"a byte order mark alone", "\uFEFF", "no root"},
	{"two byte order marks", "\uFEFF\uFEFF<xml/>", "no root"},
	{"a comment alone", "<!-- topsecret -->", "no root"},
	{"a declaration alone", `<?xml version="1.0"?>`, "no root"},
	{"text", "topsecret", "no root"},
	{"text before the root", "topsecret<xml/>", "no root"},
	{"CDATA before the root", "<![CDATA[topsecret]]><xml/>", "DTD or processing instruction"},
	{"JSON", `{"A":"topsecret"}`, "no root"},
	{"an end tag before the root", "</xml>", "element name"},
	{"trailing bytes", "<xml><A>1</A></xml>topsecret", "bytes after the root"},
	{"a second root", "<xml><A>1</A></xml><xml><A>topsecret</A></xml>", "bytes after the root"},
	{"a second, empty root", "<xml/><xml/>", "bytes after the root"},
	{"CDATA after the root", "<xml/><![CDATA[topsecret]]>", "bytes after the root"},
	{"a reference after the root", "<xml/>&#32;", "bytes after the root"},
	{"an end tag after the root", "<xml></xml></xml>", "bytes after the root"},
	{"a byte order mark after the root", "<xml/>\uFEFF", "bytes after the root"},
	{"a root that is not closed", "<xml><A>topsecret</A>", "not closed"},
	{"a field that is not closed", "<xml><A>topsecret", "not closed"},
	{"an end tag that is not there", "<xml><A>topsecret</xml>", "does not match"},

	// Tags.
	{"an end tag with a blank before its name", "<xml><A>1</ A></xml>", "does not match"},
	{"an end tag of another name", "<xml><A>1</B></xml>", "does not match"},
	{"an end tag in another case", "<xml><A>1</a></xml>", "does not match"},
	{"a longer end tag", "<xml><A>1</AB></xml>", "does not match"},
	{"a shorter end tag", "<xml><AB>1</A></xml>", "does not match"},
	{"an end tag without a name", "<xml><A>1</></xml>", "does not match"},
	{"an end tag that does not end", "<xml><A>1</A</xml>", "does not match"},
	{"an end tag that closes itself", "<xml><A>1</A/></xml>", "does not match"},
	{"a start tag where the end tag should be", "<xml><A>1<bA></xml>", "does not match"},
	{"text where the end tag should be", "<xml><A><![CDATA[1]]>xyA></xml>", "does not match"},
	{"tags that cross", "<xml><A><B>1</A></B></xml>", "does not match"},
	{"a start tag with a blank before its name", "<xml>< A>1</A></xml>", "element name"},
	{"a start tag without a name", "<xml><>1</></xml>", "element name"},
	{"a start tag that does not end", "<xml><A", "no end"},
	{"a start tag in a start tag", "<xml><A<B>1</B></A></xml>", "no end"},
	{"a slash and then more", "<xml><A/ ></xml>", "no end"},
	{"two slashes", "<xml><A//></xml>", "no end"},
	{"a < alone at the end", "<xml><", "not closed"},
	{"a < in a value", "<xml><A>1 < 2</A></xml>", "element name"},
	{"a name that begins with a digit", "<xml><1A>1</1A></xml>", "element name"},
	{"a name that begins with a hyphen", "<xml><-A>1</-A></xml>", "element name"},
	{"a name that begins with a dot", "<xml><.A>1</.A></xml>", "element name"},
	{"a name of other letters", "<xml><名>1</名></xml>", "element name"},
	{"a name with other letters", "<xml><A名>1</A名></xml>", "no end"},
	{"a < as root", "<", "element name"},

	// CDATA and references.
	{"CDATA that does not end", "<xml><A><![CDATA[topsecret</A></xml>", "CDATA section not closed"},
	{"CDATA that ends in one bracket", "<xml><A><![CDATA[1]23</A></xml>", "CDATA section not closed"},
	{"CDATA in small letters", "<xml><A><![cdata[topsecret]]></A></xml>", "declaration inside an element"},
	{"CDATA with a blank", "<xml><A><![CDATA [topsecret]]></A></xml>", "declaration inside an element"},
	{"another section", "<xml><A><![INCLUDE[topsecret]]></A></xml>", "declaration inside an element"},
	{"]]> in text", "<xml><A>topsecret]]></A></xml>", "]]> outside"},
	{"]]> after CDATA", "<xml><A><![CDATA[topsecret]]>]]></A></xml>", "]]> outside"},
	{"a CDATA section inside a CDATA section", "<xml><A><![CDATA[a<![CDATA[b]]>c]]></A></xml>", "]]> outside"},
	{"an & alone", "<xml><A>a & b</A></xml>", "reference"},
	{"an & at the end", "<xml><A>topsecret&</A></xml>", "reference"},
	{"an entity without a semicolon", "<xml><A>&lt topsecret</A></xml>", "reference"},
	{"an entity of HTML", "<xml><A>&nbsp;</A></xml>", "reference"},
	{"an entity in capitals", "<xml><A>&LT;</A></xml>", "reference"},
	{"an entity nobody declared", "<xml><A>&topsecret;</A></xml>", "reference"},
	{"an entity without a name", "<xml><A>&;</A></xml>", "reference"},
	{"an entity with a blank", "<xml><A>& lt;</A></xml>", "reference"},
	{"an entity in two lines", "<xml><A>&l\nt;</A></xml>", "reference"},
	{"an entity split by CDATA", "<xml><A>&l<![CDATA[t;]]></A></xml>", "reference"},
	{"the second of two references", "<xml><A>&lt;&no;</A></xml>", "reference"},
	{"a reference to nothing", "<xml><A>&#;</A></xml>", "reference"},
	{"a hexadecimal reference to nothing", "<xml><A>&#x;</A></xml>", "reference"},
	{"a reference with an X", "<xml><A>&#X41;</A></xml>", "reference"},
	{"hexadecimal digits without an x", "<xml><A>&#4A;</A></xml>", "reference"},
	{"a negative reference", "<xml><A>&#-65;</A></xml>", "reference"},
	{"a reference with a plus", "<xml><A>&#+65;</A></xml>", "reference"},
	{"a reference with an underscore", "<xml><A>&#6_5;</A></xml>", "reference"},
	{"a reference with a blank", "<xml><A>&# 65;</A></xml>", "reference"},
	{"a reference to NUL", "<xml><A>&#0;</A></xml>", "reference"},
	{"a reference beyond Unicode", "<xml><A>&#x110000;</A></xml>", "reference"},
	{"a reference beyond 32 bits", "<xml><A>&#x100000041;</A></xml>", "reference"},
	{"a reference beyond 64 bits", "<xml><A>&#18446744073709551681;</A></xml>", "reference"},
	{"a reference of endless length", "<xml><A>&#x" + strings.Repeat("0", 1000) + "41;</A></xml>", "reference"},

	// Characters.
	{"GBK", "<xml><A>\xd5\xc5\xc8\xfd</A></xml>", "UTF-8"},
	{"UTF-16, little endian", utf16Text(binary.LittleEndian, "\uFEFF<xml/>"), "control character"},
	{"UTF-16, big endian", utf16Text(binary.BigEndian, "\uFEFF<xml/>"), "control character"},
	{"UTF-16 of nothing but Chinese", utf16Text(binary.LittleEndian, "\uFEFF你好"), "UTF-8"},
	{"a continuation byte", "<xml><A>\x80</A></xml>", "UTF-8"},
	{"a character that is cut", "<xml><A>\xe4\xbd</A></xml>", "UTF-8"},
	{"a character that is cut at the end", "<xml/>\xe4", "UTF-8"},
	{"an overlong <", "<xml><A>\xc0\xbc</A></xml>", "UTF-8"},
	{"an overlong NUL", "<xml><A>\xc0\x80</A></xml>", "UTF-8"},
	{"a surrogate", "<xml><A>\xed\xa0\x80</A></xml>", "UTF-8"},
	{"a pair of surrogates", "<xml><A>\xed\xa0\xbd\xed\xb8\x80</A></xml>", "UTF-8"},
	{"beyond Unicode", "<xml><A>\xf4\x90\x80\x80</A></xml>", "UTF-8"},
	{"bad UTF-8 in a comment", "<xml><!-- \xff --></xml>", "UTF-8"},
	{"bad UTF-8 in a name", "<xml><A\xff/></xml>", "UTF-8"},
	{"U+FFFE", "<xml><A>\uFFFE</A></xml>", "not a character"},
	{"U+FFFF", "<xml><A><![CDATA[\uFFFF]]></A></xml>", "not a character"},
	{"U+FFFE in a comment", "<xml><!-- \uFFFE --></xml>", "not a character"},
	{"NUL", "<xml><A>\x00</A></xml>", "control character"},
	{"NUL after the root", "<xml/>\x00", "control character"},
	{"NUL inside a comment", "<xml><!--\x00--></xml>", "control character"},
	{"a form feed as blank", "<xml>\f<A/></xml>", "control character"},
	{"U+0085 as blank", "<xml>\u0085<A/></xml>", "text beside elements"},
	{"U+00A0 as blank", "<xml>\u00a0<A/></xml>", "text beside elements"},
	{"U+2028 as blank in a tag", "<xml><A\u2028/></xml>", "no end"},
}

func TestParse_Refused(t *testing.T) {
	t.Parallel()
	for _, row := range refused {
		t.Run(row.name, func(t *testing.T) {
			doc, err := xmlread.Parse(row.text, 32)
			require.ErrorContains(t, err, row.why)
			require.NotContains(t, err.Error(), secret)
			require.Zero(t, doc)
		})
	}
}

func TestParse_Truncated(t *testing.T) {
	t.Parallel()
	for _, row := range accepted {
		const last = "</xml"
		for i := range strings.LastIndex(row.text, last) + len(last) + 1 {
			_, err := xmlread.Parse(row.text[:i], 32)
			require.Error(t, err, "%q", row.text[:i])
		}
	}
}

// The check for control characters looks at eight bytes at a time, and some blanks are usual.
func TestParse_ControlCharacters(t *testing.T) {
	t.Parallel()
	for c := byte(0); c < 0x21; c++ {
		legal := strings.IndexByte(blanks, c) >= 0
		for _, around := range []string{"x", " ", "\n", "\t", "\r\n", "\x7f", "é"} {
			for before := range 9 {
				for after := range 9 {
					text := "<xml><A><![CDATA[" + strings.Repeat(around, before) + string(rune(c)) + strings.Repeat(around, after) +
						"]]></A></xml>"
					if _, err := xmlread.Parse(text, 4); legal != (err == nil) {
						require.Fail(t, "refused, or not", "%q: %v", text, err)
					}
				}
			}
		}
		for offset := range 17 { // in the last bytes
			_, err := xmlread.Parse("<xml/>"+strings.Repeat(" ", offset)+string(rune(c)), 4)
			require.Equal(t, legal, err == nil, "%q after %d blanks", c, offset)
		}
	}
}

// Every character of Unicode, as itself and as a reference, is read if XML has it and refused if not.
func TestParse_EveryCharacter(t *testing.T) {
	t.Parallel()
	var raw, references, want strings.Builder
	for r := rune(0); r <= utf8.MaxRune+1; r++ {
		reference := "&#x" + strconv.FormatInt(int64(r), 16) + ";"
		if r%2 == 0 {
			reference = "&#" + strconv.Itoa(int(r)) + ";"
		}
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune {
			if r != '\r' && r != '<' && r != '&' {
				raw.WriteRune(r)
			}
			references.WriteString(reference)
			want.WriteRune(r)
			continue
		}
		_, err := xmlread.Parse("<xml><A>"+reference+"</A></xml>", 1)
		require.ErrorContains(t, err, "reference", reference)
		if utf8.ValidRune(r) {
			_, err := xmlread.Parse("<xml><A>"+string(r)+"</A></xml>", 1)
			require.Error(t, err, reference)
		}
	}
	value := func(text string) string {
		doc, err := xmlread.Parse("<xml><A>"+text+"</A></xml>", 1)
		require.NoError(t, err)
		return xmlread.Text(doc.Inner(0))
	}
	// Not compared with require.Equal, which would print a megabyte.
	require.True(t, value(references.String()) == want.String())
	require.True(t, value(raw.String()) == strings.TrimLeft(raw.String(), "\t\n "))
}

func TestParse_Depth(t *testing.T) {
	t.Parallel()
	nested := func(levels int, inner string) string {
		return strings.Repeat("<a>", levels) + inner + strings.Repeat("</a>", levels)
	}
	for name, text := range map[string]string{
		"at most":                     nested(xmlread.MaxDepth, "1"),
		"at most, empty":              nested(xmlread.MaxDepth-1, "<a/>"),
		"at most, again and again":    "<a>" + strings.Repeat(nested(xmlread.MaxDepth-1, "1"), 100) + "</a>",
		"tags in CDATA are not tags":  nested(xmlread.MaxDepth, "<![CDATA["+nested(10, "")+"]]>"),
		"tags in comments are not":    nested(xmlread.MaxDepth-1, "<!-- <a><a><a> --><a/>"),
		"siblings are not one deeper": "<a>" + strings.Repeat("<b></b>", 100) + "</a>",
	} {
		doc, err := xmlread.Parse(text, 4)
		require.NoError(t, err, name)
		require.Equal(t, referenceFields(t, text), fieldsOf(&doc), name)
	}
	for name, text := range map[string]string{
		"one more":        nested(xmlread.MaxDepth+1, "1"),
		"one more, empty": nested(xmlread.MaxDepth, "<a/>"),
		"a hundred times": nested(100*xmlread.MaxDepth, ""),
		"never closed":    strings.Repeat("<a>", 100_000),
	} {
		_, err := xmlread.Parse(text, 4)
		require.ErrorContains(t, err, "too deep", name)
	}
	require.Equal(t, 32, xmlread.MaxDepth)
}

func TestParse_Elements(t *testing.T) {
	t.Parallel()
	require.Equal(t, 32_768, xmlread.MaxElements)
	flat := func(n int) string { return "<xml>" + strings.Repeat("<a/>", n) + "</xml>" }
	below := func(n int) string { return "<xml><l>" + strings.Repeat("<a>1</a>", n) + "</l></xml>" }

	doc, err := xmlread.Parse(flat(xmlread.MaxElements-1), 4)
	require.NoError(t, err)
	require.Equal(t, xmlread.MaxElements-1, doc.Len())
	require.Equal(t, "a", doc.Name(doc.Len()-1))

	doc, err = xmlread.Parse(below(xmlread.MaxElements-2), 4)
	require.NoError(t, err)
	require.Equal(t, 1, doc.Len())
	count := 0
	for c := xmlread.Children(doc.Inner(0)); c.Next(); {
		count++
	}
	require.Equal(t, xmlread.MaxElements-2, count)

	for _, text := range []string{flat(xmlread.MaxElements), below(xmlread.MaxElements - 1)} {
		_, err = xmlread.Parse(text, 4)
		require.ErrorContains(t, err, "too many elements")
	}
	_, err = xmlread.Parse("<xml><a><![CDATA["+flat(xmlread.MaxElements)+"]]></a></xml>", 4)
	require.NoError(t, err, "elements in CDATA are none")
}

func TestDocument_Zero(t *testing.T) {
	t.Parallel()
	var doc xmlread.Document
	require.Zero(t, doc.Len())
	_, ok := doc.Find("A")
	require.False(t, ok)
}

func TestDocument_Find(t *testing.T) {
	t.Parallel()
	doc, err := xmlread.Parse("<xml><agentid>1</agentid><AgentID>2</AgentID><AGENTID>3</AGENTID><AgentID>4</AgentID>"+
		"<SpRecord><Deep>5</Deep></SpRecord><Empty/><Event>6</Event></xml>", 8)
	require.NoError(t, err)
	for _, row := range []struct{ why, name, inner string }{
		{"the exact name, not the first in any case", "AgentID", "2"},
		{"the exact name, even if it is the last", "AGENTID", "3"},
		{"the first in any case if none is exact", "AgentId", "1"},
		{"in any case", "eVENT", "6"},
		{"the inner text, whatever it is", "SpRecord", "<Deep>5</Deep>"},
		{"an empty one", "Empty", ""},
	} {
		inner, ok := doc.Find(row.name)
		assert.True(t, ok, row.why)
		assert.Equal(t, row.inner, inner, row.why)
	}
	for _, name := range []string{"", "Deep", "xml", "Agent", "AgentIDs", "AgentID ", "Nothing"} {
		inner, ok := doc.Find(name)
		assert.False(t, ok, name)
		assert.Empty(t, inner, name)
	}
}

func TestTextRuns(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		inner, value string
		runs         int
	}{
		{"", "", 0},
		{" \r\n\t", "", 0},
		{"a", "a", 1},
		{" a b ", "a b", 1},
		{"a&amp;b", "a&b", 1},
		{"<![CDATA[]]>", "", 1},
		{"<![CDATA[a]]>", "a", 1},
		{"\n<![CDATA[ a ]]>\n", " a ", 1},
		{"<![CDATA[a]]><![CDATA[b]]>", "ab", 2},
		{"<![CDATA[a]]> <![CDATA[b]]>", "a b", 2},
		{"<![CDATA[a]]><![CDATA[]]>", "a", 2},
		{"a<![CDATA[b]]>", "ab", 2},
		{"<![CDATA[a]]>b", "ab", 2},
		{"a<![CDATA[b]]>c", "abc", 3},
		{"a <![CDATA[ b ]]> c", "a  b  c", 3},
		{"<![CDATA[a]]>&#32;<![CDATA[b]]>", "a b", 3},
		{"<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b", 2},
		{"<A>1</A>", "", 0},
		{"\n<A>1</A>\n", "", 0},
		{"<A/>", "", 0},
		{"<!-- a --><A>1</A>", "", 0},
	} {
		_, err := xmlread.Parse("<xml><V>"+row.inner+"</V></xml>", 1)
		require.NoError(t, err, "%q is nothing that Text is made for", row.inner)
		value, runs := xmlread.TextRuns(row.inner)
		assert.Equal(t, row.value, value, "%q", row.inner)
		assert.Equal(t, row.runs, runs, "%q", row.inner)
		assert.Equal(t, row.value, xmlread.Text(row.inner), "%q", row.inner)
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		inner string
		want  []string // names and inner texts
	}{
		{"", nil},
		{" \n ", nil},
		{"text", nil},
		{"<![CDATA[<A>1</A>]]>", nil},
		{"a<![CDATA[<A>]]>b", nil},
		{"<A>1</A>", []string{"A", "1"}},
		{"<A/><B /><C\n/>", []string{"A", "", "B", "", "C", ""}},
		{"\n<A>1</A>\n<A >2</A\n>\n", []string{"A", "1", "A", "2"}},
		{"<!-- <X/> --><A> 1 </A><!-- - --><B/><!---->", []string{"A", " 1 ", "B", ""}},
		{"<A><A>1</A><A/></A><B/>", []string{"A", "<A>1</A><A/>", "B", ""}},
		{"<A><B><A></A></B><!-- </A> --></A><C/>", []string{"A", "<B><A></A></B><!-- </A> -->", "C", ""}},
		{"<A><![CDATA[</A>]]></A><B/>", []string{"A", "<![CDATA[</A>]]>", "B", ""}},
		{"<A><![CDATA[-->]]]]></A><B/>", []string{"A", "<![CDATA[-->]]]]>", "B", ""}},
		{"<!--><X/>--><A><B/><!---></A>--></A><C/>", []string{"A", "<B/><!---></A>-->", "C", ""}},
		{"<A>/</A><B>></B>", []string{"A", "/", "B", ">"}},
	} {
		_, err := xmlread.Parse("<xml><V>"+row.inner+"</V></xml>", 1)
		require.NoError(t, err, "%q is nothing that Children is made for", row.inner)
		var got []string
		c := xmlread.Children(row.inner)
		for c.Next() {
			got = append(got, c.Name(), c.Inner())
		}
		assert.Equal(t, row.want, got, "%q", row.inner)
		assert.False(t, c.Next(), "%q: after the end", row.inner)
	}
}

func TestAppendCDATA(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"", "<![CDATA[]]>"},
		{"a", "<![CDATA[a]]>"},
		{" a\n\t", "<![CDATA[ a\n\t]]>"},
		{"<a>&amp;", "<![CDATA[<a>&amp;]]>"},
		{"张三😀", "<![CDATA[张三😀]]>"},
		{"]]", "<![CDATA[]]]]>"},
		{"]>", "<![CDATA[]>]]>"},
		{"]]>", "<![CDATA[]]]]><![CDATA[>]]>"},
		{"]]]]>>", "<![CDATA[]]]]]]><![CDATA[>>]]>"},
		{"]]>]]>", "<![CDATA[]]]]><![CDATA[>]]]]><![CDATA[>]]>"},
		{"]\r]>", "<![CDATA[]]]>&#13;<![CDATA[]>]]>"},
		{"\r\n", "<![CDATA[]]>&#13;<![CDATA[\n]]>"},
		{"a\x00\x1fb", "<![CDATA[a\uFFFD\uFFFDb]]>"},
		{"\uFFFD\uFFFE\uFFFF", "<![CDATA[\uFFFD\uFFFD\uFFFD]]>"},
		{"a\xffb\xe4\xbd", "<![CDATA[a\uFFFDb\uFFFD\uFFFD]]>"},
	} {
		content := string(xmlread.AppendCDATA([]byte("before"), row.text))
		require.Equal(t, "before"+row.want, content, "%q", row.text)
		text := "<xml><A>" + row.want + "</A></xml>"
		doc, err := xmlread.Parse(text, 1)
		require.NoError(t, err, "%q", row.text)
		require.Equal(t, xmlText(row.text), xmlread.Text(doc.Inner(0)), "%q", row.text)
		var elsewhere struct{ A string }
		require.NoError(t, xml.Unmarshal([]byte(text), &elsewhere), "%q", row.text)
		require.Equal(t, xmlText(row.text), elsewhere.A, "%q", row.text)
	}
}

func TestIsJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{", "{}", " \t\r\n{", "\uFEFF{", "\uFEFF {"} {
		assert.True(t, xmlread.IsJSON(text), "%q", text)
	}
	for _, text := range []string{"", " ", "\uFEFF", "[{}]", "<xml/>", "<{", "null", `"{"`, "\x00{", "\u00a0{", "\uFEFF\uFEFF{"} {
		assert.False(t, xmlread.IsJSON(text), "%q", text)
	}
}

// jsonAccepted are JSON pushes, and what is read from the XML they become.
var jsonAccepted = []struct{ name, text, want string }{
	{"an envelope", `{"ToUserName":"ww1","Encrypt":"a+/=","AgentID":218}`, `ToUserName="ww1" Encrypt="a+/=" AgentID="218"`},
	{"an envelope in small letters", `{"tousername":"ww1","encrypt":"a+\/=","agentid":""}`, `tousername="ww1" encrypt="a+/=" agentid=""`},
	{"nothing", `{}`, ``},
	{"blanks", " \t\r\n{ \"A\" :\n1 , \"B\":\t[ 1 , 2 ] , \"C\" : { \"D\" : null } } \n", `A="1" B="1" B="2" C{D=""}`},
	{"a byte order mark", "\uFEFF{\"A\":1}", `A="1"`},
	{"numbers as they are written", `{"A":0,"B":-1.50e+10,"C":12345678901234567890,"D":1E5}`, `A="0" B="-1.50e+10" C="12345678901234567890" D="1E5"`},
	{"true, false and null", `{"A":true,"B":false,"C":null}`, `A="true" B="false" C=""`},
	{"arrays", `{"A":["a",1,null,{"B":1},{}],"C":[],"D":2}`, `A="a" A="1" A="" A{B="1"} A="" D="2"`},
	{"objects in objects", `{"A":{"B":{"C":"1"},"D":{}}}`, `A{B{C="1"} D=""}`},
	{"a member twice", `{"A":1,"A":2}`, `A="1" A="2"`},
	{"blanks in a string", `{"A":" a ","B":"\n"}`, `A=" a " B="\n"`},
	{"escapes", `{"A":"\"\\\/\n\r\t","B":"\u4f60\ud83d\ude00"}`, `A="\"\\/\n\r\t" B="你😀"`},
	{"markup", `{"A":"<b>&amp;</b>]]>","B":"]]","C":"<![CDATA["}`, `A="<b>&amp;</b>]]>" B="]]" C="<![CDATA["`},
	{"an escaped name", `{"\u0041\u0042":1}`, `AB="1"`},
	{"names that are none in XML", `{"":1,"1":2,"a b":3,"<x>":{"A":4},"名":[5,{"B":6}],"n:a":7,"Z":8}`, `Z="8"`},
	{"a name that is none, below", `{"A":{"b c":1,"D":2}}`, `A{D="2"}`},
	{"the longest number", `{"A":` + strings.Repeat("1", 64) + `}`, `A="` + strings.Repeat("1", 64) + `"`},
	{"brackets in strings", `{"A":"` + strings.Repeat("[", 100) + `\"` + strings.Repeat("{", 100) + `"}`,
		`A="` + strings.Repeat("[", 100) + `\"` + strings.Repeat("{", 100) + `"`},
	{"a thousand departments", `{"Department":[` + strings.Repeat("1234,", 999) + `1]}`,
		strings.Repeat(`Department="1234" `, 999) + `Department="1"`},
}

func TestFromJSON_Accepted(t *testing.T) {
	t.Parallel()
	for _, row := range jsonAccepted {
		t.Run(row.name, func(t *testing.T) {
			text, err := xmlread.FromJSON(row.text)
			require.NoError(t, err)
			doc, err := xmlread.Parse(text, 8)
			require.NoError(t, err)
			require.Equal(t, row.want, outline(fieldsOf(&doc)))
			require.Equal(t, row.want, outline(referenceFields(t, text)), "what encoding/xml reads from it")
		})
	}
}

// jsonRefused are what FromJSON refuses, and what the error says.
var jsonRefused = []struct{ name, text, why string }{
	{"what XML has no character for, escaped", `{"A":"topsecret\u0000"}`, "not a character"},
	{"what XML has no character for, in short", `{"A":"topsecret\b"}`, "not a character"},
	{"what XML has no character for, as it is", "{\"A\":\"topsecret\uFFFE\"}", "not a character"},
	{"half of a pair", `{"A":"topsecret\ud83d"}`, "not a character"},
	{"a name with a control character", `{"A\u0001":"topsecret"}`, "a name with"},
	{"nothing", ``, "syntax"},
	{"a byte order mark alone", "\uFEFF", "syntax"},
	{"two byte order marks", "\uFEFF\uFEFF{}", "syntax"},
	{"XML", `<xml><A>topsecret</A></xml>`, "syntax"},
	{"null", `null`, "not an object"},
	{"a number", `1`, "not an object"},
	{"a string", `"topsecret"`, "not an object"},
	{"an array", `[{"A":"topsecret"}]`, "not an object"},
	{"an object that is not closed", `{"A":"topsecret"`, "syntax"},
	{"a string that is not closed", `{"A":"topsecret`, "syntax"},
	{"an escape that is cut", `{"A":"topsecret\`, "syntax"},
	{"trailing bytes", `{"A":1}topsecret`, "syntax"},
	{"a second object", `{"A":1}{"A":"topsecret"}`, "syntax"},
	{"a NUL after it", "{\"A\":1}\x00", "syntax"},
	{"a comma too many", `{"A":"topsecret",}`, "syntax"},
	{"a comma in an array too many", `{"A":["topsecret",]}`, "syntax"},
	{"no comma", `{"A":1 "B":"topsecret"}`, "syntax"},
	{"no colon", `{"A" "topsecret"}`, "syntax"},
	{"no quotes", `{topsecret:1}`, "syntax"},
	{"single quotes", `{'A':'topsecret'}`, "syntax"},
	{"a comment", `{/*topsecret*/}`, "syntax"},
	{"a line end in a string", "{\"A\":\"top\nsecret\"}", "syntax"},
	{"a NUL in a string", "{\"A\":\"\x00\"}", "syntax"},
	{"an unknown escape", `{"A":"\x"}`, "syntax"},
	{"a number with a leading zero", `{"A":01}`, "syntax"},
	{"NaN", `{"A":NaN}`, "syntax"},
	{"a blank that is none in JSON", "{\u00a0}", "syntax"},
	{"bad UTF-8", "{\"A\":\"topsecret\xff\"}", "UTF-8"},
	{"a surrogate in UTF-8", "{\"A\":\"\xed\xa0\x80\"}", "UTF-8"},
	{"UTF-16", utf16Text(binary.LittleEndian, "\uFEFF{}"), "UTF-8"},
	{"an array inside an array", `{"A":[["topsecret"]]}`, "array inside an array"},
	{"a number too long", `{"A":` + strings.Repeat("1", 65) + `}`, "number too long"},
	{"a number too long in what is left out", `{"1":` + strings.Repeat("1", 65) + `}`, "number too long"},
	{"a number of 900 KiB", `{"A":` + strings.Repeat("1", 900<<10) + `}`, "number too long"},
	{"too deep", strings.Repeat(`{"A":`, 33) + "1" + strings.Repeat("}", 33), "too deep"},
	{"too deep with arrays", strings.Repeat(`{"A":[`, 17) + strings.Repeat("]}", 17), "too deep"},
	{"too deep to be JSON", strings.Repeat(`{"A":`, 100_000), "too deep"},
	{"too many members", `{` + strings.Repeat(`"A":1,`, xmlread.MaxElements) + `"A":1}`, "too many elements"},
	{"too many items", `{"A":[` + strings.Repeat(`{},`, xmlread.MaxElements) + `{}]}`, "too many elements"},
	{"too many members that are left out", `{` + strings.Repeat(`"":1,`, xmlread.MaxElements) + `"":1}`, "too many elements"},
	{"an array that grows", `{"ALongNameForAShortItem":[` + strings.Repeat(`1,`, 10_000) + `1]}`, "too long as XML"},
	{"a string that grows in two ways", `{"A":"` + strings.Repeat(`\u0001`, 1000) + strings.Repeat(`\r`, 4264) + `"}`, "too long as XML"},
	{"a string that grows", `{"A":"` + strings.Repeat(`\r`, 10_000) + `"}`, "too long as XML"},
}

func TestFromJSON_Refused(t *testing.T) {
	t.Parallel()
	for _, row := range jsonRefused {
		t.Run(row.name, func(t *testing.T) {
			text, err := xmlread.FromJSON(row.text)
			require.ErrorContains(t, err, row.why)
			require.NotContains(t, err.Error(), secret)
			require.Empty(t, text)
		})
	}
}

// A value is in one piece, and one that is empty in none: Encrypt may not be in pieces.
func TestFromJSON_Text(t *testing.T) {
	t.Parallel()
	text, err := xmlread.FromJSON(`{"A":"a","B":"","C":1,"D":null}`)
	require.NoError(t, err)
	require.Equal(t, "<xml><A><![CDATA[a]]></A><B></B><C>1</C><D></D></xml>", text)
}

// What FromJSON lets through is still held to the limits of Parse.
func TestFromJSON_LimitsOfParse(t *testing.T) {
	t.Parallel()
	nested := func(levels int) string { return strings.Repeat(`{"A":`, levels) + "1" + strings.Repeat("}", levels) }
	members := func(n int) string { return `{` + strings.Repeat(`"A":1,`, n-1) + `"A":1}` }
	parse := func(text string) error {
		text, err := xmlread.FromJSON(text)
		require.NoError(t, err)
		_, err = xmlread.Parse(text, 4)
		return err
	}
	require.NoError(t, parse(nested(xmlread.MaxDepth-1)))
	require.ErrorContains(t, parse(nested(xmlread.MaxDepth)), "too deep")
	require.NoError(t, parse(members(xmlread.MaxElements-1)))
	require.ErrorContains(t, parse(members(xmlread.MaxElements)), "too many elements")
}

// What a hostile document costs: bytes allocated in all, freed or not, in multiples of its length. Not parallel, as all
// allocations of the process are counted.
func TestMemory_HostileDocuments(t *testing.T) {
	repeat := func(before, s, after string) string {
		return before + strings.Repeat(s, (1<<20-len(before)-len(after))/len(s)) + after
	}
	few := func(n int) string { return "<xml>" + strings.Repeat("<a/>", n) + "</xml>" }
	for _, row := range []struct {
		name, text string
		times      int
	}{
		{"as many fields as may be", few(xmlread.MaxElements - 1), 5},
		{"a thousand fields", few(1000), 5},
		{"more fields than usual, and a value of <", few(33)[:5+33*4] + "<a><![CDATA[" + strings.Repeat("<", 64<<10) + "]]></a></xml>", 5},
		{"too many fields", repeat("<xml>", "<a/>", "</xml>"), 1},
		{"too many fields with values", repeat("<xml>", "<a>1</a>", "</xml>"), 1},
		{"nested", repeat("", "<a>", ""), 0},
		{"elements below", repeat("<xml><l>", "<a/>", "</l></xml>"), 0},
		{"end tags", repeat("<xml>", "</a>", ""), 0},
		{"attributes", repeat("<xml><a", ` a="1"`, "/></xml>"), 0},
		{"entities", repeat("<xml><a>", "&amp;", "</a></xml>"), 0},
		{"entities nobody declared", repeat("<xml><a>", "&a;", "</a></xml>"), 0},
		{"comments", repeat("<xml>", "<!---->", "</xml>"), 0},
		{"comments before the root", repeat("", "<!---->", "<xml/>"), 0},
		{"CDATA sections", repeat("<xml><a>", "<![CDATA[]]>", "</a></xml>"), 0},
		{"CDATA that does not end", repeat("<xml><a>", "<![CDATA[", "</a></xml>"), 0},
		{"a DTD", repeat("<!DOCTYPE xml [", `<!ENTITY a "&a;&a;">`, "]><xml/>"), 0},
		{"one name", repeat("<", "a", "/>"), 0},
		{"blanks", repeat("", " ", ""), 0},
		{"<", repeat("", "<", ""), 0},
		{"bad UTF-8 at the end", repeat("<xml><a>", "é", "\xff"), 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			allocated := allocatedBy(func() { _, _ = xmlread.Parse(row.text, 32) })
			require.LessOrEqual(t, allocated, uint64(row.times*len(row.text)+16<<10), "for %d bytes", len(row.text))
		})
	}
	for _, row := range []struct {
		name, text string
		times      int // of the conversion, and of reading what it made
	}{
		{"a value", repeat(`{"A":"`, "x", `"}`), 5},
		{"a value with an escape", repeat(`{"A":"\n`, "x", `"}`), 7},
		{"carriage returns", repeat(`{"A":"`, `\r`, `"}`), 6},
		{"]]>", repeat(`{"A":"`, `]]>`, `"}`), 6},
		{"members", `{` + strings.Repeat(`"a":1,`, xmlread.MaxElements-2) + `"a":1}`, 8},
		{"items of a long name", repeat(`{"`+strings.Repeat("a", 50_000)+`":[`, "1,", "1]}"), 8},
		{"items of a short name", repeat(`{"aaaaaaa":[`, "1,", "1]}"), 8},
		{"one name", repeat(`{"`, "a", `":1}`), 8},
		{"nested", repeat("", `{"a":`, ""), 0},
		{"nested arrays", repeat(`{"a":`, `[`, ""), 0},
		{"a number", repeat(`{"a":`, "1", "}"), 4},
		{"objects that are left out", repeat(`{"1":[`, `{"a":"\n"},`, "{}]}"), 4},
		{"short strings with escapes", `{` + strings.Repeat(`"":"\n",`, xmlread.MaxElements-2) + `"a":1}`, 6},
		{"names with escapes", `{` + strings.Repeat(`"\n":1,`, xmlread.MaxElements-2) + `"a":1}`, 6},
	} {
		t.Run("JSON/"+row.name, func(t *testing.T) {
			allocated := allocatedBy(func() {
				if text, err := xmlread.FromJSON(row.text); err == nil {
					_, _ = xmlread.Parse(text, 32)
				}
			})
			require.LessOrEqual(t, allocated, uint64(row.times*len(row.text)+32<<10), "for %d bytes", len(row.text))
		})
	}
}

// Reading an event allocates the list of its fields and nothing else.
func TestMemory_Event(t *testing.T) {
	require.EqualValues(t, 1, testing.AllocsPerRun(100, func() {
		if _, err := xmlread.Parse(event, 32); err != nil {
			t.Error(err)
		}
	}))
	doc, err := xmlread.Parse(event, 32)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for i := range doc.Len() {
			if xmlread.Text(doc.Inner(i)) == "" {
				for c := xmlread.Children(doc.Inner(i)); c.Next(); {
					_ = xmlread.Text(c.Inner())
				}
			}
		}
		if _, ok := doc.Find("userid"); !ok {
			t.Error("not found")
		}
	}))
}

// event is a change_contact event of 1 KiB.
var event = func() string {
	head := `<xml>
<SuiteId><![CDATA[ww4asffe99e54c0f4c]]></SuiteId>
<AuthCorpId><![CDATA[wpabcdefghijklmnop]]></AuthCorpId>
<InfoType><![CDATA[change_contact]]></InfoType>
<TimeStamp>1403610513</TimeStamp>
<ChangeType><![CDATA[create_user]]></ChangeType>
<UserID><![CDATA[zhangsan]]></UserID>
<Name><![CDATA[张三]]></Name>
<Department><![CDATA[1,2,3]]></Department>
<MainDepartment>1</MainDepartment>
<IsLeaderInDept><![CDATA[1,0,0]]></IsLeaderInDept>
<DirectLeader><![CDATA[lisi]]></DirectLeader>
<Mobile>11111111111</Mobile>
<Position><![CDATA[产品经理]]></Position>
<Gender>1</Gender>
<Email><![CDATA[zhangsan@example.com]]></Email>
<Status>1</Status>
<Alias><![CDATA[zhangsan]]></Alias>
<ExtAttr>
<Item><Name><![CDATA[爱好]]></Name><Type>0</Type><Text><Value><![CDATA[旅游]]></Value></Text></Item>
</ExtAttr>
<Address><![CDATA[`
	const tail = "]]></Address>\n</xml>"
	return head + strings.Repeat("x", 1024-len(head)-len(tail)) + tail
}()

// BenchmarkParse reads an event of 1 KiB and every value in it.
func BenchmarkParse(b *testing.B) {
	b.Run("xmlread", func(b *testing.B) {
		b.SetBytes(int64(len(event)))
		b.ReportAllocs()
		for range b.N {
			doc, err := xmlread.Parse(event, 32)
			if err != nil {
				b.Fatal(err)
			}
			for i := range doc.Len() {
				_ = xmlread.Text(doc.Inner(i))
			}
		}
	})
	b.Run("encoding-xml", func(b *testing.B) {
		b.SetBytes(int64(len(event)))
		b.ReportAllocs()
		for range b.N {
			for d := xml.NewDecoder(strings.NewReader(event)); ; {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// element is an element as either reader sees it.
type element struct {
	name, value string
	children    []element
}

// fieldsOf walks a whole document.
func fieldsOf(doc *xmlread.Document) (fields []element) {
	for i := range doc.Len() {
		fields = append(fields, elementOf(doc.Name(i), doc.Inner(i)))
	}
	return fields
}

func elementOf(name, inner string) element {
	e := element{name: name, value: xmlread.Text(inner)}
	for c := xmlread.Children(inner); c.Next(); {
		e.children = append(e.children, elementOf(c.Name(), c.Inner()))
	}
	return e
}

// outline writes elements in one line.
func outline(elements []element) string {
	parts := make([]string, len(elements))
	for i, e := range elements {
		parts[i] = fmt.Sprintf("%s=%q", e.name, e.value)
		if e.children != nil {
			parts[i] = e.name + "{" + outline(e.children) + "}"
		}
	}
	return strings.Join(parts, " ")
}

const blanks = " \t\r\n"

// referenceFields is what encoding/xml makes of a document, under the one rule that is ours: blanks at either end of a
// value are dropped unless they stand in a CDATA section.
func referenceFields(t *testing.T, text string) []element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	path := []*element{{}} // the document, and the elements that are open
	var runs [][]run       // the text of those
	for {
		start := d.InputOffset()
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err, "encoding/xml refuses what Parse accepts")
		switch token := token.(type) {
		case xml.StartElement:
			require.Empty(t, token.Attr)
			require.Empty(t, token.Name.Space)
			path = append(path, &element{name: token.Name.Local})
			runs = append(runs, nil)
		case xml.CharData:
			raw := text[start:d.InputOffset()]
			if len(runs) == 0 {
				require.Empty(t, strings.Trim(raw, blanks+"\uFEFF"), "text outside the root")
				continue
			}
			runs[len(runs)-1] = append(runs[len(runs)-1], run{raw, string(token)})
		case xml.EndElement:
			e := path[len(path)-1]
			if e.children == nil {
				e.value = joined(runs[len(runs)-1])
			}
			for _, r := range runs[len(runs)-1] {
				require.True(t, e.children == nil || strings.Trim(r.raw, blanks) == "", "text beside elements")
			}
			path, runs = path[:len(path)-1], runs[:len(runs)-1]
			parent := path[len(path)-1]
			parent.children = append(parent.children, *e)
		case xml.ProcInst:
			require.Equal(t, "xml", token.Target)
		case xml.Comment:
		default:
			require.Fail(t, "not expected", "%T", token)
		}
	}
	require.Len(t, path[0].children, 1, "not one root")
	root := path[0].children[0]
	require.Empty(t, root.value)
	return root.children
}

// run is a piece of text as it stands in the document and as encoding/xml reads it.
type run struct{ raw, value string }

// joined is the value of an element. Each blank at its ends is one byte of what encoding/xml gives, but for \r\n.
func joined(runs []run) string {
	lineEnds := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	isText := func(r run) bool { return !strings.HasPrefix(r.raw, "<![CDATA[") }
	if len(runs) > 0 && isText(runs[0]) {
		raw := strings.TrimLeft(runs[0].raw, blanks)
		dropped := runs[0].raw[:len(runs[0].raw)-len(raw)]
		runs[0] = run{raw, runs[0].value[len(lineEnds.Replace(dropped)):]}
	}
	if last := len(runs) - 1; last >= 0 && isText(runs[last]) {
		raw := strings.TrimRight(runs[last].raw, blanks)
		dropped := runs[last].raw[len(raw):]
		runs[last] = run{raw, runs[last].value[:len(runs[last].value)-len(lineEnds.Replace(dropped))]}
	}
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.value)
	}
	return b.String()
}

// xmlText is text with U+FFFD for what XML can't hold.
func xmlText(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return utf8.RuneError
	}, text)
}

func utf16Text(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// allocatedBy is how many bytes are allocated while f runs.
func allocatedBy(f func()) uint64 {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// ReadBut looks at all characters but those of one value.
func TestReadBut(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"<xml><A>a</A><Encrypt>b</Encrypt><C>c</C></xml>":    true,
		"<xml><A>a</A><Encrypt>\x01</Encrypt><C>c</C></xml>": true,
		"<xml><A>\x01</A><Encrypt>b</Encrypt><C>c</C></xml>": false,
		"<xml><A>a</A><Encrypt>b</Encrypt><C>\xff</C></xml>": false,
		"<xml><A>\x01</A></xml>":                             false,
		"<xml><Encrypt>b</Encrypt>":                          false,
	} {
		var d xmlread.Document
		err := d.ReadBut("Encrypt", text)
		require.Equal(t, ok, err == nil, "%q", text)
		if !ok {
			require.Zero(t, d.Len(), "%q", text)
		}
	}
}
