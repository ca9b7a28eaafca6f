// Package event is the catalogue of what WeCom pushes to a provider: one struct per event and per kind of message, with
// the fields that WeCom documents.
//
// The names are WeCom's own words in Go spelling: a push with InfoType change_contact and ChangeType create_user is a
// [CreateUser], the paid licence order license_pay_success a [LicensePaySuccess]. Where a ChangeType is used by several
// families, the family stands in front: [ChangeExternalChatCreate]. Messages are [MessageText], [MessageImage] and so on.
// An event that WeCom has in two forms, for third-party apps and for customized apps, is one type with the fields of
// both.
//
// Register for one with openwork.On, or decode a message with its Decode or Typed. Decoding is lenient, as WeCom's pages
// are not consistent: names are matched in any case, fields may be absent, numbers that are none are 0. What this package
// does not know is still there in the message.
//
// The structs are generated from internal/catalogue/catalogue.txt, which describes every event once.
package event

//go:generate go run ../internal/catalogue/generate

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/internal/xmlread"
)

// Event is a pointer to one of the structs of this package.
type Event interface {
	// EventName is what the push is called: openwork.Message.Name.
	EventName() string

	head() *Head
	fields
}

// Head is what all events have in common; which of its fields are filled depends on the form the event came in.
type Head struct {
	SuiteID       string // app or template; command and template URL
	AuthCorpID    string // the customer's corp; command, template and system event URL
	ServiceCorpID string // the provider's corp; system event URL
	InfoType      string
	ChangeType    string

	ToUserName   string // the customer's corp; data URL and customized apps
	FromUserName string // the member, or "sys"
	MsgType      string
	Event        string
	AgentID      string

	CorpID string    // the customer, whatever the form: AuthCorpId, PaidCorpId or ToUserName; empty if the push names none
	Time   time.Time // when it happened, whole seconds
}

func (h *Head) head() *Head { return h }

// fields finds where the value of an element goes, given its name in lower case: a pointer to one of the types that set
// knows, nil for an element that is not in the catalogue.
type fields interface{ field(name []byte) any }

// Decode reads a message into e, which must be empty. It is for package openwork, which has checked the document.
func Decode(doc *xmlread.Document, head Head, e Event) {
	*e.head() = head
	d := &decoder{}
	for i := range doc.Len() {
		d.set(e, doc.Name(i), doc.Inner(i))
	}
}

// decoder has room for a name in lower case.
type decoder struct{ name [64]byte }

// set puts the value of an element where it belongs. Of elements that are not repeated the first counts whose value is neither
// empty nor 0.
func (d *decoder) set(to fields, name, inner string) {
	if len(name) > len(d.name) {
		return
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		d.name[i] = c
	}
	switch p := to.field(d.name[:len(name)]).(type) {
	case nil:
	case *string:
		if *p == "" {
			*p = d.text(name, inner)
		}
	case *int:
		if *p == 0 {
			*p = int(number(xmlread.Text(inner)))
		}
	case *int64:
		if *p == 0 {
			*p = number(xmlread.Text(inner))
		}
	case *float64:
		if *p == 0 {
			*p = decimal(xmlread.Text(inner))
		}
	case *time.Time:
		if seconds := number(xmlread.Text(inner)); p.IsZero() && seconds > 0 {
			*p = time.Unix(seconds, 0)
		}
	case *[]string: // repeated
		*p = append(*p, d.text(name, inner))
	case *[]int64:
		*p = append(*p, number(xmlread.Text(inner)))
	case *commaStrings:
		for part := range strings.SplitSeq(xmlread.Text(inner), ",") {
			if part = trim(part); part != "" {
				*p = append(*p, part)
			}
		}
	case *commaInts:
		for part := range strings.SplitSeq(xmlread.Text(inner), ",") {
			if part = trim(part); part != "" {
				*p = append(*p, number(part))
			}
		}
	case repeated:
		d.setAll(p.next(), inner)
	case fields:
		d.setAll(p, inner)
	}
}

// text is the text of an element; an id has no blanks around it, as it has in WeCom's own sample, inside CDATA.
func (d *decoder) text(name, inner string) string {
	text := xmlread.Text(inner)
	if bytes.HasSuffix(d.name[:len(name)], []byte("id")) {
		return trim(text)
	}
	return text
}

// setAll reads an element that holds elements.
func (d *decoder) setAll(to fields, inner string) {
	for c := xmlread.Children(inner); c.Next(); {
		d.set(to, c.Name(), c.Inner())
	}
}

// commaStrings and commaInts are lists in one element; a JSON push may have an array.
type (
	commaStrings []string
	commaInts    []int64
)

// repeated is a list of structs, one for each element of the name.
type repeated interface{ next() fields }

type structs[T any, P interface {
	*T
	fields
}] []T

func (s *structs[T, P]) next() fields {
	var zero T
	*s = append(*s, zero)
	return P(&(*s)[len(*s)-1])
}

// wrapped is a list inside an element of its own: everything in there is an item.
type wrapped struct{ list any }

func (w wrapped) field([]byte) any { return w.list }

// number is 0 for what is no whole number. Some numbers come with a fraction of zero.
func number(text string) int64 {
	whole, fraction, _ := strings.Cut(trim(text), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return 0
	}
	return n
}

// decimal is 0 for what is no decimal number.
func decimal(text string) float64 {
	text = trim(text)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.Trim(text, "0123456789+-.eE") != "" { // infinities, hexadecimal and the like
		return 0
	}
	return f
}

func trim(text string) string { return strings.Trim(text, " \t\r\n") }
