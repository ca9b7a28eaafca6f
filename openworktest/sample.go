package openworktest

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/openwork-go/openwork/event"
	"github.com/openwork-go/openwork/internal/catalogue"
)

// Sample is a push as WeCom would send it, before encryption, with every
// documented field filled.
type Sample struct {
	Name      string // openwork.Message.Name
	Channel   string // the URL it comes to: "command", "data" or "provider" (system events)
	Apps      string // "third_party", "customized", "both", "provider"; "neither": by its page not sent to providers
	ReceiveID string // whom it is made for
	XML       string
}

// SampleConfig says whose pushes samples are. The zero value is Samples'.
type SampleConfig struct {
	Time           time.Time // when they happened. Zero: now
	SuiteID        string    // "": ww1a2b3c4d5e6f7a8b
	ProviderCorpID string    // "": wwprovider00000001
	CorpID         string    // the customer. "": wpcustomer00000001
	UserID         string    // the member. "": zhangsan
	AgentID        int64     // the app in the corp. 0: 1000002
}

// Samples are pushes of every event and message in the catalogue, one for each
// form it comes in, as of now. Those of the command channel are made for the
// suite ww1a2b3c4d5e6f7a8b, those of the system event URL for the provider
// wwprovider00000001, and those of the data channel for the corp
// wpcustomer00000001; each message has a MsgId of its own. For others, call
// the method of SampleConfig.
func Samples() []Sample { return SampleConfig{}.Samples() }

// Samples is the function of that name, for the ids and the time of c.
func (c SampleConfig) Samples() []Sample {
	c = c.withDefaults()
	events, err := catalogue.Events()
	if err != nil {
		panic(err) // the table is a part of this package
	}
	var samples []Sample
	for _, e := range events {
		filled := c.Event(e.Name)
		for _, form := range e.Forms {
			h := head{suiteID: c.SuiteID, corpID: c.CorpID, providerCorpID: c.ProviderCorpID, userID: c.UserID, from: "sys",
				agentID: strconv.FormatInt(c.AgentID, 10), at: c.Time, msgID: c.Time.Unix()*1_000_000_000 + int64(len(samples))}
			samples = append(samples, Sample{Name: e.Name, Channel: form.Channel, Apps: form.Apps,
				ReceiveID: receiveIDOf(form, h), XML: write(e, form, filled, h)})
		}
	}
	return samples
}

func (c SampleConfig) withDefaults() SampleConfig {
	if c.Time.IsZero() {
		c.Time = time.Now()
	}
	orElse(&c.SuiteID, func() string { return catalogue.SampleSuite })
	orElse(&c.ProviderCorpID, func() string { return catalogue.SampleProvider })
	orElse(&c.CorpID, func() string { return catalogue.SampleCorp })
	orElse(&c.UserID, func() string { return catalogue.SampleMember })
	if c.AgentID == 0 {
		c.AgentID = catalogue.SampleAgent
	}
	return c
}

// receiveIDOf is whom a push in a form is made for: the suite, the provider or
// the corp. Where the pages are silent it follows the URL.
func receiveIDOf(form catalogue.Form, h head) string {
	switch form.Channel {
	case "command":
		return h.suiteID
	case "provider":
		return h.providerCorpID
	}
	return h.corpID
}

// SampleEvent is an event of the catalogue with every field filled but for its
// Head: to be changed and pushed. It is nil for a name that is not in the
// catalogue. See SampleConfig.Event.
func SampleEvent(name string) event.Event { return SampleConfig{}.Event(name) }

// Event is SampleEvent with times shortly before c's. What a platform fills in
// by itself is left empty: a MsgId.
func (c SampleConfig) Event(name string) event.Event {
	c = c.withDefaults()
	described, err := catalogue.Named(name)
	if err != nil {
		panic(err)
	}
	filled := event.New(name)
	if described == nil || filled == nil {
		return nil
	}
	v := reflect.ValueOf(filled).Elem()
	for _, n := range described.Tree() {
		c.fill(n, v.FieldByName(n.GoName()), n.Name, 1)
	}
	if id := v.FieldByName("MsgID"); id.IsValid() {
		id.SetZero()
	}
	if id := v.FieldByName("PaidCorpID"); id.IsValid() {
		id.SetString(c.CorpID)
	}
	return filled
}

// fill fills a field; what is repeated gets two items.
func (c SampleConfig) fill(n *catalogue.Node, field reflect.Value, path string, item int) {
	if list := n.List(); list != nil {
		n, path = list, path+"/"+list.Name
	}
	if n.Repeats {
		const items = 2
		field.Set(reflect.MakeSlice(field.Type(), items, items))
		for i := range items {
			c.fillOne(n, field.Index(i), path, item+i)
		}
		return
	}
	c.fillOne(n, field, path, item)
}

func (c SampleConfig) fillOne(n *catalogue.Node, field reflect.Value, path string, item int) {
	if n.Type == "" {
		for _, child := range n.Children {
			c.fill(child, field.FieldByName(child.GoName()), path+"/"+child.Name, item)
		}
		return
	}
	text := catalogue.SampleValue(n.Type, path, item)
	var value any
	var err error
	switch n.Type {
	case "string":
		value = text
	case "strings":
		value = strings.Split(text, ",")
	case "ints":
		var numbers []int64
		for part := range strings.SplitSeq(text, ",") {
			var number int64
			number, err = strconv.ParseInt(part, 10, 64)
			numbers = append(numbers, number)
		}
		value = numbers
	case "float64":
		value, err = strconv.ParseFloat(text, 64)
	default:
		var number int64
		number, err = strconv.ParseInt(text, 10, 64)
		value = number
		if n.Type == "time" { // SampleValue counts from SampleTime on
			value = time.Unix(c.Time.Unix()-(number-catalogue.SampleTime), 0)
		}
	}
	if err != nil {
		panic(fmt.Errorf("openworktest: sample value of %s: %w", path, err))
	}
	field.Set(reflect.ValueOf(value).Convert(field.Type()))
}
