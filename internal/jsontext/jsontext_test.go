package jsontext_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openwork-go/openwork/internal/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// escaping is a value whose MarshalJSON escapes, as most do.
type escaping struct{ text string }

func (e escaping) MarshalJSON() ([]byte, error) { return json.Marshal(e.text) }

func TestMarshal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"a struct":              {struct{ A, B string }{"<a&b>", "你"}, `{"A":"<a&b>","B":"你"}`},
		"a map, keys too":       {map[string]string{"<&>": "<&>"}, `{"<&>":"<&>"}`},
		"line separators":       {"a\u2028b\u2029c", "\"a\u2028b\u2029c\""},
		"bytes that are no UTF": {"a\xffb", "\"a\ufffdb\""},
		"a raw message":         {[]any{json.RawMessage(`{ "a": "<&>\u2028" }`)}, "[{\"a\":\"<&>\u2028\"}]"},
		"escapes of a raw one":  {[]any{json.RawMessage(`"\u0026\u4f60\u0041"`)}, `["&你A"]`},
		"a MarshalJSON inside":  {[]any{escaping{"<&>\u2028"}}, "[\"<&>\u2028\"]"},
		"two halves":            {[]any{json.RawMessage(`"\ud83d\ude00"`)}, `["😀"]`},
		"a half":                {[]any{json.RawMessage(`"\ud83dx\ude00"`)}, `["\ud83dx\ude00"]`},
		"two first halves":      {[]any{json.RawMessage(`"\ud83d\ud83d\ude00"`)}, `["\ud83d😀"]`},
		"a half at the end":     {[]any{json.RawMessage(`"\ud83d"`)}, `["\ud83d"]`},
		"what must be escaped":  {"\x00\x1f\"\\\n", `"\u0000\u001f\"\\\n"`},
		"such, as hexadecimal":  {[]any{json.RawMessage(`"\u0022\u005c\u0001"`)}, `["\u0022\u005c\u0001"]`},
		"text like an escape":   {`\u0026 \\u2028`, `"\\u0026 \\\\u2028"`},
		"a backslash before it": {`\&`, `"\\&"`},
		"nothing":               {nil, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := jsontext.Marshal(test.value)
			require.NoError(t, err)
			assert.Equal(t, test.want, string(text))

			usual, err := json.Marshal(test.value)
			require.NoError(t, err)
			assert.JSONEq(t, string(usual), string(text))
		})
	}
	_, err := jsontext.Marshal(make(chan int))
	require.Error(t, err)
}

func TestMend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"a line end in a value":     {"{\"a\":\"b\nc\"}", `{"a":"b\u000ac"}`},
		"a tab in a name":           {"{\"a\tb\":1}", `{"a\u0009b":1}`},
		"NUL, and the last of them": {"[\"\x00\x1f\"]", `["\u0000\u001f"]`},
		"after an escaped quote":    {"[\"a\\\"\x02\"]", `["a\"\u0002"]`},
		"after two backslashes":     {"[\"a\\\\\",\"\x02\"]", `["a\\","\u0002"]`},
		"between strings":           {"{\n\t\"a\": \"b\",\r\n\"c\":\"\n\"}", "{\n\t\"a\": \"b\",\r\n\"c\":\"\\u000a\"}"},
		"a string that never ends":  {"{\"a\":\"b\n", `{"a":"b\u000a`},
		"DEL and Chinese":           {"[\"\x7f你\"]", "[\"\x7f你\"]"},
		"outside, where it is bad":  {"[\x02]", "[\x02]"},
		"after one backslash":       {"[\"\\\n\"]", "[\"\\\n\"]"},
		"a backslash at the end":    {`["\`, `["\`},
		"nothing":                   {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, string(jsontext.Mend([]byte(test.text))))
		})
	}
}

// Whatever stands in strings comes back; and what is no JSON for any other
// reason than a raw control character stays none.
func TestMend_KeepsStructure(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = "\x00\x01\t\n\r\x1f \"\\/bu0a{}[]:,你<\u2028"
	letters := []rune(alphabet)
	word := func(length int) string {
		var b strings.Builder
		for range length {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	for range 20_000 {
		want := map[string]any{word(4): word(8)}
		valid, err := json.Marshal(want)
		require.NoError(t, err)
		assert.Equal(t, string(valid), string(jsontext.Mend(valid)), "what is valid stays as it is")
		raw := string(valid) // as WeCom writes it
		for c := range 0x20 {
			short, err := json.Marshal(string(rune(c)))
			require.NoError(t, err)
			raw = unescapeOnly(raw, strings.Trim(string(short), `"`), string(rune(c)))
		}
		var got map[string]any
		require.NoError(t, json.Unmarshal(jsontext.Mend([]byte(raw)), &got), raw)
		assert.Equal(t, want, got)

		noise := word(12)
		if mended := jsontext.Mend([]byte(noise)); json.Valid(mended) {
			plain := strings.Map(func(r rune) rune {
				if r < ' ' {
					return ' '
				}
				return r
			}, noise)
			assert.True(t, json.Valid([]byte(plain)), fmt.Sprintf("%q became JSON", noise))
		}
	}
}

// unescapeOnly replaces an escape by its character, but not where a backslash
// that stands for itself makes a text look like that escape.
func unescapeOnly(text, escape, char string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], escape):
			b.WriteString(char)
			i += len(escape) - 1
		case text[i] == '\\':
			b.WriteString(text[i : i+2])
			i++
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
