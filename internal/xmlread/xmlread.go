// Package xmlread reads the XML of WeCom pushes: the envelope of a request and
// the message inside it.
//
// It is a strict reader of a small part of XML, made for documents of a few
// kilobytes that arrive a thousand times a second. [Parse] checks a whole
// document once and remembers where its top-level fields are; nothing is
// copied. [Text] gives the value of a field, and [Children] walks into one that
// has elements of its own.
//
// A document is one root element with elements below it, each of which holds
// either text or further elements. Text is plain text with the five predefined
// entities and character references, CDATA sections, or both. An XML
// declaration, a byte order mark, blanks and comments between elements are
// accepted. Everything else is refused: a DTD, processing instructions,
// attributes, namespaces, comments inside a value, text beside elements, bytes
// after the root, more than [MaxDepth] levels, more than [MaxElements]
// elements, and whatever is not UTF-8 or not a character of XML. Whatever this
// package accepts, encoding/xml reads to the same names and values, but for
// blanks around a value.
//
// [Document.ReadMessage] is for a message whose signature was verified: JSON is
// read too, and what users have written may hold characters that XML forbids.
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
	text     string
	fields   []span
	repaired []int // see ReadMessage; nearly always nil
}

// span is where a top-level field stands in the text: its name, and what is between its tags.
type span struct{ name, nameEnd, inner, innerEnd uint32 }

// XML is the whole document.
func (d *Document) XML() string { return d.text }

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
	name, nameEnd, inner uint32
	text, comment, child bool
}

// Room is a Document without fields that has room for as many.
func Room(fields int) Document { return Document{fields: make([]span, 0, fields)} }

// Parse checks the whole document and finds its top-level fields; room is made for as many as are usual. The errors say
// what is wrong and where, never what the document holds.
func Parse(text string, usual int) (Document, error) {
	d := Room(usual)
	if err := d.Read(text); err != nil {
		return Document{}, err
	}
	return d, nil
}

// Reset forgets the document, but not the memory for its fields, unless that is large.
func (d *Document) Reset() {
	d.text, d.fields, d.repaired = "", d.fields[:0], nil
	if c := cap(d.fields); c == 0 || c > mostReused {
		d.fields = make([]span, 0, fewFields)
	}
}

const (
	fewFields  = 4 // as an envelope has
	mostReused = 256
)

// Read is Parse into d, in whose place the new document is put, and which has none after an error.
func (d *Document) Read(text string) error {
	d.Reset()
	if err := checkCharacters(text); err != nil {
		return err
	}
	return d.read(text)
}

// ReadBut is Read, but for the characters in the first field of that name, which
// the caller looks at himself: most of an envelope is one value, in base64.
func (d *Document) ReadBut(name, text string) error {
	d.Reset()
	if err := d.read(text); err != nil {
		return err
	}
	rest := text
	for i := range d.fields {
		if d.Name(i) == name {
			rest = text[d.fields[i].innerEnd:]
			if err := checkCharacters(text[:d.fields[i].inner]); err != nil {
				d.Reset()
				return err
			}
			break
		}
	}
	err := checkCharacters(rest)
	if err != nil {
		d.Reset()
	}
	return err
}

// read reads a document whose characters are checked before, or after.
func (d *Document) read(text string) error {
	if len(text) > MaxLength {
		return errors.New("xml: document too long")
	}
	pos, err := prolog(text)
	if err != nil {
		return err
	}
	p := parser{text: text, pos: pos, fields: d.fields}
	if err := p.root(); err != nil {
		return fmt.Errorf("xml: byte %d: %w", p.pos, err)
	}
	d.text, d.fields = text, p.fields
	return nil
}

type parser struct {
	text     string
	pos      int
	fields   []span
	depth    int // open elements
	elements int
	repair   *repair // nil: the characters have been checked
	count    int     // of top-level fields
	stack    [MaxDepth]open
}

// root reads from the root's start tag to the end of the document.
func (p *parser) root() error {
	if err := p.startTag(); err != nil {
		return err
	}
	for p.depth > 0 {
		if err := p.characters(); err != nil {
			return err
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

// characters reads the text before the next markup.
func (p *parser) characters() error {
	start := p.pos
	p.pos = skipBlanks(p.text, start)
	if p.pos < len(p.text) && p.text[p.pos] == '<' {
		return nil
	}
	end := strings.IndexByte(p.text[p.pos:], '<')
	if end < 0 {
		p.pos = len(p.text)
		return errors.New("element not closed")
	}
	p.pos += end
	run := p.text[start:p.pos]
	p.stack[p.depth-1].text = true
	if strings.Contains(run, cdataClose) {
		return errors.New("]]> outside a CDATA section")
	}
	if p.repair != nil {
		p.repair.plain(start, p.pos, p.count)
		return nil
	}
	for {
		i := strings.IndexByte(run, '&')
		if i < 0 {
			return nil
		}
		_, n := reference(run[i:])
		if n == 0 {
			return characterError("bad entity or character reference")
		}
		run = run[i+n:]
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
		start := p.pos + len(cdataOpen)
		p.pos = start + end + len(cdataClose)
		if p.repair != nil {
			p.repair.literal(start, start+end, p.count)
		}
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
		p.stack[p.depth-1].child = true
		if !empty && p.repair == nil && p.leaf(name, nameEnd, end+1) {
			return nil
		}
	}
	if p.repair != nil {
		p.repair.surrogates = 0
	}
	p.stack[p.depth] = open{name: uint32(name), nameEnd: uint32(nameEnd), inner: uint32(end + 1)}
	p.depth++
	p.pos = end + 1
	if empty {
		return p.close(p.pos)
	}
	return nil
}

// leaf is the short way through what nearly every element is: a CDATA section, or text without references, and the end
// tag. It reports false, having read nothing, if the element that begins at inner is anything else.
func (p *parser) leaf(name, nameEnd, inner int) bool {
	rest := p.text[inner:]
	n := 0
	if strings.HasPrefix(rest, cdataOpen) {
		// Looking for the bracket is faster than looking for all of ]]>, and values with brackets are rare.
		end := strings.IndexByte(rest[len(cdataOpen):], ']')
		n = len(cdataOpen) + end + len(cdataClose)
		if end < 0 || n > len(rest) || rest[n-len(cdataClose):n] != cdataClose {
			return false
		}
	} else {
		for ; n < len(rest) && rest[n] != '<'; n++ {
			if rest[n] == '&' || rest[n] == ']' {
				return false
			}
		}
	}
	end := n + len("</") + nameEnd - name
	if end >= len(rest) || rest[end] != '>' || rest[n:n+len("</")] != "</" || rest[n+len("</"):end] != p.text[name:nameEnd] {
		return false
	}
	p.pos = inner + end + 1
	if p.depth == 1 {
		p.field(name, nameEnd, inner, inner+n)
	}
	return true
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
		p.field(int(e.name), int(e.nameEnd), int(e.inner), innerEnd)
	}
	return nil
}

// field remembers a top-level field.
func (p *parser) field(name, nameEnd, inner, innerEnd int) {
	p.count++
	if p.repair != nil {
		return
	}
	if len(p.fields) == cap(p.fields) {
		// More than usual: make room for all that can follow, which is a small multiple of the text. Growing step by
		// step would leave several times as much behind.
		rest := p.text[p.pos:]
		room := len(p.fields) + 1 + min(strings.Count(rest, "<"), len(rest)/len("<a/>"), MaxElements)
		p.fields = append(make([]span, 0, room), p.fields...)
	}
	p.fields = append(p.fields, span{uint32(name), uint32(nameEnd), uint32(inner), uint32(innerEnd)})
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
	classControl // and neither a blank nor to be found in XML
)

var classes = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = classControl
	}
	for _, c := range []byte(" \t\r\n") {
		t[c] = classBlank
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
	const ones, sevens, high = 0x0101010101010101, 0x7F7F7F7F7F7F7F7F, 0x8080808080808080
	const controls, feeds = ones * 0x20, ones * '\n'
	all := uint64(0)
	i := 0
	for ; i+8 <= len(text); i += 8 { // eight bytes at a time: a bit that is high in a word is that of one byte
		w := load(text[i : i+8])
		all |= w
		if low := (w - controls) &^ w & high; low != 0 { // there is a byte below 0x20
			x := w ^ feeds
			feed := ^((x&sevens + sevens) | x | sevens) // high where a byte is a line feed, which is usual
			if low&^feed != 0 && !noControls(text[i:i+8]) {
				return characterError("xml: control character")
			}
		}
	}
	if !noControls(text[i:]) {
		return characterError("xml: control character")
	}
	for ; i < len(text); i++ {
		all |= uint64(text[i])
	}
	if all&high == 0 {
		return nil // ASCII
	}
	if !utf8.ValidString(text) {
		return characterError("xml: not UTF-8")
	}
	if strings.Contains(text, "\uFFFE") || strings.Contains(text, "\uFFFF") {
		return characterError("xml: not a character of XML")
	}
	return nil
}

// characterError is about a character, which ReadMessage may mend.
type characterError string

func (e characterError) Error() string { return string(e) }

// load is eight bytes as a number; the compiler makes one instruction of it.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func noControls(text string) bool {
	found := uint8(0)
	for i := 0; i < len(text); i++ {
		found |= classes[text[i]]
	}
	return found&classControl == 0
}
