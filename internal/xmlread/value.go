package xmlread

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text is the value of an element that holds text, given what stands between its tags in a document that Parse
// accepted. Entities are resolved, CDATA sections joined, line ends are \n. Blanks at either end are dropped unless
// they stand in a CDATA section. The value of an element that holds elements is "".
func Text(inner string) string {
	value, _ := TextRuns(inner)
	return value
}

// TextRuns is Text and the number of pieces the value was put together from, a CDATA section or the text between two
// counting as one each, blank text as none.
func TextRuns(inner string) (value string, runs int) {
	inner = trimBlanks(inner)
	if inner == "" {
		return "", 0
	}
	if strings.HasPrefix(inner, cdataOpen) {
		content := inner[len(cdataOpen):]
		if end := strings.Index(content, cdataClose); end == len(content)-len(cdataClose) {
			return lineEnds(content[:end]), 1
		}
	} else if strings.IndexByte(inner, '<') < 0 {
		return plain(inner), 1
	}
	return joined(inner)
}

// joined is TextRuns for a value of several pieces.
func joined(inner string) (string, int) {
	var b strings.Builder
	runs := 0
	for inner != "" {
		i := strings.IndexByte(inner, '<')
		if i < 0 {
			i = len(inner)
		}
		if i > 0 {
			if !isBlank(inner[:i]) {
				runs++
			}
			b.WriteString(plain(inner[:i]))
			inner = inner[i:]
			continue
		}
		if !strings.HasPrefix(inner, cdataOpen) {
			return "", 0 // an element, or a comment before one
		}
		content := inner[len(cdataOpen):]
		end := strings.Index(content, cdataClose)
		runs++
		b.WriteString(lineEnds(content[:end]))
		inner = content[end+len(cdataClose):]
	}
	return b.String(), runs
}

// plain is the value of text outside CDATA sections.
func plain(text string) string {
	text = lineEnds(text)
	i := strings.IndexByte(text, '&')
	if i < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i >= 0 {
		value, n := reference(text[i:])
		b.WriteString(text[:i])
		b.WriteString(value)
		text = text[i+n:]
		i = strings.IndexByte(text, '&')
	}
	b.WriteString(text)
	return b.String()
}

var toLineFeeds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// lineEnds writes every line end as \n, as XML readers do.
func lineEnds(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return toLineFeeds.Replace(text)
}

func trimBlanks(text string) string {
	start, end := skipBlanks(text, 0), len(text)
	for end > start && classes[text[end-1]]&classBlank != 0 {
		end--
	}
	return text[start:end]
}

// reference resolves the entity or character reference that text begins with, and says how long it is; 0 if it is none
// that may be used.
func reference(text string) (value string, length int) {
	for _, entity := range [...]struct{ name, value string }{
		{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&apos;", "'"}, {"&quot;", `"`},
	} {
		if strings.HasPrefix(text, entity.name) {
			return entity.value, len(entity.name)
		}
	}
	if c, n := characterReference(text); n > 0 && isCharacter(c) {
		return string(c), n
	}
	return "", 0
}

// characterReference is the number that a reference such as &#10; or &#xA;
// stands for, which may be no character; length 0 if text begins with none.
func characterReference(text string) (c rune, length int) {
	const longest = len("&#x0010FFFF;") + 4
	end := strings.IndexByte(text[:min(len(text), longest)], ';')
	if end < 0 {
		return 0, 0
	}
	name, base := text[1:end], 10
	switch {
	case strings.HasPrefix(name, "#x"):
		name, base = name[2:], 16
	case strings.HasPrefix(name, "#"):
		name = name[1:]
	default:
		return 0, 0
	}
	n, err := strconv.ParseUint(name, base, 21) // which takes neither signs nor, with a base given, underscores
	if err != nil || n > utf8.MaxRune {
		return 0, 0
	}
	return rune(n), end + 1
}

// isCharacter tells what XML allows in text.
func isCharacter(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || 0x20 <= r && r <= 0xD7FF || 0xE000 <= r && r <= 0xFFFD ||
		0x10000 <= r && r <= 0x10FFFF
}

// Inside a CDATA section neither its end nor a carriage return can be written.
const (
	cdataSplit  = cdataClose + cdataOpen
	cdataReturn = cdataClose + "&#13;" + cdataOpen
)

// AppendCDATA appends text as the content of an element, such that every XML reader gives back the same text: blanks
// and line ends included, and U+FFFD for what XML can't hold.
func AppendCDATA(dst []byte, text string) []byte {
	dst = append(slices.Grow(dst, cdataLength(text)), cdataOpen...)
	for i, r := range text {
		switch {
		case r == '\r':
			dst = append(dst, cdataReturn...)
			continue
		case r == '>' && strings.HasSuffix(text[:i], "]]"):
			dst = append(dst, cdataSplit...)
		case !isCharacter(r):
			r = utf8.RuneError
		}
		dst = utf8.AppendRune(dst, r)
	}
	return append(dst, cdataClose...)
}

// cdataLength is how much AppendCDATA appends, if the text is UTF-8.
func cdataLength(text string) int {
	n := len(cdataOpen) + len(text) + len(cdataClose)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\r':
			n += len(cdataReturn) - len("\r")
		case c == '>' && strings.HasSuffix(text[:i], "]]"):
			n += len(cdataSplit)
		case c < 0x20 && classes[c]&classBlank == 0:
			n += len("\uFFFD") - 1
		}
	}
	return n
}

// Cursor walks the elements inside an element; make one with Children.
//
//	for c := xmlread.Children(inner); c.Next(); {
//		use(c.Name(), xmlread.Text(c.Inner()))
//	}
type Cursor struct {
	rest        string
	name, inner string
}

// Children begins a walk over the elements directly inside an element, given what stands between its tags in a
// document that Parse accepted. An element that holds text has none.
func Children(inner string) Cursor { return Cursor{rest: inner} }

// Name is the name of the element the cursor stands on.
func (c *Cursor) Name() string { return c.name }

// Inner is what stands between the tags of the element the cursor stands on.
func (c *Cursor) Inner() string { return c.inner }

// Next moves to the next element; false if there is none.
func (c *Cursor) Next() bool {
	for {
		i := strings.IndexByte(c.rest, '<')
		if i < 0 {
			c.rest = ""
			return false
		}
		c.rest = c.rest[i:]
		if c.rest[1] != '!' {
			break
		}
		c.rest = c.rest[sectionLength(c.rest):]
	}
	nameEnd := skipName(c.rest, 1)
	c.name = c.rest[1:nameEnd]
	end := skipBlanks(c.rest, nameEnd)
	if c.rest[end] == '/' {
		c.inner, c.rest = "", c.rest[end+2:]
		return true
	}
	inner := c.rest[end+1:]
	n := elementEnd(inner)
	c.inner = inner[:n]
	c.rest = inner[n+strings.IndexByte(inner[n:], '>')+1:]
	return true
}

// sectionLength is the length of the CDATA section or comment that text begins with.
func sectionLength(text string) int {
	opening, closing := commentOpen, commentClose
	if strings.HasPrefix(text, cdataOpen) {
		opening, closing = cdataOpen, cdataClose
	}
	// After the opening: in <!--> the closing of a comment seems to stand, but it only begins there.
	return len(opening) + strings.Index(text[len(opening):], closing) + len(closing)
}

// elementEnd is where the end tag of the element stands whose inner text begins at text.
func elementEnd(text string) int {
	pos := 0
	for depth := 0; ; {
		pos += strings.IndexByte(text[pos:], '<')
		switch text[pos+1] {
		case '!':
			pos += sectionLength(text[pos:])
		case '/':
			if depth == 0 {
				return pos
			}
			depth--
			pos += 2
		default:
			end := pos + strings.IndexByte(text[pos:], '>')
			if text[end-1] != '/' {
				depth++
			}
			pos = end + 1
		}
	}
}
