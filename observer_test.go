package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// observations keeps what an Observer was told.
type observations struct {
	mu  sync.Mutex
	all []openwork.Observation
}

// watch is an edit of newFixture.
func (o *observations) watch(cfg *openwork.Config) {
	cfg.Observer = func(_ context.Context, seen openwork.Observation) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.all = append(o.all, seen)
	}
}

// take returns what came since it was last called.
func (o *observations) take() []openwork.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.all
	o.all = nil
	return all
}

// What the secrets of the observed pushes look like; none may be in an Observation.
const observedSecret = "SECRETCONTENT"

// Every push ends in exactly one Observation, with every field as it should be. The ticket at hand is five and a half
// minutes old, and the host's clock half a minute ahead of the pushes.
func TestObserver_OnePerPush(t *testing.T) {
	t.Parallel()
	const skew, age = 30 * time.Second, 330 * time.Second
	auth := func(edits ...func(*push)) *push {
		return newPush(command("create_auth", "AuthCode", observedSecret), edits...)
	}
	base := openwork.Observation{App: "shop", SuiteID: testSuiteID, Method: "POST", TicketAge: age, Skew: skew}
	with := func(edit func(*openwork.Observation)) openwork.Observation {
		o := base
		edit(&o)
		return o
	}
	ended := func(outcome openwork.Outcome, status int, channel, name string) openwork.Observation {
		return with(func(o *openwork.Observation) {
			o.Outcome, o.Status, o.Channel, o.Name = outcome, status, channel, name
		})
	}
	early := func(check openwork.Check, status int) openwork.Observation { // refused before the signature
		return with(func(o *openwork.Observation) {
			o.Outcome, o.Status, o.Check, o.Skew = openwork.OutcomeRefused, status, check, 0
		})
	}
	late := func(check openwork.Check, status int, channel, name string) openwork.Observation {
		o := ended(openwork.OutcomeRefused, status, channel, name)
		o.Check = check
		return o
	}
	inWorker := func(o openwork.Observation) openwork.Observation {
		o.Method, o.Status, o.Skew, o.Attempt = "", 0, 0, 1
		return o
	}
	sent := func(p *push) func(*fixture) { return func(f *fixture) { f.do(p.request()) } }
	handlerThat := func(h func() (openwork.Reply, error), p *push) func(*fixture) {
		return func(f *fixture) {
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return h() })
			f.do(p.request())
		}
	}
	boom := errors.New("boom")
	delivery := openwork.Delivery{ID: "id", App: "shop", CorpID: testCorp, Name: "create_auth", Time: testNow,
		Plaintext: []byte(command("create_auth", "AuthCode", observedSecret)), ReceiveID: testSuiteID}
	full := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Capacity: 1})
	require.NoError(t, full.Enqueue(context.Background(), openwork.Delivery{ID: "another", App: "shop"}))
	none := func(*openwork.Config) {}

	for name, c := range map[string]struct {
		edit func(*openwork.Config)
		send func(*fixture)
		want openwork.Observation
		err  error // in the chain of Observation.Err; nil if there is none
	}{
		"handled, command": {none, sent(auth()), ended(openwork.OutcomeHandled, 200, "command", "create_auth"), nil},
		"handled, data":    {none, sent(newPush(textMessage(observedSecret), toCorp)), ended(openwork.OutcomeHandled, 200, "data", "message.text"), nil},
		"handled, both parts of the name": {none, sent(newPush(command("change_contact", "ChangeType", "create_user"))),
			ended(openwork.OutcomeHandled, 200, "command", "change_contact.create_user"), nil},
		"handled, provider": {none, sent(newPush(document("ServiceCorpId", testProvider, "InfoType", "register_corp", "AuthCorpId", testCorp),
			func(p *push) { p.ReceiveID = testProvider })), ended(openwork.OutcomeHandled, 200, "provider", "register_corp"), nil},
		"handled, unknown InfoType": {none, sent(newPush(command("an_event_of_next_year"))), ended(openwork.OutcomeHandled, 200, "command", "other"), nil},
		"handled, unknown ChangeType": {none, sent(newPush(command("change_contact", "ChangeType", "x1"))),
			ended(openwork.OutcomeHandled, 200, "command", "other"), nil},
		"handled, unknown Event":   {none, sent(newPush(dataEvent("x2"), toCorp)), ended(openwork.OutcomeHandled, 200, "data", "other"), nil},
		"handled, unknown MsgType": {none, sent(newPush(document("ToUserName", testCorp, "MsgType", "x3"), toCorp)), ended(openwork.OutcomeHandled, 200, "data", "other"), nil},
		"handled, without a name":  {none, sent(newPush(document("ToUserName", testCorp), toCorp)), ended(openwork.OutcomeHandled, 200, "data", "other"), nil},
		"handled, suite_ticket": {none, sent(newPush(ticketXML(testSuiteID, observedSecret, testNow))),
			with(func(o *openwork.Observation) {
				o.Outcome, o.Status, o.Channel, o.Name, o.TicketAge = openwork.OutcomeHandled, 200, "command", "suite_ticket", skew
			}), nil},
		"handled, Claimer down": {withClaims(&hookedClaimer{inner: openwork.NewMemoryCache(),
			claim: func(context.Context, string, string) error { return boom }}), sent(auth()),
			with(func(o *openwork.Observation) {
				o.Outcome, o.Status, o.Channel, o.Name, o.StoreDown = openwork.OutcomeHandled, 200, "command", "create_auth", true
			}), nil},
		"handled, previous pair": {func(cfg *openwork.Config) {
			cfg.Previous = &openwork.Credentials{Token: "oldToken", EncodingAESKey: testKey}
		}, sent(auth(func(p *push) { p.Token = "oldToken" })),
			with(func(o *openwork.Observation) {
				o.Outcome, o.Status, o.Channel, o.Name, o.Previous = openwork.OutcomeHandled, 200, "command", "create_auth", true
			}), nil},
		"queued": {func(cfg *openwork.Config) { cfg.Queue = openwork.NewMemoryQueue(openwork.MemoryQueueConfig{}) }, sent(auth()),
			with(func(o *openwork.Observation) {
				o.Outcome, o.Status, o.Channel, o.Name, o.QueueDepth = openwork.OutcomeQueued, 200, "command", "create_auth", 1
			}), nil},
		"queue full": {func(cfg *openwork.Config) { cfg.Queue = full }, sent(auth()), with(func(o *openwork.Observation) {
			o.Outcome, o.Status, o.Channel, o.Name, o.Check, o.QueueDepth = openwork.OutcomeOverloaded, 503, "command", "create_auth", "queue", 1
		}), openwork.ErrOverloaded},
		"queue down": {func(cfg *openwork.Config) { cfg.Queue = onceQueue(func() error { return boom }) }, sent(auth()),
			ended(openwork.OutcomeFailed, 500, "command", "create_auth"), boom},
		"worker": {none, func(f *fixture) { _ = f.Process(context.Background(), delivery) },
			inWorker(ended(openwork.OutcomeHandled, 0, "command", "create_auth")), nil},
		"worker, handler fails": {none, func(f *fixture) {
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Success, boom })
			_ = f.Process(context.Background(), delivery)
		}, inWorker(ended(openwork.OutcomeFailed, 0, "command", "create_auth")), boom},
		"worker, unreadable": {none, func(f *fixture) {
			d := delivery
			d.Plaintext = []byte("<" + observedSecret)
			_ = f.Process(context.Background(), d)
		}, inWorker(late("message", 0, "", "")), openwork.ErrMalformed},
		"URL check": {none, sent(newURLCheck(observedSecret)), with(func(o *openwork.Observation) {
			o.Outcome, o.Status, o.Method = openwork.OutcomeURLCheck, 200, "GET"
		}), nil},

		"refused, method": {none, sent(auth(func(p *push) { p.Method = http.MethodPut })),
			with(func(o *openwork.Observation) {
				o.Outcome, o.Status, o.Check, o.Skew, o.Method = openwork.OutcomeRefused, 405, "method", 0, "PUT"
			}), openwork.ErrMethod},
		"refused, query": {none, sent(auth(func(p *push) { p.Nonce = "" })), early("query", 400), openwork.ErrMalformed},
		"refused, content encoding": {none, sent(auth(func(p *push) { p.Header.Set("Content-Encoding", "gzip") })),
			early("content encoding", 415), openwork.ErrEncoding},
		"refused, size":      {func(cfg *openwork.Config) { cfg.MaxBodyBytes = 20 }, sent(auth()), early("size", 413), openwork.ErrTooLarge},
		"refused, envelope":  {none, sent(auth(func(p *push) { p.Body = "<" + observedSecret })), early("envelope", 400), openwork.ErrMalformed},
		"refused, signature": {none, sent(auth(func(p *push) { p.Token = "another" })), early("signature", 403), openwork.ErrSignature},
		"refused, timestamp": {func(cfg *openwork.Config) { cfg.Tolerance = 10 * time.Second }, sent(auth()),
			late("timestamp", 403, "", ""), openwork.ErrStale},
		"refused, decryption": {none, sent(auth(func(p *push) { p.Key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" })),
			late("decryption", 403, "", ""), openwork.ErrDecrypt},
		"refused, message":    {none, sent(newPush("<" + observedSecret)), late("message", 400, "", ""), openwork.ErrMalformed},
		"refused, receive id": {none, sent(auth(func(p *push) { p.ReceiveID = testCorp })), late("receive id", 403, "command", "create_auth"), openwork.ErrReceiveID},
		"refused, AllowCorp": {func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return false, nil }
		}, sent(newPush(textMessage(observedSecret), toCorp)), late("AllowCorp", 403, "data", "message.text"), openwork.ErrReceiveID},
		"refused, age": {func(cfg *openwork.Config) { cfg.MaxAge = time.Second }, sent(auth()),
			late("age", 403, "command", "create_auth"), openwork.ErrStale},
		"refused, ticket": {none, sent(newPush(ticketXML(testSuiteID, "", testNow))), late("suite_ticket", 400, "command", "suite_ticket"), openwork.ErrMalformed},
		"refused, echo": {none, sent(newURLCheck("<" + observedSecret)), with(func(o *openwork.Observation) {
			o.Outcome, o.Status, o.Check, o.Method = openwork.OutcomeRefused, 403, "echo", "GET"
		}), openwork.ErrReceiveID},
		"refused by a Mux": {none, func(f *fixture) {
			var mux openwork.Mux
			mux.Add("/wecom/callback", f.Server, newFixture(f.t, func(cfg *openwork.Config) { cfg.Name = "two"; cfg.Token = "two" }).Server)
			mux.ServeHTTP(httptest.NewRecorder(), auth(func(p *push) { p.Token = "another" }).request())
		}, early("signature", 403), openwork.ErrSignature},

		"failed, error": {none, handlerThat(func() (openwork.Reply, error) { return openwork.Success, boom }, auth()),
			ended(openwork.OutcomeFailed, 500, "command", "create_auth"), boom},
		"failed, a refusal from elsewhere": {none, handlerThat(func() (openwork.Reply, error) {
			return openwork.Success, fmt.Errorf("elsewhere: %w", openwork.ErrOverloaded)
		}, auth()), ended(openwork.OutcomeFailed, 500, "command", "create_auth"), openwork.ErrOverloaded},
		"failed, panic": {none, handlerThat(func() (openwork.Reply, error) { panic(boom) }, auth()),
			ended(openwork.OutcomeFailed, 500, "command", "create_auth"), boom},
		"failed, reply": {none, handlerThat(func() (openwork.Reply, error) { return openwork.Text(observedSecret), nil }, auth()),
			ended(openwork.OutcomeFailed, 500, "command", "create_auth"), openwork.ErrReplyNotAllowed},
		"failed, AllowCorp": {func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return false, boom }
		}, sent(newPush(textMessage(observedSecret), toCorp)), ended(openwork.OutcomeFailed, 500, "data", "message.text"), boom},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, seen := newObservedFixture(t, age-skew, skew, c.edit)
			c.send(f)
			requireObserved(t, seen, c.want, c.err)
		})
	}
}

// A method is anybody's to invent, and as long as a header may be: it must not make labels without number, or long lines.
func TestObserver_InventedMethods(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{
		"invented": "BREW", "in lower case": "post", "of 500 kB": strings.Repeat("X", 500_000),
	} {
		for where, send := range map[string]func(*fixture, *http.Request) error{
			"Server": func(f *fixture, r *http.Request) error { _, err := f.Serve(r); return err },
			"Mux": func(f *fixture, r *http.Request) error {
				var m openwork.Mux
				m.Add("", f.Server, newFixture(f.t, suiteB).Server)
				_, err := m.Serve(r)
				return err
			},
		} {
			seen := &observations{}
			f := newFixture(t, seen.watch)
			before := len(f.log.String())
			r := newPush(command("create_auth")).request()
			r.Method = method
			err := send(f, r)
			var why *openwork.RefusedError
			require.ErrorAs(t, err, &why)
			require.ErrorIs(t, err, openwork.ErrMethod)
			require.Equal(t, "other", why.Method, "%s, %s", name, where)
			require.Less(t, len(err.Error()), 500, "%s, %s", name, where)
			said := f.log.String()[before:]
			require.Equal(t, 1, strings.Count(said, "\n"), "%s, %s", name, where)
			require.Less(t, len(said), 1000, "%s, %s", name, where)
			all := seen.take()
			require.Len(t, all, 1)
			require.Equal(t, "other", all[0].Method, "%s, %s", name, where)
		}
	}
}

// Allow names what the call takes: pushes only, or URL checks as well.
func TestErrorResponse_Allow(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		call   func(*http.Request) error
		method string
		allow  string
	}{
		"RequestMessage, GET":   {func(r *http.Request) error { _, err := f.RequestMessage(r); return err }, http.MethodGet, "POST"},
		"RequestMessage, PUT":   {func(r *http.Request) error { _, err := f.RequestMessage(r); return err }, http.MethodPut, "POST"},
		"DecryptedMessage, GET": {func(r *http.Request) error { _, err := f.DecryptedMessage(r); return err }, http.MethodGet, "POST"},
		"Serve, PUT":            {func(r *http.Request) error { _, err := f.Serve(r); return err }, http.MethodPut, "GET, POST"},
		"an error of one's own": {func(*http.Request) error { return fmt.Errorf("mine: %w", openwork.ErrMethod) }, http.MethodPut, "GET, POST"},
	} {
		err := c.call(newURLCheck("echo", func(p *push) { p.Method = c.method }).request())
		resp := openwork.ErrorResponse(err)
		require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode, name)
		require.Equal(t, c.allow, resp.Header.Get("Allow"), name)
	}
}

// newObservedFixture has a ticket of that age before the clock moves on by skew.
func newObservedFixture(t *testing.T, age, skew time.Duration, edit func(*openwork.Config)) (*fixture, *observations) {
	t.Helper()
	seen := &observations{}
	f := newFixture(t, seen.watch, func(cfg *openwork.Config) { cfg.Name = "shop" }, edit)
	require.NoError(t, f.Tickets().PutTicket(context.Background(), testSuiteID,
		openwork.SuiteTicket{Value: "ticket", Time: testNow.Add(-age)}))
	f.clock.Advance(skew)
	return f, seen
}

// requireObserved checks that there is one Observation, every field of it, and that it holds no contents.
func requireObserved(t *testing.T, seen *observations, want openwork.Observation, wantErr error) {
	t.Helper()
	all := seen.take()
	require.Len(t, all, 1)
	got := all[0]
	text := fmt.Sprintf("%+v %#v %v", got, got, got.Err)
	for _, secret := range []string{observedSecret, testToken, testKey, "an_event_of_next_year"} {
		require.NotContains(t, text, secret)
	}
	require.Positive(t, got.Duration)
	require.Less(t, got.Duration, 10*time.Second)
	if wantErr == nil {
		require.NoError(t, got.Err)
	} else {
		require.ErrorIs(t, got.Err, wantErr)
	}
	got.Duration, got.Err = 0, nil
	require.Equal(t, want, got)
}

// Those that need more than one push.
func TestObserver_SeveralPushes(t *testing.T) {
	t.Parallel()
	p := newPush(command("create_auth", "AuthCode", observedSecret)).parts()
	base := openwork.Observation{App: "shop", SuiteID: testSuiteID, Channel: "command", Name: "create_auth", Method: "POST"}
	held := func(f *fixture) (release func()) {
		gate, inside, answered := make(chan struct{}), make(chan struct{}), make(chan struct{})
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			close(inside)
			<-gate
			return next(msg)
		})
		go func() {
			defer close(answered)
			f.do(p.request())
		}()
		<-inside
		return func() { close(gate); <-answered; require.NoError(t, f.Shutdown(context.Background())) }
	}
	t.Run("duplicate", func(t *testing.T) {
		f, seen := newObservedFixture(t, 0, 0, func(*openwork.Config) {})
		f.do(p.request())
		seen.take()
		f.do(p.request())
		base := base
		base.Outcome, base.Status = openwork.OutcomeDuplicate, 200
		requireObserved(t, seen, base, nil)
	})
	t.Run("a copy is still being handled", func(t *testing.T) {
		f, seen := newObservedFixture(t, 0, 0, withBudget(50*time.Millisecond))
		release := held(f)
		f.do(p.request())
		base := base
		base.Outcome, base.Status = openwork.OutcomeFailed, 500
		requireObserved(t, seen, base, openwork.ErrBusy)
		release()
		require.Len(t, seen.take(), 1)
	})
	t.Run("overloaded", func(t *testing.T) {
		f, seen := newObservedFixture(t, 0, 0, func(cfg *openwork.Config) { cfg.MaxInFlight = 1 })
		release := held(f)
		require.Equal(t, http.StatusServiceUnavailable, f.do(p.request()).Code)
		base := base
		base.Channel, base.Name, base.Outcome, base.Status, base.Check = "", "", openwork.OutcomeOverloaded, 503, "in flight"
		requireObserved(t, seen, base, openwork.ErrOverloaded)
		release()
	})
	t.Run("queue depth", func(t *testing.T) {
		f, seen := newObservedFixture(t, 0, 0, func(cfg *openwork.Config) {
			cfg.Queue = openwork.NewMemoryQueue(openwork.MemoryQueueConfig{})
		})
		for i := range 3 {
			f.requireSuccess(newPush(command("create_auth", "AuthCode", fmt.Sprint(i))).request())
			require.Equal(t, i+1, seen.take()[0].QueueDepth)
		}
	})
	t.Run("a handler that exits its goroutine has not succeeded", func(t *testing.T) {
		f, seen := newObservedFixture(t, 0, 0, func(*openwork.Config) {})
		f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
			runtime.Goexit()
			return openwork.Success, nil
		})
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			f.ServeHTTP(httptest.NewRecorder(), p.request())
		}()
		<-answered
		all := seen.take()
		require.Len(t, all, 1)
		require.Equal(t, openwork.OutcomeFailed, all[0].Outcome)
		require.Equal(t, 500, all[0].Status)
		require.Error(t, all[0].Err)
	})
	t.Run("duration", func(t *testing.T) {
		f, seen := newObservedFixture(t, 0, 0, func(*openwork.Config) {})
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			time.Sleep(30 * time.Millisecond)
			return next(msg)
		})
		f.do(p.request())
		require.GreaterOrEqual(t, seen.take()[0].Duration, 30*time.Millisecond)
	})
	t.Run("before the answer", func(t *testing.T) {
		w := httptest.NewRecorder()
		var written, called bool
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.Observer = func(context.Context, openwork.Observation) { called, written = true, w.Body.Len() > 0 }
		})
		f.ServeHTTP(w, p.request())
		require.True(t, called)
		require.False(t, written)
	})
}

func TestServer_Health(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	down := errors.New("down")
	frozen := func(ctx context.Context, _, _ string) error { <-ctx.Done(); return ctx.Err() }
	ticketAt := func(age time.Duration) func(*fixture) {
		return func(f *fixture) {
			require.NoError(f.t, f.Tickets().PutTicket(ctx, testSuiteID, openwork.SuiteTicket{Value: observedSecret, Time: testNow.Add(-age)}))
		}
	}
	for name, c := range map[string]struct {
		edit           func(*openwork.Config)
		prepare        func(*fixture)
		ticket, claims error
		age            time.Duration
		depth          int
	}{
		"well":           {func(*openwork.Config) {}, ticketAt(5 * time.Minute), nil, nil, 5 * time.Minute, 0},
		"no ticket":      {func(*openwork.Config) {}, func(*fixture) {}, openwork.ErrNoSuiteTicket, nil, 0, 0},
		"ticket too old": {func(*openwork.Config) {}, ticketAt(31 * time.Minute), openwork.ErrSuiteTicketExpired, nil, 31 * time.Minute, 0},
		"no suite":       {func(cfg *openwork.Config) { cfg.SuiteID = "" }, func(*fixture) {}, nil, nil, 0, 0},
		"Claimer down": {withClaims(&hookedClaimer{inner: openwork.NewMemoryCache(), claim: func(context.Context, string, string) error { return down }}),
			ticketAt(0), nil, down, 0, 0},
		"Claimer frozen": {withClaims(&hookedClaimer{inner: openwork.NewMemoryCache(), claim: frozen}), ticketAt(0), nil, context.DeadlineExceeded, 0, 0},
		"Claimer can't be written": {withClaims(&hookedClaimer{inner: openwork.NewMemoryCache(), release: func(context.Context, string, string) error { return down }}),
			ticketAt(0), nil, down, 0, 0},
		"ticket store down": {func(cfg *openwork.Config) { cfg.Tickets = brokenTickets{down} }, func(*fixture) {}, down, nil, 0, 0},
		"ticket store frozen": {func(cfg *openwork.Config) { cfg.Tickets = brokenTickets{} }, func(*fixture) {},
			context.DeadlineExceeded, nil, 0, 0},
		"queue": {func(cfg *openwork.Config) { cfg.Queue = openwork.NewMemoryQueue(openwork.MemoryQueueConfig{}) }, func(f *fixture) {
			ticketAt(0)(f)
			f.requireSuccess(newPush(command("create_auth")).request())
			f.requireSuccess(newPush(command("cancel_auth")).request())
		}, nil, nil, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, c.edit)
			c.prepare(f)
			began := time.Now()
			h := f.Health(ctx)
			assert.Less(t, time.Since(began), 5*time.Second)
			assert.ErrorIs(t, h.Ticket, c.ticket)
			assert.ErrorIs(t, h.Claims, c.claims)
			assert.Equal(t, c.age, h.TicketAge)
			assert.Equal(t, c.depth, h.QueueDepth)
			assert.Zero(t, h.InFlight)
			if c.ticket == nil && c.claims == nil {
				require.NoError(t, h.Err())
			} else {
				require.Error(t, h.Err())
				require.ErrorIs(t, h.Err(), errors.Join(c.ticket, c.claims).(interface{ Unwrap() []error }).Unwrap()[0])
				require.False(t, strings.Contains(h.Err().Error(), observedSecret))
			}
			again := f.Health(ctx)
			require.ErrorIs(t, again.Claims, c.claims, "asking leaves nothing behind")
		})
	}
	for name, c := range map[string]struct {
		prepare func(*openwork.MemoryQueue) error
		want    error
	}{
		"queue has room":  {func(*openwork.MemoryQueue) error { return nil }, nil},
		"queue is full":   {func(q *openwork.MemoryQueue) error { return q.Enqueue(ctx, delivered(testCorp, "1")) }, openwork.ErrQueueFull},
		"queue is closed": {func(q *openwork.MemoryQueue) error { return q.Shutdown(ctx) }, openwork.ErrQueueClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{Capacity: 1})
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Queue = q })
			ticketAt(0)(f)
			require.NoError(t, c.prepare(q))
			require.ErrorIs(t, f.Health(ctx).Err(), c.want)
		})
	}
	t.Run("in flight", func(t *testing.T) {
		f := newFixture(t)
		var inFlight int
		f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
			inFlight = f.Health(msg.Context()).InFlight
			return next(msg)
		})
		f.requireSuccess(newPush(command("create_auth")).request())
		require.Equal(t, 1, inFlight)
		require.Zero(t, f.Health(ctx).InFlight)
	})
}

// brokenTickets is a TicketStore that fails, or waits for its context if there is no error to fail with.
type brokenTickets struct{ err error }

func (b brokenTickets) PutTicket(ctx context.Context, _ string, _ openwork.SuiteTicket) error {
	if b.err == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return b.err
}

func (b brokenTickets) Ticket(ctx context.Context, suiteID string) (openwork.SuiteTicket, error) {
	return openwork.SuiteTicket{}, b.PutTicket(ctx, suiteID, openwork.SuiteTicket{})
}
