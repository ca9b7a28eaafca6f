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
	ended  bool
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
		if b.ended {
			b.cancel()
		}
	}
	return b.inner.Done()
}

// Err implements context.Context.
func (b *budget) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.inner != nil:
		return b.inner.Err()
	case b.Context.Err() != nil:
		return b.Context.Err()
	case b.ended:
		return context.Canceled
	case !time.Now().Before(b.deadline):
		return context.DeadlineExceeded
	}
	return nil
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
	b.ended = true
	if b.cancel != nil {
		b.cancel()
	}
}
