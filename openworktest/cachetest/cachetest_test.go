package cachetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest/cachetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recordingTB keeps what a suite reports.
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

func (r *recordingTB) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures
}

func TestRunTicketStore_MemoryCache(t *testing.T) {
	t.Parallel()
	cachetest.RunTicketStore(t, openwork.TicketsIn(openwork.NewMemoryCache()))
	server, err := openwork.NewServer(openwork.Config{SuiteID: "ww1a2b3c4d5e6f7a8b", Token: "x", EncodingAESKey: strings.Repeat("a", 43)})
	require.NoError(t, err)
	cachetest.RunTicketStore(t, server.Tickets())
	cachetest.RunTicketStore(t, &ticketStore{})
	cachetest.RunTicketStore(t, cachetest.NewTroubled())
}

// ticketStore is a right store that keeps the last ticket, unless one of its
// fields breaks it.
type ticketStore struct {
	ofAll, folds, cuts, forgetsTime, keepsFirst, oldWinsTies, emptyNotMissing, mixes bool
	err                                                                              error

	mu      sync.Mutex
	tickets map[string]openwork.SuiteTicket
	last    time.Time
}

func (s *ticketStore) key(suiteID string) string {
	switch {
	case s.ofAll:
		return ""
	case s.folds:
		return strings.ToLower(suiteID)
	}
	return suiteID
}

func (s *ticketStore) PutTicket(_ context.Context, suiteID string, ticket openwork.SuiteTicket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.key(suiteID)
	known, ok := s.tickets[key]
	switch {
	case s.err != nil:
		return s.err
	case ok && (s.keepsFirst || s.oldWinsTies && known.Time.Equal(ticket.Time)):
		return nil
	}
	if s.tickets == nil {
		s.tickets = map[string]openwork.SuiteTicket{}
	}
	if s.cuts && len(ticket.Value) > 512 {
		ticket.Value = ticket.Value[:512]
	}
	if s.forgetsTime {
		ticket.Time = time.Time{}
	}
	s.tickets[key], s.last = ticket, ticket.Time
	return nil
}

func (s *ticketStore) Ticket(_ context.Context, suiteID string) (openwork.SuiteTicket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ticket, ok := s.tickets[s.key(suiteID)]
	if s.mixes {
		ticket.Time = s.last
	}
	if !ok && !s.emptyNotMissing {
		return openwork.SuiteTicket{}, fmt.Errorf("mine: %w", openwork.ErrNoSuiteTicket)
	}
	return ticket, nil
}

func TestRunTicketStore_FindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]*ticketStore{
		"one ticket for all":      {ofAll: true},
		"ids in any case":         {folds: true},
		"long tickets are cut":    {cuts: true},
		"times are forgotten":     {forgetsTime: true},
		"the first is kept":       {keepsFirst: true},
		"the first of a tie":      {oldWinsTies: true},
		"none is an empty one":    {emptyNotMissing: true},
		"times of another ticket": {mixes: true},
		"errors":                  {err: errors.New("no such store")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder := &recordingTB{TB: t}
			cachetest.RunTicketStore(recorder, store)
			assert.NotEmpty(t, recorder.all())
		})
	}
}

var errDown = errors.New("connection refused")

func troubled(trouble cachetest.Trouble) *cachetest.Troubled {
	store := cachetest.NewTroubled()
	store.Inject(trouble)
	return store
}

func TestRunTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down, slow := troubled(cachetest.Trouble{Err: errDown}), troubled(cachetest.Trouble{Delay: time.Hour})
		began := time.Now()
		cachetest.RunTrouble(t, down, slow)
		assert.Equal(t, 9, down.Calls())
		assert.Equal(t, 27, slow.Calls())
		assert.Less(t, time.Since(began), 10*time.Second)
		cachetest.RunTrouble(t, nil, nil)
		cachetest.RunTrouble(t, struct{ openwork.Cache }{down}, struct{ openwork.Claimer }{slow})
		assert.Equal(t, 13, down.Calls(), "a Cache alone")
		assert.Equal(t, 36, slow.Calls(), "a Claimer alone")
	})
}

// lyingStore answers what it cannot know.
type lyingStore struct{ err error }

func (s lyingStore) PutTicket(context.Context, string, openwork.SuiteTicket) error { return s.err }

func (s lyingStore) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{}, s.err
}

func TestRunTrouble_FindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		down, slow any
		failures   int
	}{
		"well though it should be down":      {cachetest.NewTroubled(), nil, 9},
		"well though it should be slow":      {nil, cachetest.NewTroubled(), -1},
		"no ticket rather than an error":     {lyingStore{openwork.ErrNoSuiteTicket}, nil, 2},
		"an old ticket rather than an error": {lyingStore{openwork.ErrSuiteTicketExpired}, nil, 2},
		"no answer rather than an error":     {troubled(cachetest.Trouble{Delay: time.Minute, Deaf: true}), nil, 9},
		"deaf to its context":                {nil, troubled(cachetest.Trouble{Delay: time.Minute, Deaf: true}), 27},
		"deaf, and then wrong":               {nil, troubled(cachetest.Trouble{Delay: time.Minute, Deaf: true, Err: errDown}), 27},
		"ends before the grace has passed":   {nil, troubled(cachetest.Trouble{Delay: 3 * time.Second, Deaf: true, Err: errDown}), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				recorder := &recordingTB{TB: t}
				cachetest.RunTrouble(recorder, row.down, row.slow)
				if row.failures < 0 { // as many as there are calls that a memory does not end before they began
					assert.Greater(t, len(recorder.all()), 20)
				} else {
					assert.Len(t, recorder.all(), row.failures, "%v", recorder.all())
				}
				time.Sleep(time.Hour) // what is deaf comes to its end
			})
		})
	}
}

// Well, it keeps the contracts; in trouble it does what it was told.
func TestTroubled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		store := cachetest.NewTroubled()
		cachetest.Run(t, store, time.Sleep)
		cachetest.RunClaimer(t, store, time.Sleep)

		store.Inject(cachetest.Trouble{Delay: time.Second})
		began := time.Now()
		require.NoError(t, store.Set(ctx, "key", "value", time.Hour))
		assert.Equal(t, time.Second, time.Since(began))

		store.Inject(cachetest.Trouble{Err: errDown})
		require.ErrorIs(t, store.Set(ctx, "key", "not carried out", time.Hour), errDown)
		value, ok, err := store.Get(ctx, "key")
		require.ErrorIs(t, err, errDown)
		assert.False(t, ok)
		assert.Empty(t, value)

		store.Inject(cachetest.Trouble{Err: errDown, Lost: true})
		require.ErrorIs(t, store.Set(ctx, "key", "carried out", time.Hour), errDown)
		store.Inject(cachetest.Trouble{})
		value, ok, err = store.Get(ctx, "key")
		require.NoError(t, err)
		assert.True(t, ok)
		assert.Equal(t, "carried out", value)
	})
}
