package catalogue

import (
	"fmt"
	"strconv"
	"strings"
)

// SampleTime is when the samples happened: TimeStamp or CreateTime.
const SampleTime = 1700000000

// Ids in the samples.
const (
	SampleSuite    = "ww1a2b3c4d5e6f7a8b"
	SampleCorp     = "wpcustomer00000001"
	SampleProvider = "wwprovider00000001"
	SampleMember   = "zhangsan"
)

// Sample is a push of the event in a form, as WeCom would send it before encryption: with the usual head, every field
// filled, and every list with two items.
func (e *Event) Sample(f Form) string {
	first, second := e.Parts()
	var b strings.Builder
	text := func(name, value string) { fmt.Fprintf(&b, "<%s><![CDATA[%s]]></%s>", name, value, name) }
	number := func(name string, value int64) { fmt.Fprintf(&b, "<%s>%d</%s>", name, value, name) }
	b.WriteString("<xml>")
	switch f.Element {
	case "InfoType":
		if f.Channel == "provider" {
			text("ServiceCorpId", SampleProvider)
		} else {
			text("SuiteId", SampleSuite)
		}
		if !e.namesNoCorp() {
			text("AuthCorpId", SampleCorp)
		}
		text("InfoType", first)
		number("TimeStamp", SampleTime)
	case "Event":
		text("ToUserName", SampleCorp)
		text("FromUserName", SampleMember)
		number("CreateTime", SampleTime)
		text("MsgType", "event")
		text("Event", first)
	case "MsgType":
		text("ToUserName", SampleCorp)
		text("FromUserName", SampleMember)
		number("CreateTime", SampleTime)
		text("MsgType", second)
		second = ""
	}
	if second != "" {
		text("ChangeType", second)
	}
	for _, n := range e.Tree() {
		n.sample(&b, n.Name, 1)
	}
	if f.Element != "InfoType" {
		number("AgentID", 1000002)
	}
	b.WriteString("</xml>")
	return b.String()
}

// namesNoCorp: these bring an AuthCode or a PaidCorpId instead, or concern nobody.
func (e *Event) namesNoCorp() bool {
	switch e.Name {
	case "suite_ticket", "create_auth", "reset_permanent_code":
		return true
	}
	for _, f := range e.Fields {
		if f.Path[0].Name == "PaidCorpId" {
			return true
		}
	}
	return false
}

// sample writes the node, or the several that repeat. A leaf's value depends on its path and on which item it is.
func (n *Node) sample(b *strings.Builder, path string, item int) {
	count := 1
	if n.Repeats {
		count = 2
	}
	for i := range count {
		item := item + i
		fmt.Fprintf(b, "<%s>", n.Name)
		for _, c := range n.Children {
			c.sample(b, path+"/"+c.Name, item)
		}
		if n.Type != "" {
			if value := SampleValue(n.Type, path, item); n.isText() {
				fmt.Fprintf(b, "<![CDATA[%s]]>", value)
			} else {
				b.WriteString(value)
			}
		}
		fmt.Fprintf(b, "</%s>", n.Name)
	}
}

func (n *Node) isText() bool { return n.Type == "string" || n.Type == "strings" || n.Type == "ints" }

// SampleValue is the text of a leaf: what a path and the number of the item make of it.
func SampleValue(typ, path string, item int) string {
	seed := int64(item)
	for _, c := range path {
		seed = (seed*31 + int64(c)) % 9973
	}
	switch typ {
	case "string":
		return path[strings.LastIndex(path, "/")+1:] + " 值 " + strconv.FormatInt(seed, 10)
	case "strings":
		return fmt.Sprintf("a%d,b%d", seed, seed)
	case "ints":
		return fmt.Sprintf("%d,%d", seed, seed+1)
	case "float64":
		return strconv.FormatFloat(float64(seed)/100, 'f', 2, 64)
	case "bool":
		return "1"
	case "time":
		return strconv.FormatInt(SampleTime+seed, 10)
	case "int64":
		return strconv.FormatInt(4561255354251000000+seed, 10)
	}
	return strconv.FormatInt(seed, 10)
}
