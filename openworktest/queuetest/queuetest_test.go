package queuetest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest/queuetest"
	"github.com/stretchr/testify/assert"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}

// memoryQueue opens MemoryQueues.
var memoryQueue = queuetest.Options{Attempts: 4, Ordered: true, Patience: 10 * time.Second, Open: func(_ testing.TB,
	process func(context.Context, openwork.Delivery) error, dead func(openwork.Delivery, error)) queuetest.Queue {
	q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Workers: 4, Attempts: 4, Backoff: 10 * time.Millisecond, DeadLetter: dead})
	return queuetest.Queue{Queue: q, Start: func() { q.Start(process) }, Shutdown: q.Shutdown}
}}

func TestMemoryQueue(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, memoryQueue)
}

func TestMemoryQueue_InFakeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { queuetest.Run(t, memoryQueue) })
}

// recordingTB keeps what the suite reports.
type recordingTB struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recordingTB) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// brokenQueue is a right queue with workers, unless one of its fields breaks
// it.
type brokenQueue struct {
	dropsPlaintext, dropsReceiveID, cutsLarge, keepsCopies, keepsRunningCopies, dropsEmptyIDs, lastFirst,
	retriesBehind, oneWorker, noRetry, noDead, wrongCause, retriesMalformed, malformedOfHandlers, deafEnqueue,
	contextOfEnqueue, leavesRunning, leavesWaiting, takesAfterEnd, alwaysWell, depthOfWaiting, losesOne, endless, silent, losesUnfinished bool

	process func(context.Context, openwork.Delivery) error
	dead    func(openwork.Delivery, error)

	ctx     context.Context // of the workers
	cut     context.CancelFunc
	mu      sync.Mutex
	waiting []item
	lanes   map[string]bool
	known   map[string]bool
	depth   int
	count   int
	closed  bool
	workers sync.WaitGroup
}

func newBrokenQueue(process func(context.Context, openwork.Delivery) error, dead func(openwork.Delivery, error)) *brokenQueue {
	q := &brokenQueue{process: process, dead: dead, known: map[string]bool{}, lanes: map[string]bool{}}
	q.ctx, q.cut = context.WithCancel(context.Background())
	return q
}

type item struct {
	openwork.Delivery
	ctx      context.Context
	attempts int
	at       time.Time
}

func (q *brokenQueue) Enqueue(ctx context.Context, d openwork.Delivery) error {
	if err := ctx.Err(); err != nil && !q.deafEnqueue {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed && !q.takesAfterEnd {
		return openwork.ErrQueueClosed
	}
	if (d.ID != "" || q.dropsEmptyIDs) && q.known[d.ID] && !q.keepsCopies {
		return nil
	}
	q.known[d.ID] = true
	if q.count++; q.losesOne && q.count == 150 {
		return nil
	}
	d.Plaintext = slices.Clone(d.Plaintext)
	if q.dropsPlaintext {
		d.Plaintext = nil
	}
	if q.cutsLarge && len(d.Plaintext) > 64<<10 {
		d.Plaintext = d.Plaintext[:64<<10]
	}
	if q.dropsReceiveID {
		d.ReceiveID = ""
	}
	q.depth++
	it := item{Delivery: d, ctx: q.ctx}
	if q.contextOfEnqueue {
		it.ctx = ctx
	}
	if q.lastFirst {
		q.waiting = slices.Insert(q.waiting, 0, it)
	} else {
		q.waiting = append(q.waiting, it)
	}
	return nil
}

func (q *brokenQueue) lane(it item) string {
	if it.CorpID == "" {
		return it.ID
	}
	return it.CorpID
}

func (q *brokenQueue) next() (item, bool) {
	blocked := map[string]bool{}
	for i, it := range q.waiting {
		lane := q.lane(it)
		if q.lanes[lane] || blocked[lane] || time.Now().Before(it.at) {
			blocked[lane] = !q.retriesBehind
			continue
		}
		q.waiting = slices.Delete(q.waiting, i, i+1)
		q.lanes[lane] = true
		return it, true
	}
	return item{}, false
}

func (q *brokenQueue) start() {
	workers := 4
	if q.oneWorker {
		workers = 1
	}
	for range workers {
		q.workers.Go(q.work)
	}
}

func (q *brokenQueue) work() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		it, ok := q.next()
		if !ok {
			if q.closed && (len(q.waiting) == 0 || q.leavesWaiting) {
				return
			}
			q.mu.Unlock()
			time.Sleep(time.Millisecond)
			q.mu.Lock()
			continue
		}
		if q.closed && q.leavesWaiting {
			return
		}
		if q.keepsRunningCopies {
			delete(q.known, it.ID)
		}
		q.mu.Unlock()
		err := q.process(it.ctx, it.Delivery)
		q.mu.Lock()
		delete(q.lanes, q.lane(it))
		it.attempts++
		malformed := errors.Is(err, openwork.ErrMalformed)
		if malformed && !q.malformedOfHandlers {
			var refused *openwork.RefusedError
			malformed = errors.As(err, &refused) || it.attempts == 1 && err.Error()[:8] == "the text"
		}
		switch {
		case err == nil || q.noRetry:
		case q.ctx.Err() != nil && q.losesUnfinished:
		case malformed && !q.retriesMalformed, it.attempts >= 4, q.ctx.Err() != nil:
			if q.wrongCause {
				err = errors.New("something")
			}
			if !q.noDead {
				q.mu.Unlock()
				q.dead(it.Delivery, err)
				q.mu.Lock()
			}
		default:
			it.at = time.Now().Add(10 * time.Millisecond)
			q.waiting = slices.Insert(q.waiting, 0, it)
			continue
		}
		delete(q.known, it.ID)
		q.depth--
	}
}

func (q *brokenQueue) shutdown(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	if q.leavesRunning {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.workers.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	q.leavesWaiting = true // a failure is not tried again
	q.mu.Unlock()
	if !q.endless {
		q.cut()
	}
	<-ended
	if q.silent {
		return nil
	}
	return ctx.Err()
}

func (q *brokenQueue) Depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.depthOfWaiting {
		return len(q.waiting) + 1
	}
	return q.depth
}

func (q *brokenQueue) Health(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed && !q.alwaysWell {
		return openwork.ErrQueueClosed
	}
	return nil
}

func TestRun_FindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, broken func(*brokenQueue)) []string {
		recorder := &recordingTB{TB: t}
		queuetest.Run(recorder, queuetest.Options{Attempts: 4, Ordered: true, Patience: 5 * time.Second, Open: func(_ testing.TB,
			process func(context.Context, openwork.Delivery) error, dead func(openwork.Delivery, error)) queuetest.Queue {
			q := newBrokenQueue(process, dead)
			broken(q)
			return queuetest.Queue{Queue: q, Start: q.start, Shutdown: q.shutdown}
		}})
		time.Sleep(time.Minute) // what Shutdown has left comes to its end
		return recorder.failures
	}
	for name, broken := range map[string]func(*brokenQueue){
		"":                                  func(*brokenQueue) {},
		"the plaintext is lost":             func(q *brokenQueue) { q.dropsPlaintext = true },
		"the receive id is lost":            func(q *brokenQueue) { q.dropsReceiveID = true },
		"large ones are cut":                func(q *brokenQueue) { q.cutsLarge = true },
		"copies are handled":                func(q *brokenQueue) { q.keepsCopies = true },
		"copies of what runs are handled":   func(q *brokenQueue) { q.keepsRunningCopies = true },
		"without an ID is a copy":           func(q *brokenQueue) { q.dropsEmptyIDs = true },
		"one of many is lost":               func(q *brokenQueue) { q.losesOne = true },
		"the last comes first":              func(q *brokenQueue) { q.lastFirst = true },
		"a failure is overtaken":            func(q *brokenQueue) { q.retriesBehind = true },
		"one corp stops the others":         func(q *brokenQueue) { q.oneWorker = true },
		"nothing is tried again":            func(q *brokenQueue) { q.noRetry = true },
		"nothing is handed over":            func(q *brokenQueue) { q.noDead = true },
		"the error is another":              func(q *brokenQueue) { q.wrongCause = true },
		"the unreadable is tried again":     func(q *brokenQueue) { q.retriesMalformed = true },
		"a handler's error is taken for it": func(q *brokenQueue) { q.malformedOfHandlers = true },
		"Enqueue is deaf to its context":    func(q *brokenQueue) { q.deafEnqueue = true },
		"a worker has Enqueue's context":    func(q *brokenQueue) { q.contextOfEnqueue = true },
		"Shutdown does not wait":            func(q *brokenQueue) { q.leavesRunning = true },
		"Shutdown leaves what waits":        func(q *brokenQueue) { q.leavesWaiting = true },
		"it takes more after the end":       func(q *brokenQueue) { q.takesAfterEnd = true },
		"it says it is well after the end":  func(q *brokenQueue) { q.alwaysWell = true },
		"a handler is not told of the end":  func(q *brokenQueue) { q.endless = true },
		"Shutdown does not say it ran out":  func(q *brokenQueue) { q.silent = true },
		"what was cut short is lost":        func(q *brokenQueue) { q.losesUnfinished = true },
		"its depth is another":              func(q *brokenQueue) { q.depthOfWaiting = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if failures := run(t, broken); name == "" {
					assert.Empty(t, failures, "right before it is broken")
				} else {
					assert.NotEmpty(t, failures)
					t.Log(failures)
				}
			})
		})
	}
}

// What an engine does not promise is not asked of it.
func TestRun_Options(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// A durable queue, of which Shutdown ends only the workers.
		queuetest.Run(t, queuetest.Options{Durable: true, Copies: true, Open: func(_ testing.TB, process func(context.Context, openwork.Delivery) error,
			dead func(openwork.Delivery, error)) queuetest.Queue {
			q := newBrokenQueue(process, dead)
			q.leavesWaiting, q.takesAfterEnd, q.alwaysWell, q.lastFirst, q.keepsCopies = true, true, true, true, true
			return queuetest.Queue{Queue: struct{ openwork.Queue }{q}, Start: q.start, Shutdown: q.shutdown}
		}})
		// One that gives up at once.
		queuetest.Run(t, queuetest.Options{Attempts: 1, Open: func(_ testing.TB, process func(context.Context, openwork.Delivery) error,
			dead func(openwork.Delivery, error)) queuetest.Queue {
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Attempts: 1, DeadLetter: dead})
			return queuetest.Queue{Queue: q, Start: func() { q.Start(process) }, Shutdown: q.Shutdown}
		}})
	})
}
