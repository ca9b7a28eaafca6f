package openworktest

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
	"github.com/openwork-go/openwork/internal/xmlread"
)

// head is what the head of a push says, where the event itself does not.
type head struct {
	suiteID, corpID, providerCorpID string
	userID, agentID                 string
	from                            string // where no member is behind the push: sys
	at                              time.Time
	msgID                           int64
}

// document is an event as WeCom writes it for a kind of app, in the form that
// this kind gets. What the event's Head says goes before h.
func document(e event.Event, app string, h head) (text string, form catalogue.Form, err error) {
	described, form, err := formOf(e, app)
	if err != nil {
		return "", form, err
	}
	return write(described, form, e, h), form, nil
}

// write writes an event in a form: the head, and the fields that are not
// empty, in the order of the catalogue. It panics where package event and the
// catalogue are not of one kind.
func write(described *catalogue.Event, form catalogue.Form, e event.Event, h head) string {
	value := reflect.New(reflect.TypeOf(e).Elem()).Elem() // a copy: it may get a MsgId
	value.Set(reflect.ValueOf(e).Elem())
	if id := value.FieldByName("MsgID"); id.IsValid() && id.CanInt() && id.Int() == 0 {
		id.SetInt(h.msgID)
	}
	h = h.under(headOf(value))
	w := &documentWriter{b: []byte("<xml>")}
	for _, name := range form.Head {
		w.head(described, form, h, name)
	}
	for _, n := range described.Tree() {
		w.node(n, value)
	}
	return string(append(w.b, "</xml>"...))
}

// formOf finds the event in the catalogue, and the form that an app gets.
func formOf(e event.Event, app string) (*catalogue.Event, catalogue.Form, error) {
	v := reflect.ValueOf(e)
	if e == nil || v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, catalogue.Form{}, fmt.Errorf("openworktest: %T is no event", e)
	}
	described, err := catalogue.Named(e.EventName())
	if err != nil {
		return nil, catalogue.Form{}, err
	}
	if described == nil || reflect.TypeOf(event.New(described.Name)) != v.Type() {
		return nil, catalogue.Form{}, fmt.Errorf("openworktest: %T is no struct of package event", e)
	}
	form, ok := described.FormFor(app)
	if !ok {
		return nil, form, fmt.Errorf("openworktest: WeCom does not push %s to %s; to push it all the same, use PushXML",
			described.Name, whom[app])
	}
	return described, form, nil
}

// The kinds of apps, in the words of the catalogue.
const (
	thirdParty = "third_party"
	customized = "customized"
	ofProvider = "provider"
)

var whom = map[string]string{thirdParty: "third-party apps", customized: "customized apps", ofProvider: "the system event URL"}

// under is h with what the event's own Head says.
func (h head) under(own event.Head) head {
	set := func(to *string, values ...string) {
		for _, value := range values {
			if value != "" {
				*to = value
				return
			}
		}
	}
	set(&h.suiteID, own.SuiteID)
	set(&h.corpID, own.AuthCorpID, own.ToUserName, own.CorpID)
	set(&h.providerCorpID, own.ServiceCorpID)
	set(&h.userID, own.FromUserName)
	set(&h.from, own.FromUserName)
	set(&h.agentID, own.AgentID)
	if !own.Time.IsZero() {
		h.at = own.Time
	}
	return h
}

// headOf is the Head of a struct of package event.
func headOf(e reflect.Value) event.Head { return e.FieldByName("Head").Interface().(event.Head) }

type documentWriter struct{ b []byte }

func (w *documentWriter) text(name, value string) {
	w.b = append(append(append(w.b, '<'), name...), '>')
	w.b = xmlread.AppendCDATA(w.b, value)
	w.end(name)
}

func (w *documentWriter) number(name, value string) {
	w.b = append(append(append(append(w.b, '<'), name...), '>'), value...)
	w.end(name)
}

func (w *documentWriter) end(name string) {
	w.b = append(append(append(w.b, "</"...), name...), '>')
}

// head writes an element of the head; ChangeType goes after the element that
// it belongs to.
func (w *documentWriter) head(e *catalogue.Event, form catalogue.Form, h head, name string) {
	first, second := e.Parts()
	switch name {
	case "SuiteId":
		w.text(name, h.suiteID)
	case "ServiceCorpId":
		w.text(name, h.providerCorpID)
	case "AuthCorpId", "ToUserName":
		w.text(name, h.corpID)
	case "FromUserName":
		w.text(name, h.userID)
	case "FromUserName=sys":
		w.text("FromUserName", h.from)
	case "TimeStamp", "CreateTime":
		w.number(name, strconv.FormatInt(h.at.Unix(), 10))
	case "AgentID", "AgentId":
		w.number(name, h.agentID)
	case "MsgType":
		if form.Element == "MsgType" {
			w.text(name, second)
		} else {
			w.text(name, "event")
		}
	case "InfoType", "Event":
		w.text(name, first)
		if second != "" {
			w.text("ChangeType", second)
		}
	default:
		panic("openworktest: the head has an unknown element " + name)
	}
}

// node writes a field of a struct, unless it is empty.
func (w *documentWriter) node(n *catalogue.Node, of reflect.Value) {
	field := of.FieldByName(n.GoName())
	switch list := n.List(); {
	case field.IsZero(), field.Kind() == reflect.Slice && field.Len() == 0:
	case list != nil:
		w.b = append(append(append(w.b, '<'), n.Name...), '>')
		w.items(list, field)
		w.end(n.Name)
	case n.Repeats:
		w.items(n, field)
	default:
		w.one(n, field)
	}
}

// items writes the items of a list, empty ones too.
func (w *documentWriter) items(n *catalogue.Node, list reflect.Value) {
	for i := range list.Len() {
		w.one(n, list.Index(i))
	}
}

func (w *documentWriter) one(n *catalogue.Node, value reflect.Value) {
	if n.Type == "" {
		w.b = append(append(append(w.b, '<'), n.Name...), '>')
		for _, child := range n.Children {
			w.node(child, value)
		}
		w.end(n.Name)
		return
	}
	switch v := value.Interface().(type) {
	case string:
		w.text(n.Name, v)
	case int:
		w.number(n.Name, strconv.Itoa(v))
	case int64:
		w.number(n.Name, strconv.FormatInt(v, 10))
	case float64:
		w.number(n.Name, strconv.FormatFloat(v, 'f', -1, 64))
	case time.Time:
		seconds := int64(0) // as WeCom writes "not yet"
		if !v.IsZero() {
			seconds = v.Unix()
		}
		w.number(n.Name, strconv.FormatInt(seconds, 10))
	case []string:
		w.text(n.Name, strings.Join(v, ","))
	case []int64:
		numbers := make([]string, len(v))
		for i, number := range v {
			numbers[i] = strconv.FormatInt(number, 10)
		}
		w.text(n.Name, strings.Join(numbers, ","))
	default:
		panic(fmt.Sprintf("openworktest: field %s has type %T", n.GoName(), v))
	}
}
