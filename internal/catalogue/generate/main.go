// Command generate makes from the catalogue what is derived of it: the structs
// and decoders of package event, and docs/events.md. Run it with go generate
// ./event.
package main

import (
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
	const name = "event/events.go"
	source, err := format.Source(structs(events))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return map[string][]byte{name: source, "docs/events.md": docs(events)}, nil
}

const generated = "// Code generated from internal/catalogue/catalogue.txt; DO NOT EDIT.\n\n"
