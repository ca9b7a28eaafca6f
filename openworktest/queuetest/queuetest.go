// Package queuetest checks an implementation of openwork.Queue, and the
// workers behind it, against what a Server expects of them.
package queuetest

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
)

// Queue is a queue under test, with its workers.
type Queue struct {
	openwork.Queue // a method Health(context.Context) error or Depth() int is checked, if it has one

	// Start has the workers begin. What is enqueued before must wait.
	Start func()

	// Shutdown ends the workers: it waits for those that handle a delivery, as
	// long as ctx allows. Then it ends their contexts, and returns an error soon
	// after they have returned.
	Shutdown func(ctx context.Context) error
}

// Options say what the queue under test is like.
type Options struct {
	// Open makes an empty queue that nobody else uses. Its workers, four or
	// more, call process; a delivery that fails is tried again within a second;
	// one that is given up goes to dead, with the last error. Every check opens
	// a queue of its own, and shuts it down.
	Open func(t testing.TB, process func(context.Context, openwork.Delivery) error, dead func(openwork.Delivery, error)) Queue

	// Attempts is how often a delivery is tried before it is given up. 0: more
	// often than a test can wait for.
	Attempts int

	// Ordered: deliveries of one App and CorpID are handled in the order in
	// which they were enqueued, one after the other, also when one fails.
	Ordered bool

	// Copies: it does not know the IDs of what it has at hand. Then a Server
	// behind it still handles copies once, as they share a claim.
	Copies bool

	// Durable: what Shutdown leaves undone is handled after a restart. Without,
	// Shutdown handles all that was enqueued, and nothing can be enqueued after
	// it.
	Durable bool

	// Patience is how long to wait for what must happen. 0: 30 seconds.
	Patience time.Duration
}

// Run checks the queue and reports what it does otherwise than it should.
// Within a testing/synctest bubble it takes no time, for a queue that lives in
// this process.
//
// It checks that deliveries arrive whole; that those of an ID that the queue
// has at hand are dropped, and those without an ID never; order, if that is
// promised; that no corp stands in the way of another; that failures are tried
// again, given up in the end, and at once if nothing could change them; that
// Enqueue honours its context; Health and Depth; and the end.
func Run(t testing.TB, options Options) {
	t.Helper()
	if options.Patience <= 0 {
		options.Patience = 30 * time.Second
	}
	for _, check := range []func(*run){arriveWhole, knownIDs, emptyIDs, manyAtOnce, order, standAside, tryAgain, giveUp, hopeless,
		failuresOfHandlers, endedContext, health, shutdown, shutdownCutShort} {
		r := &run{TB: t, options: options}
		r.open()
		check(r)
		r.close()
	}
}

// run is one check, with a queue of its own.
type run struct {
	testing.TB
	options Options
	queue   Queue
	app     string // no other check's

	mu      sync.Mutex
	process func(context.Context, openwork.Delivery) error // what the workers do; nil: nothing
	handled []openwork.Delivery                            // begun
	dead    []openwork.Delivery
	causes  []error // of the dead
	closed  bool    // Shutdown has returned
}

func (r *run) open() {
	r.Helper()
	r.app = "openwork-queuetest-" + rand.Text()
	r.queue = r.options.Open(r.TB, func(ctx context.Context, d openwork.Delivery) error {
		r.mu.Lock()
		r.handled = append(r.handled, d)
		process := r.process
		if r.closed {
			r.Errorf("a delivery is handled after Shutdown has returned")
		}
		r.mu.Unlock()
		if process == nil {
			return nil
		}
		return process(ctx, d)
	}, func(d openwork.Delivery, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dead, r.causes = append(r.dead, d), append(r.causes, err)
	})
}

// close ends the queue, unless the check has done so.
func (r *run) close() {
	r.Helper()
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.options.Patience)
	defer cancel()
	if err := r.queue.Shutdown(ctx); err != nil {
		r.Errorf("Shutdown: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

func (r *run) delivery(id, corpID, name string) openwork.Delivery {
	if id != "" {
		id = r.app + ":" + id
	}
	return openwork.Delivery{ID: id, App: r.app, CorpID: corpID, Name: name, Time: time.Unix(1_700_000_000, 0),
		Plaintext: []byte("<xml><Name>" + name + "</Name></xml>"), ReceiveID: corpID}
}

func (r *run) enqueue(d openwork.Delivery) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), r.options.Patience)
	defer cancel()
	if err := r.queue.Enqueue(ctx, d); err != nil {
		r.Errorf("Enqueue: %v", err)
	}
}

// names are those of the deliveries that workers have begun with.
func (r *run) names() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.handled {
		names = append(names, d.Name)
	}
	return names
}

func (r *run) times(name string) (n int) {
	for _, handled := range r.names() {
		if handled == name {
			n++
		}
	}
	return n
}

// until waits for something that must happen.
func (r *run) until(what string, happened func() bool) bool {
	r.Helper()
	for deadline := time.Now().Add(r.options.Patience); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Errorf("after %v still not: %s", r.options.Patience, what)
			return false
		}
	}
	return true
}

// settle waits for what must not happen.
func (r *run) settle() { time.Sleep(300 * time.Millisecond) }

func (r *run) deadNames() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.dead {
		names = append(names, d.Name)
	}
	return names
}

// checkCause: an engine that writes errors down keeps their text.
func (r *run) checkCause(got, want error) {
	r.Helper()
	if got == nil || !errors.Is(got, want) && !strings.Contains(got.Error(), want.Error()) {
		r.Errorf("a delivery was given up for %v; want %v", got, want)
	}
}
