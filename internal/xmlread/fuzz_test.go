package xmlread_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openwork-go/openwork/internal/xmlread"
	"github.com/stretchr/testify/require"
)

// FuzzParse checks that encoding/xml reads whatever Parse accepts to the same names, nesting and values, blanks around
// values aside, and that what was read can be written and read again.
func FuzzParse(f *testing.F) {
	for _, row := range accepted {
		f.Add(row.text)
	}
	for _, row := range refused {
		f.Add(row.text)
	}
	f.Add(event)
	f.Add(strings.Repeat("<a>", xmlread.MaxDepth) + strings.Repeat("</a>", xmlread.MaxDepth))
	f.Add("<xml><b/><B>1</B>" + strings.Repeat("<a/>", 1000) + "<b>2</b></xml>")

	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > longestFuzzed {
			t.Skip("longer than the comparison is quick")
		}
		doc, err := xmlread.Parse(text, 4)
		if err != nil {
			require.Regexp(t, sayable, err.Error())
			require.Zero(t, doc)
			return
		}
		fields := fieldsOf(&doc)
		require.Equal(t, referenceFields(t, text), fields)
		requireLimits(t, fields)

		seen := map[string]bool{}
		for i, field := range fields {
			value, runs := xmlread.TextRuns(doc.Inner(i))
			require.Equal(t, field.value, value)
			require.False(t, runs == 0 && value != "", "a value of no pieces")
			if seen[field.name] || len(seen) == 1000 { // Find looks at all fields in turn
				continue
			}
			seen[field.name] = true
			inner, ok := doc.Find(field.name)
			require.True(t, ok)
			require.Equal(t, doc.Inner(i), inner, "not the first of that name")
			_, ok = doc.Find(strings.ToUpper(field.name))
			require.True(t, ok, "not found in another case")
		}

		again, err := xmlread.Parse(string(written("xml", fields)), 4)
		require.NoError(t, err)
		require.Equal(t, fields, fieldsOf(&again), "written and read again")
	})
}

// FuzzFromJSON checks that whatever FromJSON accepts is a JSON object to encoding/json too, that the XML has the same
// names, nesting and values and is not much longer, and that only the limits of Parse refuse it.
func FuzzFromJSON(f *testing.F) {
	for _, row := range jsonAccepted {
		f.Add(row.text)
	}
	for _, row := range jsonRefused {
		if len(row.text) < 1<<10 {
			f.Add(row.text)
		}
	}
	f.Add(`{"A":"` + strings.Repeat(`\r`, 1000) + `","BBBBBBBB":[` + strings.Repeat("1,", 1000) + `1]}`)

	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > longestFuzzed {
			t.Skip("longer than the comparison is quick")
		}
		xmlText, err := xmlread.FromJSON(text)
		if err != nil {
			require.Regexp(t, sayable, err.Error())
			require.Empty(t, xmlText)
			return
		}
		require.True(t, xmlread.IsJSON(text))
		require.LessOrEqual(t, len(xmlText), 4*len(text)+16<<10)
		want := referenceMembers(t, strings.TrimPrefix(text, "\uFEFF"))

		doc, err := xmlread.Parse(xmlText, 4)
		if err != nil {
			require.Regexp(t, "too many elements|too deep", err.Error())
			return
		}
		fields := fieldsOf(&doc)
		require.Equal(t, want, fields)
		require.Equal(t, referenceFields(t, xmlText), fields, "what encoding/xml reads from it")
		requireLimits(t, fields)
		seen := map[string]bool{}
		for _, member := range want {
			if seen[member.name] {
				continue
			}
			seen[member.name] = true
			inner, ok := doc.Find(member.name)
			require.True(t, ok)
			require.Equal(t, member.value, xmlread.Text(inner), "not the first of that name")
		}
	})
}

const longestFuzzed = 64 << 10

// sayable is what an error may look like: our own words and the number of a byte.
var sayable = regexp.MustCompile(`^(xml|json): (byte \d+: )?[A-Za-z0-9 .,>\]-]+$`)

func requireLimits(t *testing.T, fields []element) {
	t.Helper()
	count := 1
	var walk func([]element, int)
	walk = func(elements []element, depth int) {
		count += len(elements)
		for _, e := range elements {
			require.LessOrEqual(t, depth, xmlread.MaxDepth)
			walk(e.children, depth+1)
		}
	}
	walk(fields, 2)
	require.LessOrEqual(t, count, xmlread.MaxElements)
}

// written is an element that holds others, as text.
func written(name string, children []element) []byte {
	b := []byte("<" + name + ">")
	for _, e := range children {
		if e.children != nil {
			b = append(b, written(e.name, e.children)...)
		} else {
			b = append(xmlread.AppendCDATA(append(b, "<"+e.name+">"...), e.value), "</"+e.name+">"...)
		}
	}
	return append(b, "</"+name+">"...)
}

var elementName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// referenceMembers is what encoding/json makes of an object, under the rules that are ours: arrays are repeated
// elements, null is empty, names that XML does not have are left out.
func referenceMembers(t *testing.T, text string) []element {
	t.Helper()
	require.True(t, json.Valid([]byte(text)), "encoding/json refuses what FromJSON accepts")
	require.True(t, utf8.ValidString(text))
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	next := func() json.Token {
		token, err := d.Token()
		require.NoError(t, err)
		return token
	}
	var members func() []element
	value := func(name string, token json.Token) element {
		e := element{name: name}
		switch token := token.(type) {
		case json.Delim:
			require.Equal(t, json.Delim('{'), token, "neither an object nor an array of what is none")
			e.children = members()
		case string:
			e.value = xmlText(token)
		case json.Number:
			require.LessOrEqual(t, len(token), 64)
			e.value = token.String()
		case bool:
			e.value = map[bool]string{true: "true", false: "false"}[token]
		}
		return e
	}
	members = func() (all []element) {
		for {
			token := next()
			if token == json.Delim('}') {
				return all
			}
			name := token.(string)
			var values []element
			if token = next(); token == json.Delim('[') {
				for token = next(); token != json.Delim(']'); token = next() {
					values = append(values, value(name, token))
				}
			} else {
				values = []element{value(name, token)}
			}
			if elementName.MatchString(name) {
				all = append(all, values...)
			}
		}
	}
	require.Equal(t, json.Delim('{'), next(), "not an object")
	return members()
}
