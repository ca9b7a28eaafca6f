// Package redact takes secrets out of texts and errors.
package redact

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// Text replaces secrets in a text by …, as they are or as they stand in a URL.
// Where one secret is the beginning of another, the longer must come first.
func Text(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "…")
		text = strings.ReplaceAll(text, url.QueryEscape(secret), "…")
	}
	return text
}

// Error takes the URL out of an error of net/http, and secrets out of what is
// left: a transport may have put the URL into an error of its own.
func Error(err error, secrets []string) error {
	var withURL *url.Error
	for errors.As(err, &withURL) {
		err = withURL.Err
	}
	if text := Text(err.Error(), secrets); text != err.Error() {
		return Replace(err, text)
	}
	return err
}

// Replace is err with another text, which is all that it shows. errors.Is finds
// what err is; nothing brings back the error itself.
func Replace(err error, text string) error { return &replaced{text, err} }

type replaced struct {
	text string
	err  error
}

func (r *replaced) Error() string              { return r.text }
func (r *replaced) Is(target error) bool       { return errors.Is(r.err, target) }
func (r *replaced) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.text) }
