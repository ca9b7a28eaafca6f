package redact_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/openwork-go/openwork/internal/redact"
	"github.com/stretchr/testify/assert"
)

func TestText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text    string
		secrets []string
		want    string
	}{
		"none":          {"a text", nil, "a text"},
		"once":          {"a hidden text", []string{"hidden"}, "a … text"},
		"twice":         {"hidden hidden", []string{"hidden"}, "… …"},
		"as in a URL":   {"?a=1%2B2&b", []string{"1+2"}, "?a=…&b"},
		"a longer one":  {"secret secrets", []string{"secrets", "secret"}, "… …"},
		"not in there":  {"a text", []string{"hidden"}, "a text"},
		"an empty text": {"", []string{"hidden"}, ""},
	} {
		assert.Equal(t, test.want, redact.Text(test.text, test.secrets), name)
	}
}

// valueError is an error that is no pointer: %#v shows what is in it wherever
// it stands.
type valueError struct{ text string }

func (e valueError) Error() string { return e.text }

func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for name, test := range map[string]struct {
		err  error
		want string
		is   error
	}{
		"of net/http":        {&url.Error{Op: "Get", URL: "https://x/?t=hidden", Err: cause}, "cause", cause},
		"one inside another": {&url.Error{URL: "hidden", Err: fmt.Errorf("x: %w", &url.Error{URL: "hidden", Err: cause})}, "cause", cause},
		"a wrapped one":      {fmt.Errorf("get hidden: %w", &url.Error{URL: "hidden", Err: context.Canceled}), "context canceled", context.Canceled},
		"in the text":        {fmt.Errorf("hidden: %w", context.Canceled), "…: context canceled", context.Canceled},
		"as a value":         {valueError{"hidden"}, "…", valueError{"hidden"}},
		"clean":              {cause, "cause", cause},
	} {
		err := redact.Error(test.err, []string{"hidden"})
		assert.EqualError(t, err, test.want, name)
		assert.ErrorIs(t, err, test.is, name)
		for ; err != nil; err = errors.Unwrap(err) {
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s %q %d", err, err, err, err, err, err), "hidden", name)
		}
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	err := redact.Replace(fmt.Errorf("%w of hidden", context.Canceled), "something was cancelled")
	assert.EqualError(t, err, "something was cancelled")
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
	var inner *valueError
	assert.NotErrorAs(t, redact.Replace(&valueError{"hidden"}, "x"), &inner)
	assert.Nil(t, errors.Unwrap(err))
}
