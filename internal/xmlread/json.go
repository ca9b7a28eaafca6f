package xmlread

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Numbers of JSON pushes are ids, times and coordinates; a longer one is an attack on whoever parses it.
const maxNumber = 64

// The XML made from JSON is at most maxGrowth times as long, and maxSlack. The names of an array's items and carriage
// returns take many times the room they have in JSON, and an envelope is read before anyone has checked its signature.
const (
	maxGrowth = 4
	maxSlack  = 16 << 10
)

// IsJSON tells whether a document is to be read as JSON: its first byte that is no blank is an opening brace.
func IsJSON(text string) bool {
	text = strings.TrimPrefix(text, byteOrder)
	pos := skipBlanks(text, 0)
	return pos < len(text) && text[pos] == '{'
}

// FromJSON writes a JSON object as the XML document it stands for, so that
// both forms of a push are read by the same code from here on: a member becomes
// an element, an array one element per item, null an empty element. Members
// whose names can't be element names are left out. The limits of Parse hold,
// and the errors never say what the document holds. Characters that XML forbids
// are refused, escaped or not.
func FromJSON(text string) (string, error) {
	document, repaired, err := fromJSON(text)
	if err == nil && repaired != nil {
		return "", errors.New("json: not a character of XML")
	}
	return document, err
}

// fromJSON is FromJSON, but characters that XML forbids become U+FFFD. It
// returns the numbers of the top-level fields that had any.
func fromJSON(text string) (document string, repaired []int, err error) {
	text = strings.TrimPrefix(text, byteOrder)
	if !utf8.ValidString(text) {
		return "", nil, errors.New("json: not UTF-8")
	}
	if depth(text) > MaxDepth {
		return "", nil, errors.New("json: nested too deep")
	}
	if !json.Valid([]byte(text)) {
		return "", nil, errors.New("json: syntax error")
	}
	w := converter{text: text, out: make([]byte, 0, 2*len(text)+64)}
	w.blanks()
	if err := w.root(); err != nil {
		return "", nil, fmt.Errorf("json: %w", err)
	}
	return string(w.out), w.repaired, nil
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
	out      []byte

	depth    int   // open elements, the root not counted
	fields   int   // top-level elements that have ended
	repaired []int // those of them that had characters XML forbids
}

func (w *converter) blanks() { w.pos = skipBlanks(w.text, w.pos) }

func (w *converter) root() error {
	if err := w.tag("<", "xml"); err != nil {
		return err
	}
	if err := w.object(true); err != nil {
		return err
	}
	return w.tag("</", "xml")
}

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
		name, isRepaired, err := w.string()
		if err != nil || isRepaired {
			return errors.New("a name with a character that is none")
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
	if w.elements++; w.elements > MaxElements {
		return errors.New("too many elements")
	}
	if write {
		if err := w.tag("<", name); err != nil {
			return err
		}
		w.depth++
	}
	switch c := w.text[w.pos]; c {
	case '{':
		if err := w.object(write); err != nil {
			return err
		}
	case '"':
		value, isRepaired, err := w.string()
		if err != nil {
			return err
		}
		if n := len(w.repaired); write && isRepaired && (n == 0 || w.repaired[n-1] != w.fields) {
			w.repaired = append(w.repaired, w.fields)
		}
		if write && value != "" {
			if err := w.reserve(cdataLength(value)); err != nil {
				return err
			}
			w.out = AppendCDATA(w.out, value)
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
			if err := w.reserve(len(literal)); err != nil {
				return err
			}
			w.out = append(w.out, literal...)
		}
	}
	if !write {
		return nil
	}
	if w.depth--; w.depth == 0 {
		w.fields++
	}
	return w.tag("</", name)
}

// tag writes a start tag or an end tag.
func (w *converter) tag(opening, name string) error {
	if err := w.reserve(len(opening) + len(name) + len(">")); err != nil {
		return err
	}
	w.out = append(append(append(w.out, opening...), name...), '>')
	return nil
}

// reserve makes room for n more bytes. It grows once, to the most there may be: step by step would leave several times
// as much behind.
func (w *converter) reserve(n int) error {
	longest := maxGrowth*len(w.text) + maxSlack
	if len(w.out)+n > longest {
		return errors.New("too long as XML")
	}
	if len(w.out)+n > cap(w.out) {
		w.out = append(make([]byte, 0, longest), w.out...)
	}
	return nil
}

// string reads a string. Characters that XML forbids become U+FFFD.
func (w *converter) string() (value string, isRepaired bool, err error) {
	start := w.pos + 1
	end, escaped := start, false
	for ; w.text[end] != '"'; end++ {
		if w.text[end] == '\\' {
			escaped = true
			end++
		}
	}
	w.pos = end + 1
	value, surrogates := w.text[start:end], 0
	if escaped {
		value, surrogates = unescape(value)
	}
	if surrogates > 1 {
		return "", false, errors.New("several lone surrogates")
	}
	clean := strings.Map(func(r rune) rune {
		if isCharacter(r) {
			return r
		}
		return utf8.RuneError
	}, value)
	return clean, surrogates > 0 || clean != value, nil
}

// unescape resolves the escapes of a string as encoding/json does, which takes
// some 200 bytes to unmarshal the shortest. It counts the surrogates without
// their other half, which become U+FFFD.
func unescape(s string) (_ string, surrogates int) {
	var b strings.Builder
	b.Grow(len(s))
	for i := strings.IndexByte(s, '\\'); i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		c := s[i+1]
		s = s[i+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := codeUnit(s)
			s = s[4:]
			if utf16.IsSurrogate(r) && strings.HasPrefix(s, `\u`) {
				if pair := utf16.DecodeRune(r, codeUnit(s[2:])); pair != utf8.RuneError {
					r, s = pair, s[6:]
				}
			}
			if utf16.IsSurrogate(r) {
				surrogates++
			}
			b.WriteRune(r) // U+FFFD for half a pair
			continue
		}
		b.WriteByte(c)
	}
	b.WriteString(s)
	return b.String(), surrogates
}

// codeUnit reads four hexadecimal digits.
func codeUnit(s string) rune {
	n, _ := strconv.ParseUint(s[:4], 16, 16)
	return rune(n)
}
