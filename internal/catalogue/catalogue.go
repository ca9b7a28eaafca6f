// Package catalogue reads catalogue.txt, the one place where an event is described: for the generator of package
// event, and for tests that walk over all events.
package catalogue

import (
	"bufio"
	_ "embed" // for the table
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

//go:embed catalogue.txt
var table string

// Events are all events, in the order of the table.
func Events() ([]*Event, error) { return Parse(strings.NewReader(table)) }

// Event is what WeCom pushes under one name.
type Event struct {
	Name    string // canonical: "change_contact.create_user", "message.text"
	GoName  string
	Doc     string // an English sentence
	Chinese string // the event's Chinese name
	Aliases []string
	Forms   []Form
	Fields  []Field
}

// Form is one of the shapes in which the event comes.
type Form struct {
	Channel  string // command, data, provider
	Element  string // which element carries the name: InfoType, Event, MsgType
	Apps     string // third_party, customized, both, provider, neither
	Doc      string // number of the official page
	Verified bool   // seen on an official page
	Note     string
	Head     []string // the elements of its head but ChangeType; "FromUserName=sys" where no member is behind it
}

// Field is a leaf of the message.
type Field struct {
	Path []Element
	Type string // string, int, int64, float64, time, strings, ints
	Doc  string
}

// Element is one step of a path.
type Element struct {
	Name    string
	Other   string // another official spelling; usually ""
	Repeats bool
}

// Parts are the two parts of the event's name; the second may be empty.
func (e *Event) Parts() (first, second string) {
	first, second, _ = strings.Cut(e.Name, ".")
	return first, second
}

// Parse reads the table. Its errors name the line.
func Parse(r io.Reader) ([]*Event, error) {
	var events []*Event
	var errs []error
	names, goNames := map[string]bool{}, map[string]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var err error
		if rest, ok := strings.CutPrefix(line, "event "); ok {
			name, goName, _ := strings.Cut(rest, " ")
			if names[name] || goNames[goName] || goName == "" {
				err = errors.New("an event twice, or without a Go name")
			}
			names[name], goNames[goName] = true, true
			events = append(events, &Event{Name: name, GoName: goName})
		} else if len(events) == 0 {
			err = errors.New("not in an event")
		} else {
			err = events[len(events)-1].read(line)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", n, err))
		}
	}
	for _, e := range events {
		if e.Doc == "" || e.Chinese == "" || len(e.Forms) == 0 {
			errs = append(errs, fmt.Errorf("%s: doc, zh or form is missing", e.Name))
		}
	}
	return events, errors.Join(append(errs, lines.Err())...)
}

// read takes a line of an event.
func (e *Event) read(line string) error {
	key, value, ok := strings.Cut(strings.TrimPrefix(line, "\t"), " ")
	if !ok || !strings.HasPrefix(line, "\t") {
		return errors.New("not a line of an event")
	}
	switch key {
	case "doc":
		e.Doc = value
	case "zh":
		e.Chinese = value
	case "alias":
		family, _, _ := strings.Cut(e.Name, ".")
		if !strings.HasPrefix(value, family+".") {
			return errors.New("an alias differs in the ChangeType only")
		}
		e.Aliases = append(e.Aliases, value)
	case "form":
		words := strings.SplitN(value, " ", 6)
		if len(words) < 5 || !oneOf(words[0], "command", "data", "provider") || !oneOf(words[1], "InfoType", "Event", "MsgType") ||
			!oneOf(words[2], "third_party", "customized", "both", "provider", "neither") || !oneOf(words[4], "verified", "unverified") {
			return errors.New("form <channel> <element> <apps> <doc> <verified|unverified> [note]")
		}
		form := Form{Channel: words[0], Element: words[1], Apps: words[2], Doc: words[3], Verified: words[4] == "verified"}
		form.Head = usualHead(form)
		if len(words) == 6 {
			form.Note = words[5]
		}
		e.Forms = append(e.Forms, form)
	case "head":
		if len(e.Forms) == 0 {
			return errors.New("head without a form")
		}
		head := strings.Fields(value)
		for _, name := range head {
			if !oneOf(name, "SuiteId", "AuthCorpId", "ServiceCorpId", "InfoType", "TimeStamp", "ToUserName", "FromUserName",
				"FromUserName=sys", "CreateTime", "MsgType", "Event", "AgentID", "AgentId") {
				return fmt.Errorf("no element of a head: %s", name)
			}
		}
		e.Forms[len(e.Forms)-1].Head = head
	case "field":
		words := strings.SplitN(value, " ", 3)
		if len(words) < 3 || !oneOf(words[1], "string", "int", "int64", "float64", "time", "strings", "ints") {
			return errors.New("field <path> <type> <doc>")
		}
		f := Field{Type: words[1], Doc: words[2]}
		for step := range strings.SplitSeq(words[0], "/") {
			name, repeats := strings.CutSuffix(step, "[]")
			name, other, _ := strings.Cut(name, "|")
			f.Path = append(f.Path, Element{name, other, repeats})
		}
		e.Fields = append(e.Fields, f)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

func usualHead(f Form) []string {
	switch {
	case f.Channel == "provider":
		return []string{"ServiceCorpId", "AuthCorpId", "InfoType", "TimeStamp"}
	case f.Element == "InfoType":
		return []string{"SuiteId", "AuthCorpId", "InfoType", "TimeStamp"}
	case f.Element == "Event":
		return []string{"ToUserName", "FromUserName=sys", "CreateTime", "MsgType", "Event"}
	}
	return []string{"ToUserName", "FromUserName", "CreateTime", "MsgType", "AgentID"}
}

func oneOf(word string, words ...string) bool { return slices.Contains(words, word) }
