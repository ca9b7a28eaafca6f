// Package guard runs code of the user's: handlers, stores, callbacks. Such code
// may panic, end its goroutine, take for ever, or be deaf to its context.
//
// [Call] survives a panic and the end of the goroutine. [Within] also returns
// at a deadline, whatever the call does, and bounds how many calls of one kind
// are left behind.
package guard

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Crash is what became of a call that did not return.
type Crash struct {
	Value any    // it panicked with this; nil: it ended its goroutine
	Stack []byte // of a panic
}

// Error says which of the two, and what the panic was about.
func (c *Crash) Error() string {
	if c.Value == nil {
		return "runtime.Goexit"
	}
	return fmt.Sprintf("panic: %v", c.Value)
}

// Unwrap is the error that was panicked with, if it was one.
func (c *Crash) Unwrap() error {
	err, _ := c.Value.(error)
	return err
}

// Crashed is the Crash of a call that has not returned, given what recover
// said. Call it in a deferred function, where the stack is still that of the
// panic.
func Crashed(recovered any) *Crash {
	c := &Crash{Value: recovered}
	if recovered != nil {
		c.Stack = debug.Stack()
	}
	return c
}

// Go runs f in a goroutine of its own, and then end with its error there. If f
// does not return, the error is a *Crash.
func Go(f func() error, end func(error)) {
	go func() {
		returned, err := false, error(nil)
		defer func() {
			if !returned {
				err = Crashed(recover())
			}
			end(err)
		}()
		err = f()
		returned = true
	}()
}

// Call runs f and returns its error, or a *Crash. It runs it in a goroutine of
// its own: that is the only way to survive runtime.Goexit.
func Call(f func() error) error {
	ended := make(chan error, 1)
	Go(f, func(err error) { ended <- err })
	return <-ended
}

// ErrLeftBehind is returned by Within at once while too many calls of that kind
// have not returned.
var ErrLeftBehind = errors.New("too many calls before this one have not returned")

// Calls are the calls of one kind: those of one store, or of one callback. The
// zero value is ready. It is safe for concurrent use.
//
// While mostBehind calls that ran out of time have not returned, further ones
// fail at once. Now and then one is made all the same, first after a second,
// then less and less often: when it returns in time, those left behind are
// forgotten.
type Calls struct {
	mu     sync.Mutex
	behind map[any]bool // calls that ran out of time and have not returned
	next   time.Time    // when to try all the same
	pause  time.Duration
}

const (
	mostBehind   = 64
	firstPause   = time.Second
	longestPause = time.Minute
)

// mayBegin reports whether a call may be made.
func (c *Calls) mayBegin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.behind) < mostBehind {
		return true
	}
	now := time.Now()
	if now.Before(c.next) {
		return false
	}
	c.pause = min(max(2*c.pause, firstPause), longestPause)
	c.next = now.Add(c.pause)
	return true
}

// inTime notes that a call has returned in time. If there were too many behind,
// it was the one that was made all the same.
func (c *Calls) inTime() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.behind) >= mostBehind {
		c.behind = nil
	}
	c.pause = 0
}

// returned notes that a call has returned, left behind or not.
func (c *Calls) returned(call any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.behind, call)
}

// Within runs f with a context that has the values of ctx, and ends after limit
// and not before. It returns when f does, or at that time, with
// context.DeadlineExceeded; f is then left to itself, and its result lost. The
// error is a *Crash if f does not return. If there is no time, or ErrLeftBehind,
// f was not called.
func Within[T any](ctx context.Context, c *Calls, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	var none T
	if limit <= 0 {
		return none, context.DeadlineExceeded
	}
	if !c.mayBegin() {
		return none, ErrLeftBehind
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	var value T
	Go(func() (err error) {
		value, err = f(ctx)
		return err
	}, func(err error) {
		ended <- outcome{value, err}
		cancel()
		c.returned(ended)
	})
	select {
	case o := <-ended:
		c.inTime()
		return o.value, o.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case o := <-ended: // just now
		return o.value, o.err
	default:
	}
	if c.behind == nil {
		c.behind = map[any]bool{}
	}
	c.behind[ended] = true
	return none, context.DeadlineExceeded
}

// Ask is Within for a store, which may fail once: a call that fails is made once
// more while there is time. Each of the two may take as long as each, and both
// together as long as total.
func Ask[T any](ctx context.Context, c *Calls, total, each time.Duration, f func(context.Context) (T, error)) (T, error) {
	deadline := time.Now().Add(total)
	value, err := Within(ctx, c, min(total, each), f)
	left := time.Until(deadline)
	if err == nil || errors.Is(err, ErrLeftBehind) || left <= 0 {
		return value, err
	}
	return Within(ctx, c, min(left, each), f)
}
