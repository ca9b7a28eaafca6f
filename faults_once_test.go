package openwork_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hookedClaimer is a Claimer that a Server can't look into, as one on Redis: it asks the hooks before the Claimer inside.
// A hook that returns an error keeps the call from it.
type hookedClaimer struct {
	inner                openwork.Claimer
	claim, done, release func(ctx context.Context, key, owner string) error
	claimed              func() // after the Claimer inside has decided

	claims atomic.Int64
	mu     sync.Mutex
	leases []time.Duration // what Claim was told
	kept   []time.Duration // what Done was told
}

func newHookedClaimer(inner openwork.Claimer) *hookedClaimer { return &hookedClaimer{inner: inner} }

func callHook(hook func(context.Context, string, string) error, ctx context.Context, key, owner string) error {
	if hook == nil {
		return nil
	}
	return hook(ctx, key, owner)
}

func (c *hookedClaimer) Claim(ctx context.Context, key, owner string, lease time.Duration) (int, string, error) {
	c.claims.Add(1)
	c.mu.Lock()
	c.leases = append(c.leases, lease)
	c.mu.Unlock()
	if err := callHook(c.claim, ctx, key, owner); err != nil {
		return 0, "", err
	}
	if c.claimed != nil {
		defer c.claimed()
	}
	return c.inner.Claim(ctx, key, owner, lease)
}

func (c *hookedClaimer) Done(ctx context.Context, key, owner, result string, keep time.Duration) error {
	c.mu.Lock()
	c.kept = append(c.kept, keep)
	c.mu.Unlock()
	if err := callHook(c.done, ctx, key, owner); err != nil {
		return err
	}
	return c.inner.Done(ctx, key, owner, result, keep)
}

func (c *hookedClaimer) Release(ctx context.Context, key, owner string) error {
	if err := callHook(c.release, ctx, key, owner); err != nil {
		return err
	}
	return c.inner.Release(ctx, key, owner)
}

// claimersToTry makes the two kinds of Claimer that a Server treats differently.
var claimersToTry = map[string]func(inner *openwork.MemoryCache) openwork.Claimer{
	"claims in this process": func(inner *openwork.MemoryCache) openwork.Claimer { return inner },
	"claims elsewhere":       func(inner *openwork.MemoryCache) openwork.Claimer { return newHookedClaimer(inner) },
}

func withClaims(claims openwork.Claimer) func(*openwork.Config) {
	return func(cfg *openwork.Config) { cfg.Claims = claims }
}

func withBudget(budget time.Duration) func(*openwork.Config) {
	return func(cfg *openwork.Config) { cfg.HandlerTimeout, cfg.AuthAnswerTimeout = budget, budget }
}

// failsFirst is a handler whose first n calls return an error.
func failsFirst(n int64) (openwork.Handler, *atomic.Int64) {
	calls := new(atomic.Int64)
	return func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		if calls.Add(1) <= n {
			return openwork.Success, errors.New("the database is away")
		}
		return next(msg)
	}, calls
}

func TestR3_SameRequestFourTimes(t *testing.T) {
	t.Parallel()
	for name, claims := range claimersToTry {
		for kind, p := range map[string]*push{
			"command":      newPush(command("create_auth", "AuthCode", "code")),
			"data event":   newPush(dataEvent("change_app_admin"), toCorp),
			"data message": newPush(textMessage("hello"), toCorp),
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				f := newFixture(t, withClaims(claims(openwork.NewMemoryCache())))
				sent := p.parts()
				for range 4 {
					f.requireSuccess(sent.request())
				}
				require.Len(t, f.handledNames(), 1)
				require.Equal(t, 3, strings.Count(f.log.String(), "copy of a push"), "each copy leaves a line")
			})
		}
	}
}

func TestR4_SamePlaintextEncryptedAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	plaintext := command("change_contact", "ChangeType", "create_user", "UserID", "zhangsan")
	for i := range 4 {
		f.requireSuccess(newPush(plaintext, func(p *push) {
			p.Nonce = fmt.Sprint(1000000000 + i)
			p.Timestamp = fmt.Sprint(testNow.Unix() + int64(5*i))
		}).request())
	}
	require.Len(t, f.handledNames(), 1)
}

func TestR6_SameSecondOtherContent(t *testing.T) {
	t.Parallel()
	for name, plaintexts := range map[string][2]string{
		"one user, two changes": {
			command("change_contact", "ChangeType", "update_user", "UserID", "zhangsan", "Name", "Zhang"),
			command("change_contact", "ChangeType", "update_user", "UserID", "zhangsan", "Mobile", "1"),
		},
		"two auth codes": {command("create_auth", "AuthCode", "one"), command("create_auth", "AuthCode", "two")},
		"two messages of one text": {
			textMessage("hello"), strings.Replace(textMessage("hello"), "4561255354251345929", "4561255354251345930", 1),
		},
		"one message id in two agents": {
			textMessage("hello"), strings.Replace(textMessage("hello"), "<![CDATA[218]]>", "<![CDATA[219]]>", 1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			require.NotEqual(t, plaintexts[0], plaintexts[1])
			for _, plaintext := range plaintexts {
				p := newPush(plaintext)
				if strings.Contains(plaintext, "MsgType") {
					toCorp(p)
				}
				f.requireSuccess(p.request())
			}
			require.Len(t, f.handledNames(), 2)
		})
	}
}

func TestR8_RetryAfterAFailure(t *testing.T) {
	t.Parallel()
	for name, claims := range claimersToTry {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, withClaims(claims(openwork.NewMemoryCache())))
			handler, calls := failsFirst(2)
			f.With(handler)
			sent := newPush(command("create_auth", "AuthCode", "code")).parts()
			for _, status := range []int{500, 500, 200, 200} {
				require.Equal(t, status, f.do(sent.request()).Code)
			}
			require.EqualValues(t, 3, calls.Load(), "failed, failed, succeeded, and a copy of what succeeded")
		})
	}
}

// Whatever way a handler fails, the claim is given back at once, not when the lease ends.
func TestR8_EveryFailureReleasesTheClaim(t *testing.T) {
	t.Parallel()
	for way, fail := range map[string]func() error{
		"error":           func() error { return errors.New("no") },
		"context error":   func() error { return context.DeadlineExceeded },
		"a refusal":       func() error { return openwork.ErrMalformed },
		"panic(string)":   func() error { panic("no") },
		"panic(error)":    func() error { panic(errors.New("no")) },
		"nil dereference": func() error { var p *push; _ = p.Token; return nil },
		"abort":           func() error { panic(http.ErrAbortHandler) },
		"Goexit":          func() error { runtime.Goexit(); return nil },
	} {
		for name, claims := range claimersToTry {
			t.Run(way+", "+name, func(t *testing.T) {
				f := newFixture(t, withClaims(claims(openwork.NewMemoryCache())), withBudget(5*time.Second))
				calls := 0
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					if calls++; calls == 1 {
						if err := fail(); err != nil {
							return openwork.Success, err
						}
					}
					return next(msg)
				})
				sent := newPush(command("create_auth", "AuthCode", "code")).parts()
				first := httptest.NewRecorder()
				ended := make(chan struct{})
				go func() { // a goroutine that Goexit may end
					defer close(ended)
					f.ServeHTTP(first, sent.request())
				}()
				<-ended
				require.Equal(t, http.StatusInternalServerError, first.Code)
				began := time.Now()
				f.requireSuccess(sent.request())
				require.Equal(t, 2, calls)
				require.Less(t, time.Since(began), 4*time.Second, "it did not wait for the lease to end")
			})
		}
	}
}

func TestR11_TenThousandCopies(t *testing.T) {
	const copies = 10_000
	f := newFixture(t, withBudget(time.Minute), func(cfg *openwork.Config) {
		cfg.MaxInFlight, cfg.Logger = copies, slog.New(slog.DiscardHandler)
	})
	f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		time.Sleep(200 * time.Millisecond)
		return next(msg)
	})
	sent := newPush(command("create_auth", "AuthCode", "code")).parts()
	before := runtime.NumGoroutine()
	var succeeded, refused atomic.Int64
	start := make(chan struct{})
	var all sync.WaitGroup
	for range copies {
		all.Add(1)
		go func() {
			defer all.Done()
			<-start
			switch w := f.do(sent.request()); {
			case w.Code == http.StatusOK && w.Body.String() == "success":
				succeeded.Add(1)
			case w.Code == http.StatusInternalServerError && w.Body.Len() == 0:
				refused.Add(1)
			}
		}()
	}
	close(start)
	all.Wait()
	require.EqualValues(t, copies, succeeded.Load()+refused.Load())
	require.GreaterOrEqual(t, succeeded.Load(), int64(2), "the first and one that waits")
	require.Len(t, f.handledNames(), 1)
	requireNoMoreGoroutines(t, before)
}

func TestR12_TenThousandPushes(t *testing.T) {
	const pushes = 10_000
	for name, claims := range claimersToTry {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, withClaims(claims(openwork.NewMemoryCache())), withBudget(time.Minute))
			requests := make([]*http.Request, pushes)
			for i := range requests {
				requests[i] = newPush(command("change_contact", "ChangeType", "create_user", "UserID", fmt.Sprint(i))).request()
			}
			before := runtime.NumGoroutine()
			var handled, overloaded, other atomic.Int64
			start := make(chan struct{})
			var all sync.WaitGroup
			for _, r := range requests {
				all.Add(1)
				go func() {
					defer all.Done()
					<-start
					switch f.do(r).Code {
					case http.StatusOK:
						handled.Add(1)
					case http.StatusServiceUnavailable:
						overloaded.Add(1)
					default:
						other.Add(1)
					}
				}()
			}
			close(start)
			all.Wait()
			require.Zero(t, other.Load())
			require.EqualValues(t, pushes, handled.Load()+overloaded.Load())
			require.Len(t, f.handledNames(), int(handled.Load()), "every answer success is a handler call")
			require.GreaterOrEqual(t, handled.Load(), int64(1024), "what is within the limit is handled")
			require.Zero(t, f.Health(context.Background()).InFlight)
			requireNoMoreGoroutines(t, before)
		})
	}
}

func requireNoMoreGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			require.LessOrEqual(t, runtime.NumGoroutine(), before, "goroutines are left over")
		}
	}
}

func TestR3_CopyOfAMessageGetsTheSameReply(t *testing.T) {
	t.Parallel()
	for name, claims := range claimersToTry {
		t.Run(name, func(t *testing.T) {
			shared := claims(openwork.NewMemoryCache())
			first, second := newFixture(t, withClaims(shared)), newFixture(t, withClaims(shared))
			calls := new(atomic.Int64)
			for _, f := range []*fixture{first, second} {
				f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) {
					return openwork.Text(fmt.Sprintf("answer\n<%d>&]]>", calls.Add(1))), nil
				})
			}
			var replies, sealed []string
			for i, f := range []*fixture{first, first, second} {
				w := f.do(newPush(textMessage("hello"), toCorp, func(p *push) { p.Nonce = fmt.Sprint(1000000000 + i) }).request())
				require.Equal(t, http.StatusOK, w.Code)
				_, rest, ok := strings.Cut(w.Body.String(), "<Encrypt><![CDATA[")
				require.True(t, ok, w.Body.String())
				encrypt, _, _ := strings.Cut(rest, "]]>")
				reply, receiveID := refOpen(t, testKey, encrypt)
				require.Equal(t, testCorp, receiveID)
				replies, sealed = append(replies, reply), append(sealed, encrypt)
			}
			require.EqualValues(t, 1, calls.Load())
			require.Contains(t, replies[0], "answer\n<1>&")
			require.Equal(t, replies[0], replies[1])
			require.Equal(t, replies[0], replies[2], "another replica answers alike")
			require.NotEqual(t, sealed[0], sealed[1], "but each answer is sealed anew")
		})
	}
}

// A reply that the push can't carry is an error that the developer sees, but what the handler did is not repeated.
func TestR3_DisallowedReplyCountsAsHandled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		push  *push
		reply openwork.Reply
	}{
		"reply to a command push":      {newPush(command("create_auth", "AuthCode", "code")), openwork.Text("hello")},
		"reply to an event without it": {newPush(dataEvent("change_app_admin"), toCorp), openwork.Text("hello")},
		"reply beyond WeCom's limits":  {newPush(textMessage("hello"), toCorp), openwork.Image("")},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return c.reply, nil })
			sent := c.push.parts()
			w := f.do(sent.request())
			require.Equal(t, http.StatusInternalServerError, w.Code)
			require.Empty(t, w.Body.String())
			f.requireSuccess(sent.request())
			require.Len(t, f.handledNames(), 1)
		})
	}
}

func TestR3_WhatIsNotDeduplicated(t *testing.T) {
	t.Parallel()
	auth := command("create_auth", "AuthCode", "code")
	for name, c := range map[string]struct {
		plaintexts []string
		edit       func(*openwork.Config)
		handled    int
		claims     bool // whether the Claimer is asked at all
	}{
		"default":  {[]string{auth, auth}, func(*openwork.Config) {}, 1, true},
		"NoDedupe": {[]string{auth, auth}, func(cfg *openwork.Config) { cfg.NoDedupe = true }, 2, false},
		"DedupeKey of nothing": {[]string{auth, auth}, func(cfg *openwork.Config) {
			cfg.DedupeKey = func(*openwork.Message) string { return "" }
		}, 2, false},
		"DedupeKey of the corp": {[]string{command("create_auth", "AuthCode", "1"), command("create_auth", "AuthCode", "2")},
			func(cfg *openwork.Config) {
				cfg.DedupeKey = func(m *openwork.Message) string { return m.Name() + m.CorpID }
			}, 1, true},
		"suite_ticket": {[]string{ticketXML(testSuiteID, "t", testNow), ticketXML(testSuiteID, "t", testNow)},
			func(*openwork.Config) {}, 2, false},
		"suite_ticket with a DedupeKey": {[]string{ticketXML(testSuiteID, "t", testNow), ticketXML(testSuiteID, "t", testNow)},
			func(cfg *openwork.Config) { cfg.DedupeKey = func(*openwork.Message) string { return "key" } }, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			claims := newHookedClaimer(openwork.NewMemoryCache())
			f := newFixture(t, withClaims(claims), c.edit)
			for _, plaintext := range c.plaintexts {
				f.requireSuccess(newPush(plaintext).request())
			}
			require.Len(t, f.handledNames(), c.handled)
			require.Equal(t, c.claims, claims.claims.Load() > 0)
		})
	}
}

// The Claimer's keys and results are in other people's stores: no secret may be part of a key.
func TestR3_ClaimKeysHoldNoContents(t *testing.T) {
	t.Parallel()
	var keys []string
	claims := newHookedClaimer(openwork.NewMemoryCache())
	claims.claim = func(_ context.Context, key, _ string) error { keys = append(keys, key); return nil }
	f := newFixture(t, withClaims(claims))
	f.requireSuccess(newPush(command("create_auth", "AuthCode", "very-secret-code")).request())
	f.requireSuccess(newPush(textMessage("very-secret-text"), toCorp).request())
	require.Len(t, keys, 2)
	for _, key := range keys {
		require.True(t, strings.HasPrefix(key, "openwork:"), key)
		require.NotContains(t, key, "very-secret")
	}
}

func TestR6_TwoAppsWithOneClaimer(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*push{
		"data event":       newPush(dataEvent("change_app_admin"), toCorp),
		"message":          newPush(textMessage("hello"), toCorp),
		"provider's event": newPush(document("ServiceCorpId", testProvider, "InfoType", "an_event"), func(p *push) { p.ReceiveID = testProvider }),
	} {
		t.Run(name, func(t *testing.T) {
			claims := openwork.NewMemoryCache()
			one := newFixture(t, withClaims(claims))
			two := newFixture(t, withClaims(claims), func(cfg *openwork.Config) { cfg.SuiteID = "ww2222222222222222" })
			sent := p.parts()
			for _, f := range []*fixture{one, two, one, two} {
				f.requireSuccess(sent.request())
			}
			require.Len(t, one.handledNames(), 1)
			require.Len(t, two.handledNames(), 1)
		})
	}
}

func TestR10_ClaimerDown(t *testing.T) {
	t.Parallel()
	down := func(context.Context, string, string) error { return errors.New("connection refused") }
	for name, c := range map[string]struct {
		broken    func(*hookedClaimer)
		storeDown bool
	}{
		"well":         {func(*hookedClaimer) {}, false},
		"Claim fails":  {func(c *hookedClaimer) { c.claim = down }, true},
		"Done fails":   {func(c *hookedClaimer) { c.done = down }, false}, // beside the answer: a line in the log says so
		"all fail":     {func(c *hookedClaimer) { c.claim, c.done, c.release = down, down, down }, true},
		"Claim panics": {func(c *hookedClaimer) { c.claim = func(context.Context, string, string) error { panic("oops") } }, true},
		"Claim exits": {func(c *hookedClaimer) {
			c.claim = func(context.Context, string, string) error { runtime.Goexit(); return nil }
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			claims, seen := newHookedClaimer(openwork.NewMemoryCache()), &observations{}
			c.broken(claims)
			f := newFixture(t, withClaims(claims), seen.watch)
			f.requireSuccess(newPush(command("create_auth", "AuthCode", "code")).request())
			require.Len(t, f.handledNames(), 1)
			all := seen.take()
			require.Len(t, all, 1)
			assert.Equal(t, c.storeDown, all[0].StoreDown)
			assert.Equal(t, openwork.OutcomeHandled, all[0].Outcome)
			require.NoError(t, f.Shutdown(context.Background()))
			assert.Equal(t, name == "Done fails", strings.Contains(f.log.String(), "the Claimer was not told"), f.log.String())
		})
	}
}

// A renewal that is on its way when the handler returns must not bring the claim back to life, now or ever after.
func TestH12_RenewalEndsWithTheHandler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err           error
		status, calls int // after the retry
	}{
		"success": {nil, 200, 1},
		"failure": {errors.New("no"), 200, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims := newHookedClaimer(openwork.NewMemoryCache())
			renewing := make(chan struct{})
			claims.claim = func(context.Context, string, string) error {
				if claims.claims.Load() == 2 { // the renewal is slow, and the handler returns meanwhile
					close(renewing)
					time.Sleep(50 * time.Millisecond)
				}
				return nil
			}
			f := newFixture(t, withClaims(claims), withBudget(time.Second)) // a lease of about two seconds
			calls := 0
			f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
				if calls++; calls > 1 {
					return next(msg)
				}
				select {
				case <-renewing:
				case <-time.After(5 * time.Second):
					t.Error("the claim was never renewed")
				}
				return openwork.Success, c.err
			})
			p := newPush(command("create_auth", "AuthCode", "code")).parts()
			f.do(p.request())
			time.Sleep(100 * time.Millisecond)
			require.Equal(t, c.status, f.do(p.request()).Code)
			require.Equal(t, c.calls, calls)
			before := claims.claims.Load()
			time.Sleep(1500 * time.Millisecond) // time for two renewals
			require.Equal(t, before, claims.claims.Load(), "the claim is still renewed")
		})
	}
}

func TestH4_ClientHangsUp(t *testing.T) {
	t.Parallel()
	for name, claims := range claimersToTry {
		for _, outcome := range []struct {
			name          string
			err           error
			calls, status int // after the retry; of the retry
		}{
			{"and the handler gives up", context.Canceled, 2, 200},
			{"but the handler finishes", nil, 1, 200},
		} {
			t.Run(name+", "+outcome.name, func(t *testing.T) {
				inner := newHookedClaimer(claims(openwork.NewMemoryCache()))
				honours := func(ctx context.Context, _, _ string) error { return ctx.Err() } // a store that takes no call with a dead context
				inner.claim, inner.done, inner.release = honours, honours, honours
				f := newFixture(t, withClaims(inner))
				ctx, hangUp := context.WithCancel(context.Background())
				calls := 0
				var seen error
				f.With(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
					if calls++; calls > 1 {
						return next(msg)
					}
					hangUp()
					select {
					case <-msg.Context().Done():
						seen = msg.Context().Err()
					case <-time.After(3 * time.Second):
					}
					return openwork.Success, outcome.err
				})
				sent := newPush(dataEvent("change_app_admin"), toCorp).parts()
				f.do(sent.request().WithContext(ctx))
				require.ErrorIs(t, seen, context.Canceled)
				require.Equal(t, outcome.status, f.do(sent.request()).Code)
				require.Equal(t, outcome.calls, calls)
			})
		}
	}
}

// AbortOnFailure breaks the connection where a status of 5xx would be answered, and nowhere else.
func TestH1_AbortOnFailure(t *testing.T) {
	t.Parallel()
	auth := func() *push { return newPush(command("create_auth", "AuthCode", "code")) }
	returning := func(f func() error) func(*fixture) {
		return func(fx *fixture) {
			fx.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Success, f() })
		}
	}
	for name, c := range map[string]struct {
		push    *push
		edit    func(*openwork.Config)
		prepare func(*fixture)
		status  int
	}{
		"success":         {auth(), nil, nil, 200},
		"URL check":       {newURLCheck("echo"), nil, nil, 200},
		"wrong signature": {newPush(command("create_auth"), func(p *push) { p.Token = "another" }), nil, nil, 403},
		"malformed":       {newPush(command("create_auth"), func(p *push) { p.Nonce = "" }), nil, nil, 400},
		"method":          {newPush(command("create_auth"), func(p *push) { p.Method = http.MethodPut }), nil, nil, 405},
		"too large": {newPush(command("create_auth", "Big", strings.Repeat("x", 2000))),
			func(cfg *openwork.Config) { cfg.MaxBodyBytes = 1000 }, nil, 413},
		"handler fails":  {auth(), nil, returning(func() error { return errors.New("no") }), 500},
		"handler panics": {auth(), nil, returning(func() error { panic("no") }), 500},
		"handler exits":  {auth(), nil, returning(func() error { runtime.Goexit(); return nil }), 500},
		"reply not allowed": {auth(), nil, func(f *fixture) {
			f.With(func(*openwork.Message, openwork.Next) (openwork.Reply, error) { return openwork.Text("x"), nil })
		}, 500},
		"AllowCorp fails": {newPush(textMessage("hello"), toCorp), func(cfg *openwork.Config) {
			cfg.AllowCorp = func(context.Context, string) (bool, error) { return false, errors.New("no") }
		}, nil, 500},
		"queue down": {auth(), func(cfg *openwork.Config) { cfg.Queue = onceQueue(func() error { return errors.New("no") }) }, nil, 500},
		"queue full": {auth(), func(cfg *openwork.Config) {
			cfg.Queue = onceQueue(func() error { return fmt.Errorf("wrapped: %w", openwork.ErrQueueFull) })
		}, nil, 503},
	} {
		for _, abort := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, %v", name, abort), func(t *testing.T) {
				f := newFixture(t, func(cfg *openwork.Config) {
					cfg.AbortOnFailure = abort
					if c.edit != nil {
						c.edit(cfg)
					}
				})
				if c.prepare != nil {
					c.prepare(f)
				}
				site := httptest.NewServer(f.Server)
				defer site.Close()
				p := c.push.parts()
				r, err := http.NewRequest(p.Method, site.URL+"/?"+p.RawQuery, strings.NewReader(p.Body))
				require.NoError(t, err)
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
				resp, err := client.Do(r)
				if abort && c.status >= 500 {
					if err == nil {
						resp.Body.Close()
					}
					require.Error(t, err, "an answer came instead of a broken connection")
					require.True(t, errors.Is(err, io.EOF) || strings.Contains(err.Error(), "reset"), "%v", err)
					return
				}
				require.NoError(t, err)
				defer resp.Body.Close()
				require.Equal(t, c.status, resp.StatusCode)
			})
		}
	}
}

// onceQueue is a Queue that answers what the function says.
type onceQueue func() error

func (q onceQueue) Enqueue(context.Context, openwork.Delivery) error { return q() }

func TestC14_RotationIsObservedAndLogged(t *testing.T) {
	t.Parallel()
	const oldToken, oldKey = "oldTestToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	signed := func(token, key string) func(*push) {
		return func(p *push) { p.Token, p.Key = token, key }
	}
	for name, c := range map[string]struct {
		previous openwork.Credentials
		edit     func(*push)
		status   int
		old      bool
	}{
		"the new pair":               {openwork.Credentials{Token: oldToken, EncodingAESKey: oldKey}, signed(testToken, testKey), 200, false},
		"the old pair":               {openwork.Credentials{Token: oldToken, EncodingAESKey: oldKey}, signed(oldToken, oldKey), 200, true},
		"a third pair":               {openwork.Credentials{Token: oldToken, EncodingAESKey: oldKey}, signed("third", oldKey), 403, false},
		"key-only rotation, new key": {openwork.Credentials{Token: testToken, EncodingAESKey: oldKey}, signed(testToken, testKey), 200, false},
		"key-only rotation, old key": {openwork.Credentials{Token: testToken, EncodingAESKey: oldKey}, signed(testToken, oldKey), 200, true},
		"token-only rotation, new":   {openwork.Credentials{Token: oldToken, EncodingAESKey: testKey}, signed(testToken, testKey), 200, false},
		"token-only rotation, old":   {openwork.Credentials{Token: oldToken, EncodingAESKey: testKey}, signed(oldToken, testKey), 200, true},
	} {
		for kind, sent := range map[string]*push{
			"push":      newPush(command("create_auth", "AuthCode", "code"), c.edit),
			"URL check": newURLCheck("echo", c.edit),
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				seen := &observations{}
				f := newFixture(t, seen.watch, func(cfg *openwork.Config) { cfg.Previous = &c.previous })
				require.Equal(t, c.status, f.do(sent.request()).Code)
				all := seen.take()
				require.Len(t, all, 1)
				require.Equal(t, c.old, all[0].Previous)
				require.Equal(t, c.old, strings.Contains(f.log.String(), "Config.Previous"), f.log.String())
				for _, secret := range []string{testToken, testKey, oldToken, oldKey} {
					require.NotContains(t, f.log.String(), secret)
				}
			})
		}
	}
}

// RequestMessage and DecryptedMessage say it as well: who uses them must learn too when the old pair can go.
func TestC14_RotationOfWhatIsNotServed(t *testing.T) {
	t.Parallel()
	const oldToken, oldKey = "oldTestToken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	for name, receive := range map[string]func(*openwork.Server, *http.Request) error{
		"RequestMessage":   func(s *openwork.Server, r *http.Request) error { _, err := s.RequestMessage(r); return err },
		"DecryptedMessage": func(s *openwork.Server, r *http.Request) error { _, err := s.DecryptedMessage(r); return err },
	} {
		f := newFixture(t, func(cfg *openwork.Config) {
			cfg.Previous = &openwork.Credentials{Token: oldToken, EncodingAESKey: oldKey}
		})
		require.NoError(t, receive(f.Server, newPush(command("create_auth")).request()))
		require.NotContains(t, f.log.String(), "Config.Previous", name)
		old := newPush(command("create_auth"), func(p *push) { p.Token, p.Key = oldToken, oldKey })
		require.NoError(t, receive(f.Server, old.request()))
		require.Equal(t, 1, strings.Count(f.log.String(), "Config.Previous"), name)
	}
}
