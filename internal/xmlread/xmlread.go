// Package xmlread reads the XML of WeCom pushes: the envelope of a request and the message inside it.
//
// It is a strict reader of a small part of XML, made for documents of a few kilobytes that arrive a thousand times a
// second. [Parse] checks a whole document once and remembers where its top-level fields are; nothing is copied.
// [Text] gives the value of a field, and [Children] walks into one that has elements of its own.
//
// A document is one root element with elements below it, each of which holds either text or further elements. Text is
// plain text with the five predefined entities and character references, CDATA sections, or both. An XML declaration,
// a byte order mark, blanks and comments between elements are accepted. Everything else is refused: a DTD, processing
// instructions, attributes, namespaces, comments inside a value, text beside elements, bytes after the root, more
// than [MaxDepth] levels, more than [MaxElements] elements, and whatever is not UTF-8 or not a character of XML.
// Whatever this package accepts, encoding/xml reads to the same names and values, but for blanks around a value.
package xmlread

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a document.
const (
	MaxDepth    = 32      // levels of elements, the root being the first
	MaxElements = 32768   // elements in all
	MaxLength   = 1 << 30 // bytes
)

const (
	cdataOpen    = "<![CDATA["
	cdataClose   = "]]>"
	commentOpen  = "<!--"
	commentClose = "-->"
	byteOrder    = "\uFEFF"
)

// Document is a checked document. The zero value has no fields.
type Document struct {
	text   string
	fields []span
}

// span is where a top-level field stands in the text: its name, and what is between its tags.
type span struct{ name, nameEnd, inner, innerEnd uint32 }

// Len is the number of top-level fields, repeated ones counted each.
func (d *Document) Len() int { return len(d.fields) }

// Name is the name of field i.
func (d *Document) Name(i int) string {
	f := &d.fields[i]
	return d.text[f.name:f.nameEnd]
}

// Inner is what stands between the tags of field i, for Text and Children.
func (d *Document) Inner(i int) string {
	f := &d.fields[i]
	return d.text[f.inner:f.innerEnd]
}

// Find is the inner text of the first field of that name; if there is none, of the first whose name differs from it in
// case only.
func (d *Document) Find(name string) (inner string, ok bool) {
	for i := range d.fields {
		if d.Name(i) == name {
			return d.Inner(i), true
		}
	}
	for i := range d.fields {
		if strings.EqualFold(d.Name(i), name) {
			return d.Inner(i), true
		}
	}
	return "", false
}

// open is an element whose end tag has not been read.
type open struct {
	name, nameEnd, inner int
	text, comment, child bool
}

// Parse checks the whole document and finds its top-level fields; room is made for as many as are usual. The errors say
// what is wrong and where, never what the document holds.
func Parse(text string, usual int) (Document, error) {
	if len(text) > MaxLength {
		return Document{}, errors.New("xml: document too long")
	}
	if err := checkCharacters(text); err != nil {
		return Document{}, err
	}
	pos, err := prolog(text)
	if err != nil {
		return Document{}, err
	}
	p := parser{text: text, pos: pos, fields: make([]span, 0, usual)}
	if err := p.root(); err != nil {
		return Document{}, fmt.Errorf("xml: byte %d: %w", p.pos, err)
	}
	return Document{text: text, fields: p.fields}, nil
}

type parser struct {
	text     string
	pos      int
	fields   []span
	depth    int // open elements
	elements int
	stack    [MaxDepth]open
}

// root reads from the root's start tag to the end of the document.
func (p *parser) root() error {
	if err := p.startTag(); err != nil {
		return err
	}
	for p.depth > 0 {
		i := strings.IndexByte(p.text[p.pos:], '<')
		if i < 0 {
			p.pos = len(p.text)
			return errors.New("element not closed")
		}
		if i > 0 {
			if err := p.characters(p.text[p.pos : p.pos+i]); err != nil {
				return err
			}
			p.pos += i
		}
		if err := p.markup(); err != nil {
			return err
		}
	}
	pos, err := skipMisc(p.text, p.pos)
	p.pos = pos
	if err == nil && pos != len(p.text) {
		return errors.New("bytes after the root element")
	}
	return err
}

// characters checks a run of text before the next markup.
func (p *parser) characters(run string) error {
	if isBlank(run) {
		return nil
	}
	p.stack[p.depth-1].text = true
	if strings.IndexByte(run, ']') >= 0 && strings.Contains(run, cdataClose) {
		return errors.New("]]> outside a CDATA section")
	}
	for rest := run; ; {
		i := strings.IndexByte(rest, '&')
		if i < 0 {
			return nil
		}
		_, n := reference(rest[i:])
		if n == 0 {
			return errors.New("bad entity or character reference")
		}
		rest = rest[i+n:]
	}
}

// markup reads what begins with the < at pos.
func (p *parser) markup() error {
	rest := p.text[p.pos:]
	if len(rest) < 2 {
		return errors.New("element not closed")
	}
	switch rest[1] {
	case '/':
		return p.endTag()
	case '!':
		return p.section(rest)
	case '?':
		return errors.New("processing instruction")
	}
	return p.startTag()
}

// section reads a CDATA section or a comment.
func (p *parser) section(rest string) error {
	top := &p.stack[p.depth-1]
	if strings.HasPrefix(rest, cdataOpen) {
		end := strings.Index(rest[len(cdataOpen):], cdataClose)
		if end < 0 {
			return errors.New("CDATA section not closed")
		}
		top.text = true
		p.pos += len(cdataOpen) + end + len(cdataClose)
		return nil
	}
	if strings.HasPrefix(rest, commentOpen) {
		n, err := comment(rest)
		if err != nil {
			return err
		}
		top.comment = true
		p.pos += n
		return nil
	}
	return errors.New("declaration inside an element")
}

// startTag reads <name> or <name/>.
func (p *parser) startTag() error {
	name := p.pos + 1
	nameEnd := skipName(p.text, name)
	if nameEnd == name {
		return errors.New("bad element name")
	}
	end := skipBlanks(p.text, nameEnd)
	empty := end < len(p.text) && p.text[end] == '/'
	if empty {
		end++
	}
	if end >= len(p.text) || p.text[end] != '>' {
		return errors.New("start tag with an attribute, a namespace or no end")
	}
	if p.elements++; p.elements > MaxElements {
		return errors.New("too many elements")
	}
	if p.depth == MaxDepth {
		return errors.New("elements nested too deep")
	}
	if p.depth > 0 {
		parent := &p.stack[p.depth-1]
		parent.child = true
	}
	p.stack[p.depth] = open{name: name, nameEnd: nameEnd, inner: end + 1}
	p.depth++
	p.pos = end + 1
	if empty {
		return p.close(p.pos)
	}
	return nil
}

// endTag reads </name>.
func (p *parser) endTag() error {
	top := &p.stack[p.depth-1]
	name := p.text[top.name:top.nameEnd]
	inner := p.pos
	rest := p.text[p.pos+2:]
	if !strings.HasPrefix(rest, name) {
		return errors.New("end tag does not match its start tag")
	}
	end := skipBlanks(rest, len(name))
	if end >= len(rest) || rest[end] != '>' {
		return errors.New("end tag does not match its start tag")
	}
	p.pos += 2 + end + 1
	return p.close(inner)
}

// close ends the innermost open element, whose inner text ends at the given place.
func (p *parser) close(innerEnd int) error {
	p.depth--
	e := &p.stack[p.depth]
	if e.text && e.child {
		return errors.New("text beside elements")
	}
	if e.comment && !e.child && p.depth > 0 {
		return errors.New("comment inside a value")
	}
	if p.depth == 0 && e.text {
		return errors.New("text in the root element")
	}
	if p.depth == 1 {
		p.fields = append(p.fields, span{uint32(e.name), uint32(e.nameEnd), uint32(e.inner), uint32(innerEnd)})
	}
	return nil
}

// prolog skips what may stand before the root element and returns where its start tag begins.
func prolog(text string) (int, error) {
	pos := 0
	if strings.HasPrefix(text, byteOrder) {
		pos = len(byteOrder)
	}
	if rest := text[pos:]; strings.HasPrefix(rest, "<?xml") {
		n := declaration(rest)
		if n == 0 {
			return 0, errors.New("xml: declaration is not that of XML 1.0 in UTF-8")
		}
		pos += n
	}
	pos, err := skipMisc(text, pos)
	if err != nil {
		return 0, fmt.Errorf("xml: byte %d: %w", pos, err)
	}
	if pos >= len(text) || text[pos] != '<' {
		return 0, errors.New("xml: no root element")
	}
	if strings.HasPrefix(text[pos:], "<!") || strings.HasPrefix(text[pos:], "<?") {
		return 0, errors.New("xml: DTD or processing instruction")
	}
	return pos, nil
}

// declaration is the length of the XML declaration that text begins with, 0 if it is not one of XML 1.0 in UTF-8.
func declaration(text string) int {
	end := strings.Index(text, "?>")
	if end < 0 {
		return 0
	}
	rest, ok := pseudoAttribute(text[len("<?xml"):end], "version", "1.0")
	if !ok {
		return 0
	}
	if after, ok := pseudoAttribute(rest, "encoding", "utf-8"); ok {
		rest = after
	}
	for _, answer := range []string{"yes", "no"} {
		if after, ok := pseudoAttribute(rest, "standalone", answer); ok {
			rest = after
			break
		}
	}
	if !isBlank(rest) {
		return 0
	}
	return end + len("?>")
}

// pseudoAttribute takes blank, name="value" off the front of text; the value in any case.
func pseudoAttribute(text, name, value string) (rest string, ok bool) {
	pos := skipBlanks(text, 0)
	if pos == 0 || !strings.HasPrefix(text[pos:], name) {
		return text, false
	}
	pos = skipBlanks(text, pos+len(name))
	if pos >= len(text) || text[pos] != '=' {
		return text, false
	}
	pos = skipBlanks(text, pos+1)
	end := pos + 1 + len(value)
	if end >= len(text) || (text[pos] != '"' && text[pos] != '\'') || text[end] != text[pos] ||
		!strings.EqualFold(text[pos+1:end], value) {
		return text, false
	}
	return text[end+1:], true
}

// skipMisc skips blanks and comments outside the root element.
func skipMisc(text string, pos int) (int, error) {
	for {
		pos = skipBlanks(text, pos)
		if !strings.HasPrefix(text[pos:], commentOpen) {
			return pos, nil
		}
		n, err := comment(text[pos:])
		if err != nil {
			return pos, err
		}
		pos += n
	}
}

// comment is the length of the comment that text begins with.
func comment(text string) (int, error) {
	i := strings.Index(text[len(commentOpen):], "--")
	if i < 0 {
		return 0, errors.New("comment not closed")
	}
	end := len(commentOpen) + i
	if !strings.HasPrefix(text[end:], commentClose) {
		return 0, errors.New("-- inside a comment")
	}
	return end + len(commentClose), nil
}

// Classes of bytes.
const (
	classBlank = 1 << iota
	classNameStart
	className
)

var classes = func() (t [256]uint8) {
	for _, c := range []byte(" \t\r\n") {
		t[c] |= classBlank
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= classNameStart | className
		t[c-'a'+'A'] |= classNameStart | className
	}
	t['_'] |= classNameStart | className
	for c := '0'; c <= '9'; c++ {
		t[c] |= className
	}
	t['-'] |= className
	t['.'] |= className
	return t
}()

func skipBlanks(text string, pos int) int {
	for pos < len(text) && classes[text[pos]]&classBlank != 0 {
		pos++
	}
	return pos
}

func isBlank(text string) bool { return skipBlanks(text, 0) == len(text) }

// skipName returns where the element name that begins at pos ends; pos itself if none does.
func skipName(text string, pos int) int {
	if pos >= len(text) || classes[text[pos]]&classNameStart == 0 {
		return pos
	}
	for pos++; pos < len(text) && classes[text[pos]]&className != 0; pos++ {
	}
	return pos
}

// checkCharacters refuses text that is not UTF-8 or has characters that XML does not.
func checkCharacters(text string) error {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	ascii := true
	i := 0
	for ; i+8 <= len(text); i += 8 {
		w := uint64(text[i]) | uint64(text[i+1])<<8 | uint64(text[i+2])<<16 | uint64(text[i+3])<<24 |
			uint64(text[i+4])<<32 | uint64(text[i+5])<<40 | uint64(text[i+6])<<48 | uint64(text[i+7])<<56
		if w&high != 0 {
			ascii = false
		}
		// There is a high bit in this if, and only if, one of the eight bytes is below 0x20.
		if (w-ones*0x20)&^w&high != 0 && !noControls(text[i:i+8]) {
			return errors.New("xml: control character")
		}
	}
	if !noControls(text[i:]) {
		return errors.New("xml: control character")
	}
	for ; i < len(text); i++ {
		ascii = ascii && text[i] < utf8.RuneSelf
	}
	if ascii {
		return nil
	}
	if !utf8.ValidString(text) {
		return errors.New("xml: not UTF-8")
	}
	if strings.Contains(text, "\uFFFE") || strings.Contains(text, "\uFFFF") {
		return errors.New("xml: not a character of XML")
	}
	return nil
}

func noControls(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < 0x20 && classes[text[i]]&classBlank == 0 {
			return false
		}
	}
	return true
}
