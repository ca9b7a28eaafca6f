package event_test

import (
	"encoding/xml"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/openwork-go/openwork/internal/xmlread"
	"github.com/stretchr/testify/require"
)

// Decode reads what encoding/xml reads, in every push of the catalogue, and wherever a field is repeated, empty, in another
// case or in the wrong place.
func TestDecode_AgreesWithEncodingXML(t *testing.T) {
	t.Parallel()
	for _, e := range events(t) {
		for _, form := range e.Forms {
			sample := e.Sample(form)
			for what, text := range map[string]string{
				"the sample":           sample,
				"in upper case":        tags.ReplaceAllStringFunc(sample, strings.ToUpper),
				"twice":                strings.TrimSuffix(sample, "</xml>") + strings.TrimPrefix(sample, "<xml>"),
				"empty before":         "<xml>" + emptied(sample) + strings.TrimPrefix(sample, "<xml>"),
				"wrapped once too far": "<xml>" + sample + "</xml>",
			} {
				t.Run(e.Name+"/"+form.Channel+"/"+what, func(t *testing.T) {
					t.Parallel()
					doc, err := xmlread.Parse(text, 8)
					require.NoError(t, err)
					requireAgreement(t, e, &doc, text)
				})
			}
		}
	}
}

// The head is what the caller gives, and nothing of the document gets in; what was in the struct before does not stay.
func TestDecode_Head(t *testing.T) {
	t.Parallel()
	doc, err := xmlread.Parse("<xml><SuiteId>theirs</SuiteId><CorpID>theirs</CorpID><InfoType>theirs</InfoType><Time>1</Time>"+
		"<Head><SuiteID>theirs</SuiteID></Head><AuthCode>code</AuthCode></xml>", 8)
	require.NoError(t, err)
	head := event.Head{SuiteID: "ours", InfoType: "create_auth", Time: time.Unix(1700000000, 0)}
	e := event.CreateAuth{Head: event.Head{AuthCorpID: "before"}}
	event.Decode(&doc, head, &e)
	require.Equal(t, event.CreateAuth{Head: head, AuthCode: "code"}, e)
}

// Of elements that are not repeated the first that is not empty counts.
func TestDecode_FirstThatIsNotEmpty(t *testing.T) {
	t.Parallel()
	doc, err := xmlread.Parse("<xml><UserID/><UserID>first</UserID><UserID>second</UserID><userid>third</userid>"+
		"<Status> </Status><Status>0</Status><Status>4</Status><Gender/><Gender>1</Gender><Gender>2</Gender></xml>", 8)
	require.NoError(t, err)
	var e event.CreateUser
	event.Decode(&doc, event.Head{}, &e)
	require.Equal(t, event.CreateUser{UserID: "first", Status: 4, Gender: 1}, e)
}

// FuzzDecode lets any document be decoded as any event: never a panic, and the values that encoding/xml reads.
func FuzzDecode(f *testing.F) {
	all := events(f)
	for i, e := range all {
		for _, form := range e.Forms {
			f.Add(uint16(i), e.Sample(form))
		}
	}
	index := func(name string) uint16 {
		return uint16(slices.IndexFunc(all, func(e *catalogue.Event) bool { return e.Name == name }))
	}
	for _, text := range []string{
		"<xml/>", "<xml><UserID/></xml>", "<xml><userid>a</userid><UserID>b</UserID><USERID/></xml>",
		"<xml><Department> 1 ,, 2,x,3.0,4.5,9223372036854775807 </Department><DirectLeader>, a ,,b,</DirectLeader></xml>",
		"<xml><Department><Item>1</Item></Department><Department>2</Department><ExtAttr>text</ExtAttr></xml>",
		"<xml><ExtAttr><Item><Name>a</Name></Item><Other><Name>b</Name></Other><Item/></ExtAttr><ExtAttr><Item>c</Item></ExtAttr></xml>",
		"<xml><Status>-0</Status><MainDepartment>+5</MainDepartment><Gender>007</Gender></xml>",
		"<xml><UserID>a&lt;b&#10;<![CDATA[ c]]> d </UserID><Name>\r\n x \r y \r\n</Name></xml>",
		"<xml><" + strings.Repeat("UserID", 20) + ">a</" + strings.Repeat("UserID", 20) + "><user-id>b</user-id><User.ID>c</User.ID></xml>",
		"<xml><ExtAttr><" + longName + "/><Item><" + longName + "/></Item></ExtAttr><" + longName + "/></xml>",
		"<xml><ExtAttr><" + longName[1:] + "/></ExtAttr></xml>",
		"<xml><UserID><![CDATA[]]> <![CDATA[]]></UserID><UserID>x</UserID></xml>",
		"<xml><Name><![CDATA[]]>\r\n\t<![CDATA[]]></Name><Name>x</Name></xml>",
		"<xml><Name>&#13;</Name><Name>x</Name><Email><![CDATA[]]><![CDATA[\r]]></Email><Email>x</Email></xml>",
	} {
		f.Add(index(event.NameCreateUser), text)
	}
	f.Add(index(event.NameLocation), "<xml><Latitude>23.134</Latitude><LONGITUDE> -1e2 </LONGITUDE><Precision>+.5</Precision></xml>")
	for _, number := range []string{"1_0", "0x1p3", "Inf", "nan", "1e400", "-1e-400", "5.", ".", "5.0.0", "+", "1e",
		"9223372036854775808", "-9223372036854775808.00"} {
		f.Add(index(event.NameLocation), "<xml><Latitude>"+number+"</Latitude><Scale>"+number+"</Scale><Longitude><A/></Longitude></xml>")
		f.Add(index(event.NameCreateUser), "<xml><Status>"+number+"</Status><Department>"+number+",&#44;</Department></xml>")
	}
	f.Add(index("switch_workbench_mode"), "<xml><Mode>TRUE</Mode><mode>0</mode></xml>")
	f.Add(index(event.NameTemplateCardEvent), "<xml><SelectedItems><SelectedItem><OpitonIds><OptionId>a</OptionId></OpitonIds>"+
		"<OptionIds><OpitonId>b</OpitonId></OptionIds></SelectedItem></SelectedItems></xml>")

	f.Fuzz(func(t *testing.T, i uint16, text string) {
		if len(text) > 64<<10 {
			t.Skip("longer than the comparison is quick")
		}
		doc, err := xmlread.Parse(text, 8)
		if err != nil {
			t.Skip()
		}
		requireAgreement(t, all[int(i)%len(all)], &doc, text)
	})
}

func events(t testing.TB) []*catalogue.Event {
	t.Helper()
	all, err := catalogue.Events()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

var (
	tags   = regexp.MustCompile(`</?[A-Za-z0-9_]+>`)
	leaves = regexp.MustCompile(`<([A-Za-z0-9_]+)>(?:<!\[CDATA\[[^\]]*\]\]>|[^<]+)</[A-Za-z0-9_]+>`)
)

// emptied is what stands in a document's root, with nothing in its leaves.
func emptied(text string) string {
	return strings.TrimSuffix(strings.TrimPrefix(leaves.ReplaceAllString(text, "<$1/>"), "<xml>"), "</xml>")
}

// element is any XML as encoding/xml reads it.
type element struct {
	XMLName  xml.Name
	Value    string    `xml:",chardata"`
	Children []element `xml:",any"`
}

// text is the value of an element without the blanks around it, which encoding/xml can't tell from those in CDATA.
func (e element) text() string {
	if len(e.Children) > 0 {
		return ""
	}
	return trim(e.Value)
}

func trim(text string) string { return strings.Trim(text, " \t\r\n") }

// requireAgreement decodes a document as an event and compares every field of the struct with what stands under its name,
// in any case, in the document as encoding/xml reads it.
func requireAgreement(t *testing.T, e *catalogue.Event, doc *xmlread.Document, text string) {
	t.Helper()
	head := event.Head{SuiteID: "a head", AgentID: "that stays"}
	got := event.New(e.Name)
	event.Decode(doc, head, got)
	v := reflect.ValueOf(got).Elem()
	require.Equal(t, head, v.FieldByName("Head").Interface())

	var root element
	require.NoError(t, xml.Unmarshal([]byte(text), &root), "encoding/xml refuses what Parse accepts")
	c := comparison{t: t, text: text}
	c.fields(v, e.Tree(), [][]element{root.Children}, e.Name)

	again := event.New(e.Name)
	event.Decode(doc, head, again)
	if !strings.Contains(strings.ToLower(text), "nan") { // which equals nothing
		require.Equal(t, got, again, "decoded again")
	}
}

type comparison struct {
	t    *testing.T
	text string
}

// fields compares the fields of a struct. An element that does not repeat in the catalogue may do so in the document: then
// its parts are together in parents.
func (c comparison) fields(v reflect.Value, nodes []*catalogue.Node, parents [][]element, path string) {
	for _, n := range nodes {
		var found []element
		for _, children := range parents {
			for _, child := range children {
				if name := child.XMLName.Local; equalASCII(name, n.Name) || n.Other != "" && equalASCII(name, n.Other) {
					found = append(found, child)
				}
			}
		}
		c.field(v.FieldByName(n.GoName()), n, found, path+"/"+n.Name)
	}
}

func (c comparison) field(v reflect.Value, n *catalogue.Node, found []element, path string) {
	if list := n.List(); list != nil { // whatever it is called, unless that is too long, what stands in there is an item
		var items []element
		for _, e := range found {
			for _, child := range e.Children {
				if len(child.XMLName.Local) <= longestName {
					items = append(items, child)
				}
			}
		}
		c.field(v, list, items, path+"/"+list.Name)
		return
	}
	if n.Repeats {
		require.Equal(c.t, len(found), v.Len(), "%s in %q", path, c.text)
		for i, e := range found {
			c.one(v.Index(i), n, []element{e}, fmt.Sprintf("%s[%d]", path, i))
		}
		return
	}
	c.one(v, n, found, path)
}

func (c comparison) one(v reflect.Value, n *catalogue.Node, found []element, path string) {
	if n.Type == "" {
		parents := make([][]element, len(found))
		for i, e := range found {
			parents[i] = e.Children
		}
		c.fields(v, n.Children, parents, path)
		return
	}
	var texts []string
	for _, e := range found {
		if text := e.text(); text != "" {
			texts = append(texts, text)
		}
	}
	const where = "%s in %q"
	switch n.Type {
	case "string":
		first := append(texts, "")[0]
		if got := trim(v.String()); got != "" || first == "" || !blankCDATA.MatchString(c.text) {
			require.Equal(c.t, first, got, where, path, c.text)
		}
	case "strings":
		require.Equal(c.t, parts(texts), append([]string{}, v.Interface().([]string)...), where, path, c.text)
	case "ints":
		want := []int64{}
		for _, part := range parts(texts) {
			want = append(want, whole(part))
		}
		require.Equal(c.t, want, append([]int64{}, v.Interface().([]int64)...), where, path, c.text)
	default:
		// Which of several numbers counts is not said; one of them does, and 0 only if one of them is or none is there.
		want := []any{}
		for _, text := range append(texts, map[bool][]string{true: {""}}[len(texts) == 0]...) {
			want = append(want, number(text, v))
		}
		require.Contains(c.t, want, v.Interface(), where, path, c.text)
	}
}

// blankCDATA is a value that is nothing but blanks, and yet not empty.
var blankCDATA = regexp.MustCompile(`<!\[CDATA\[[ \t\r\n]+|\]\]>[ \t\r\n]+<!\[CDATA\[|&#`)

// longestName is that of an element that Decode looks at.
const longestName = 64

var longName = strings.Repeat("a", longestName+1)

func parts(texts []string) []string {
	all := []string{}
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			if part = trim(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// number is a text as the type of a field; 0 for what is none.
func number(text string, v reflect.Value) any {
	switch v.Interface().(type) {
	case time.Time:
		if seconds := whole(text); seconds > 0 {
			return time.Unix(seconds, 0)
		}
		return time.Time{}
	case bool:
		return text == "1" || strings.EqualFold(text, "true")
	case float64:
		if !decimal.MatchString(text) {
			return 0.0
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return 0.0
		}
		return f
	case int:
		return int(whole(text))
	}
	return whole(text)
}

var (
	decimal   = regexp.MustCompile(`\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z`)
	wholeOnly = regexp.MustCompile(`\A([+-]?[0-9]+)(\.0*)?\z`)
)

func whole(text string) int64 {
	match := wholeOnly.FindStringSubmatch(text)
	if match == nil {
		return 0
	}
	n, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// equalASCII compares names in any case.
func equalASCII(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }
