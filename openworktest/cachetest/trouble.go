package cachetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
)

// The times of RunTrouble.
const (
	troubleTimeout = 200 * time.Millisecond // of the context of a call
	troubleGrace   = 5 * time.Second        // after it: machines stall
)

// RunTrouble checks what stores do when things go wrong, and reports what is
// otherwise than the contracts say. Of each it checks Cache, Claimer and
// TicketStore, as far as it implements them.
//
// down is a store that cannot reach its server, or whose server fails: every
// call must return an error. A miss, a claim that nobody has or ErrNoSuiteTicket
// would be lies. nil: not checked.
//
// slow is a store whose server takes the calls and does not answer them: every
// call must end with its context, with an error. One that is deaf to its
// context is reported and left behind. nil: not checked. With slow, RunTrouble
// takes about three seconds; within a testing/synctest bubble no time.
func RunTrouble(t testing.TB, down, slow any) {
	t.Helper()
	for _, call := range callsOf(down) {
		ctx, cancel := context.WithTimeout(context.Background(), troubleGrace)
		result, err, ended := begin(ctx, call, troubleGrace)
		cancel()
		switch {
		case !ended:
			t.Errorf("%s of a store that is down: no answer after %v", call.name, troubleGrace)
		case err == nil:
			t.Errorf("%s of a store that is down: no error, but %s", call.name, result)
		case errors.Is(err, openwork.ErrNoSuiteTicket), errors.Is(err, openwork.ErrSuiteTicketExpired):
			t.Errorf("%s of a store that is down: %v, which it cannot know", call.name, err)
		}
	}
	for _, call := range callsOf(slow) {
		ctx, cancel := context.WithTimeout(context.Background(), troubleTimeout)
		mustEnd(t, ctx, call, "whose context's deadline has passed")
		cancel()
		ctx, cancel = context.WithCancel(context.Background())
		timer := time.AfterFunc(troubleTimeout, cancel)
		mustEnd(t, ctx, call, "whose context was cancelled")
		timer.Stop()
		cancel()
		mustEnd(t, ctx, call, "with a context that had ended before")
	}
}

// mustEnd makes a call that must end with its context.
func mustEnd(t testing.TB, ctx context.Context, call storeCall, which string) {
	t.Helper()
	result, err, ended := begin(ctx, call, troubleTimeout+troubleGrace)
	switch {
	case !ended:
		t.Errorf("%s of a store that does not answer, %s: it is deaf to that, %v later", call.name, which, troubleGrace)
	case err == nil:
		t.Errorf("%s of a store that does not answer, %s: no error, but %s", call.name, which, result)
	}
}

// begin makes a call, and waits for it no longer than patience.
func begin(ctx context.Context, call storeCall, patience time.Duration) (result string, err error, ended bool) {
	type outcome struct {
		result string
		err    error
	}
	answered := make(chan outcome, 1)
	go func() {
		result, err := call.do(ctx)
		answered <- outcome{result, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case o := <-answered:
		return o.result, o.err, true
	case <-timer.C:
		return "", nil, false
	}
}

type storeCall struct {
	name string
	do   func(context.Context) (result string, err error)
}

// callsOf are the calls of the interfaces that a store implements.
func callsOf(store any) (calls []storeCall) {
	const key = "openwork:cachetest:trouble"
	only := func(err error) (string, error) { return "success", err }
	if cache, ok := store.(openwork.Cache); ok {
		calls = append(calls,
			storeCall{"Get", func(ctx context.Context) (string, error) {
				_, ok, err := cache.Get(ctx, key)
				if ok {
					return "a value", err
				}
				return "a miss", err
			}},
			storeCall{"Set", func(ctx context.Context) (string, error) { return only(cache.Set(ctx, key, "value", time.Minute)) }},
			storeCall{"Set with a ttl of zero", func(ctx context.Context) (string, error) { return only(cache.Set(ctx, key, "value", 0)) }},
			storeCall{"Delete", func(ctx context.Context) (string, error) { return only(cache.Delete(ctx, key)) }})
	}
	if claimer, ok := store.(openwork.Claimer); ok {
		calls = append(calls,
			storeCall{"Claim", func(ctx context.Context) (string, error) {
				state, _, err := claimer.Claim(ctx, key, "owner", time.Minute)
				return stateName(state), err
			}},
			storeCall{"Done", func(ctx context.Context) (string, error) {
				return only(claimer.Done(ctx, key, "owner", "result", time.Minute))
			}},
			storeCall{"Release", func(ctx context.Context) (string, error) { return only(claimer.Release(ctx, key, "owner")) }})
	}
	if tickets, ok := store.(openwork.TicketStore); ok {
		calls = append(calls,
			storeCall{"PutTicket", func(ctx context.Context) (string, error) {
				return only(tickets.PutTicket(ctx, key, openwork.SuiteTicket{Value: "ticket", Time: time.Now().Truncate(time.Second)}))
			}},
			storeCall{"Ticket", func(ctx context.Context) (string, error) {
				_, err := tickets.Ticket(ctx, key)
				return "a ticket", err
			}})
	}
	return calls
}

// Trouble is what is wrong with a Troubled store.
type Trouble struct {
	Delay time.Duration // before each call; a context that ends meanwhile ends the call
	Deaf  bool          // the delay does not look at the context
	Err   error         // in place of an answer, after the delay
	Lost  bool          // with Err: the call is carried out all the same
}

// Troubled is a Cache, Claimer and TicketStore in memory that goes wrong as it
// is told by Inject: to test what uses a store. It is safe for concurrent use.
type Troubled struct {
	cache   *openwork.MemoryCache
	tickets openwork.TicketStore

	mu      sync.Mutex
	trouble Trouble
	calls   int
}

// NewTroubled makes one that is well and empty.
func NewTroubled() *Troubled {
	cache := openwork.NewMemoryCache()
	return &Troubled{cache: cache, tickets: openwork.TicketsIn(cache)}
}

// Inject is what is wrong from now on; the zero Trouble is nothing. Calls that
// are waiting go on as they began.
func (s *Troubled) Inject(trouble Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

// Calls is how many calls have begun.
func (s *Troubled) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// do makes a call go wrong.
func (s *Troubled) do(ctx context.Context, call func() error) error {
	s.mu.Lock()
	s.calls++
	trouble := s.trouble
	s.mu.Unlock()
	if trouble.Delay > 0 {
		ended := ctx.Done()
		if trouble.Deaf {
			ended = nil
		}
		timer := time.NewTimer(trouble.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ended:
			return ctx.Err()
		}
	}
	if trouble.Err == nil {
		return call()
	}
	if trouble.Lost {
		_ = call()
	}
	return trouble.Err
}

// Get implements openwork.Cache.
func (s *Troubled) Get(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.do(ctx, func() (err error) {
		value, ok, err = s.cache.Get(ctx, key)
		return err
	})
	if err != nil {
		return "", false, err
	}
	return value, ok, nil
}

// Set implements openwork.Cache.
func (s *Troubled) Set(ctx context.Context, key, value string, ttl time.Duration) error {
	return s.do(ctx, func() error { return s.cache.Set(ctx, key, value, ttl) })
}

// Delete implements openwork.Cache.
func (s *Troubled) Delete(ctx context.Context, key string) error {
	return s.do(ctx, func() error { return s.cache.Delete(ctx, key) })
}

// Claim implements openwork.Claimer.
func (s *Troubled) Claim(ctx context.Context, key, owner string, lease time.Duration) (state int, result string, err error) {
	err = s.do(ctx, func() (err error) {
		state, result, err = s.cache.Claim(ctx, key, owner, lease)
		return err
	})
	if err != nil {
		return 0, "", err
	}
	return state, result, nil
}

// Done implements openwork.Claimer.
func (s *Troubled) Done(ctx context.Context, key, owner, result string, keep time.Duration) error {
	return s.do(ctx, func() error { return s.cache.Done(ctx, key, owner, result, keep) })
}

// Release implements openwork.Claimer.
func (s *Troubled) Release(ctx context.Context, key, owner string) error {
	return s.do(ctx, func() error { return s.cache.Release(ctx, key, owner) })
}

// PutTicket implements openwork.TicketStore.
func (s *Troubled) PutTicket(ctx context.Context, suiteID string, ticket openwork.SuiteTicket) error {
	return s.do(ctx, func() error { return s.tickets.PutTicket(ctx, suiteID, ticket) })
}

// Ticket implements openwork.TicketStore.
func (s *Troubled) Ticket(ctx context.Context, suiteID string) (ticket openwork.SuiteTicket, err error) {
	err = s.do(ctx, func() (err error) {
		ticket, err = s.tickets.Ticket(ctx, suiteID)
		return err
	})
	if err != nil {
		return openwork.SuiteTicket{}, err
	}
	return ticket, nil
}
