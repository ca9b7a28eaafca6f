package openwork

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openwork-go/openwork/internal/guard"
)

// SuiteTicket is a suite_ticket: half of what gets a suite_access_token, the
// other half being the suite's secret. See document/path/90628.
//
// It is a secret: printing or logging one shows its time only. It marshals in
// full, so that it can be stored: slog.JSONHandler marshals what it finds in a
// struct, a slice or a map, so log a SuiteTicket by itself.
type SuiteTicket struct {
	Value string
	Time  time.Time // when WeCom issued it, whole seconds
}

// String shows when the ticket was issued, not its value.
func (t SuiteTicket) String() string {
	return "openwork.SuiteTicket{Time: " + t.Time.UTC().Format(time.RFC3339) + "}"
}

// Format writes String, whatever the verb.
func (t SuiteTicket) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// LogValue is the same for package slog.
func (t SuiteTicket) LogValue() slog.Value { return slog.StringValue(t.String()) }

// TicketStore keeps the newest suite_ticket of each suite. It must be safe for concurrent use.
//
// An implementation just keeps what it is given, as long as it likes: which ticket is newer and which too old is decided
// around it, by the Server and by TicketsIn. A push of a ticket waits 500 ms for it, reading and writing together; whoever
// needs a ticket waits as long if there is a good one in memory, and then gets that.
type TicketStore interface {
	// PutTicket keeps a ticket in place of the one before.
	PutTicket(ctx context.Context, suiteID string, t SuiteTicket) error
	// Ticket returns the ticket last put, or ErrNoSuiteTicket. What Server.Tickets and TicketsIn return also says
	// ErrSuiteTicketExpired for one that is 30 minutes old.
	Ticket(ctx context.Context, suiteID string) (SuiteTicket, error)
}

const (
	ticketLife    = 30 * time.Minute
	ticketKept    = 24 * time.Hour // in a Cache: longer than it is valid, to tell an old ticket from none
	ticketTimeout = 500 * time.Millisecond
	// coldTicketTimeout is for a store that is slow where memory has no ticket.
	coldTicketTimeout = 5 * time.Second
	ticketUsual       = 512 // bytes, as documented
	ticketLongest     = 4096
	ticketKeyStart    = "openwork:suite_ticket:"
)

// Tickets is where this Server keeps the suite_ticket it receives, for NewClient and the token sources: the store of the
// Config, with order and expiry kept around it, and with a copy in memory for when that store is down.
func (s *Server) Tickets() TicketStore { return s.tickets }

// TicketsIn is the ticket store for a process that calls the API but receives no pushes: it reads the tickets that a
// Server in another process puts in the same Cache. If c is a TicketStore itself, that is used, as a Server does.
func TicketsIn(c Cache) TicketStore {
	return newTickets(ticketStoreOf(c), time.Now, defaultTolerance)
}

func ticketStoreOf(c Cache) TicketStore {
	if store, ok := c.(TicketStore); ok {
		return store
	}
	return cachedTickets{c}
}

// tickets keeps order and expiry around a store, and a copy of the newest ticket it saw.
type tickets struct {
	store     TicketStore
	now       func() time.Time
	tolerance time.Duration
	writing   chan struct{} // held by the one who writes to the store, so that writes do not overtake each other
	calls     guard.Calls   // of the store
	mending   atomic.Bool   // a ticket is being written again

	mu      sync.Mutex
	seen    map[string]seenTicket
	guesses map[string]SuiteTicket // the last of a store's tickets that had no good time, and when it was first seen
}

type seenTicket struct {
	SuiteTicket
	unwritten bool // it arrived here, and is not in the store yet
	guessed   bool // it is the store's, which gave it no good time
}

func newTickets(store TicketStore, now func() time.Time, tolerance time.Duration) *tickets {
	return &tickets{store: store, now: now, tolerance: tolerance,
		writing: make(chan struct{}, 1), seen: map[string]seenTicket{}, guesses: map[string]SuiteTicket{}}
}

// PutTicket keeps the ticket unless a newer one is known. The memory copy is kept even if the store fails.
func (t *tickets) PutTicket(ctx context.Context, suiteID string, ticket SuiteTicket) error {
	if _, err := t.put(ctx, suiteID, ticket); err != nil {
		return fmt.Errorf("openwork: store suite_ticket: %w", err)
	}
	return nil
}

// put is PutTicket, and says whether the ticket is the newest.
func (t *tickets) put(ctx context.Context, suiteID string, ticket SuiteTicket) (isNewest bool, err error) {
	ticket, _ = t.dated(ticket)
	if !t.remember(suiteID, seenTicket{SuiteTicket: ticket, unwritten: true}) {
		return false, nil
	}
	return t.write(ctx, suiteID, ticket)
}

// write writes the newest ticket to the store, and says whether this one is it.
// Reading and writing together take as long as ticketTimeout: what comes of a
// store that is deaf, the next ticket can be written.
func (t *tickets) write(ctx context.Context, suiteID string, ticket SuiteTicket) (isNewest bool, err error) {
	deadline := time.Now().Add(ticketTimeout)
	timer := time.NewTimer(ticketTimeout)
	defer timer.Stop()
	select {
	case t.writing <- struct{}{}:
		defer func() { <-t.writing }()
	case <-timer.C:
		return true, context.DeadlineExceeded
	}
	_, _ = t.look(ctx, suiteID, ticketTimeout/2) // another replica may have a newer one; if the store can't be read, writing will tell
	if t.newest(suiteID) != ticket {
		return false, nil
	}
	left := time.Until(deadline)
	_, err = guard.Ask(ctx, &t.calls, left, left, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, t.store.PutTicket(ctx, suiteID, ticket)
	})
	if err != nil {
		return true, err
	}
	t.remember(suiteID, seenTicket{SuiteTicket: ticket})
	return true, nil
}

// Ticket returns the newer of the store's and the memory's. It waits for the
// store as long as ticketTimeout where memory has one that is still good, else
// longer.
func (t *tickets) Ticket(ctx context.Context, suiteID string) (SuiteTicket, error) {
	limit := coldTicketTimeout
	if known := t.newest(suiteID); known.Value != "" && t.now().Sub(known.Time) < ticketLife {
		limit = ticketTimeout
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	stored, err := t.look(ctx, suiteID, limit)
	if err == nil {
		t.mend(ctx, suiteID, stored)
	}
	newest := t.newest(suiteID)
	switch {
	case newest.Value == "" && err != nil:
		return SuiteTicket{}, fmt.Errorf("openwork: read suite_ticket: %w", err)
	case newest.Value == "":
		return SuiteTicket{}, fmt.Errorf("openwork: suite %s: %w", showID(suiteID), ErrNoSuiteTicket)
	case t.now().Sub(newest.Time) >= ticketLife:
		expired := fmt.Errorf("openwork: suite %s: last issued %s: %w",
			showID(suiteID), newest.Time.UTC().Format(time.RFC3339), ErrSuiteTicketExpired)
		if err != nil {
			return SuiteTicket{}, fmt.Errorf("openwork: read suite_ticket: %w; in memory: %w", err, expired)
		}
		return SuiteTicket{}, expired
	}
	return newest, nil
}

// look remembers the store's ticket, if it is not older than the memory's.
func (t *tickets) look(ctx context.Context, suiteID string, limit time.Duration) (stored SuiteTicket, err error) {
	stored, err = guard.Ask(ctx, &t.calls, limit, limit, func(ctx context.Context) (SuiteTicket, error) {
		stored, err := t.store.Ticket(ctx, suiteID)
		if errors.Is(err, ErrNoSuiteTicket) {
			return SuiteTicket{}, nil
		}
		return stored, err
	})
	if err != nil || stored.Value == "" {
		return SuiteTicket{}, err
	}
	stored, guessed := t.dated(stored)
	t.remember(suiteID, seenTicket{SuiteTicket: stored, guessed: guessed})
	return stored, nil
}

// mend writes the newest ticket again, beside, where the store has an older one
// or none: another replica has written last, or the store has forgotten.
func (t *tickets) mend(ctx context.Context, suiteID string, stored SuiteTicket) {
	t.mu.Lock()
	known := t.seen[suiteID]
	t.mu.Unlock()
	// One that never got there is sent again by WeCom, which was told so.
	isGood := known.Value != "" && !known.guessed && !known.unwritten && t.now().Sub(known.Time) < ticketLife
	if !isGood || !known.Time.After(stored.Time) || !t.mending.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer t.mending.Store(false)
		_, _ = t.write(context.WithoutCancel(ctx), suiteID, known.SuiteTicket) // the next one who looks tries again
	}()
}

// dated is the ticket with a time to compare: whole seconds, and now for one without a time, or from a future that no
// clock error explains, which would otherwise keep out every genuine ticket to come.
func (t *tickets) dated(ticket SuiteTicket) (_ SuiteTicket, guessed bool) {
	now := t.now()
	guessed = ticket.Time.IsZero() || ticket.Time.Sub(now) > t.tolerance
	if guessed {
		ticket.Time = now
	}
	ticket.Time = ticket.Time.Truncate(time.Second)
	return ticket, guessed
}

// remember keeps the ticket in memory unless that holds a newer one, and says so. Of two as old the later arrival wins;
// one that is still to be written is later than what the store has. A guessed time, which is that of the first look, keeps
// no ticket out whose time is known, and wins over none that is still to be written.
func (t *tickets) remember(suiteID string, ticket seenTicket) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.seen[suiteID]
	if ticket.guessed {
		if first := t.guesses[suiteID]; first.Value == ticket.Value {
			ticket.Time = first.Time
		}
		t.guesses[suiteID] = ticket.SuiteTicket
	}
	switch {
	case ticket.Value == "", ticket.guessed && (known.unwritten || known.Value == ticket.Value):
		return false
	case known.guessed && !ticket.guessed:
	case known.Time.After(ticket.Time),
		known.unwritten && !ticket.unwritten && known.SuiteTicket != ticket.SuiteTicket && !ticket.Time.After(known.Time):
		return false
	}
	t.seen[suiteID] = ticket
	return true
}

// newest is the ticket in memory, the zero ticket if there is none.
func (t *tickets) newest(suiteID string) SuiteTicket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen[suiteID].SuiteTicket
}

// age is how old the ticket in memory is, 0 if there is none.
func (t *tickets) age(suiteID string) time.Duration {
	ticket := t.newest(suiteID)
	if ticket.Value == "" {
		return 0
	}
	return t.now().Sub(ticket.Time)
}

// Format shows nothing: the tickets in memory are secrets.
func (t *tickets) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "openwork.TicketStore{…}") }

// cachedTickets keeps tickets in a Cache, as "<unix seconds> <ticket>".
type cachedTickets struct{ cache Cache }

func (c cachedTickets) PutTicket(ctx context.Context, suiteID string, t SuiteTicket) error {
	return c.cache.Set(ctx, ticketKeyStart+suiteID, strconv.FormatInt(t.Time.Unix(), 10)+" "+t.Value, ticketKept)
}

func (c cachedTickets) Ticket(ctx context.Context, suiteID string) (SuiteTicket, error) {
	value, ok, err := c.cache.Get(ctx, ticketKeyStart+suiteID)
	if err != nil {
		return SuiteTicket{}, err
	}
	seconds, ticket, _ := strings.Cut(value, " ")
	at := unixTime(seconds)
	if !ok || at.IsZero() || ticket == "" {
		return SuiteTicket{}, ErrNoSuiteTicket
	}
	return SuiteTicket{Value: ticket, Time: at}, nil
}

// keepTicket is the built-in handler of suite_ticket: it runs before every
// other. The push is known to be ours. It is overtaken if a newer ticket is
// known.
func (s *Server) keepTicket(m *Message) (isOvertaken bool, err error) {
	value := strings.TrimSpace(m.Get("SuiteTicket"))
	switch {
	case value == "" || len(value) > ticketLongest:
		return false, refused(ErrMalformed, CheckTicket, strconv.Itoa(len(value))+" bytes", "1 to "+strconv.Itoa(ticketLongest))
	case len(value) > ticketUsual:
		s.log(m.Context(), slog.LevelWarn, "openwork: suite_ticket is longer than documented", slog.Int("bytes", len(value)))
	}
	// What was received is kept even if WeCom hangs up meanwhile.
	isNewest, err := s.tickets.put(m.Context(), m.SuiteID, SuiteTicket{Value: value, Time: m.Time})
	if err != nil {
		return false, ofUser("store suite_ticket", err)
	}
	if !isNewest {
		s.log(m.Context(), slog.LevelInfo, "openwork: suite_ticket ignored, a newer one is known")
	}
	return !isNewest, nil
}
