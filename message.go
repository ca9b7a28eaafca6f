package openwork

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/redact"
	"github.com/openwork-go/openwork/internal/xmlread"
)

// Message is a push after verification and decryption. It comes from the signed
// and encrypted part only; nothing of the envelope around it gets in. The
// fields here are those that say what kind of push it is and whose; blanks
// around their values are dropped, and names that package event knows are
// spelled as there. Everything else is reached with Get, Fields and Decode, and
// so are these as WeCom sent them.
//
// A Message and what it returns may be kept after the handler has returned. Its
// methods are safe for concurrent use as long as nobody changes its fields.
// Printed, logged or marshalled it shows what it is, never what it holds.
type Message struct {
	// Pushes of the command, template and system event URL.
	SuiteID    string // SuiteId: the app or template; empty on the system event URL
	AuthCorpID string // AuthCorpId: the customer's corp
	InfoType   string
	ChangeType string // also in events of the data URL

	// Pushes of the data URL and of a customized app's URL.
	ToUserName   string // the customer's corpid
	FromUserName string // the member's userid, or "sys"
	MsgType      string // "event", or the kind of message: "text", "image" …
	Event        string // if MsgType is "event"
	AgentID      string

	App       string    // Config.Name of the Server that received it
	CorpID    string    // the customer: AuthCorpId, PaidCorpId or ToUserName; empty if the push names none
	ReceiveID string    // what it was encrypted for: a suite id or corpid
	Time      time.Time // TimeStamp or CreateTime, whole seconds; zero if there is none

	ctx           context.Context
	raw           string           // as decrypted
	doc           xmlread.Document // of raw, or of what stands for raw if that is JSON or was mended
	serviceCorpID string           // ServiceCorpId, of the system event URL
	paidCorpID    string           // PaidCorpId, of orders
	crypto        *Crypto          // the pair it was received with
}

// usualFields of a push fit without another allocation.
const usualFields = 28

// parseMessage reads a decrypted push. The plaintext belongs to the Message
// from here on.
//
// What users have written may be broken and is mended; what says which kind of
// push it is and whose is not, and nothing at all in suite_ticket and the
// authorisation events. Otherwise what CBC makes of a changed ciphertext would
// become readable, and captured pushes could be spliced by one who knows the
// Token.
func parseMessage(plaintext string) (*Message, error) {
	m := &Message{raw: plaintext, doc: xmlread.Room(usualFields)}
	if err := m.doc.ReadMessage(plaintext); err != nil {
		return nil, err
	}
	var values [headers]string
	var seen [headers]int // how often
	agentID := ""         // the spelling it came in first
	for i := range m.doc.Len() {
		name := m.doc.Name(i)
		h := headerOf(name)
		if h == headers {
			continue
		}
		value := strings.TrimSpace(xmlread.Text(m.doc.Inner(i)))
		switch seen[h]++; {
		case seen[h] == 1:
			values[h] = value
			if h == headAgentID {
				agentID = name
			}
		case h != headAgentID || seen[h] > 2 || name == agentID || value != values[h]: // whose spelling differs between pages
			return nil, fmt.Errorf("%s more than once", headerNames[h])
		}
	}
	m.SuiteID, m.AuthCorpID, m.serviceCorpID = values[headSuiteID], values[headAuthCorpID], values[headServiceCorpID]
	m.InfoType, m.ChangeType, m.paidCorpID = values[headInfoType], values[headChangeType], values[headPaidCorpID]
	m.ToUserName, m.FromUserName = values[headToUserName], values[headFromUserName]
	m.MsgType, m.Event, m.AgentID = values[headMsgType], values[headEvent], values[headAgentID]
	m.spell()
	if m.isMessage() {
		m.Event, m.ChangeType = "", "" // which it has not, but for a member's words
	}
	switch {
	case m.InfoType != "" && m.MsgType != "":
		return nil, errors.New("InfoType and MsgType in one message")
	case !isTime(values[headTimeStamp]) || !isTime(values[headCreateTime]):
		return nil, errors.New("a time that is not 1 to 11 digits")
	}
	if m.isOfSuite() {
		if err := m.checkOfSuite(); err != nil {
			return nil, err
		}
	}
	for _, i := range m.doc.Repaired() {
		if headerOf(m.doc.Name(i)) != headers {
			return nil, errors.New("a broken character where none can be")
		}
	}
	if m.MsgType != "" {
		m.CorpID = m.ToUserName
		m.Time = unixTime(cmp.Or(values[headCreateTime], values[headTimeStamp]))
	} else {
		m.CorpID = cmp.Or(m.AuthCorpID, m.paidCorpID, m.ToUserName)
		m.Time = unixTime(cmp.Or(values[headTimeStamp], values[headCreateTime]))
	}
	return m, nil
}

// checkOfSuite makes sure that an event of a suite was written as one. One who
// knows the Token can begin a text anywhere in a captured push. What members
// write stands in elements there that these events have not.
func (m *Message) checkOfSuite() error {
	if len(m.doc.Repaired()) > 0 {
		return errors.New("a broken character where none can be")
	}
	states := 0 // which comes with the link that a corp installs by
	for i := range m.doc.Len() {
		name := m.doc.Name(i)
		if event.IsForeign(name) {
			return errors.New("a field of another kind of event")
		}
		if strings.EqualFold(name, "State") {
			states++
		}
	}
	if states > 1 {
		return errors.New("more than one State")
	}
	return nil
}

// isTime tells whether a time is one as WeCom writes them, or absent.
func isTime(seconds string) bool { return seconds == "" || isTimestamp(seconds) }

// The elements that say which push it is and whose: the common heads of all
// forms, and what must not be mended.
const (
	headSuiteID = iota
	headAuthCorpID
	headServiceCorpID
	headPaidCorpID
	headInfoType
	headChangeType
	headTimeStamp
	headToUserName
	headFromUserName
	headCreateTime
	headMsgType
	headEvent
	headAgentID
	headMsgID
	headAuthCode
	headSuiteTicket
	headers
)

var headerNames = [headers]string{"SuiteId", "AuthCorpId", "ServiceCorpId", "PaidCorpId", "InfoType", "ChangeType", "TimeStamp",
	"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "AgentID", "MsgId", "AuthCode", "SuiteTicket"}

// headerOf tells which of them an element is, in any case, as WeCom's pages differ; headers if none.
func headerOf(name string) int {
	for _, h := range headersByLength[min(len(name), longestHeader+1)] {
		official := headerNames[h]
		if name == official || name[0]|0x20 == official[0]|0x20 && strings.EqualFold(name, official) {
			return h
		}
	}
	return headers
}

const longestHeader = len("ServiceCorpId")

var headersByLength = func() (byLength [longestHeader + 2][]int) {
	for h, name := range headerNames {
		byLength[len(name)] = append(byLength[len(name)], h)
	}
	return byLength
}()

// unixTime is the zero time for anything but seconds as WeCom writes them.
func unixTime(seconds string) time.Time {
	if !isTimestamp(seconds) {
		return time.Time{}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

const (
	msgTypeEvent    = "event"
	messageName     = "message"
	infoSuiteTicket = "suite_ticket"
)

// spell gives the push's name the spelling of package event. Whatever compares the
// name after that, to find handlers or to tell whose push it is, may do so exactly.
func (m *Message) spell() {
	switch {
	case m.InfoType != "":
		m.InfoType, m.ChangeType = event.Canonical(m.InfoType, m.ChangeType)
	case strings.EqualFold(m.MsgType, msgTypeEvent):
		m.MsgType = msgTypeEvent
		m.Event, m.ChangeType = event.Canonical(m.Event, m.ChangeType)
	default:
		_, m.MsgType = event.Canonical(messageName, m.MsgType)
	}
}

// route is a Name in two parts.
type route struct{ first, second string }

func (m *Message) route() route {
	switch {
	case m.InfoType != "":
		return route{m.InfoType, m.ChangeType}
	case m.MsgType == msgTypeEvent:
		return route{m.Event, m.ChangeType}
	case m.MsgType != "":
		return route{messageName, m.MsgType}
	}
	return route{}
}

// isMessage tells messages of members from events.
func (m *Message) isMessage() bool { return m.MsgType != "" && m.MsgType != msgTypeEvent }

// channel is the kind of URL that the push belongs to, by its content.
func (m *Message) channel() string {
	switch {
	case m.serviceCorpID != "":
		return "provider"
	case m.InfoType != "":
		return "command"
	}
	return "data"
}

// label is the name, if it is one of those in the catalogue: those are not too many for a metric.
func (m *Message) label() string {
	name := m.Name()
	if event.New(name) == nil {
		return "other"
	}
	return name
}

func (r route) String() string {
	if r.second == "" {
		return r.first
	}
	return r.first + "." + r.second
}

// Name is what the push is called, in WeCom's own words: InfoType or Event, and
// ChangeType where there is one ("suite_ticket", "change_contact.create_user"),
// or "message." and MsgType ("message.text"). An event that WeCom has in two
// forms, for the command URL and for the data URL, has one name, and so has one
// that WeCom writes in several ways: CLICK is "click". A name that package
// event does not know stays as WeCom wrote it. It is empty for a push with
// neither InfoType nor MsgType.
func (m *Message) Name() string { return m.route().String() }

// Get is the value of a top-level field, "" if there is none: the first of exactly that name, else the first whose name
// differs in case only. Blanks around the value are dropped, those inside CDATA kept. A field that holds fields of its
// own is "": see Decode.
func (m *Message) Get(field string) string {
	inner, _ := m.doc.Find(field)
	return xmlread.Text(inner)
}

// Fields are the top-level fields and their values, as Get gives them, in the order WeCom sent them; one that is repeated
// comes as often.
func (m *Message) Fields() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range m.doc.Len() {
			if !yield(m.doc.Name(i), xmlread.Text(m.doc.Inner(i))) {
				return
			}
		}
	}
}

// Decode reads the push into a struct of package event, or into one of yours with xml tags, as encoding/xml does; a JSON
// push too, whose members are taken for elements. A struct of package event is emptied first, takes what fits and never
// fails; one of yours that embeds such a struct is refused, since its other fields would stay empty: decode the two apart. An
// error does not show the value that does not fit.
func (m *Message) Decode(v any) error {
	if e, ok := v.(event.Event); ok {
		target := reflect.ValueOf(v)
		if target.Kind() != reflect.Pointer || target.IsNil() || !isOfCatalogue(target.Type().Elem()) {
			return fmt.Errorf("openwork: decode into %T: no struct of package event, but it embeds one, or is nil", v)
		}
		target.Elem().SetZero()
		event.Decode(&m.doc, m.head(), e)
		return nil
	}
	if err := xml.Unmarshal([]byte(m.doc.XML()), v); err != nil {
		return fmt.Errorf("openwork: decode %s: %w", show(m.Name()), withoutValues(err))
	}
	return nil
}

// isOfCatalogue tells a struct of package event from one that has its methods only because it embeds it.
func isOfCatalogue(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[event.Head]().PkgPath()
}

// Typed is the push as the struct of package event that its Name stands for, for a type switch; ErrUnknownEvent if there is
// none.
func (m *Message) Typed() (event.Event, error) {
	e := event.New(m.Name())
	if e == nil {
		return nil, fmt.Errorf("openwork: %s: %w", show(m.Name()), ErrUnknownEvent)
	}
	event.Decode(&m.doc, m.head(), e)
	return e, nil
}

func (m *Message) head() event.Head {
	return event.Head{SuiteID: m.SuiteID, AuthCorpID: m.AuthCorpID, ServiceCorpID: m.serviceCorpID, InfoType: m.InfoType,
		ChangeType: m.ChangeType, ToUserName: m.ToUserName, FromUserName: m.FromUserName, MsgType: m.MsgType, Event: m.Event,
		AgentID: m.AgentID, CorpID: m.CorpID, Time: m.Time}
}

// withoutValues is an error of encoding/xml as it is, if it speaks of the struct; if it may quote a value, it is kept for
// errors.Is and not shown.
func withoutValues(err error) error {
	var structural xml.UnmarshalError
	var tag *xml.TagPathError
	if errors.As(err, &structural) || errors.As(err, &tag) {
		return err
	}
	return redact.Replace(err, fmt.Sprintf("a value does not fit its field (%T)", err))
}

// Raw is a copy of the push as it was decrypted: XML, or JSON where an app has chosen that.
func (m *Message) Raw() []byte { return []byte(m.raw) }

// Context is the handlers': it has the values of the request's. It ends with the
// request and after Config.HandlerTimeout; for events for which WeCom waits one
// second, 30 seconds after their arrival; in a queue worker, when the worker's
// does; and always when the claim on the push is lost to another replica, as
// context.Cause says. Replace it with WithContext.
func (m *Message) Context() context.Context {
	if m.ctx == nil {
		return context.Background()
	}
	return m.ctx
}

// WithContext is a copy of the Message with another context, to be handed to next.
func (m *Message) WithContext(ctx context.Context) *Message {
	if ctx == nil {
		panic("openwork: nil context")
	}
	c := *m
	c.ctx = ctx
	return &c
}

// Detach is a copy whose context has the same values but does not end with the request: for work that goes on after the
// answer.
func (m *Message) Detach() *Message { return m.WithContext(context.WithoutCancel(m.Context())) }

// String says what the push is, not what it holds.
func (m Message) String() string {
	return fmt.Sprintf("openwork.Message{App: %s, Name: %s, CorpID: %s, Time: %s, %d bytes}",
		show(m.App), show(m.Name()), show(m.CorpID), m.Time.UTC().Format(time.RFC3339), len(m.raw))
}

// Format writes String, whatever the verb.
func (m Message) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }

// MarshalText is String for encoders, JSON among them. To keep what a push
// holds, keep Raw.
func (m Message) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// LogValue is the same for package slog.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("app", m.App), slog.String("name", m.Name()), slog.String("corp", m.CorpID),
		slog.Time("time", m.Time), slog.Int("bytes", len(m.raw)))
}
