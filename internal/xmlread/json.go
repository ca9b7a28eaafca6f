package xmlread

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Numbers of JSON pushes are ids, times and coordinates; a longer one is an attack on whoever parses it.
const maxNumber = 64

// maxGrowth bounds the XML made from JSON, in multiples of its length.
const maxGrowth = 8

// IsJSON tells whether a document is to be read as JSON: its first byte that is no blank is an opening brace.
func IsJSON(text string) bool {
	text = strings.TrimPrefix(text, byteOrder)
	pos := skipBlanks(text, 0)
	return pos < len(text) && text[pos] == '{'
}

// FromJSON writes a JSON object as the XML document it stands for, so that both forms of a push are read by the same
// code from here on: a member becomes an element, an array one element per item, null an empty element. Members whose
// names can't be element names are left out. The limits of Parse hold, and the errors never say what the document holds.
func FromJSON(text string) (string, error) {
	text = strings.TrimPrefix(text, byteOrder)
	if !utf8.ValidString(text) {
		return "", errors.New("json: not UTF-8")
	}
	if depth(text) > MaxDepth {
		return "", errors.New("json: nested too deep")
	}
	if !json.Valid([]byte(text)) {
		return "", errors.New("json: syntax error")
	}
	w := converter{text: text}
	w.out.WriteString("<xml>")
	w.blanks()
	if err := w.object(true); err != nil {
		return "", fmt.Errorf("json: %w", err)
	}
	w.out.WriteString("</xml>")
	return w.out.String(), nil
}

// depth is how deep objects and arrays are nested, one for the outermost.
func depth(text string) (deepest int) {
	level, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// converter walks text that is known to be valid JSON.
type converter struct {
	text     string
	pos      int
	elements int
	out      strings.Builder
}

func (w *converter) blanks() { w.pos = skipBlanks(w.text, w.pos) }

// object reads an object; its members are written unless they stand in one that is left out.
func (w *converter) object(write bool) error {
	if w.text[w.pos] != '{' {
		return errors.New("not an object")
	}
	w.pos++
	for w.blanks(); w.text[w.pos] != '}'; w.blanks() {
		if w.text[w.pos] == ',' {
			w.pos++
			w.blanks()
		}
		name, err := w.string()
		if err != nil {
			return err
		}
		w.blanks()
		w.pos++ // the colon
		w.blanks()
		if err := w.member(name, write && name != "" && skipName(name, 0) == len(name)); err != nil {
			return err
		}
	}
	w.pos++
	return nil
}

// member reads the value of a member: one element, or one per item of an array.
func (w *converter) member(name string, write bool) error {
	if w.text[w.pos] != '[' {
		return w.element(name, write)
	}
	w.pos++
	for w.blanks(); w.text[w.pos] != ']'; w.blanks() {
		if w.text[w.pos] == ',' {
			w.pos++
			w.blanks()
		}
		if w.text[w.pos] == '[' {
			return errors.New("array inside an array")
		}
		if err := w.element(name, write); err != nil {
			return err
		}
	}
	w.pos++
	return nil
}

// element reads a value that is no array.
func (w *converter) element(name string, write bool) error {
	if w.elements++; w.elements > MaxElements || w.out.Len() > maxGrowth*len(w.text)+4096 {
		return errors.New("too many elements")
	}
	if write {
		w.out.WriteByte('<')
		w.out.WriteString(name)
		w.out.WriteByte('>')
	}
	switch c := w.text[w.pos]; c {
	case '{':
		if err := w.object(write); err != nil {
			return err
		}
	case '"':
		value, err := w.string()
		if err != nil {
			return err
		}
		if write && value != "" {
			w.out.Write(AppendCDATA(nil, value))
		}
	default: // a number, true, false or null
		end := w.pos
		for end < len(w.text) && !strings.ContainsRune(",]} \t\r\n", rune(w.text[end])) {
			end++
		}
		literal := w.text[w.pos:end]
		w.pos = end
		if len(literal) > maxNumber {
			return errors.New("number too long")
		}
		if write && literal != "null" {
			w.out.WriteString(literal)
		}
	}
	if write {
		w.out.WriteString("</")
		w.out.WriteString(name)
		w.out.WriteByte('>')
	}
	return nil
}

// string reads a string.
func (w *converter) string() (string, error) {
	end, escaped := w.pos+1, false
	for ; w.text[end] != '"'; end++ {
		if w.text[end] == '\\' {
			escaped = true
			end++
		}
	}
	literal := w.text[w.pos : end+1]
	w.pos = end + 1
	if !escaped {
		return literal[1 : len(literal)-1], nil
	}
	var value string
	err := json.Unmarshal([]byte(literal), &value)
	return value, err
}
