package openwork

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// MemoryQueueConfig configures a MemoryQueue.
type MemoryQueueConfig struct {
	Capacity int // deliveries that wait or are being handled; more are refused with ErrQueueFull. 0: 10 000
	Workers  int // deliveries handled at one time. 0: 16

	// Attempts is how often a delivery is tried; the pause before the second is Backoff, doubled for each further one, with
	// jitter, up to a minute. 0: 8 attempts, 1 second.
	Attempts int
	Backoff  time.Duration

	// DeadLetter gets what could not be handled, with the last error: after the last attempt, or at a Shutdown that ran out of
	// time. It may be called by several goroutines at once. nil: a log line, without contents.
	DeadLetter func(d Delivery, err error)

	Logger *slog.Logger // nil: slog.Default()
}

// MemoryQueue is a Queue in this process: bounded, with deliveries of one App and CorpID in order and one failing corp not
// in the way of the others: while a corp's deliveries fail it may hold a tenth of the capacity, and what it sends beyond that
// is refused with ErrQueueFull. Deliveries without a CorpID, such as create_auth, wait for no other. It is safe
// for concurrent use.
//
// A process that is killed loses the deliveries it had acknowledged and not yet handled, and WeCom will not send them again.
// Where that matters use a durable queue. Shutdown loses nothing that its time allows to handle.
type MemoryQueue struct {
	config MemoryQueueConfig

	mu      sync.Mutex
	wake    sync.Cond // a lane is ready, or the queue is closing
	process func(context.Context, Delivery) error
	lanes   map[laneKey]*lane
	ready   []*lane         // lanes whose first delivery may be handled now, in order
	known   map[string]bool // IDs of the deliveries at hand
	count   int
	alone   uint64 // deliveries without a corp so far
	closed  bool
	cut     error           // why Shutdown did not wait for the last
	ctx     context.Context // of the workers; ends when Shutdown runs out of time
	cancel  context.CancelFunc
	workers sync.WaitGroup
	ended   chan struct{} // closed once a Shutdown is done
}

type laneKey struct {
	app, corpID string
	alone       uint64 // tells deliveries without a corp apart, which concern different corps
}

// lane holds the deliveries of one App and CorpID; the first of them is tried until it is done with.
type lane struct {
	key      laneKey
	waiting  []Delivery
	attempts int         // at the first
	failing  bool        // the last attempt has failed
	busy     bool        // it is being handled, or waits for its next attempt
	running  bool        // a handler or DeadLetter has the first
	retry    *time.Timer // runs while it waits for its next attempt
}

const longestBackoff = time.Minute

// ErrQueueClosed: the queue is shutting down. A push is answered 500 then, and may be repeated to another replica.
var ErrQueueClosed = errors.New("queue is shutting down")

// NewMemoryQueue makes a queue that takes deliveries at once and handles them from Start on. Whoever makes one ends it with
// Shutdown.
func NewMemoryQueue(config MemoryQueueConfig) *MemoryQueue {
	if config.Capacity <= 0 {
		config.Capacity = 10_000
	}
	if config.Workers <= 0 {
		config.Workers = 16
	}
	if config.Attempts <= 0 {
		config.Attempts = 8
	}
	if config.Backoff <= 0 {
		config.Backoff = time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	q := &MemoryQueue{config: config, lanes: map[laneKey]*lane{}, known: map[string]bool{},
		ended: make(chan struct{})}
	q.wake.L = &q.mu
	q.ctx, q.cancel = context.WithCancel(context.Background())
	return q
}

// Format shows nothing: deliveries hold secrets.
func (q *MemoryQueue) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "openwork.MemoryQueue{…}")
}

// Enqueue implements Queue. It returns ErrQueueFull or ErrQueueClosed, or ctx's error if that has ended.
func (q *MemoryQueue) Enqueue(ctx context.Context, d Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrQueueClosed
	case d.ID != "" && q.known[d.ID]:
		return nil
	case q.count >= q.config.Capacity:
		return ErrQueueFull
	}
	key := laneKey{app: d.App, corpID: d.CorpID}
	if d.CorpID == "" {
		q.alone++
		key.alone = q.alone
	}
	l := q.lanes[key]
	if l == nil {
		l = &lane{key: key}
		q.lanes[key] = l
	} else if l.failing && len(l.waiting) >= max(q.config.Capacity/10, 1) {
		return ErrQueueFull
	}
	if d.ID != "" {
		q.known[d.ID] = true
	}
	q.count++
	l.waiting = append(l.waiting, d)
	q.offer(l)
	return nil
}

// Depth is how many deliveries wait or are being handled.
func (q *MemoryQueue) Depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// Health is ErrQueueClosed or ErrQueueFull if Enqueue returns that for every corp: Server.Health asks it.
func (q *MemoryQueue) Health(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrQueueClosed
	case q.count >= q.config.Capacity:
		return ErrQueueFull
	}
	return nil
}

// Start begins to handle deliveries with process: Server.Process or Mux.Process. It panics if it is called twice.
func (q *MemoryQueue) Start(process func(context.Context, Delivery) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if process == nil || q.process != nil {
		panic("openwork: MemoryQueue.Start without a function, or twice")
	}
	q.process = process
	for range q.config.Workers {
		q.workers.Add(1)
		go q.work()
	}
}

// offer makes the lane's first delivery available to a worker; q.mu is held.
func (q *MemoryQueue) offer(l *lane) {
	if l.busy || len(l.waiting) == 0 {
		return
	}
	l.busy = true
	q.ready = append(q.ready, l)
	q.wake.Signal()
}

// work handles deliveries until the queue is closed and empty.
func (q *MemoryQueue) work() {
	defer q.workers.Done()
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.ready) == 0 {
			if q.closed && (q.count == 0 || q.ctx.Err() != nil) {
				return
			}
			q.wake.Wait()
		}
		l := q.ready[0]
		q.ready = q.ready[1:]
		if q.ctx.Err() != nil {
			continue // Shutdown hands over what is left
		}
		d := l.waiting[0]
		l.running = true
		q.mu.Unlock()
		err := q.handle(d)
		q.mu.Lock()
		l.running, l.failing = false, err != nil
		l.attempts++
		switch {
		case q.lanes[l.key] != l: // Shutdown did not wait for it
			if err != nil {
				q.mu.Unlock()
				q.deadLetter(d, err)
				q.mu.Lock()
			}
		case err == nil:
			delete(q.known, d.ID)
			q.finish(l)
		case isHopeless(err), l.attempts >= q.config.Attempts:
			q.bury(l, err)
		default:
			q.retryLater(l)
		}
	}
}

// isHopeless tells what no further attempt will change. What a handler returns is never that, and an app that is unknown
// may be known again soon.
func isHopeless(err error) bool {
	var failed *handlerError
	return !errors.As(err, &failed) && errors.Is(err, ErrMalformed)
}

// handle calls process, in a goroutine of its own, to survive even its end.
func (q *MemoryQueue) handle(d Delivery) error {
	ended := make(chan error, 1)
	go func() {
		err := errors.New("openwork: handling a delivery ended its goroutine")
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("openwork: handling a delivery panicked: %v\n%s", v, debug.Stack())
			}
			ended <- err
		}()
		err = q.process(q.ctx, d)
	}()
	return <-ended
}

// finish is done with the lane's first delivery; q.mu is held.
func (q *MemoryQueue) finish(l *lane) {
	l.waiting[0] = Delivery{}
	l.waiting = l.waiting[1:]
	l.attempts, l.busy, l.retry = 0, false, nil
	q.count--
	if len(l.waiting) == 0 {
		delete(q.lanes, l.key)
	}
	q.offer(l)
	if q.closed && q.count == 0 {
		q.wake.Broadcast()
	}
}

// bury gives up the lane's first delivery; q.mu is held, but not while the dead letter is delivered.
func (q *MemoryQueue) bury(l *lane, err error) {
	d := l.waiting[0]
	delete(q.known, d.ID) // it may be enqueued again from there
	l.running = true
	q.mu.Unlock()
	q.deadLetter(d, err)
	q.mu.Lock()
	l.running = false
	if q.lanes[l.key] == l { // Shutdown has waited for it
		q.finish(l)
	}
}

// deadLetter calls DeadLetter, in a goroutine of its own, to survive even its end.
func (q *MemoryQueue) deadLetter(d Delivery, err error) {
	if q.config.DeadLetter != nil {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer func() {
				if v := recover(); v != nil {
					q.config.Logger.Error("openwork: DeadLetter panicked", "panic", v)
				}
			}()
			q.config.DeadLetter(d, err)
		}()
		<-ended
		return
	}
	q.config.Logger.Error("openwork: delivery given up", "app", d.App, "name", d.Name, "corp", d.CorpID, "error", err.Error())
}

// retryLater lets the lane wait before its next attempt; q.mu is held. A queue that is closing does not wait.
func (q *MemoryQueue) retryLater(l *lane) {
	pause := min(q.config.Backoff<<min(l.attempts-1, 16), longestBackoff)
	pause += jitter(pause / 4)
	if q.closed {
		pause = min(pause, 100*time.Millisecond)
	}
	l.retry = time.AfterFunc(pause, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.again(l)
	})
}

// again makes a lane available that waited for its next attempt; q.mu is held.
func (q *MemoryQueue) again(l *lane) {
	if l.retry == nil {
		return
	}
	l.retry = nil
	q.ready = append(q.ready, l)
	q.wake.Signal()
}

// Shutdown takes no more deliveries, waits until those at hand are handled, and ends the workers. If ctx ends before, it
// ends the context of the handlers, waits another second for them, gives what is left to DeadLetter with ErrQueueClosed,
// and returns ctx's error; what a handler still has by then goes to DeadLetter if that fails. A second call waits as well,
// and returns the same: the context that ends first counts for both.
func (q *MemoryQueue) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	first := !q.closed
	q.closed = true
	if first {
		for _, l := range q.lanes { // those who wait for another attempt get it now
			if l.retry != nil && l.retry.Stop() {
				q.again(l)
			}
		}
		go q.finishShutdown()
	}
	if first && q.process == nil && q.count > 0 {
		q.cut = errors.New("openwork: MemoryQueue was never started")
	}
	q.wake.Broadcast()
	q.mu.Unlock()

	select {
	case <-q.ended:
	case <-ctx.Done():
		q.mu.Lock()
		if q.cut == nil && q.count > 0 {
			q.cut = ctx.Err()
		}
		q.cancel()
		q.wake.Broadcast()
		q.mu.Unlock()
		<-q.ended
	}
	q.cancel()
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.cut
}

// finishShutdown ends once the workers have, or have not in time.
func (q *MemoryQueue) finishShutdown() {
	const grace = time.Second
	idle := make(chan struct{})
	go func() {
		q.workers.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-q.ctx.Done():
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-idle:
		case <-timer.C: // some handler does not look at its context
		}
	}
	q.buryAll()
	close(q.ended)
}

// buryAll hands over what Shutdown had no time for.
func (q *MemoryQueue) buryAll() {
	q.mu.Lock()
	var left []Delivery
	for key, l := range q.lanes {
		if l.retry != nil {
			l.retry.Stop()
		}
		if l.running { // its worker knows what becomes of it
			l.waiting = l.waiting[1:]
		}
		left = append(left, l.waiting...)
		delete(q.lanes, key)
	}
	q.count, q.ready = 0, nil
	clear(q.known)
	q.mu.Unlock()
	for _, d := range left {
		q.deadLetter(d, ErrQueueClosed)
	}
}
