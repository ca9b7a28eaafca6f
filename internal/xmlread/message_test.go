package xmlread_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openwork-go/openwork/internal/xmlread"
	"github.com/stretchr/testify/require"
)

// mended are values as users write them, and how they read.
var mended = []struct{ name, value, want string }{
	{"a control character", "a\x02b", "a�b"},
	{"NUL", "\x00", "�"},
	{"several control characters", "\x1d\x10a\x7f\x0b", "��a\x7f�"},
	{"U+FFFE and U+FFFF", "a\uFFFE\uFFFFb", "a��b"},
	{"a lone surrogate", "a\xed\xa0\xbdb", "a�b"},
	{"the other half of a pair", "a\xed\xbf\xbfb", "a�b"},
	{"a character cut after one byte of two", "名a\xc3", "名a�"},
	{"a character cut after one byte of three", "名\xe5", "名�"},
	{"a character cut after two bytes of three", "名\xe5\x90", "名�"},
	{"a character cut after three bytes of four", "名\xf0\x9f\x98", "名�"},
	{"all of it", "\x01\xed\xa0\x80\uFFFE\xe5", "����"},
}

// unmended are values that nothing repairs.
var unmended = []struct{ name, value string }{
	{"a character cut, and more behind it", "\xe5\x90b"},
	{"a byte of the middle of a character", "\x90"},
	{"a byte that begins no character", "\xff"},
	{"a byte that begins no character any more", "a\xc0\x80b"},
	{"two lone surrogates", "\xed\xa0\xbdb\xed\xa0\xbd"},
	{"a pair written as two", "\xed\xa0\xbd\xed\xb8\x80"},
	{"a number beyond Unicode", "\xf4\x90\x80\x80"},
	{"GBK", "\xc4\xe3\xba\xc3"},
	{"UTF-16", "\xff\xfea\x00"},
}

// forms are the ways a value can stand in a message.
var forms = []struct{ name, before, after string }{
	{"CDATA", "<xml><First>1</First><Name><![CDATA[", "]]></Name></xml>"},
	{"CDATA, pretty-printed", "<xml>\n <First>1</First>\n <Name>\n <![CDATA[", "]]>\n </Name>\n</xml>\n"},
	{"plain", "<xml><First>1</First><Name>", "</Name></xml>"},
	{"JSON", `{"First":1,"Name":"`, `"}`},
}

func TestReadMessage_MendsValues(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		for _, row := range mended {
			t.Run(form.name+"/"+row.name, func(t *testing.T) {
				var d xmlread.Document
				require.NoError(t, d.ReadMessage(form.before+row.value+form.after))
				require.Equal(t, 2, d.Len())
				require.Equal(t, row.want, xmlread.Text(d.Inner(1)))
				require.Equal(t, []int{1}, d.Repaired())
				require.Equal(t, row.want, fieldsOf(&d)[1].value)
				require.Equal(t, fieldsOf(&d), referenceFields(t, d.XML()))
			})
		}
	}
}

func TestReadMessage_MendsReferences(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"a control character", "<Name>a&#x10;b</Name>", "a�b"},
		{"in decimal, beside an entity", "<Name>&amp;&#2;</Name>", "&�"},
		{"NUL", "<Name>&#0;</Name>", "�"},
		{"U+FFFE", "<Name>&#xFFFE;</Name>", "�"},
		{"a lone surrogate", "<Name>&#xD83D;a</Name>", "�a"},
		{"in CDATA it is none", "<Name><![CDATA[&#x10;\x01]]></Name>", "&#x10;�"},
		{"an escape in JSON", `{"Name":"a\u0010\bb"}`, "a��b"},
		{"half of a pair in JSON", `{"Name":"a\ud83d\u0041"}`, "a�A"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.text[0] == '<' {
				row.text = "<xml>" + row.text + "</xml>"
			}
			var d xmlread.Document
			require.NoError(t, d.ReadMessage(row.text))
			require.Equal(t, row.want, xmlread.Text(d.Inner(0)))
			require.Equal(t, []int{0}, d.Repaired())
		})
	}
}

func TestReadMessage_RefusesOtherBrokenText(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		for _, row := range unmended {
			t.Run(form.name+"/"+row.name, func(t *testing.T) {
				var d xmlread.Document
				err := d.ReadMessage(form.before + row.value + form.after)
				require.Error(t, err)
				require.Regexp(t, sayable, err.Error())
				require.Zero(t, d.Len())
				require.Empty(t, d.Repaired())
			})
		}
	}
}

func TestReadMessage_MendsNothingButValues(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text string }{
		{"the name of an element", "<xml><N\x01ame>a</N\x01ame></xml>"},
		{"the name of an element, U+FFFE", "<xml><N\uFFFEame>a</N\uFFFEame></xml>"},
		{"an end tag", "<xml><Name>a</Name\x01></xml>"},
		{"between elements", "<xml>\x01<Name>a</Name></xml>"},
		{"a comment", "<xml><!--\x01--><Name>a</Name></xml>"},
		{"before the root", "\x01<xml><Name>a</Name></xml>"},
		{"after the root", "<xml><Name>a</Name></xml>\x01"},
		{"the declaration", "<?xml version=\"1.0\x01\"?><xml><Name>a</Name></xml>"},
		{"a reference beyond Unicode", "<xml><Name>&#x110000;</Name></xml>"},
		{"a reference without digits", "<xml><Name>&#;</Name></xml>"},
		{"a value, and a syntax error elsewhere", "<xml><Name>\x01</Name><B></xml>"},
		{"a value, and text beside elements", "<xml><Name>\x01<B>1</B></Name></xml>"},
		{"two references to surrogates", "<xml><Name>&#xD83D;&#xDE00;</Name></xml>"},
		{"a name in JSON", "{\"N\x01ame\":\"a\"}"},
		{"a name in JSON, escaped", `{"N\u0001ame":"a"}`},
		{"between members", "{\"Name\":\x01\"a\"}"},
		{"a number", "{\"Name\":1\x01}"},
		{"an escape", "{\"Name\":\"\\\x01\"}"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var d xmlread.Document
			require.Error(t, d.ReadMessage(row.text))
			require.Empty(t, d.Repaired())
		})
	}
}

func TestReadMessage_SaysWhichFieldsWereMended(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"<xml><A>a</A><B>\x01</B><C/><D><E><F>\x02</F><F>\x03</F></E><G>1</G></D><H><![CDATA[h]]></H><I>\x04</I></xml>",
		`{"A":"a","B":"\u0001","n o":"\u0001","C":null,"D":{"E":{"F":["\u0002","\u0003"]},"G":1},"H":"h","I":"\u0004"}`,
	} {
		var d xmlread.Document
		require.NoError(t, d.ReadMessage(text))
		var names []string
		for _, i := range d.Repaired() {
			names = append(names, d.Name(i))
		}
		require.Equal(t, []string{"B", "D", "I"}, names)

		require.NoError(t, d.Read("<xml><A>a</A></xml>"))
		require.Empty(t, d.Repaired(), "of the document before")
	}
}

func TestReadMessage_EachValueMayHaveASurrogate(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"<xml><A>\xed\xa0\xbd</A><A>\xed\xa0\xbd</A></xml>",
		`{"A":["\ud83d","\ud83d"]}`,
	} {
		var d xmlread.Document
		require.NoError(t, d.ReadMessage(text))
		require.Equal(t, []int{0, 1}, d.Repaired())
	}
}

// TestReadMessage_StaysLinear is for texts of which a careless reader looks at
// every part again and again.
func TestReadMessage_StaysLinear(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for _, text := range []string{
		"<xml><A>" + strings.Repeat("\x01", size) + "</A></xml>",
		"<xml><A>" + strings.Repeat("\xe5", size) + "</A></xml>",
		"<xml><A>" + strings.Repeat("&", size) + "</A></xml>",
		`{"A":"` + strings.Repeat("\x01", size) + `"}`,
		`{"A":"` + strings.Repeat("\xe5", size) + `"}`,
		`{"A":"` + strings.Repeat("\xed\xa0\xbd", size/3) + `"}`,
	} {
		var d xmlread.Document
		_ = d.ReadMessage(text)
	}
}

// FuzzReadMessage checks that what only ReadMessage accepts is what Parse or
// FromJSON accepts once each broken character in a value is replaced by one
// U+FFFD, and that it says where those were.
func FuzzReadMessage(f *testing.F) {
	for _, form := range forms {
		for _, row := range mended {
			f.Add(form.before + row.value + form.after)
		}
		for _, row := range unmended {
			f.Add(form.before + row.value + form.after)
		}
	}
	f.Add("<xml><A>&#x10;</A><B><C>\x01</C></B></xml>")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > longestFuzzed {
			t.Skip("longer than the comparison is quick")
		}
		strict := func() (d xmlread.Document, err error) {
			if xmlread.IsJSON(text) {
				var document string
				if document, err = xmlread.FromJSON(text); err != nil {
					return d, err
				}
				return xmlread.Parse(document, 4)
			}
			return xmlread.Parse(text, 4)
		}
		want, strictErr := strict()
		var d xmlread.Document
		if err := d.ReadMessage(text); err != nil {
			require.Regexp(t, sayable, err.Error())
			require.Error(t, strictErr, "Parse reads it")
			return
		}
		fields := fieldsOf(&d)
		require.Equal(t, referenceFields(t, d.XML()), fields)
		if strictErr == nil {
			require.Empty(t, d.Repaired())
			require.Equal(t, fieldsOf(&want), fields)
			return
		}
		if !xmlread.IsJSON(text) { // whose members may be left out
			require.NotEmpty(t, d.Repaired(), "mended, and not said where")
		}
		isMended := map[int]bool{}
		for _, i := range d.Repaired() {
			require.False(t, isMended[i], "a field twice")
			isMended[i] = true
		}
		for i := range fields {
			if isMended[i] {
				require.Contains(t, d.Inner(i), "\uFFFD")
				require.True(t, utf8.ValidString(d.Inner(i)))
			} else if !xmlread.IsJSON(text) {
				require.Contains(t, text, fmt.Sprint(d.Inner(i)), "changed, and not said")
			}
		}
	})
}
