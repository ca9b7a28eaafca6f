package catalogue

import "strings"

// Node is an element of a message: a leaf with a type, or one that holds others.
type Node struct {
	Element
	Type     string // of a leaf
	Doc      string
	Children []*Node
}

// Tree is the event's fields as they nest.
func (e *Event) Tree() []*Node {
	root := &Node{}
	for _, f := range e.Fields {
		at := root
		for _, step := range f.Path {
			at = at.child(step)
		}
		at.Type, at.Doc = f.Type, f.Doc
	}
	return root.Children
}

func (n *Node) child(step Element) *Node {
	for _, c := range n.Children {
		if c.Element == step {
			return c
		}
	}
	c := &Node{Element: step}
	n.Children = append(n.Children, c)
	return c
}

// List is the repeated element that is all a node holds: then the node is a list. nil for other nodes.
func (n *Node) List() *Node {
	if !n.Repeats && len(n.Children) == 1 && n.Children[0].Repeats {
		return n.Children[0]
	}
	return nil
}

// GoName is the element's name in Go spelling.
func (n *Node) GoName() string { return GoName(n.Name) }

var initialisms = map[string]string{"Id": "ID", "Ids": "IDs", "Url": "URL", "Api": "API", "Ip": "IP", "Vip": "VIP"}

// GoName writes WeCom's name of an element as Go does: Location_X as LocationX, ChatId as ChatID.
func GoName(name string) string {
	var b strings.Builder
	for _, word := range words(name) {
		word = strings.ToUpper(word[:1]) + word[1:]
		if initialism, ok := initialisms[word]; ok {
			word = initialism
		}
		b.WriteString(word)
	}
	return b.String()
}

// words splits before capitals and at underscores.
func words(name string) []string {
	var words []string
	start := 0
	for i := 1; i <= len(name); i++ {
		if i == len(name) || name[i] == '_' || isUpper(name[i]) && !isUpper(name[i-1]) {
			if word := strings.Trim(name[start:i], "_"); word != "" {
				words = append(words, word)
			}
			start = i
		}
	}
	return words
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
