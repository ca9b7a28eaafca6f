// Command generate makes from the catalogue what is derived of it: the structs and decoders of package event, the sample
// pushes of package openworktest, and docs/events.md. Run it with go generate ./event.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"

	"github.com/openwork-go/openwork/internal/catalogue"
)

func main() {
	root := ".." // where go generate runs it: in event
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	files, err := generate()
	if err == nil {
		for name, content := range files {
			path := filepath.Join(root, filepath.FromSlash(name))
			if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
				err = os.WriteFile(path, content, 0o644)
			}
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate is the content of every generated file, by its path in the repository.
func generate() (map[string][]byte, error) {
	events, err := catalogue.Events()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"docs/events.md": docs(events)}
	for name, source := range map[string][]byte{
		"event/events.go":         structs(events),
		"openworktest/samples.go": samples(events),
	} {
		if files[name], err = format.Source(source); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, nil
}

const generated = "// Code generated from internal/catalogue/catalogue.txt; DO NOT EDIT.\n\n"

func samples(events []*catalogue.Event) []byte {
	var b bytes.Buffer
	b.WriteString(generated + "package openworktest\n\nvar samples = []Sample{\n")
	for _, e := range events {
		for _, f := range e.Forms {
			fmt.Fprintf(&b, "\t{%q, %q, %q, %q},\n", e.Name, f.Channel, f.Apps, e.Sample(f))
		}
	}
	b.WriteString("}\n")
	return b.Bytes()
}
