package openwork

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// MemoryQueueConfig configures a MemoryQueue.
type MemoryQueueConfig struct {
	Capacity int // deliveries that wait or are being handled; more are refused with ErrQueueFull. 0: 10 000
	Workers  int // deliveries handled at one time. 0: 16

	// Attempts is how often a delivery is tried; the pause before the second is
	// Backoff, doubled for each further one, with jitter, up to a minute. While
	// the queue is shutting down, what is tried more than once is tried until
	// time is up. 0: 8 attempts, 1 second.
	Attempts int
	Backoff  time.Duration

	// DeadLetter gets what could not be handled, with the last error: after the
	// last attempt, or at a Shutdown that ran out of time. It has 10 seconds,
	// and at the end of Shutdown 5 seconds for all that is left; what it could
	// not take by then is named in the log. It may be called by several
	// goroutines at once. nil: a log line, without contents.
	DeadLetter func(d Delivery, err error)

	Logger *slog.Logger // nil: slog.Default()
}

// MemoryQueue is a Queue in this process: bounded, with deliveries of one App
// and CorpID in order. It is safe for concurrent use.
//
// No corp, slow or failing, shuts out the others. Each has at most one worker,
// and what waits for it may be as much as there is room left: with one such
// corp half of the queue stays free, with two a third. What is beyond is
// refused with ErrQueueFull. A Capacity below 16 is not shared out. Deliveries
// without a CorpID, such as create_auth, wait for no other.
//
// A process that is killed loses the deliveries it had acknowledged and not yet
// handled, and WeCom will not send them again. Where that matters use a durable
// queue. Shutdown loses nothing that its time allows to handle.
type MemoryQueue struct {
	config MemoryQueueConfig
	calls  guard.Calls // of DeadLetter

	mu      sync.Mutex
	wake    sync.Cond // a lane is ready, or the queue is closing
	process func(context.Context, Delivery) error
	lanes   map[laneKey]*lane
	ready   []*lane         // lanes whose first delivery may be handled now, in order
	known   map[string]bool // IDs of the deliveries at hand
	count   int
	alone   uint64 // deliveries without a corp so far
	closed  bool
	patient bool            // while closing: attempts do not run out, since a context will
	cut     error           // why Shutdown did not wait for the last
	ctx     context.Context // of the workers; ends when Shutdown runs out of time
	cancel  context.CancelFunc
	workers sync.WaitGroup
	ended   chan struct{} // closed once a Shutdown is done

	moved time.Time   // when a worker last took or finished something, or there was first something to take
	watch *time.Timer // runs while there is something to take
}

type laneKey struct {
	app, corpID string
	alone       uint64 // tells deliveries without a corp apart, which concern different corps
}

// lane holds the deliveries of one App and CorpID; the first of them is tried until it is done with.
type lane struct {
	key      laneKey
	waiting  []Delivery
	attempts int         // at the first, that failed
	busy     bool        // it is being handled, or waits for its next attempt
	running  bool        // a handler or DeadLetter has the first
	retry    *time.Timer // runs while it waits for its next attempt
}

const (
	leastShared     = 16 // a queue of a smaller Capacity is too small to be shared out
	longestBackoff  = time.Minute
	closingBackoff  = time.Second      // the longest while the queue is closing
	busyPause       = time.Second      // before a copy is tried again that another replica handles
	standsStill     = 30 * time.Second // without movement, though there is something to do
	deadLetterTime  = 10 * time.Second
	handlerFarewell = time.Second     // for handlers to end, once the context of Shutdown has
	handoverTime    = 5 * time.Second // for DeadLetter to take what is left then
)

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
	} else if q.config.Capacity >= leastShared && len(l.waiting) >= q.config.Capacity-q.count {
		return ErrQueueFull // no more than what stays free for others
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

// Health says why nothing is taken or handled now: Server.Health asks it. It is
// ErrQueueClosed, ErrQueueFull, or an error that says why nothing has moved for
// 30 seconds: Start was not called, or all workers are held up by handlers.
func (q *MemoryQueue) Health(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrQueueClosed
	case q.count >= q.config.Capacity:
		return ErrQueueFull
	case len(q.ready) > 0 && time.Since(q.moved) >= standsStill:
		return q.standsStill()
	}
	return nil
}

var errNotStarted = errors.New("openwork: MemoryQueue.Start was not called, so nothing is handled")

// standsStill says so; q.mu is held.
func (q *MemoryQueue) standsStill() error {
	if q.process == nil {
		return errNotStarted
	}
	return fmt.Errorf("openwork: MemoryQueue stands still: all %d workers have been held up by handlers for %v, %d deliveries wait",
		q.config.Workers, time.Since(q.moved).Round(time.Second), q.count)
}

// move notes that the queue moves; q.mu is held.
func (q *MemoryQueue) move() { q.moved = time.Now() }

// look says in the log when the queue stands still, and looks again later; q.mu
// is not held.
func (q *MemoryQueue) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.ready) == 0 {
		q.watch = nil
		return
	}
	rest := standsStill - time.Since(q.moved)
	if rest <= 0 {
		q.config.Logger.Error(q.standsStill().Error())
		rest = time.Minute
	}
	q.watch = time.AfterFunc(rest, q.look)
}

// Start begins to handle deliveries with process: Server.Process or Mux.Process.
// It panics if it is called twice or without a function. After Shutdown it does
// nothing.
func (q *MemoryQueue) Start(process func(context.Context, Delivery) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if process == nil || q.process != nil {
		panic("openwork: MemoryQueue.Start without a function, or twice")
	}
	if q.closed {
		return
	}
	q.process = process
	q.move()
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
	q.makeReady(l)
}

// makeReady has a worker take the lane's first delivery; q.mu is held.
func (q *MemoryQueue) makeReady(l *lane) {
	if len(q.ready) == 0 {
		q.move()
	}
	if q.watch == nil && !q.closed {
		q.watch = time.AfterFunc(standsStill, q.look)
	}
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
		pause := q.pause(l)
		attempt := Attempt{Number: l.attempts + 1, Most: q.config.Attempts, Next: pause}
		if attempt.Number >= attempt.Most {
			attempt.Next = 0
		}
		q.move()
		q.mu.Unlock()
		err := guard.Call(func() error { return q.process(WithAttempt(q.ctx, attempt), d) })
		q.mu.Lock()
		l.running = false
		q.move()
		switch {
		case q.lanes[l.key] != l: // Shutdown did not wait for it
			if err != nil && !isBusy(err) {
				q.logLost(d, err)
			}
		case err == nil:
			delete(q.known, d.ID)
			q.finish(l)
		case q.ctx.Err() != nil && !isHopeless(err): // Shutdown takes it, and hands it over
		case isBusy(err): // no attempt: another replica has it
			q.retryAfter(l, busyPause)
		default:
			l.attempts++
			if isHopeless(err) || l.attempts >= q.config.Attempts && !(q.patient && q.config.Attempts > 1) {
				q.bury(l, err)
			} else {
				q.retryAfter(l, pause)
			}
		}
	}
}

// isHopeless tells what no further attempt will change. What a handler returns is never that, and an app that is unknown
// may be known again soon.
func isHopeless(err error) bool { return isOurs(err) && errors.Is(err, ErrMalformed) }

// isBusy tells that a copy is being handled elsewhere.
func isBusy(err error) bool { return isOurs(err) && errors.Is(err, ErrBusy) }

// isOurs tells an error of Process from one of a handler, whatever that wraps.
func isOurs(err error) bool {
	var failed *handlerError
	return !errors.As(err, &failed)
}

// pause is how long the lane waits before the attempt after the next, should
// that fail; q.mu is held. A queue that is closing does not wait for long.
func (q *MemoryQueue) pause(l *lane) time.Duration {
	longest := longestBackoff
	if q.closed {
		longest = closingBackoff
	}
	pause := min(q.config.Backoff<<min(l.attempts, 16), longest)
	return pause + jitter(pause/4)
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
	q.deadLetter(d, err, deadLetterTime)
	q.mu.Lock()
	l.running = false
	q.move()
	if q.lanes[l.key] == l { // Shutdown has waited for it
		q.finish(l)
	}
}

// deadLetter hands a delivery to DeadLetter, which has so long, and says in the
// log what could not be handed over.
func (q *MemoryQueue) deadLetter(d Delivery, err error, limit time.Duration) {
	if q.config.DeadLetter == nil {
		q.config.Logger.Error("openwork: delivery given up", "app", d.App, "name", d.Name, "corp", d.CorpID, "error", err.Error())
		return
	}
	_, failed := guard.Within(context.Background(), &q.calls, limit, func(context.Context) (struct{}, error) {
		q.config.DeadLetter(d, err)
		return struct{}{}, nil
	})
	if failed != nil {
		q.logLost(d, fmt.Errorf("DeadLetter: %w; it was to get: %w", failed, err))
	}
}

// logLost names a delivery that nobody has any more.
func (q *MemoryQueue) logLost(d Delivery, err error) {
	q.config.Logger.Error("openwork: delivery lost", "app", d.App, "name", d.Name, "corp", d.CorpID, "error", err.Error())
}

// retryAfter lets the lane wait before its next attempt; q.mu is held.
func (q *MemoryQueue) retryAfter(l *lane, pause time.Duration) {
	if q.closed {
		pause = min(pause, closingBackoff)
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
	q.makeReady(l)
}

// Shutdown takes no more deliveries, waits until those at hand are handled, and
// ends the workers.
//
// While ctx lasts, attempts do not run out: what fails is tried again, at least
// once a second. A ctx that never ends lets them run out as usual.
//
// If ctx ends before all are handled, Shutdown ends the context of the handlers,
// waits another second for them, gives what is left to DeadLetter with
// ErrQueueClosed, for at most 5 seconds, and returns ctx's error. What a handler
// still has by then is lost if that fails, and named in the log.
//
// A second call waits as well, and returns the same: the context that ends first
// counts for both.
func (q *MemoryQueue) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	first := !q.closed
	q.closed = true
	if ctx.Done() != nil {
		q.patient = true
	}
	if first {
		if q.watch != nil {
			q.watch.Stop()
			q.watch = nil
		}
		for _, l := range q.lanes { // those who wait for another attempt get it now
			if l.retry != nil && l.retry.Stop() {
				q.again(l)
			}
		}
		if q.process == nil && q.count > 0 {
			q.cut = errNotStarted
		}
		go q.finishShutdown()
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
	defer close(q.ended)
	idle := make(chan struct{})
	go func() {
		q.workers.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-q.ctx.Done():
		timer := time.NewTimer(handlerFarewell)
		defer timer.Stop()
		select {
		case <-idle:
		case <-timer.C: // some handler does not look at its context
		}
	}
	q.handOver(q.takeAll())
}

// takeAll takes out what Shutdown had no time for.
func (q *MemoryQueue) takeAll() (left []Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
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
	return left
}

// handOver gives what is left to DeadLetter, several at one time.
func (q *MemoryQueue) handOver(left []Delivery) {
	deadline := time.Now().Add(handoverTime)
	next := make(chan Delivery)
	var all sync.WaitGroup
	for range min(len(left), max(q.config.Workers, 64)) {
		all.Go(func() {
			for d := range next {
				q.deadLetter(d, ErrQueueClosed, time.Until(deadline))
			}
		})
	}
	for _, d := range left {
		next <- d
	}
	close(next)
	all.Wait()
}
