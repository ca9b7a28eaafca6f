// Package jsontext writes JSON without escapes that JSON does not ask for, and
// reads JSON whose strings hold raw control characters.
package jsontext

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Marshal is json.Marshal with every character as it is that may stand in a
// string. encoding/json writes &, <, >, U+2028, U+2029 and U+FFFD as \u0026 and
// the like; so do the MarshalJSON methods that call it.
func Marshal(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return unescape(text), nil
}

// unescape works in place: what an escape stands for is shorter than the
// escape. The text must be valid JSON.
func unescape(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u`)) {
		return text
	}
	plain := text[:0]
	for i := 0; i < len(text); {
		switch {
		case text[i] != '\\':
			plain = append(plain, text[i])
			i++
		case text[i+1] != 'u':
			plain = append(plain, text[i], text[i+1])
			i += 2
		default:
			r, length := escaped(text[i:])
			if r < ' ' || r == '"' || r == '\\' || utf16.IsSurrogate(r) {
				plain = append(plain, text[i:i+length]...)
			} else {
				plain = utf8.AppendRune(plain, r)
			}
			i += length
		}
	}
	return plain
}

// escaped is the character that a text begins with as \uXXXX, or as two of
// them. Half a pair is returned as it is.
func escaped(text []byte) (r rune, length int) {
	const one = len(`\u0000`)
	r = hexadecimal(text[2:one])
	if utf16.IsSurrogate(r) && bytes.HasPrefix(text[one:], []byte(`\u`)) {
		pair := utf16.DecodeRune(r, hexadecimal(text[one+2:2*one]))
		if pair != utf8.RuneError {
			return pair, 2 * one
		}
	}
	return r, one
}

func hexadecimal(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits), 16, 16)
	return rune(n)
}

// Mend escapes control characters that stand raw inside strings, which JSON
// forbids and encoding/json refuses. The rest stays as it is, valid or not, and
// a text that needs no mending is returned itself.
func Mend(text []byte) []byte {
	const digits = "0123456789abcdef"
	var mended []byte
	done := 0 // so much of text is in mended
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inString = !inString
		case c == '\\' && inString:
			i++ // a quotation mark there ends no string
		case c < ' ' && inString:
			mended = append(mended, text[done:i]...)
			mended = append(mended, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			done = i + 1
		}
	}
	if mended == nil {
		return text
	}
	return append(mended, text[done:]...)
}
