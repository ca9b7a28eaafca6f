package guard_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errAway = errors.New("the database is away")

func TestCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f    func() error
		is   error
		says string
	}{
		"returns":              {func() error { return nil }, nil, ""},
		"fails":                {func() error { return errAway }, errAway, errAway.Error()},
		"panics":               {func() error { panic("boom") }, nil, "panic: boom"},
		"panics with an error": {func() error { panic(errAway) }, errAway, "panic: the database is away"},
		"panics with nil":      {func() error { panic(nil) }, nil, "panic: panic called with nil argument"},
		"ends its goroutine":   {func() error { runtime.Goexit(); return nil }, nil, "runtime.Goexit"},
	} {
		t.Run(name, func(t *testing.T) {
			err := guard.Call(c.f)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			var crash *guard.Crash
			if errors.As(err, &crash) && crash.Value != nil {
				require.Contains(t, string(crash.Stack), "guard_test.go", "the stack is that of the panic")
			}
		})
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	type key struct{}
	for name, c := range map[string]struct {
		f    func(context.Context) (int, error)
		want int
		err  string
		took time.Duration
	}{
		"returns": {func(context.Context) (int, error) { return 7, nil }, 7, "", 0},
		"fails":   {func(context.Context) (int, error) { return 7, errAway }, 7, "the database is away", 0},
		"panics":  {func(context.Context) (int, error) { panic("boom") }, 0, "panic: boom", 0},
		"ends its goroutine": {func(context.Context) (int, error) { runtime.Goexit(); return 7, nil },
			0, "runtime.Goexit", 0},
		"looks at its context": {func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, 0,
			"context deadline exceeded", time.Second},
		"is deaf": {func(context.Context) (int, error) { time.Sleep(time.Hour); return 7, nil }, 0,
			"context deadline exceeded", time.Second},
		"returns when the caller's context ends, and later": {func(ctx context.Context) (int, error) {
			assert.Equal(t, "value", ctx.Value(key{}))
			time.Sleep(500 * time.Millisecond)
			return 7, ctx.Err()
		}, 7, "", 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "value"))
				time.AfterFunc(100*time.Millisecond, cancel)
				began := time.Now()
				got, err := guard.Within(ctx, &guard.Calls{}, time.Second, c.f)
				require.Equal(t, c.took, time.Since(began))
				if c.err == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, c.err)
				}
				if c.took < time.Second {
					require.Equal(t, c.want, got)
				}
				cancel()
				time.Sleep(time.Hour)
			})
		})
	}
}

// While many calls have not returned, no more are left behind; those of another
// kind are made.
func TestWithin_LeavesFewBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const most = 64
		var deaf, others guard.Calls
		var made atomic.Int64
		release := make(chan struct{})
		never := func(context.Context) (int, error) { made.Add(1); <-release; return 0, nil }
		for range 5000 {
			go func() { _, _ = guard.Within(context.Background(), &deaf, 10*time.Millisecond, never) }()
			time.Sleep(10 * time.Millisecond) // one after the other: 50 s
		}
		synctest.Wait()
		require.LessOrEqual(t, made.Load(), int64(most+8))
		require.GreaterOrEqual(t, made.Load(), int64(most))

		_, err := guard.Within(context.Background(), &deaf, time.Second, func(context.Context) (int, error) { return 0, nil })
		require.ErrorIs(t, err, guard.ErrLeftBehind)
		_, err = guard.Within(context.Background(), &others, time.Second, func(context.Context) (int, error) { return 0, nil })
		require.NoError(t, err)
		close(release)
		synctest.Wait()
		_, err = guard.Within(context.Background(), &deaf, time.Second, func(context.Context) (int, error) { return 0, nil })
		require.NoError(t, err, "they have returned")
	})
}

// Calls that never return do not keep their kind from working for ever.
func TestWithin_FindsOutThatCallsReturnAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls guard.Calls
		release := make(chan struct{})
		defer close(release)
		for range 64 {
			_, err := guard.Within(context.Background(), &calls, time.Millisecond,
				func(context.Context) (int, error) { <-release; return 0, nil })
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		works := func() error {
			_, err := guard.Within(context.Background(), &calls, time.Second, func(context.Context) (int, error) { return 0, nil })
			return err
		}
		for works() != nil {
			time.Sleep(100 * time.Millisecond)
		}
		for range 100 {
			require.NoError(t, works())
		}
	})
}

func TestAsk(t *testing.T) {
	t.Parallel()
	type call struct {
		takes time.Duration
		err   error
	}
	for name, c := range map[string]struct {
		calls []call
		made  int
		took  time.Duration
		err   error
	}{
		"answers":                        {[]call{{10, nil}}, 1, 10, nil},
		"fails once":                     {[]call{{10, errAway}, {10, nil}}, 2, 20, nil},
		"fails twice":                    {[]call{{10, errAway}, {10, errAway}, {0, nil}}, 2, 20, errAway},
		"is frozen once":                 {[]call{{1000, nil}, {10, nil}}, 2, 310, nil},
		"is frozen":                      {[]call{{1000, nil}, {1000, nil}, {0, nil}}, 2, 500, context.DeadlineExceeded},
		"is slow, and then in time":      {[]call{{250, errAway}, {240, nil}}, 2, 490, nil},
		"fails when there is no time":    {[]call{{299, errAway}, {299, errAway}}, 2, 500, context.DeadlineExceeded},
		"is slow, but within its limits": {[]call{{290, nil}}, 1, 290, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var made atomic.Int64
				began := time.Now()
				_, err := guard.Ask(context.Background(), &guard.Calls{}, 500*time.Millisecond, 300*time.Millisecond,
					func(context.Context) (int, error) {
						call := c.calls[made.Add(1)-1]
						time.Sleep(call.takes * time.Millisecond)
						return 0, call.err
					})
				require.Equal(t, c.took*time.Millisecond, time.Since(began))
				require.ErrorIs(t, err, c.err)
				require.EqualValues(t, c.made, made.Load())
				time.Sleep(time.Minute)
			})
		})
	}
}

// Calls that return in time do not hide those that do not.
func TestWithin_LeavesFewBehindAmongOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls guard.Calls
		var made atomic.Int64
		release := make(chan struct{})
		for range 2000 {
			_, _ = guard.Within(context.Background(), &calls, 10*time.Millisecond,
				func(context.Context) (int, error) { made.Add(1); <-release; return 0, nil })
			_, _ = guard.Within(context.Background(), &calls, 10*time.Millisecond,
				func(context.Context) (int, error) { return 0, nil })
		}
		require.Less(t, made.Load(), int64(64*20))
		close(release)
		synctest.Wait()
	})
}

func TestWithin_NoTime(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{0, -time.Second} {
		_, err := guard.Within(context.Background(), &guard.Calls{}, limit, func(context.Context) (int, error) {
			t.Error("called")
			return 0, nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}
