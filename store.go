package openwork

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/openwork-go/openwork/internal/backoff"
	"github.com/openwork-go/openwork/internal/guard"
)

// stores is what the tokens of one Client hang on: the Cache and the Claimer,
// and the pauses after calls that failed. Each call of the two has a deadline of
// its own, and a second try while there is time.
type stores struct {
	cache  Cache
	claims Claimer // or nil
	logger *slog.Logger
	calls  struct{ cache, claims, fetch, codes guard.Calls }
	pauses backoff.Table
}

const (
	cacheTimeout = 500 * time.Millisecond
	codeTimeout  = 5 * time.Second // of PermanentCodes
	// deafGrace is how much later than its context a fetch is left behind: so
	// its own error is heard, if it has one.
	deafGrace = 500 * time.Millisecond
)

func newStores(cache Cache, claims Claimer, logger *slog.Logger) *stores {
	if cache == nil {
		cache = NewMemoryCache()
	}
	if claims == nil {
		claims, _ = cache.(Claimer)
	}
	if logger == nil {
		logger = slog.Default()
	}
	return &stores{cache: cache, claims: claims, logger: logger}
}

func (s *stores) get(ctx context.Context, key string) (value string, ok bool, err error) {
	type entry struct {
		value string
		ok    bool
	}
	e, err := ask(ctx, &s.calls.cache, cacheTimeout, cacheTimeout, func(ctx context.Context) (e entry, err error) {
		e.value, e.ok, err = s.cache.Get(ctx, key)
		return e, err
	})
	return e.value, e.ok, err
}

func (s *stores) set(ctx context.Context, key, value string, until time.Time) error {
	return do(ctx, &s.calls.cache, func(ctx context.Context) error { return s.cache.Set(ctx, key, value, time.Until(until)) })
}

func (s *stores) delete(ctx context.Context, key string) error {
	return do(ctx, &s.calls.cache, func(ctx context.Context) error { return s.cache.Delete(ctx, key) })
}

func (s *stores) claim(ctx context.Context, key, owner string, lease time.Duration) (state int, result string, err error) {
	type found struct {
		state  int
		result string
	}
	f, err := ask(ctx, &s.calls.claims, cacheTimeout, cacheTimeout, func(ctx context.Context) (f found, err error) {
		f.state, f.result, err = s.claims.Claim(ctx, key, owner, lease)
		return f, err
	})
	return f.state, f.result, err
}

func (s *stores) done(ctx context.Context, key, owner, result string, keep time.Duration) error {
	return do(ctx, &s.calls.claims, func(ctx context.Context) error { return s.claims.Done(ctx, key, owner, result, keep) })
}

func (s *stores) release(ctx context.Context, key, owner string) error {
	return do(ctx, &s.calls.claims, func(ctx context.Context) error { return s.claims.Release(ctx, key, owner) })
}

func do(ctx context.Context, calls *guard.Calls, f func(context.Context) error) error {
	_, err := ask(ctx, calls, cacheTimeout, cacheTimeout, func(ctx context.Context) (struct{}, error) { return struct{}{}, f(ctx) })
	return err
}

// ask is guard.Ask within the time that ctx has, for somebody who may leave:
// what it calls sees ctx end.
func ask[T any](ctx context.Context, calls *guard.Calls, total, each time.Duration, f func(context.Context) (T, error)) (T, error) {
	value, err := guard.Ask(ctx, calls, left(ctx, total), each, func(inner context.Context) (T, error) {
		inner, cancel := context.WithCancel(inner)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		return f(inner)
	})
	return value, hideCrash(err)
}

// left is limit, or what is left until the end of ctx, if that is less.
func left(ctx context.Context, limit time.Duration) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(limit, time.Until(deadline))
	}
	return limit
}

// hideCrash takes out of an error what the user's code panicked with: that may
// hold a secret.
func hideCrash(err error) error {
	var crash *guard.Crash
	switch {
	case !errors.As(err, &crash):
		return err
	case crash.Value == nil:
		return errors.New("it ended the goroutine")
	}
	return fmt.Errorf("it panicked with a %T", crash.Value)
}
