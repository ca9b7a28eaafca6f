package queuetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openwork-go/openwork"
)

// arriveWhole: every field, whatever is in it.
func arriveWhole(r *run) {
	r.Helper()
	deliveries := []openwork.Delivery{
		r.delivery("usual", "wpcustomer00000001", "usual"),
		{ID: r.app + ":bare", App: r.app, Name: "bare"},
		{ID: r.app + ":binary", App: r.app, CorpID: "corp", Name: "binary", Plaintext: []byte("\x00\xff\xfe\r\n\"'<>&\\"), ReceiveID: "dk1"},
		{ID: r.app + ":unicode 票据 %s {}", App: r.app, CorpID: "企业", Name: "unicode 事件", Plaintext: []byte("企业微信\u2028")},
		{ID: r.app + ":large", App: r.app, CorpID: "corp", Name: "large", Plaintext: slices.Repeat([]byte("0123456789abcdef"), 16<<10)},
	}
	for i := range deliveries {
		// A field of its own for what an observer wants to find in the worker.
		if meta := reflect.ValueOf(&deliveries[i]).Elem().FieldByName("Meta"); i == 0 && meta.IsValid() {
			meta.Set(reflect.ValueOf(map[string]string{"traceparent": "00-1-2-01", "empty": ""}))
		}
		r.enqueue(deliveries[i])
	}
	r.queue.Start()
	r.until("all deliveries are handled", func() bool { return len(r.names()) >= len(deliveries) })
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, want := range deliveries {
		i := slices.IndexFunc(r.handled, func(d openwork.Delivery) bool { return d.Name == want.Name })
		if i < 0 {
			r.Errorf("delivery %s has not arrived", want.Name)
			continue
		}
		got := r.handled[i]
		if !got.Time.Equal(want.Time) || string(got.Plaintext) != string(want.Plaintext) {
			r.Errorf("delivery %s arrived of %v, with %d bytes that are other; want %v, %d bytes", want.Name, got.Time,
				len(got.Plaintext), want.Time, len(want.Plaintext))
		}
		got.Time, got.Plaintext = want.Time, want.Plaintext
		if !reflect.DeepEqual(got, want) {
			r.Errorf("delivery %s arrived as %v, ID %q, ReceiveID %q; want %v, %q, %q", want.Name, got, got.ID, got.ReceiveID, want,
				want.ID, want.ReceiveID)
		}
	}
}

// knownIDs: copies of what waits or is being handled are taken, and dropped.
func knownIDs(r *run) {
	r.Helper()
	if r.options.Copies {
		return
	}
	release := make(chan struct{})
	r.process = func(_ context.Context, d openwork.Delivery) error {
		if d.Name == "slow" {
			<-release
		}
		return nil
	}
	for range 3 {
		r.enqueue(r.delivery("one", "corp", "one"))
	}
	r.enqueue(r.delivery("two", "corp", "two"))
	r.enqueue(r.delivery("slow", "other", "slow"))
	r.queue.Start()
	if r.until("a worker has begun", func() bool { return r.times("slow") == 1 }) {
		r.enqueue(r.delivery("slow", "other", "slow"))
		r.settle()
	}
	if n := r.times("slow"); n != 1 {
		r.Errorf("a copy of a delivery that is being handled is handled too: %d times", n)
	}
	close(release)
	r.until("both are handled", func() bool { return r.times("one") > 0 && r.times("two") > 0 })
	r.settle()
	for _, name := range []string{"one", "two", "slow"} {
		if n := r.times(name); n != 1 {
			r.Errorf("delivery %q was handled %d times, its copies included; want 1", name, n)
		}
	}
}

// emptyIDs: what has no ID has no copies.
func emptyIDs(r *run) {
	r.Helper()
	for range 3 {
		r.enqueue(r.delivery("", "corp", "same"))
	}
	r.queue.Start()
	r.until("three deliveries without an ID are handled", func() bool { return r.times("same") >= 3 })
	r.settle()
	if n := r.times("same"); n != 3 {
		r.Errorf("3 deliveries without an ID were handled %d times", n)
	}
}

// manyAtOnce: each delivery of many goroutines is handled once.
func manyAtOnce(r *run) {
	r.Helper()
	const senders, each = 8, 25
	r.queue.Start()
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for n := range each {
				name := fmt.Sprintf("%d-%d", s, n)
				r.enqueue(r.delivery(name, fmt.Sprint("corp", s%3), name))
			}
		})
	}
	wg.Wait()
	r.until("all are handled", func() bool { return len(r.names()) >= senders*each })
	r.settle()
	names := r.names()
	slices.Sort(names)
	if len(names) != senders*each || len(slices.Compact(names)) != senders*each {
		r.Errorf("%d deliveries of %d goroutines were handled %d times", senders*each, senders, len(names))
	}
}

// order: within an App and CorpID, also over failures.
func order(r *run) {
	r.Helper()
	if !r.options.Ordered {
		return
	}
	const corps, each = 3, 12
	var mu sync.Mutex
	running, done, tries := map[string]bool{}, map[string][]string{}, map[string]int{}
	r.process = func(_ context.Context, d openwork.Delivery) error {
		mu.Lock()
		if running[d.CorpID] {
			r.Errorf("two deliveries of one corp are handled at the same time")
		}
		running[d.CorpID] = true
		tries[d.ID]++
		fails := d.Name == "4" && tries[d.ID] == 1
		mu.Unlock()
		time.Sleep(2 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		running[d.CorpID] = false
		if fails {
			return errors.New("not yet")
		}
		done[d.CorpID] = append(done[d.CorpID], d.Name)
		return nil
	}
	var want []string
	for n := range each {
		want = append(want, fmt.Sprint(n))
		for c := range corps {
			r.enqueue(r.delivery(fmt.Sprintf("%d-%d", c, n), fmt.Sprint("corp", c), fmt.Sprint(n)))
		}
		if n == each/2 {
			r.queue.Start()
		}
	}
	count := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, names := range done {
			n += len(names)
		}
		return n
	}
	r.until("all are handled", func() bool { return count() >= corps*each })
	mu.Lock()
	defer mu.Unlock()
	for corp, got := range done {
		if !slices.Equal(got, want) {
			r.Errorf("deliveries of %s were handled in the order %v; want %v", corp, got, want)
		}
	}
}

// standAside: a corp whose handler hangs or fails does not hold up another.
func standAside(r *run) {
	r.Helper()
	release := make(chan struct{})
	r.process = func(_ context.Context, d openwork.Delivery) error {
		switch d.CorpID {
		case "hangs":
			<-release
		case "fails":
			select {
			case <-release:
			default:
				return errors.New("not yet")
			}
		}
		return nil
	}
	for _, corp := range []string{"hangs", "fails", "well"} {
		r.enqueue(r.delivery(corp, corp, corp))
	}
	r.queue.Start()
	r.until("a corp is served while another hangs, and one fails", func() bool { return r.times("well") > 0 })
	close(release)
	r.until("the others are served in the end", func() bool { return r.times("hangs") > 0 && r.times("fails") > 0 })
}

func tryAgain(r *run) {
	r.Helper()
	if r.options.Attempts == 1 {
		return
	}
	r.process = func(_ context.Context, d openwork.Delivery) error {
		if r.times(d.Name) == 1 {
			return errors.New("not yet")
		}
		return nil
	}
	r.enqueue(r.delivery("one", "corp", "one"))
	r.enqueue(r.delivery("", "corp", "without an ID"))
	r.queue.Start()
	r.until("what failed is tried again", func() bool { return r.times("one") >= 2 && r.times("without an ID") >= 2 })
	r.settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.handled) != 4 || len(r.dead) != 0 {
		r.Errorf("2 deliveries that fail once were tried %d times, %d were given up; want 4 and none", len(r.handled), len(r.dead))
	}
}

func giveUp(r *run) {
	r.Helper()
	if r.options.Attempts <= 0 {
		return
	}
	why := errors.New("the database of " + r.app + " is gone")
	r.process = func(context.Context, openwork.Delivery) error { return why }
	want := r.delivery("one", "corp", "one")
	r.enqueue(want)
	r.queue.Start()
	r.until("what always fails is given up", func() bool { return len(r.deadNames()) > 0 })
	r.settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.handled) != r.options.Attempts || len(r.dead) != 1 {
		r.Errorf("a delivery that always fails was tried %d times and given up %d times; want %d and 1", len(r.handled), len(r.dead),
			r.options.Attempts)
	}
	for i, d := range r.dead {
		if d.ID != want.ID || d.Name != want.Name || string(d.Plaintext) != string(want.Plaintext) {
			r.Errorf("what is given up is %v, not %v", d, want)
		}
		r.checkCause(r.causes[i], why)
	}
}

// hopeless: what process says can never be read is given up at once.
func hopeless(r *run) {
	r.Helper()
	why := fmt.Errorf("the text of %s: %w", r.app, openwork.ErrMalformed)
	r.process = func(context.Context, openwork.Delivery) error { return why }
	r.enqueue(r.delivery("one", "corp", "one"))
	r.queue.Start()
	r.until("what can never be read is given up", func() bool { return len(r.deadNames()) > 0 })
	r.settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.handled) != 1 || len(r.dead) != 1 {
		r.Errorf("a delivery that can never be read was tried %d times and given up %d times; want once", len(r.handled), len(r.dead))
	}
	for _, cause := range r.causes {
		r.checkCause(cause, why)
	}
}

// failuresOfHandlers: with Server.Process behind it, an error of a handler is
// no verdict on the delivery, even one that says "malformed"; a text that is no
// message is.
func failuresOfHandlers(r *run) {
	r.Helper()
	if r.options.Attempts == 1 {
		return
	}
	server, err := openwork.NewServer(openwork.Config{Name: r.app, SuiteID: "ww1a2b3c4d5e6f7a8b", Token: "queuetest",
		EncodingAESKey: strings.Repeat("a", 43), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.Errorf("NewServer: %v", err)
		return
	}
	var mu sync.Mutex
	calls := 0
	server.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 1 {
			return openwork.Success, fmt.Errorf("an answer of mine: %w", openwork.ErrMalformed)
		}
		return next(msg)
	})
	r.process = server.Process
	good, bad := r.delivery("good", "corp", "good"), r.delivery("bad", "other", "bad")
	good.Plaintext = []byte("<xml><SuiteId>ww1a2b3c4d5e6f7a8b</SuiteId><InfoType>x</InfoType></xml>")
	bad.Plaintext = []byte("no message")
	r.enqueue(good)
	r.enqueue(bad)
	r.queue.Start()
	r.until("a handler that failed is called again", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return calls >= 2
	})
	r.until("what is no message is given up", func() bool { return len(r.deadNames()) > 0 })
	r.settle()
	if dead := r.deadNames(); len(dead) != 1 || dead[0] != "bad" || r.times("bad") != 1 || r.times("good") != 2 {
		r.Errorf("given up: %v; good was tried %d times, bad %d; want [bad], 2 and 1", dead, r.times("good"), r.times("bad"))
	}
}

// endedContext: what is refused is not taken; what is taken has a context of
// its own.
func endedContext(r *run) {
	r.Helper()
	r.process = func(ctx context.Context, d openwork.Delivery) error {
		if err := ctx.Err(); err != nil {
			r.Errorf("the context of a worker has ended: %v", err)
		}
		return nil
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.queue.Enqueue(ended, r.delivery("refused", "corp", "refused")); err == nil {
		r.Errorf("Enqueue with a context that has ended: no error")
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.options.Patience)
	if err := r.queue.Enqueue(ctx, r.delivery("taken", "corp", "taken")); err != nil {
		r.Errorf("Enqueue: %v", err)
	}
	cancel() // as a Server's does after Enqueue
	r.queue.Start()
	r.until("the delivery is handled", func() bool { return r.times("taken") > 0 })
	r.settle()
	if n := r.times("refused"); n != 0 {
		r.Errorf("a delivery was handled whose Enqueue had said no")
	}
}

// health: a queue that can tell how it is tells the truth.
func health(r *run) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), r.options.Patience)
	defer cancel()
	checker, _ := r.queue.Queue.(interface{ Health(context.Context) error })
	counter, _ := r.queue.Queue.(interface{ Depth() int })
	depth := func(want int, when string) {
		r.Helper()
		if counter != nil && !r.until(fmt.Sprintf("Depth is %d %s", want, when), func() bool { return counter.Depth() == want }) {
			r.Errorf("it is %d", counter.Depth())
		}
	}
	depth(0, "of an empty queue")
	for _, id := range []string{"one", "two", "three"} {
		r.enqueue(r.delivery(id, "corp", id))
	}
	if !r.options.Copies {
		r.enqueue(r.delivery("one", "corp", "one"))
	}
	depth(3, "of three deliveries, copies not counted")
	r.queue.Start()
	r.until("all are handled", func() bool { return len(r.names()) >= 3 })
	depth(0, "when all are handled")
	if checker == nil {
		return
	}
	if err := checker.Health(ctx); err != nil {
		r.Errorf("Health of a queue that works: %v", err)
	}
	r.close()
	if r.options.Durable {
		return
	}
	if err := checker.Health(ctx); err == nil {
		r.Errorf("Health after Shutdown: no error")
	}
}

// shutdown: it waits for what is being handled, and nothing runs afterwards.
func shutdown(r *run) {
	r.Helper()
	const waiting = 10
	var mu sync.Mutex
	ended := 0
	r.process = func(ctx context.Context, _ openwork.Delivery) error {
		time.Sleep(100 * time.Millisecond)
		if err := ctx.Err(); err != nil {
			r.Errorf("the context of a worker has ended before that of Shutdown: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		ended++
		return nil
	}
	for n := range waiting {
		name := fmt.Sprint(n)
		r.enqueue(r.delivery(name, fmt.Sprint("corp", n%3), name))
	}
	r.queue.Start()
	r.until("a worker has begun", func() bool { return len(r.names()) > 0 })
	r.close() // which waits, and marks what runs later
	begun := len(r.names())
	mu.Lock()
	if ended != begun {
		r.Errorf("Shutdown has returned while %d of %d deliveries were being handled", begun-ended, begun)
	}
	mu.Unlock()
	if !r.options.Durable && begun != waiting {
		r.Errorf("Shutdown has handled %d of %d deliveries, and there was time", begun, waiting)
	}
	if !r.options.Durable {
		if err := r.queue.Enqueue(context.Background(), r.delivery("late", "corp", "late")); err == nil {
			r.Errorf("Enqueue after Shutdown: no error")
		}
	}
	r.settle()
}

// shutdownCutShort: a handler that takes longer than Shutdown may is told so,
// and what it could not do is not lost.
func shutdownCutShort(r *run) {
	r.Helper()
	var mu sync.Mutex
	told := false
	r.process = func(ctx context.Context, _ openwork.Delivery) error {
		timer := time.NewTimer(r.options.Patience)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			mu.Lock()
			defer mu.Unlock()
			told = true
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}
	r.enqueue(r.delivery("slow", "corp", "slow"))
	r.queue.Start()
	r.until("a worker has begun", func() bool { return len(r.names()) > 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if err := r.queue.Shutdown(ctx); err == nil {
		r.Errorf("Shutdown whose context ended before a handler did: no error")
	}
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	mu.Lock()
	if !told {
		r.Errorf("Shutdown has run out of time, and the context of the handler has not ended")
	}
	mu.Unlock()
	if dead := r.deadNames(); !r.options.Durable && len(dead) != 1 {
		r.Errorf("after a Shutdown that ran out of time, given up: %v; want [slow]", dead)
	}
}
