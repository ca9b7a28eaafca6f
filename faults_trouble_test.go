package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ordinary trouble of stores, callbacks and Muxes, in fake time.

const muxTemplate = "dk00000000template"

// aTemplate is the Config of a template that only Resolve knows.
func aTemplate(cfg *openwork.Config) {
	cfg.SuiteID, cfg.Token, cfg.EncodingAESKey = muxTemplate, muxTokenC, muxKeyB
}

// ofTemplate makes a push one of the template.
func ofTemplate(p *push) {
	p.Plaintext = strings.ReplaceAll(p.Plaintext, testSuiteID, muxTemplate)
	p.ReceiveID, p.Token, p.Key = muxTemplate, muxTokenC, muxKeyB
}

// A template that Resolve knows, with a queue: its events are handled, those
// also that name no corp, in the process that took them and in another.
func TestD5_TemplateOfResolveWithAQueue(t *testing.T) {
	created := document("SuiteId", testSuiteID, "InfoType", "create_auth", "AuthCode", "code", "TimeStamp", "1700000000")
	changed := command("change_auth")
	for name, elsewhere := range map[string]bool{"this process": false, "another process": true} {
		inFakeTime(t, name, func(t *testing.T) {
			var dead deadLetters
			q := openwork.NewMemoryQueue(openwork.MemoryQueueConfig{DeadLetter: dead.add})
			template := newFixture(t, aTemplate, func(cfg *openwork.Config) { cfg.Queue = q })
			resolve := func(_ context.Context, name string) (*openwork.Server, error) {
				if name == muxTemplate {
					return template.Server, nil
				}
				return nil, nil
			}
			receiving := openwork.Mux{Resolve: resolve}
			handling := &receiving
			if elsewhere {
				handling = &openwork.Mux{Resolve: resolve}
			}
			q.Start(handling.Process)
			for _, plaintext := range []string{created, changed} {
				require.Equal(t, 200, throughMux(&receiving, "/", newPush(plaintext, ofTemplate).request()).Code)
			}
			settle(time.Minute)
			require.ElementsMatch(t, []string{"create_auth", "change_auth"}, template.handledNames())
			require.Empty(t, dead.ids())
			require.NoError(t, shutdownWithin(q, time.Minute))
		})
	}
}

func TestD6_ResolveFailsAfterKeep(t *testing.T) {
	for name, resolve := range map[string]func(context.Context) (*openwork.Server, error){
		"fails":        func(context.Context) (*openwork.Server, error) { return nil, errAway },
		"panics":       func(context.Context) (*openwork.Server, error) { panic("oops") },
		"hangs":        func(ctx context.Context) (*openwork.Server, error) { <-ctx.Done(); return nil, ctx.Err() },
		"deaf":         func(context.Context) (*openwork.Server, error) { time.Sleep(20 * time.Minute); return nil, errAway },
		"says nil now": nil,
	} {
		inFakeTime(t, name, func(t *testing.T) {
			customized := newFixture(t, customizedC)
			var down atomic.Bool
			m := openwork.Mux{Resolve: func(ctx context.Context, _ string) (*openwork.Server, error) {
				switch {
				case !down.Load():
					return customized.Server, nil
				case resolve == nil:
					return nil, nil
				}
				return resolve(ctx)
			}}
			send := func(n int) *http.Request { return newPush(dataEvent("x", "N", strconv.Itoa(n)), toC).request() }
			require.Equal(t, 200, throughMux(&m, "/", send(0)).Code)
			down.Store(true)
			settle(11 * time.Minute)
			if resolve == nil {
				require.Equal(t, 403, throughMux(&m, "/", send(1)).Code, "nil means gone")
				return
			}
			for n := range 200 {
				began := time.Now()
				require.Equal(t, 200, throughMux(&m, "/", send(n+1)).Code, "%d", n)
				require.LessOrEqual(t, time.Since(began), time.Second)
				time.Sleep(100 * time.Millisecond)
			}
			forged := newPush(dataEvent("x"), toC, func(p *push) { p.Token = "guessed" }).request()
			require.NotEqual(t, 200, throughMux(&m, "/", forged).Code)
			require.Equal(t, 200, throughMux(&m, "/", send(1000)).Code)
			down.Store(false)
			settle(2 * time.Second)
			require.Equal(t, 200, throughMux(&m, "/", send(1001)).Code)
			time.Sleep(time.Hour) // the deaf
		})
	}
}

// hookedTickets is a TicketStore of which single calls never return.
type hookedTickets struct {
	openwork.TicketStore
	put, get func() // called before; may never return
}

func (d *hookedTickets) PutTicket(ctx context.Context, suiteID string, t openwork.SuiteTicket) error {
	if d.put != nil {
		d.put()
	}
	return d.TicketStore.PutTicket(ctx, suiteID, t)
}

func (d *hookedTickets) Ticket(ctx context.Context, suiteID string) (openwork.SuiteTicket, error) {
	if d.get != nil {
		d.get()
	}
	return d.TicketStore.Ticket(ctx, suiteID)
}

// One call that never returns costs one push, and not the tickets to come.
func TestD7_StoreCallThatNeverReturns(t *testing.T) {
	for name, hook := range map[string]func(*hookedTickets, func()){
		"PutTicket": func(d *hookedTickets, f func()) { d.put = f },
		"Ticket":    func(d *hookedTickets, f func()) { d.get = f },
	} {
		inFakeTime(t, name, func(t *testing.T) {
			never := make(chan struct{})
			defer close(never)
			var calls atomic.Int64
			store := &hookedTickets{TicketStore: openwork.TicketsIn(openwork.NewMemoryCache())}
			hook(store, func() {
				if calls.Add(1) == 1 {
					<-never
				}
			})
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Tickets = store })
			f.clock.now = time.Now()
			send := func(ticket string) (int, time.Duration) {
				w := <-f.start(newPush(ticketXML(testSuiteID, ticket, f.clock.Now()), func(p *push) {
					p.Timestamp = strconv.FormatInt(f.clock.Now().Unix(), 10)
				}).request())
				f.pass(10 * time.Second)
				return w.Code, w.took
			}
			_, took := send("first")
			require.LessOrEqual(t, took, 600*time.Millisecond)
			for i := range 5 {
				code, _ := send(fmt.Sprint("later-", i))
				require.Equal(t, 200, code)
			}
			ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
			require.NoError(t, err)
			require.Equal(t, "later-4", ticket.Value)
			stored, err := store.TicketStore.Ticket(context.Background(), testSuiteID)
			require.NoError(t, err)
			require.Equal(t, "later-4", stored.Value)
		})
	}
	inFakeTime(t, "AllowCorp", func(t *testing.T) {
		never := make(chan struct{})
		defer close(never)
		var calls atomic.Int64
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) {
				if calls.Add(1) == 1 {
					<-never
				}
				return true, nil
			}
		})
		w := <-f.start(newPush(dataEvent("x"), toCorp).request())
		require.Equal(t, 500, w.Code)
		require.Equal(t, 4500*time.Millisecond, w.took, "the push's time, and no more")
		f.requireSuccess(newPush(dataEvent("x"), toCorp).request())
	})
}

// One call of the Claimer that fails, in one way or another, costs nothing.
func TestD8_OneFailedCallOfTheClaimer(t *testing.T) {
	type hooks = func(c *hookedClaimer, f func(context.Context, string, string) error)
	fails := func(context.Context, string, string) error { return errAway }
	for name, c := range map[string]struct {
		hook hooks
		fail func(context.Context, string, string) error
	}{
		"Claim fails":          {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.claim = f }, fails},
		"Done fails":           {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.done = f }, fails},
		"Claim hangs":          {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.claim = f }, untilEnd},
		"Done hangs":           {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.done = f }, untilEnd},
		"Claim panics":         {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.claim = f }, panics},
		"Done ends":            {func(c *hookedClaimer, f func(context.Context, string, string) error) { c.done = f }, exits},
		"Claim is made, fails": {nil, nil},
	} {
		for where, inWorker := range map[string]bool{"push": false, "worker": true} {
			inFakeTime(t, name+", "+where, func(t *testing.T) {
				shared := openwork.NewMemoryCache()
				claims := newHookedClaimer(shared)
				var calls atomic.Int64
				if c.hook != nil {
					c.hook(claims, func(ctx context.Context, key, owner string) error {
						if calls.Add(1) == 1 {
							return c.fail(ctx, key, owner)
						}
						return nil
					})
				} else { // the store has decided, and then the answer is lost
					claims.claim = func(ctx context.Context, key, owner string) error {
						if calls.Add(1) == 1 {
							_, _, _ = shared.Claim(ctx, key, owner, time.Minute)
							return errAway
						}
						return nil
					}
				}
				one, two := newFixture(t, withClaims(claims)), newFixture(t, withClaims(newHookedClaimer(shared)))
				one.slow(400*time.Millisecond, nil)
				two.slow(400*time.Millisecond, nil)
				handle := func(f *fixture) error {
					if inWorker {
						return f.Process(context.Background(), delivered(testCorp, "1"))
					}
					w := f.do(newPush(corpCommand(testCorp, "share_agent_change", "State", "1")).request())
					if w.Code != 200 {
						return errors.New(strconv.Itoa(w.Code))
					}
					return nil
				}
				var all sync.WaitGroup
				for i, f := range []*fixture{one, two} {
					all.Go(func() {
						time.Sleep(time.Duration(i) * 50 * time.Millisecond)
						err := handle(f)
						for errors.Is(err, openwork.ErrBusy) {
							time.Sleep(time.Second)
							err = handle(f)
						}
						assert.NoError(t, err)
					})
				}
				all.Wait()
				require.NoError(t, one.Shutdown(context.Background()))
				require.NoError(t, handle(two), "a copy later")
				require.Len(t, append(one.handledNames(), two.handledNames()...), 1, "handled once")
				time.Sleep(time.Minute)
			})
		}
	}
}

func untilEnd(ctx context.Context, _, _ string) error { <-ctx.Done(); return ctx.Err() }
func panics(context.Context, string, string) error    { panic("oops") }
func exits(context.Context, string, string) error     { runtime.Goexit(); return nil }
func tookFor(d time.Duration) func(context.Context, string, string) error {
	return func(context.Context, string, string) error { time.Sleep(d); return nil }
}

// A store that takes 160 ms for each call is slow, and still tells copies apart.
func TestD8_SlowStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := openwork.NewMemoryCache()
		var all []*fixture
		for range 10 {
			claims := newHookedClaimer(shared)
			claims.claim, claims.done, claims.release = tookFor(160*time.Millisecond), tookFor(160*time.Millisecond), tookFor(160*time.Millisecond)
			all = append(all, newFixture(t, withClaims(claims)))
		}
		var waiting sync.WaitGroup
		for _, f := range all {
			waiting.Go(func() {
				assert.Equal(t, 200, f.do(newPush(command("share_agent_change")).request()).Code)
			})
		}
		waiting.Wait()
		handled := 0
		for _, f := range all {
			handled += len(f.handledNames())
			require.NoError(t, f.Shutdown(context.Background()))
		}
		require.Equal(t, 1, handled)
	})
}

// A worker was stopped for longer than its lease, and another has the claim by
// then: the renewal finds out, and its handler's context ends.
func TestD9_RenewalFindsTheClaimLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := openwork.NewMemoryCache()
		claims := newHookedClaimer(shared)
		var stopped atomic.Bool
		claims.claim = func(ctx context.Context, _, _ string) error {
			if stopped.Load() {
				return errAway
			}
			return nil
		}
		one, two := newFixture(t, withClaims(claims)), newFixture(t, withClaims(newHookedClaimer(shared)))
		var ended time.Duration
		var cause error
		one.With(func(msg *openwork.Message, _ openwork.Next) (openwork.Reply, error) {
			began := time.Now()
			select {
			case <-msg.Context().Done():
			case <-time.After(9 * time.Minute):
			}
			ended, cause = time.Since(began), context.Cause(msg.Context())
			return openwork.Success, msg.Context().Err()
		})
		two.slow(time.Minute, nil)
		first := make(chan error, 1)
		go func() { first <- one.Process(context.Background(), delivered("c", "1")) }()
		time.Sleep(time.Second)
		stopped.Store(true)
		time.Sleep(40 * time.Second) // the lease has ended
		second := make(chan error, 1)
		go func() { second <- two.Process(context.Background(), delivered("c", "1")) }()
		time.Sleep(time.Second)
		stopped.Store(false)
		require.Error(t, <-first)
		require.Less(t, ended, time.Minute)
		require.ErrorContains(t, cause, "another replica")
		require.Contains(t, one.log.String(), "another replica")
		require.NoError(t, <-second)
		require.Len(t, two.handledNames(), 1)
	})
}

// Another replica writes an older ticket last, through a plain Cache: whoever
// knows the newer one writes it again.
func TestD15_OlderTicketWrittenLast(t *testing.T) {
	for name, spoil := range map[string]func(ctx context.Context, cache openwork.Cache, at time.Time){
		"older": func(ctx context.Context, cache openwork.Cache, at time.Time) {
			_ = openwork.TicketsIn(cache).PutTicket(ctx, testSuiteID, openwork.SuiteTicket{Value: "older", Time: at.Add(-10 * time.Minute)})
		},
		"forgotten": func(ctx context.Context, cache openwork.Cache, _ time.Time) {
			_ = cache.Delete(ctx, "openwork:suite_ticket:"+testSuiteID)
		},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			ctx := context.Background()
			cache := plainCache{openwork.NewMemoryCache()}
			f := newFixture(t, func(cfg *openwork.Config) { cfg.Cache = cache })
			f.clock.now = time.Now()
			require.NoError(t, f.Tickets().PutTicket(ctx, testSuiteID, openwork.SuiteTicket{Value: "newer", Time: f.clock.Now()}))
			if name == "older" { // as one that knew nothing of the newer
				require.NoError(t, cache.Delete(ctx, "openwork:suite_ticket:"+testSuiteID))
			}
			spoil(ctx, cache, f.clock.Now())
			ticket, err := f.Tickets().Ticket(ctx, testSuiteID)
			require.NoError(t, err)
			require.Equal(t, "newer", ticket.Value)
			settle(time.Second)
			stored, err := openwork.TicketsIn(cache).Ticket(ctx, testSuiteID)
			require.NoError(t, err)
			require.Equal(t, "newer", stored.Value, "for those who do not know it")
		})
	}
}

// plainCache is a Cache and nothing else.
type plainCache struct{ openwork.Cache }

func TestD20_ClaimsAreBoundedByBytes(t *testing.T) {
	const claims, size = 1 << 17, 2 << 10
	ctx := context.Background()
	cache := openwork.NewMemoryCache()
	answer := strings.Repeat("x", size)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range claims {
		key := "key-" + strconv.Itoa(i)
		_, _, _ = cache.Claim(ctx, key, "owner", time.Minute)
		require.NoError(t, cache.Done(ctx, key, "owner", strings.Clone(answer), time.Hour))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(80<<20))
	state, result, err := cache.Claim(ctx, "key-"+strconv.Itoa(claims-1), "another", time.Minute)
	require.NoError(t, err)
	require.Equal(t, openwork.ClaimDone, state, "the latest are known")
	require.Equal(t, answer, result)
	state, _, err = cache.Claim(ctx, "key-0", "another", time.Minute)
	require.NoError(t, err)
	require.Equal(t, openwork.ClaimTaken, state, "the oldest is forgotten")
	runtime.KeepAlive(cache)
}

// A callback that is deaf to its context leaves few goroutines behind, and
// takes nothing from the others: tickets still arrive.
func TestD21_DeafCallbacksAreBounded(t *testing.T) {
	const pushes = 5000
	for name, edit := range map[string]func(cfg *openwork.Config, never chan struct{}){
		"Claimer": func(cfg *openwork.Config, never chan struct{}) {
			claims := newHookedClaimer(openwork.NewMemoryCache())
			deaf := func(context.Context, string, string) error { <-never; return nil }
			claims.claim, claims.done, claims.release = deaf, deaf, deaf
			cfg.Claims = claims
		},
		"Queue": func(cfg *openwork.Config, never chan struct{}) {
			cfg.Queue = queueFunc(func(context.Context, openwork.Delivery) error { <-never; return nil })
		},
		"AllowCorp": func(cfg *openwork.Config, never chan struct{}) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { <-never; return true, nil }
		},
	} {
		inFakeTime(t, name, func(t *testing.T) {
			never := make(chan struct{})
			f := newFixture(t, func(cfg *openwork.Config) { edit(cfg, never); cfg.Logger = quiet })
			before := runtime.NumGoroutine()
			var all sync.WaitGroup
			for i := range pushes {
				all.Go(func() { f.do(newPush(dataEvent("x", "N", strconv.Itoa(i)), toCorp).request()) })
				time.Sleep(10 * time.Millisecond)
			}
			all.Wait()
			require.Less(t, runtime.NumGoroutine()-before, 600)
			w := f.do(newPush(ticketXML(testSuiteID, "ticket", testNow)).request())
			require.Equal(t, name != "Queue", w.Code == 200, "which does not get it, but the ticket is kept")
			ticket, err := f.Tickets().Ticket(context.Background(), testSuiteID)
			require.NoError(t, err)
			require.Equal(t, "ticket", ticket.Value)
			close(never)
			time.Sleep(time.Minute)
		})
	}
}
