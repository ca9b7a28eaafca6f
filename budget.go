package openwork

import (
	"context"
	"sync"
	"time"
)

// budget is the context of a push: it ends with the request, at the deadline, or when the push is answered. It is what
// context.WithDeadline makes, but costs a timer only for handlers that wait for its end.
type budget struct {
	context.Context // the request's
	deadline        time.Time

	mu     sync.Mutex
	err    error           // once it has ended
	inner  context.Context // made when Done is first called
	cancel context.CancelFunc
}

// Deadline implements context.Context.
func (b *budget) Deadline() (time.Time, bool) {
	if earlier, ok := b.Context.Deadline(); ok && earlier.Before(b.deadline) {
		return earlier, true
	}
	return b.deadline, true
}

// Done implements context.Context.
func (b *budget) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.inner == nil {
		b.inner, b.cancel = context.WithDeadline(b.Context, b.deadline)
		if b.err != nil {
			b.cancel()
		}
	}
	return b.inner.Done()
}

// Err implements context.Context.
func (b *budget) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state()
}

// state is Err; b.mu is held.
func (b *budget) state() error {
	switch {
	case b.err != nil:
	case b.inner != nil:
		b.err = b.inner.Err()
	case b.Context.Err() != nil:
		b.err = b.Context.Err()
	case !time.Now().Before(b.deadline):
		b.err = context.DeadlineExceeded
	}
	return b.err
}

// Value implements context.Context. Contexts made from this one find the inner one here, and end with it.
func (b *budget) Value(key any) any {
	b.mu.Lock()
	inner := b.inner
	b.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return b.Context.Value(key)
}

// end ends the context: the push is answered.
func (b *budget) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state() == nil {
		b.err = context.Canceled
	}
	if b.cancel != nil {
		b.cancel()
	}
}
