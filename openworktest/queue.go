package openworktest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/openwork-go/openwork"
)

// InlineQueue is an openwork.Queue for tests: what is enqueued is handled at
// once, once, and before Enqueue returns. So when a push is answered, what a
// worker does with it has been done. It keeps no order between pushes that come
// at the same time. It is safe for concurrent use.
type InlineQueue struct {
	mu      sync.Mutex
	process func(context.Context, openwork.Delivery) error
	waiting []openwork.Delivery // until Start
	known   map[string]bool     // IDs of the deliveries at hand
	depth   int
	errs    []error
	closed  bool
	running sync.WaitGroup
}

// NewInlineQueue makes a queue; Start begins to handle.
func NewInlineQueue() *InlineQueue { return &InlineQueue{known: map[string]bool{}} }

// Start handles deliveries with process: Server.Process or Mux.Process. Those
// enqueued before are handled now, in order. It panics if it is called twice.
func (q *InlineQueue) Start(process func(context.Context, openwork.Delivery) error) {
	q.mu.Lock()
	if process == nil || q.process != nil {
		q.mu.Unlock()
		panic("openworktest: InlineQueue.Start without a function, or twice")
	}
	q.process = process
	waiting := q.waiting
	q.running.Add(len(waiting))
	q.mu.Unlock()
	for _, d := range waiting {
		q.handle(context.Background(), d)
	}
}

// Enqueue implements openwork.Queue. It returns once the delivery is handled,
// well or not; or shortly before ctx ends, and the handling goes on. The
// handling does not end with ctx. It returns openwork.ErrQueueClosed after
// Shutdown, or ctx's error if that has ended.
func (q *InlineQueue) Enqueue(ctx context.Context, d openwork.Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	switch {
	case q.closed:
		q.mu.Unlock()
		return openwork.ErrQueueClosed
	case d.ID != "" && q.known[d.ID]:
		q.mu.Unlock()
		return nil
	}
	if d.ID != "" {
		q.known[d.ID] = true
	}
	q.depth++
	if q.process == nil {
		q.waiting = append(q.waiting, d)
		q.mu.Unlock()
		return nil
	}
	q.running.Add(1)
	q.mu.Unlock()

	handled := make(chan struct{})
	go func() {
		defer close(handled)
		q.handle(context.WithoutCancel(ctx), d)
	}()
	var soon <-chan time.Time
	if deadline, ok := ctx.Deadline(); ok {
		timer := time.NewTimer(time.Until(deadline) * 9 / 10)
		defer timer.Stop()
		soon = timer.C
	}
	select {
	case <-handled:
	case <-soon:
	case <-ctx.Done():
	}
	return nil
}

// handle handles a delivery, and survives what process does.
func (q *InlineQueue) handle(ctx context.Context, d openwork.Delivery) {
	err := errors.New("openworktest: handling a delivery ended its goroutine")
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("openworktest: handling a delivery panicked: %v\n%s", v, debug.Stack())
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.known, d.ID)
		q.depth--
		if err != nil {
			q.errs = append(q.errs, err)
		}
		q.running.Done()
	}()
	err = q.process(ctx, d)
}

// Err joins the errors of all deliveries so far. They are not tried again, and
// whoever enqueued them was not told.
func (q *InlineQueue) Err() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return errors.Join(q.errs...)
}

// Depth is how many deliveries wait for Start or are being handled.
func (q *InlineQueue) Depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.depth
}

// Shutdown takes no more deliveries and waits for those being handled. It
// returns ctx's error if that ends before, and then leaves them to themselves.
func (q *InlineQueue) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
