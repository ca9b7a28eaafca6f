package main

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/openwork-go/openwork/internal/catalogue"
)

// writer collects the source of event/events.go.
type writer struct {
	bytes.Buffer
	types map[*catalogue.Node]string // the Go type of each element that holds others
}

func structs(events []*catalogue.Event) []byte {
	w := &writer{types: map[*catalogue.Node]string{}}
	trees := map[*catalogue.Event][]*catalogue.Node{}
	for _, e := range events {
		trees[e] = e.Tree()
	}
	nested := w.nameTypes(events, trees)

	w.WriteString(generated + "package event\n\nimport \"time\"\n\n")
	w.WriteString("// The names of all events: openwork.Message.Name, and what openwork.Server.Handle takes.\nconst (\n")
	for _, e := range events {
		fmt.Fprintf(w, "Name%s = %q\n", e.GoName, e.Name)
	}
	w.WriteString(")\n\n// New returns an empty event of a name, in any spelling that Canonical knows; nil for a name that is not in the\n" +
		"// catalogue.\nfunc New(name string) Event {\nswitch spell(name, \"\") {\n")
	for _, e := range events {
		fmt.Fprintf(w, "case Name%s:\nreturn new(%s)\n", e.GoName, e.GoName)
	}
	w.WriteString("}\nreturn nil\n}\n")
	w.spelling(events)
	w.foreign(events, trees)
	for _, e := range events {
		w.event(e, trees[e])
	}
	for _, n := range nested {
		w.nested(n)
	}
	return w.Bytes()
}

// spelling writes the function that finds a name, or a family's, by its lower case.
func (w *writer) spelling(events []*catalogue.Event) {
	w.WriteString("\n// spelling is a name of the catalogue, or of one of its families, given in lower case; \"\" for any other.\n" +
		"func spelling(lower []byte) string {\nswitch string(lower) {\n")
	known := map[string]bool{}
	for _, e := range events {
		names := fmt.Sprintf("%q", strings.ToLower(e.Name))
		for _, alias := range e.Aliases {
			names += fmt.Sprintf(", %q", strings.ToLower(alias))
		}
		fmt.Fprintf(w, "case %s:\nreturn Name%s\n", names, e.GoName)
		known[e.Name] = true
	}
	for _, e := range events {
		if family, _ := e.Parts(); !known[family] {
			fmt.Fprintf(w, "case %q:\nreturn %q\n", strings.ToLower(family), family)
			known[family] = true
		}
	}
	w.WriteString("}\nreturn \"\"\n}\n")
}

// suiteEvents are made for a suite only: whoever could make one up would have a
// corp's authorisation.
var suiteEvents = []string{"suite_ticket", "create_auth", "change_auth", "cancel_auth", "reset_permanent_code"}

// foreign writes the function that knows the elements of all events but those.
func (w *writer) foreign(events []*catalogue.Event, trees map[*catalogue.Event][]*catalogue.Node) {
	own, others := map[string]bool{}, map[string]bool{}
	for _, e := range events {
		names := others
		if slices.Contains(suiteEvents, e.Name) {
			names = own
		}
		for _, n := range trees[e] {
			names[strings.ToLower(n.Name)] = true
			if n.Other != "" {
				names[strings.ToLower(n.Other)] = true
			}
		}
		for _, f := range e.Forms {
			for _, element := range f.Head {
				name, _, _ := strings.Cut(element, "=")
				own[strings.ToLower(name)] = true
			}
		}
	}
	var foreign []string
	for name := range others {
		if !own[name] {
			foreign = append(foreign, fmt.Sprintf("%q", name))
		}
	}
	sort.Strings(foreign)
	w.WriteString("\n// isForeign tells the elements, given in lower case, that other events have, and the five that are made for a suite\n" +
		"// have not.\nfunc isForeign(lower []byte) bool {\nswitch string(lower) {\ncase " + strings.Join(foreign, ",\n") +
		":\nreturn true\n}\nreturn false\n}\n")
}

// nameTypes gives a Go type to every element that holds others. It is called as the element, if all elements of that name
// hold the same; else the event's name stands in front. It returns one node for each type, in order of names.
func (w *writer) nameTypes(events []*catalogue.Event, trees map[*catalogue.Event][]*catalogue.Node) []*catalogue.Node {
	shapes := map[string]map[string]bool{} // by the name wanted
	taken := map[string]bool{"Head": true, "Event": true}
	for _, e := range events {
		taken[e.GoName] = true
	}
	// Short words such as Item, Text and Web say little on their own.
	wanted := func(n *catalogue.Node, parent string) string {
		if len(n.Name) <= len("Item") {
			return parent + n.GoName()
		}
		return n.GoName()
	}
	var walk func(nodes []*catalogue.Node, parent string, visit func(n *catalogue.Node, name string))
	walk = func(nodes []*catalogue.Node, parent string, visit func(n *catalogue.Node, name string)) {
		for _, n := range nodes {
			name := wanted(n, parent)
			walk(n.Children, name, visit)
			if n.Type == "" && n.List() == nil {
				visit(n, name)
			}
		}
	}
	for _, e := range events {
		walk(trees[e], "", func(n *catalogue.Node, name string) {
			if shapes[name] == nil {
				shapes[name] = map[string]bool{}
			}
			shapes[name][shape(n)] = true
		})
	}
	byName := map[string]*catalogue.Node{}
	for _, e := range events {
		walk(trees[e], "", func(n *catalogue.Node, name string) {
			if taken[name] || len(shapes[name]) > 1 {
				name = e.GoName + name
			}
			w.types[n] = name
			if byName[name] == nil {
				byName[name] = n
			}
		})
	}
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	sort.Strings(names)
	nested := make([]*catalogue.Node, len(names))
	for i, name := range names {
		nested[i] = byName[name]
	}
	return nested
}

// shape describes what an element holds.
func shape(n *catalogue.Node) string {
	var b strings.Builder
	for _, c := range n.Children {
		fmt.Fprintf(&b, "%s %v %s{%s}", c.Name, c.Repeats, c.Type, shape(c))
	}
	return b.String()
}

func (w *writer) event(e *catalogue.Event, fields []*catalogue.Node) {
	first, second := e.Parts()
	w.WriteByte('\n')
	what := first
	switch {
	case e.Forms[0].Element == "MsgType":
		what = "a message with MsgType " + second
	case second != "":
		what = first + " with ChangeType " + second
	}
	w.comment(fmt.Sprintf("%s is %s, %s. %s", e.GoName, what, e.Chinese, e.Doc))
	for _, f := range e.Forms {
		w.WriteString("//\n")
		w.comment(formText(f) + ".")
	}
	fmt.Fprintf(w, "type %s struct {\nHead\n\n", e.GoName)
	w.fields(fields)
	fmt.Fprintf(w, "}\n\n// EventName implements Event.\nfunc (*%s) EventName() string { return Name%s }\n", e.GoName, e.GoName)
	w.decoder(e.GoName, fields)
}

// formText says where the event comes in this form, and how sure that is.
func formText(f catalogue.Form) string {
	where := map[string]string{"command": "command URL", "data": "data URL", "provider": "system event URL"}[f.Channel]
	whose := map[string]string{"third_party": "third-party apps", "customized": "customized apps",
		"both": "third-party and customized apps", "provider": "providers", "neither": "self-built apps only, by its page"}[f.Apps]
	text := fmt.Sprintf("By %s on the %s, for %s: https://developer.work.weixin.qq.com/document/path/%s", f.Element, where, whose, f.Doc)
	if !f.Verified {
		text += " (not verified on an official page)"
	}
	if f.Note != "" {
		text += "; " + f.Note
	}
	return text
}

func (w *writer) nested(n *catalogue.Node) {
	name := w.types[n]
	fmt.Fprintf(w, "\n// %s is an element %s of an event.\ntype %s struct {\n", name, n.Name, name)
	w.fields(n.Children)
	w.WriteString("}\n")
	w.decoder(name, n.Children)
}

func (w *writer) fields(nodes []*catalogue.Node) {
	for _, n := range nodes {
		doc := n.Doc
		if list := n.List(); list != nil {
			doc = list.Doc
		}
		if doc != "" {
			doc = " // " + doc
		}
		fmt.Fprintf(w, "%s %s%s\n", n.GoName(), w.goType(n), doc)
	}
}

var leafTypes = map[string]string{"string": "string", "int": "int", "int64": "int64", "float64": "float64",
	"time": "time.Time", "strings": "[]string", "ints": "[]int64"}

func (w *writer) goType(n *catalogue.Node) string {
	if list := n.List(); list != nil {
		return w.goType(list)
	}
	typ := w.types[n]
	if n.Type != "" {
		typ = leafTypes[n.Type]
		if n.Repeats && typ == "int" {
			typ = "int64"
		}
	}
	if n.Repeats {
		return "[]" + typ
	}
	return typ
}

// decoder writes the method that finds where the value of an element goes.
func (w *writer) decoder(typ string, nodes []*catalogue.Node) {
	if len(nodes) == 0 {
		fmt.Fprintf(w, "\nfunc (*%s) field([]byte) any { return nil }\n", typ)
		return
	}
	fmt.Fprintf(w, "\nfunc (e *%s) field(name []byte) any {\nswitch string(name) {\n", typ)
	for _, n := range nodes {
		names := fmt.Sprintf("%q", strings.ToLower(n.Name))
		if n.Other != "" {
			names += fmt.Sprintf(", %q", strings.ToLower(n.Other))
		}
		place := w.place(n, "&e."+n.GoName())
		if list := n.List(); list != nil {
			place = "wrapped{" + w.place(list, "&e."+n.GoName()) + "}"
		}
		fmt.Fprintf(w, "case %s:\nreturn %s\n", names, place)
	}
	w.WriteString("}\nreturn nil\n}\n")
}

// place is the pointer to a field, in the type that says how to fill it.
func (w *writer) place(n *catalogue.Node, pointer string) string {
	switch {
	case n.Type == "strings":
		return "(*commaStrings)(" + pointer + ")"
	case n.Type == "ints":
		return "(*commaInts)(" + pointer + ")"
	case n.Type == "" && n.Repeats:
		return fmt.Sprintf("(*structs[%s, *%s])(%s)", w.types[n], w.types[n], pointer)
	}
	return pointer
}

// comment wraps a text into comment lines.
func (w *writer) comment(text string) {
	line := "//"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 80 && line != "//" {
			w.WriteString(line + "\n")
			line = "//"
		}
		line += " " + word
	}
	w.WriteString(line + "\n")
}
