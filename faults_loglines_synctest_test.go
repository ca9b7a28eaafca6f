//go:build go1.25

package openwork_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lineCounter is a slog.Handler that counts lines by kind: what they say, how
// bad it is, and which check a push failed.
type lineCounter struct {
	mu      sync.Mutex
	kinds   map[string]int
	skipped int64 // what later lines say was left out
}

func (c *lineCounter) Enabled(context.Context, slog.Level) bool { return true }
func (c *lineCounter) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *lineCounter) WithGroup(string) slog.Handler            { return c }

func (c *lineCounter) Handle(_ context.Context, line slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind := line.Level.String() + " " + line.Message
	line.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "check":
			kind += ": " + a.Value.String()
		case "not_logged_before":
			c.skipped += a.Value.Int64()
		}
		return true
	})
	if c.kinds == nil {
		c.kinds = map[string]int{}
	}
	c.kinds[kind]++
	return nil
}

// take is the counts since it was last called.
func (c *lineCounter) take() (kinds map[string]int, skipped int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds, skipped, c.kinds, c.skipped = c.kinds, c.skipped, nil, 0
	return kinds, skipped
}

// failingQueue and lostTickets are a Queue and a TicketStore that fail.
type failingQueue func() error

func (q failingQueue) Enqueue(context.Context, openwork.Delivery) error { return q() }

type lostTickets struct{}

func (lostTickets) PutTicket(context.Context, string, openwork.SuiteTicket) error {
	return errors.New("the database is away")
}
func (lostTickets) Ticket(context.Context, string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{}, errors.New("the database is away")
}

// Whoever repeats a push, captured or made up, does not fill the log: of each
// kind there are at most 50 lines a second, and the next one says how many
// were left out.
func TestO8_RepeatedPushesAndTheLog(t *testing.T) {
	const most = 50
	pushes := 2000
	if isBrief() {
		pushes = 300
	}
	down := func(context.Context, string, string) error { return errors.New("connection refused") }
	failing := func(f *fixture) {
		f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			return openwork.Success, errors.New("the database is away")
		})
	}
	claims := func(edit func(c *hookedClaimer)) func(*openwork.Config) {
		return func(cfg *openwork.Config) {
			c := newHookedClaimer(openwork.NewMemoryCache())
			edit(c)
			cfg.Claims = c
		}
	}
	message, event := newPush(textMessage("hello"), toCorp), newPush(command("change_contact"))
	auth := newPush(command("create_auth", "AuthCode", "code"))
	bad := newPush(command("change_contact"), func(p *push) { p.Token = "guessed" })
	for name, row := range map[string]struct {
		edits   edits
		prepare func(f *fixture)
		push    *push
		status  int
		quiet   bool // there need be no line
	}{
		"a handler fails":                        {nil, failing, event, 500, false},
		"a handler of messages fails":            {nil, failing, message, 500, false},
		"a handler of authorisation events":      {nil, failing, auth, 500, false},
		"a handler fails, copies not told apart": {edits{func(cfg *openwork.Config) { cfg.NoDedupe = true }}, failing, event, 500, false},
		"a handler panics": {nil, func(f *fixture) {
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { panic("nil pointer") })
		}, event, 500, false},
		"a handler replies to an event": {nil, func(f *fixture) {
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("x"), nil })
		}, event, 0, false},
		"a handler's reply cannot be made": {nil, func(f *fixture) {
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
				return openwork.XML(make(chan int)), nil
			})
		}, message, 0, false},
		"DedupeKey panics": {edits{func(cfg *openwork.Config) { cfg.DedupeKey = func(*openwork.Message) string { panic("x") } }}, nil, event, 500, false},
		"Async panics": {edits{func(cfg *openwork.Config) {
			cfg.Queue, cfg.Async = failingQueue(func() error { return nil }), func(*openwork.Message) bool { panic("x") }
		}}, nil, event, 500, false},
		"AllowCorp fails": {edits{func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return false, errors.New("the database is away") }
		}}, nil, message, 500, false},
		"AllowCorp panics": {edits{func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { panic("nil pointer") }
		}}, nil, message, 500, false},
		"AllowCorp refuses": {edits{allowOnly()}, nil, message, 403, false},
		"AllowCorp fails for a check": {edits{func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return false, errors.New("x") }
		}}, nil, newURLCheck("1", toCorp), 500, false},
		"Claim is down":              {edits{claims(func(c *hookedClaimer) { c.claim = down })}, nil, event, 200, false},
		"Done is down":               {edits{claims(func(c *hookedClaimer) { c.done = down })}, nil, event, 0, true},
		"Release is down":            {edits{claims(func(c *hookedClaimer) { c.release = down })}, failing, event, 500, false},
		"all of the Claimer is down": {edits{claims(func(c *hookedClaimer) { c.claim, c.done, c.release = down, down, down })}, failing, event, 500, false},
		"a long ticket":              {nil, nil, newPush(ticketXML(testSuiteID, strings.Repeat("t", 600), testNow)), 200, false},
		"a ticket that is too long":  {nil, nil, newPush(ticketXML(testSuiteID, strings.Repeat("t", 5000), testNow)), 400, false},
		"tickets cannot be stored":   {edits{func(cfg *openwork.Config) { cfg.Tickets = lostTickets{} }}, nil, newPush(ticketXML(testSuiteID, "t", testNow)), 500, false},
		"the queue is away": {edits{func(cfg *openwork.Config) { cfg.Queue = failingQueue(func() error { return errors.New("x") }) }}, nil,
			event, 500, false},
		"the queue is full": {edits{func(cfg *openwork.Config) { cfg.Queue = failingQueue(func() error { return openwork.ErrQueueFull }) }}, nil,
			event, 503, false},
		"the queue panics": {edits{func(cfg *openwork.Config) { cfg.Queue = failingQueue(func() error { panic("x") }) }}, nil, event, 500, false},
		"the Observer panics, refused": {edits{func(cfg *openwork.Config) {
			cfg.Observer = func(context.Context, openwork.Observation) { panic("nil map") }
		}}, nil, bad, 403, false},
		"the Observer panics, handled": {edits{func(cfg *openwork.Config) {
			cfg.Observer = func(context.Context, openwork.Observation) { panic("nil map") }
		}}, nil, event, 200, false},
		"the Observer panics, the handler fails": {edits{func(cfg *openwork.Config) {
			cfg.Observer = func(context.Context, openwork.Observation) { panic("nil map") }
		}}, failing, event, 500, false},
		"a wrong signature":      {nil, nil, bad, 403, false},
		"another key":            {nil, nil, newPush(command("change_contact"), func(p *push) { p.Key = otherKey }), 403, false},
		"another corp's":         {nil, nil, newPush(textMessage("x"), func(p *push) { p.ReceiveID = strangerCorp }), 403, false},
		"what cannot be read":    {nil, nil, newPush("no document"), 400, false},
		"copies":                 {nil, nil, event, 200, false},
		"older tickets":          {nil, func(f *fixture) { f.do(newPush(ticketXML(testSuiteID, "newer", testNow.Add(time.Minute))).request()) }, newPush(ticketXML(testSuiteID, "older", testNow)), 200, false},
		"URL checks":             {nil, nil, newURLCheck("1616140317555161061"), 200, false},
		"URL checks of any corp": {edits{withIDs("", testProvider)}, nil, newURLCheck("1616140317555161061", toCorp), 200, false},
		"pushes of the pair before": {edits{nowWith(otherToken, otherKey), withPrevious(testToken, testKey),
			func(cfg *openwork.Config) { cfg.NoDedupe = true }}, nil, event, 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lines := &lineCounter{}
				f := newFixture(t, append(row.edits, func(cfg *openwork.Config) { cfg.Logger = slog.New(lines) })...)
				if row.prepare != nil {
					row.prepare(f)
				}
				lines.take()
				p := row.push.parts()
				began := time.Now()
				for range pushes {
					w := f.do(p.request())
					if row.status != 0 {
						require.Equal(t, row.status, w.Code)
					}
				}
				seconds := int(time.Since(began)/time.Second) + 1 // copies wait where claims are never given back
				kinds, _ := lines.take()
				require.True(t, row.quiet || len(kinds) > 0, "no line at all")
				full := false
				for kind, n := range kinds {
					assert.LessOrEqual(t, n, most*seconds, kind)
					full = full || n == most && seconds == 1
				}
				if full {
					time.Sleep(2 * time.Second)
					f.do(p.request())
					kinds, skipped := lines.take()
					assert.Positive(t, skipped, "the next line does not say how many were left out: %v", kinds)
				}
				time.Sleep(time.Minute) // what goes on beside the answer ends
			})
		})
	}
}

// And through a Mux, before anybody knows whose push it is.
func TestO8_MuxAndTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines := &lineCounter{}
		count := func(cfg *openwork.Config) {
			cfg.Logger = slog.New(lines)
			cfg.Observer = func(context.Context, openwork.Observation) { panic("nil map") }
		}
		mux := &openwork.Mux{Resolve: func(context.Context, string) (*openwork.Server, error) {
			return nil, errors.New("the database is away")
		}}
		mux.Add("/cb", newFixture(t, count).Server, newFixture(t, suiteB, count).Server)
		for i := range 2000 {
			p := newPush(command("change_contact"), func(p *push) { p.Token = "guessed" })
			if i%3 == 0 {
				p.Nonce = ""
			}
			if w := throughMux(mux, "/cb", p.request()); i%3 == 0 {
				require.Equal(t, http.StatusBadRequest, w.Code)
			}
			throughMux(mux, "/elsewhere", p.request())
		}
		kinds, _ := lines.take()
		require.NotEmpty(t, kinds)
		for kind, n := range kinds {
			require.LessOrEqual(t, n, 2*50, kind) // two Servers
		}
	})
}
