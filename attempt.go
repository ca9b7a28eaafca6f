package openwork

import (
	"context"
	"time"
)

// Attempt says which attempt at a delivery this is, for the log and the
// Observer. The workers of a queue tell Process with WithAttempt.
type Attempt struct {
	Number int           // from 1
	Most   int           // after which the queue gives up; 0: not known
	Next   time.Duration // until the next, if this one fails; 0: there is none, or it is not known
}

type attemptKey struct{}

// WithAttempt is a context for Process that says which attempt this is. Without
// one, Process takes it for the first.
func WithAttempt(ctx context.Context, a Attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// attemptIn is the Attempt of a context of Process.
func attemptIn(ctx context.Context) Attempt {
	a, _ := ctx.Value(attemptKey{}).(Attempt)
	a.Number = max(a.Number, 1)
	return a
}
