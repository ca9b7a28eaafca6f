package xmlread

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ReadMessage reads a verified message, XML or JSON, in place of what d held.
// What users have written may hold characters that XML forbids, and still
// counts. Inside a value these read as U+FFFD:
//
//   - control characters, U+FFFE and U+FFFF, as they are or as a reference,
//   - one lone surrogate in a value,
//   - one character that is cut at the end of a value.
//
// Everything else that Parse or FromJSON refuses is refused here too. Repaired
// says which fields were read in this way.
func (d *Document) ReadMessage(text string) error {
	if IsJSON(text) {
		document, repaired, err := fromJSON(mendJSON(text))
		if err != nil {
			return err
		}
		if err = d.Read(document); err == nil {
			d.repaired = repaired
		}
		return err
	}
	err := d.Read(text)
	if err == nil {
		return nil
	}
	if broken := characterError(""); !errors.As(err, &broken) {
		return err
	}
	document, repaired := mendXML(text)
	if repaired == nil {
		return err
	}
	if err = d.Read(document); err == nil {
		d.repaired = repaired
	}
	return err
}

// Repaired are the numbers of the top-level fields in which ReadMessage put
// U+FFFD for something else, in ascending order; nearly always none.
func (d *Document) Repaired() []int { return d.repaired }

// mendXML is the document with U+FFFD in values for what may be mended there,
// and the top-level fields that it did so in; none if nothing could be. What it
// returns is still to be read: it looks at values only.
func mendXML(text string) (document string, fields []int) {
	pos, err := prolog(text)
	if err != nil || len(text) > MaxLength {
		return "", nil
	}
	r := &repair{text: text}
	p := parser{text: text, pos: pos, repair: r} // whose fields it only counts
	if err := p.root(); err != nil || r.fields == nil {
		return "", nil
	}
	return string(append(r.out, text[r.copied:]...)), r.fields
}

// repair collects a document whose values are mended.
type repair struct {
	text       string
	copied     int // how much of text is in out
	out        []byte
	surrogates int   // in this value so far
	fields     []int // top-level fields that were mended
}

// replace has U+FFFD stand for text[start:end], in a top-level field.
func (r *repair) replace(start, end, field int) {
	r.out = append(append(r.out, r.text[r.copied:start]...), "\uFFFD"...)
	r.copied = end
	if n := len(r.fields); n == 0 || r.fields[n-1] != field {
		r.fields = append(r.fields, field)
	}
}

// literal mends text[start:end], in which & has no meaning.
func (r *repair) literal(start, end, field int) {
	for i := start; i < end; {
		n, ok := r.bad(r.text[i:end], i, end)
		if ok {
			r.replace(i, i+n, field)
		}
		i += n
	}
}

// plain mends text[start:end], in which & begins a reference.
func (r *repair) plain(start, end, field int) {
	for i := start; i < end; {
		n, ok := 0, false
		if r.text[i] == '&' {
			n, ok = r.badReference(r.text[i:end])
		} else {
			n, ok = r.bad(r.text[i:end], i, end)
		}
		if ok {
			r.replace(i, i+n, field)
		}
		i += n
	}
}

// bad looks at the character that run begins with, at text[at:end]: how long it
// is, and whether it is to be mended.
func (r *repair) bad(run string, at, end int) (length int, mend bool) {
	c, n := utf8.DecodeRuneInString(run)
	switch {
	case c != utf8.RuneError || n > 1:
		return n, !isCharacter(c)
	case isSurrogate(run):
		r.surrogates++
		return 3, r.surrogates == 1
	case isCut(run) && endsValue(r.text[end:]):
		return len(run), true
	}
	return 1, false
}

// badReference looks at the reference that run begins with.
func (r *repair) badReference(run string) (length int, mend bool) {
	c, n := characterReference(run)
	switch {
	case n == 0:
		return 1, false
	case 0xD800 <= c && c <= 0xDFFF:
		r.surrogates++
		return n, r.surrogates == 1
	}
	return n, !isCharacter(c)
}

// isSurrogate tells whether text begins with one half of a UTF-16 pair, written
// as if it were a character.
func isSurrogate(text string) bool {
	return len(text) >= 3 && text[0] == 0xED && 0xA0 <= text[1] && text[1] <= 0xBF && 0x80 <= text[2] && text[2] <= 0xBF
}

// isCut tells whether text is the beginning of a character, and nothing else.
func isCut(text string) bool {
	return len(text) < utf8.UTFMax && text != "" && !utf8.FullRuneInString(text)
}

// endsValue tells whether text, which follows a run of characters, ends the
// value.
func endsValue(text string) bool {
	text = strings.TrimPrefix(text, cdataClose)
	return strings.HasPrefix(text[skipBlanks(text, 0):], "</")
}

// mendJSON writes what may be mended in strings as an escape, which fromJSON
// reads as U+FFFD and remembers.
func mendJSON(text string) string {
	var out []byte
	copied, inString := 0, false
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRuneInString(text[i:])
		escape := ""
		switch {
		case !inString:
			inString = c == '"'
		case c == '"':
			inString = false
		case c == '\\':
			n += min(1, len(text)-i-n)
		case c != utf8.RuneError || n > 1:
			if c < 0x20 { // what else XML forbids is JSON all the same
				escape = fmt.Sprintf(`\u%04x`, c)
			}
		case isSurrogate(text[i:]):
			n, escape = 3, `\ud800`
		default:
			end := strings.IndexByte(text[i:min(i+utf8.UTFMax, len(text))], '"')
			if end > 0 && isCut(text[i:i+end]) {
				n, escape = end, `\uffff`
			}
		}
		if escape != "" {
			out = append(append(out, text[copied:i]...), escape...)
			copied = i + n
		}
		i += n
	}
	if out == nil {
		return text
	}
	return string(append(out, text[copied:]...))
}
