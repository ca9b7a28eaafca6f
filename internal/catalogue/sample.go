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
	SampleAgent    = 1000002
)

// Sample is a push of the event in a form, as WeCom would send it before encryption: with the head of that form, every field
// of the event filled, whichever form documents it, and every list with two items.
func (e *Event) Sample(f Form) string {
	var b strings.Builder
	b.WriteString("<xml>")
	for _, name := range f.Head {
		e.sampleHead(&b, f, name)
	}
	for _, n := range e.Tree() {
		n.sample(&b, n.Name, 1)
	}
	b.WriteString("</xml>")
	return b.String()
}

// sampleHead writes an element of the head; ChangeType goes after the element that it belongs to.
func (e *Event) sampleHead(b *strings.Builder, f Form, name string) {
	first, second := e.Parts()
	text := func(name, value string) { fmt.Fprintf(b, "<%s><![CDATA[%s]]></%s>", name, value, name) }
	switch name {
	case "SuiteId":
		text(name, SampleSuite)
	case "ServiceCorpId":
		text(name, SampleProvider)
	case "AuthCorpId", "ToUserName":
		text(name, SampleCorp)
	case "FromUserName":
		text(name, SampleMember)
	case "FromUserName=sys":
		text("FromUserName", "sys")
	case "TimeStamp", "CreateTime":
		fmt.Fprintf(b, "<%s>%d</%s>", name, SampleTime, name)
	case "AgentID", "AgentId":
		fmt.Fprintf(b, "<%s>%d</%s>", name, SampleAgent, name)
	case "MsgType":
		if f.Element == "MsgType" {
			text(name, second)
		} else {
			text(name, "event")
		}
	case "InfoType", "Event":
		text(name, first)
		if second != "" {
			text("ChangeType", second)
		}
	}
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
	case "time":
		return strconv.FormatInt(SampleTime+seed, 10)
	case "int64":
		return strconv.FormatInt(4561255354251000000+seed, 10)
	}
	return strconv.FormatInt(seed, 10)
}
