package cachetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
)

// RunTicketStore checks the ticket store and reports what it does otherwise
// than the contract says. The store may be in use; RunTicketStore puts tickets
// of suites that do not exist, whose ids begin with "openwork-cachetest-" and
// are new in every run, and leaves them there.
//
// It takes no time. A store that keeps the newest ticket, whatever is put last,
// is as right as one that keeps the last.
func RunTicketStore(t testing.TB, store openwork.TicketStore) {
	t.Helper()
	r := &ticketRun{TB: t, store: store, ctx: context.Background(), id: strings.ToLower(rand.Text())}
	now := time.Now().Truncate(time.Second)

	r.none("suite", "before any was put")
	r.put("suite", "first", now.Add(-20*time.Minute))
	r.has("suite", "first", now.Add(-20*time.Minute), "after it was put")
	r.has("suite", "first", now.Add(-20*time.Minute), "a second time")
	r.put("suite", "second", now.Add(-10*time.Minute))
	r.has("suite", "second", now.Add(-10*time.Minute), "which is newer than the one before")
	r.put("suite", "second again", now.Add(-10*time.Minute))
	r.has("suite", "second again", now.Add(-10*time.Minute), "which is as old as the one before, and arrived later")
	r.put("suite", "old", now.Add(-25*time.Minute))
	r.hasOneOf("suite", "after an older one was put", openwork.SuiteTicket{Value: "second again", Time: now.Add(-10 * time.Minute)},
		openwork.SuiteTicket{Value: "old", Time: now.Add(-25 * time.Minute)})
	r.put("suite", "third", now)
	r.has("suite", "third", now, "which is newer than all before")

	r.none("SUITE", "the same id in another case")
	r.none("suit", "a part of the id")
	r.put("other", "other", now.Add(-time.Minute))
	r.has("suite", "third", now, "after another suite's was put")
	r.has("other", "other", now.Add(-time.Minute), "of another suite")

	for name, value := range map[string]string{
		"one":       "x",
		"usual":     strings.Repeat("x", 512),
		"long":      strings.Repeat("y", 4096),
		"delicate":  "a b:c|d\te'f\"g\\h%s{}<&>,;=+/",
		"unicode":   "票据",
		"number":    "1700000000",
		"lookalike": "1700000000 ticket",
	} {
		r.put(name, value, now)
		r.has(name, value, now, name)
	}
	r.concurrently(now)
}

type ticketRun struct {
	testing.TB
	store openwork.TicketStore
	ctx   context.Context
	id    string
}

func (r *ticketRun) suite(name string) string { return "openwork-cachetest-" + r.id + "-" + name }

func (r *ticketRun) put(suite, value string, at time.Time) {
	r.Helper()
	if err := r.store.PutTicket(r.ctx, r.suite(suite), openwork.SuiteTicket{Value: value, Time: at}); err != nil {
		r.Errorf("PutTicket(%q): %v", suite, err)
	}
}

func (r *ticketRun) none(suite, when string) {
	r.Helper()
	ticket, err := r.store.Ticket(r.ctx, r.suite(suite))
	if !errors.Is(err, openwork.ErrNoSuiteTicket) || ticket.Value != "" {
		r.Errorf("Ticket(%q), %s: %.40q, %v; want ErrNoSuiteTicket", suite, when, ticket.Value, err)
	}
}

func (r *ticketRun) has(suite, value string, at time.Time, when string) {
	r.Helper()
	r.hasOneOf(suite, when, openwork.SuiteTicket{Value: value, Time: at})
}

func (r *ticketRun) hasOneOf(suite, when string, want ...openwork.SuiteTicket) {
	r.Helper()
	got, err := r.store.Ticket(r.ctx, r.suite(suite))
	if err != nil {
		r.Errorf("Ticket(%q), %s: %v", suite, when, err)
		return
	}
	for _, ticket := range want {
		if got.Value == ticket.Value && got.Time.Equal(ticket.Time) {
			return
		}
	}
	r.Errorf("Ticket(%q), %s: %.40q of %v; want %.40q of %v", suite, when, got.Value, got.Time, want[0].Value, want[0].Time)
}

// concurrently gives the race detector something to look at, and checks that
// a ticket keeps its own time, and a suite its own tickets.
func (r *ticketRun) concurrently(now time.Time) {
	r.Helper()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := fmt.Sprintf("own%d", i)
			for n := range 20 {
				at := now.Add(time.Duration(n-30) * time.Second)
				r.put(own, fmt.Sprintf("%s-%d", own, n), at)
				r.has(own, fmt.Sprintf("%s-%d", own, n), at, "of a suite that only this goroutine puts")
				r.put("shared", fmt.Sprintf("%d", n), at)
				ticket, err := r.store.Ticket(r.ctx, r.suite("shared"))
				if err != nil || fmt.Sprint(int(ticket.Time.Sub(now)/time.Second)+30) != ticket.Value {
					r.Errorf("Ticket of a suite that several put: %.40q of %v, %v", ticket.Value, ticket.Time, err)
				}
			}
		})
	}
	wg.Wait()
}
